//! From the job's output files to lines.
//!
//! Where a chunk ends depends on nothing but the files' content, the place where the chunk begins, and whether the job
//! has ended. So an engine that was killed cuts the same chunks again.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;

use memchr::memchr;
use stoker_wire::chunk::Stream;

use super::mask::Mask;

/// Longest piece of a line, in bytes.
pub(crate) const MAX_LINE: usize = 64 << 10;
/// Most text in a chunk, in bytes.
pub(crate) const MAX_TEXT: usize = 256 << 10;
/// Most lines in a chunk.
pub(crate) const MAX_LINES: usize = 5_000;
/// Ends a piece of a line that goes on in the next (source: inferred).
pub(crate) const GOES_ON: &str = " … [line goes on]";

/// How far the two output files were read, in bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) out: u64,
    pub(crate) err: u64,
}

/// Lines and where they end.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Cut {
    pub(crate) lines: Vec<(Stream, String)>,
    pub(crate) end: Place,
}

/// The output files of one run.
#[derive(Debug, Default)]
pub(crate) struct Outputs {
    pub(crate) out: Option<File>,
    pub(crate) err: Option<File>,
}

impl Outputs {
    /// Their lengths now; a file that does not exist yet has none.
    pub(crate) fn lengths(&self) -> io::Result<Place> {
        let length = |file: &Option<File>| file.as_ref().map_or(Ok(0), |file| file.metadata().map(|data| data.len()));
        Ok(Place { out: length(&self.out)?, err: length(&self.err)? })
    }

    /// The next chunk from `from`, empty when no whole line is there. When the job has `ended`, the last line of a file
    /// needs no line end.
    ///
    /// Standard error gets its share even if standard output has more than fits.
    pub(crate) fn cut(&self, from: Place, ended: bool, mask: &Mask) -> io::Result<Cut> {
        let mut cut = Cut { lines: Vec::new(), end: from };
        let mut budget = Budget { text: MAX_TEXT / 2, lines: MAX_LINES / 2 };
        let source = |file, until| Source { file, until, ended, mask };
        let out_whole = source(&self.out, None).take(Stream::Out, &mut cut.end.out, &mut budget, &mut cut.lines)?;
        budget = Budget { text: budget.text + MAX_TEXT / 2, lines: budget.lines + MAX_LINES / 2 };
        source(&self.err, None).take(Stream::Err, &mut cut.end.err, &mut budget, &mut cut.lines)?;
        if !out_whole {
            source(&self.out, None).take(Stream::Out, &mut cut.end.out, &mut budget, &mut cut.lines)?;
        }
        Ok(cut)
    }

    /// The lines between two places where a chunk was cut before.
    pub(crate) fn again(&self, from: Place, to: Place, mask: &Mask) -> io::Result<Cut> {
        let mut cut = Cut { lines: Vec::new(), end: from };
        let mut budget = Budget { text: usize::MAX / 2, lines: usize::MAX / 2 };
        let source = |file, until| Source { file, until: Some(until), ended: true, mask };
        source(&self.out, to.out).take(Stream::Out, &mut cut.end.out, &mut budget, &mut cut.lines)?;
        source(&self.err, to.err).take(Stream::Err, &mut cut.end.err, &mut budget, &mut cut.lines)?;
        cut.end = to;
        Ok(cut)
    }
}

struct Budget {
    text: usize,
    lines: usize,
}

struct Source<'a> {
    file: &'a Option<File>,
    /// Where to stop, if not at the end of the file.
    until: Option<u64>,
    ended: bool,
    mask: &'a Mask,
}

impl Source<'_> {
    /// Takes lines into `lines` and moves `place`; whether it stopped for want of lines, not of budget.
    fn take(
        &self,
        stream: Stream,
        place: &mut u64,
        budget: &mut Budget,
        lines: &mut Vec<(Stream, String)>,
    ) -> io::Result<bool> {
        let Some(file) = self.file else { return Ok(true) };
        loop {
            let want = MAX_LINE * 2 + self.mask.longest() + 2;
            let limit = self.until.map_or(u64::MAX, |until| until.saturating_sub(*place));
            let want = want.min(usize::try_from(limit).unwrap_or(usize::MAX));
            let window = read(file, *place, want)?;
            let last = window.len() < want || want as u64 == limit;
            let mut rest = &window[..];
            while let Some(line) = next_line(rest, last && self.ended, self.mask) {
                let text = self.mask.text(line.text);
                let cost = text.len() + if line.goes_on { GOES_ON.len() } else { 0 };
                let drop = !line.goes_on && is_statistics(line.text);
                if !drop && (budget.lines == 0 || (budget.text < cost && !lines.is_empty())) {
                    return Ok(false);
                }
                rest = &rest[line.length..];
                *place += line.length as u64;
                if !drop {
                    budget.lines -= 1;
                    budget.text = budget.text.saturating_sub(cost);
                    lines.push((stream, if line.goes_on { text + GOES_ON } else { text }));
                }
            }
            if rest.len() == window.len() || last {
                return Ok(true);
            }
        }
    }
}

fn read(file: &File, from: u64, want: usize) -> io::Result<Vec<u8>> {
    let there = usize::try_from(file.metadata()?.len().saturating_sub(from)).unwrap_or(usize::MAX);
    let mut window = vec![0; want.min(there)];
    let mut filled = 0;
    while filled < window.len() {
        match file.read_at(&mut window[filled..], from + filled as u64) {
            Ok(0) => break,
            Ok(count) => filled += count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    window.truncate(filled);
    Ok(window)
}

struct RawLine<'a> {
    text: &'a [u8],
    /// Bytes used up, with the line end.
    length: usize,
    goes_on: bool,
}

/// The first line of `bytes`, or a piece of it when it is too long; nothing when it may still grow.
fn next_line<'a>(bytes: &'a [u8], last: bool, mask: &Mask) -> Option<RawLine<'a>> {
    let newline = memchr(b'\n', bytes);
    let content = newline.unwrap_or(bytes.len());
    if content > MAX_LINE + 1 || (content > MAX_LINE && bytes[content - 1] != b'\r') {
        // Whatever follows the cut must be in sight, so that no secret is cut in two.
        if newline.is_none() && !last && bytes.len() < MAX_LINE + mask.longest() + 2 {
            return None;
        }
        let cut = mask.safe_cut(&bytes[..content], char_start(bytes, MAX_LINE));
        return Some(RawLine { text: &bytes[..cut], length: cut, goes_on: cut < content });
    }
    let length = match newline {
        Some(at) => at + 1,
        None if last && !bytes.is_empty() => bytes.len(),
        None => return None,
    };
    let text = &bytes[..content];
    let text = if newline.is_some() { text.strip_suffix(b"\r").unwrap_or(text) } else { text };
    Some(RawLine { text, length, goes_on: false })
}

/// The nearest place at or before `at` where a character begins.
fn char_start(bytes: &[u8], at: usize) -> usize {
    (at.saturating_sub(3)..=at).rev().find(|at| bytes[*at] & 0xC0 != 0x80).unwrap_or(at)
}

/// What a job says about its statistics socket; no business of the log (source: recorded).
fn is_statistics(line: &[u8]) -> bool {
    line.starts_with(b"[statistics] ")
        && (line.starts_with(b"[statistics] connecting to socket on port ")
            || matches!(line, b"[statistics] connected" | b"[statistics] disconnected"))
}

#[cfg(test)]
#[path = "cut_tests.rs"]
mod tests;
