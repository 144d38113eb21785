//! Log chunks: a run of output lines with their time and stream.
//!
//! Layout: one byte of format (0 plain, 1 zstd), then the records. A record is `stream` (one byte), `at_ms` (LEB128 of
//! the zig-zag difference to the record before, the first to 0), `length` (LEB128) and that many bytes of UTF-8.

use std::borrow::Cow;

/// Where a line came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stream {
    /// Standard output.
    Out,
    /// Standard error.
    Err,
    /// A line the engine itself added.
    Engine,
}

/// One line of output, without its line end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// Its stream.
    pub stream: Stream,
    /// When the engine saw it, milliseconds since the epoch.
    pub at_ms: i64,
    /// The text.
    pub text: String,
}

/// Why a chunk could not be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ChunkError {
    /// The first byte names no known format.
    #[error("log chunk has unknown format {0}")]
    Format(u8),
    /// It ends too early or holds values out of range.
    #[error("log chunk is damaged")]
    Damaged,
    /// It would unpack to more than [`MAX_UNPACKED`] bytes, or than the caller allows.
    #[error("log chunk unpacks to more bytes than are allowed")]
    TooLarge,
}

/// Largest chunk after unpacking, in bytes.
pub const MAX_UNPACKED: usize = 16 * 1024 * 1024;

/// Below this size compression costs more than it saves.
const PLAIN_BELOW: usize = 512;

const ZSTD_LEVEL: i32 = 1;

fn put(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push((value as u8) | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

fn take(bytes: &mut &[u8]) -> Result<u64, ChunkError> {
    let mut value = 0u64;
    for shift in (0..64).step_by(7) {
        let (first, rest) = bytes.split_first().ok_or(ChunkError::Damaged)?;
        *bytes = rest;
        value |= u64::from(first & 0x7F) << shift;
        if first & 0x80 == 0 {
            return Ok(value);
        }
    }
    Err(ChunkError::Damaged)
}

/// Packs lines.
pub fn encode(lines: &[Line]) -> Vec<u8> {
    let mut plain = vec![0u8];
    let mut before = 0i64;
    for line in lines {
        plain.push(match line.stream {
            Stream::Out => 0,
            Stream::Err => 1,
            Stream::Engine => 2,
        });
        let delta = line.at_ms.wrapping_sub(before);
        before = line.at_ms;
        put(&mut plain, ((delta << 1) ^ (delta >> 63)) as u64);
        put(&mut plain, line.text.len() as u64);
        plain.extend_from_slice(line.text.as_bytes());
    }
    if plain.len() < PLAIN_BELOW {
        return plain;
    }
    match zstd::bulk::compress(&plain[1..], ZSTD_LEVEL) {
        Ok(packed) => std::iter::once(1u8).chain(packed).collect(),
        // Compressing into memory fails only without memory; the plain form is as good.
        Err(_) => plain,
    }
}

/// What a chunk holds, without its texts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Summary {
    /// How many lines.
    pub lines: usize,
    /// Time of the first line, milliseconds; 0 without lines.
    pub first_ms: i64,
    /// Time of the last line, milliseconds; 0 without lines.
    pub last_ms: i64,
}

/// Unpacks what [`encode`] made; never more than [`MAX_UNPACKED`] bytes, whatever comes in.
pub fn decode(bytes: &[u8]) -> Result<Vec<Line>, ChunkError> {
    let mut lines = Vec::new();
    walk(&unpack(bytes, MAX_UNPACKED)?, |stream, at_ms, text| {
        lines.push(Line { stream, at_ms, text: text.to_owned() });
    })?;
    Ok(lines)
}

/// Reads a chunk through without keeping its lines: whether [`decode`] would read it, unpacked to at most `max_unpacked`
/// bytes, and what it would find.
pub fn check(bytes: &[u8], max_unpacked: usize) -> Result<Summary, ChunkError> {
    let mut summary = Summary { lines: 0, first_ms: 0, last_ms: 0 };
    walk(&unpack(bytes, max_unpacked.min(MAX_UNPACKED))?, |_, at_ms, _| {
        if summary.lines == 0 {
            summary.first_ms = at_ms;
        }
        summary.last_ms = at_ms;
        summary.lines += 1;
    })?;
    Ok(summary)
}

fn unpack(bytes: &[u8], max: usize) -> Result<Cow<'_, [u8]>, ChunkError> {
    let (format, body) = bytes.split_first().ok_or(ChunkError::Damaged)?;
    match format {
        0 if body.len() > max => Err(ChunkError::TooLarge),
        0 => Ok(Cow::Borrowed(body)),
        1 => {
            let size = zstd::bulk::Decompressor::upper_bound(body).unwrap_or(max);
            if size > max {
                return Err(ChunkError::TooLarge);
            }
            zstd::bulk::decompress(body, size).map(Cow::Owned).map_err(|_| ChunkError::Damaged)
        }
        other => Err(ChunkError::Format(*other)),
    }
}

