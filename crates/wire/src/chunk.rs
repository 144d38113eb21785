//! Log chunks: a run of output lines with their time and stream.
//!
//! Layout: one byte of format (0 plain, 1 zstd), then the records. A record is `stream` (one byte), `at_ms` (LEB128 of
//! the zig-zag difference to the record before, the first to 0), `length` (LEB128) and that many bytes of UTF-8.

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
    /// It would unpack to more than [`MAX_UNPACKED`] bytes.
    #[error("log chunk unpacks to more than {MAX_UNPACKED} bytes")]
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

/// Unpacks what [`encode`] made; never more than [`MAX_UNPACKED`] bytes, whatever comes in.
pub fn decode(bytes: &[u8]) -> Result<Vec<Line>, ChunkError> {
    let (format, body) = bytes.split_first().ok_or(ChunkError::Damaged)?;
    let unpacked;
    let mut rest: &[u8] = match format {
        0 => body,
        1 => {
            let size = zstd::bulk::Decompressor::upper_bound(body).unwrap_or(MAX_UNPACKED);
            if size > MAX_UNPACKED {
                return Err(ChunkError::TooLarge);
            }
            unpacked = zstd::bulk::decompress(body, size).map_err(|_| ChunkError::Damaged)?;
            &unpacked
        }
        other => return Err(ChunkError::Format(*other)),
    };
    let mut lines = Vec::new();
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
        if length > rest.len() {
            return Err(ChunkError::Damaged);
        }
        let (text, tail) = rest.split_at(length);
        rest = tail;
        let text = std::str::from_utf8(text).map_err(|_| ChunkError::Damaged)?.to_owned();
        lines.push(Line { stream, at_ms, text });
    }
    Ok(lines)
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

    proptest! {
        #[test]
        fn what_goes_in_comes_out(lines in proptest::collection::vec(("\\PC{0,80}", any::<i64>(), 0..3u8), 0..200)) {
            let lines: Vec<Line> = lines.into_iter().map(|(text, at_ms, s)| Line {
                stream: [Stream::Out, Stream::Err, Stream::Engine][usize::from(s)], at_ms, text }).collect();
            prop_assert_eq!(decode(&encode(&lines)), Ok(lines));
        }

        #[test]
        fn any_bytes_are_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
            let _ = decode(&bytes);
        }
    }
}