fn walk(mut rest: &[u8], mut found: impl FnMut(Stream, i64, &str)) -> Result<(), ChunkError> {
    let mut at_ms = 0i64;
    while let Some((stream, tail)) = rest.split_first() {
        rest = tail;
        let stream = match stream {
            0 => Stream::Out,
            1 => Stream::Err,
            2 => Stream::Engine,
            _ => return Err(ChunkError::Damaged),
        };
        let delta = take(&mut rest)?;
        at_ms = at_ms.wrapping_add(((delta >> 1) as i64) ^ -((delta & 1) as i64));
        let length = usize::try_from(take(&mut rest)?).map_err(|_| ChunkError::Damaged)?;
        let (text, tail) = rest.split_at_checked(length).ok_or(ChunkError::Damaged)?;
        rest = tail;
        found(stream, at_ms, std::str::from_utf8(text).map_err(|_| ChunkError::Damaged)?);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn golden_bytes() {
        let lines = [
            Line { stream: Stream::Out, at_ms: 3, text: "ä".into() },
            Line { stream: Stream::Err, at_ms: 1, text: String::new() },
        ];
        let bytes = [0, 0, 6, 2, 0xC3, 0xA4, 1, 3, 0];
        assert_eq!(encode(&lines), bytes);
        assert_eq!(decode(&bytes).as_deref(), Ok(&lines[..]));
    }

    #[test]
    fn a_check_finds_what_decoding_finds_within_its_limit() {
        let line = |at_ms, text: &str| Line { stream: Stream::Out, at_ms, text: text.to_owned() };
        let bytes = encode(&[line(7, "a"), line(5, &"b".repeat(4_000)), line(9, "c")]);
        assert_eq!(check(&bytes, MAX_UNPACKED), Ok(Summary { lines: 3, first_ms: 7, last_ms: 9 }));
        assert_eq!(check(&bytes, 4_000), Err(ChunkError::TooLarge));
        assert_eq!(check(&encode(&[line(1, "ab")]), 3), Err(ChunkError::TooLarge));
        assert_eq!(check(&bytes[..bytes.len() - 1], MAX_UNPACKED), Err(ChunkError::Damaged));
    }

    proptest! {
        #[test]
        fn what_goes_in_comes_out(lines in proptest::collection::vec(("\\PC{0,80}", any::<i64>(), 0..3u8), 0..200)) {
            let lines: Vec<Line> = lines.into_iter().map(|(text, at_ms, s)| Line {
                stream: [Stream::Out, Stream::Err, Stream::Engine][usize::from(s)], at_ms, text }).collect();
            prop_assert_eq!(decode(&encode(&lines)), Ok(lines));
        }

        #[test]
        fn any_bytes_are_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
            let checked = check(&bytes, MAX_UNPACKED).map(|summary| summary.lines);
            prop_assert_eq!(checked, decode(&bytes).map(|lines| lines.len()));
        }
    }
}
