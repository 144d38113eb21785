//! A stream of bytes under a passphrase: what a backup is written through.
//!
//! `stoker-backup-1`, a line end, 16 bytes of salt, then chunks of at most 64 KiB: 4 bytes of length (big-endian, the
//! highest bit set in the last chunk), the sealed bytes. The key comes from the passphrase by argon2id (64 MiB, 3
//! passes). The nonce counts the chunks and marks the last, so chunks cannot be left out, moved, or cut off at the end.

use crate::SecretError;
use argon2::{Algorithm, Argon2, Params, Version};
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use std::io::{self, Read, Write};
use stoker_domain::Random;

const MAGIC: &[u8] = b"stoker-backup-1\n";
const SALT: usize = 16;
const CHUNK: usize = 64 * 1024;
const TAG: usize = 16;
const LAST: u32 = 1 << 31;
/// Fewest characters of a passphrase.
pub const PASSPHRASE_CHARS: usize = 12;

fn key(passphrase: &str, salt: &[u8]) -> Result<LessSafeKey, SecretError> {
    let mut bytes = [0u8; 32];
    let params = Params::new(64 * 1024, 3, 1, Some(bytes.len())).map_err(|_| SecretError::KeyForm)?;
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
        .hash_password_into(passphrase.as_bytes(), salt, &mut bytes)
        .map_err(|_| SecretError::KeyForm)?;
    UnboundKey::new(&AES_256_GCM, &bytes).map(LessSafeKey::new).map_err(|_| SecretError::KeyForm)
}

fn nonce(number: u64, last: bool) -> Nonce {
    let mut bytes = [0u8; NONCE_LEN];
    bytes[..8].copy_from_slice(&number.to_be_bytes());
    bytes[8] = u8::from(last);
    Nonce::assume_unique_for_key(bytes)
}

fn secret(error: SecretError) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, error)
}

/// Writes a stream; [`ArchiveWriter::finish`] must be called, else what was written does not open.
pub struct ArchiveWriter<W: Write> {
    out: W,
    key: LessSafeKey,
    number: u64,
    waiting: Vec<u8>,
}

impl<W: Write> ArchiveWriter<W> {
    /// Begins a stream. Takes about a quarter of a second, on purpose.
    ///
    /// # Errors
    /// [`SecretError::Passphrase`] inside when the passphrase has fewer than 12 characters, and what `out` refuses.
    pub fn begin(mut out: W, passphrase: &str, random: &dyn Random) -> io::Result<Self> {
        if passphrase.chars().count() < PASSPHRASE_CHARS {
            return Err(secret(SecretError::Passphrase));
        }
        let mut salt = [0u8; SALT];
        random.fill(&mut salt);
        out.write_all(MAGIC)?;
        out.write_all(&salt)?;
        let key = key(passphrase, &salt).map_err(secret)?;
        Ok(Self { out, key, number: 0, waiting: Vec::with_capacity(CHUNK) })
    }

    fn put(&mut self, mut bytes: Vec<u8>, last: bool) -> io::Result<()> {
        self.key
            .seal_in_place_append_tag(nonce(self.number, last), Aad::from(MAGIC), &mut bytes)
            .map_err(|_| secret(SecretError::KeyForm))?;
        self.number += 1;
        let length = bytes.len() as u32 | if last { LAST } else { 0 };
        self.out.write_all(&length.to_be_bytes())?;
        self.out.write_all(&bytes)
    }

    /// Writes the last chunk and gives `out` back.
    pub fn finish(mut self) -> io::Result<W> {
        let rest = std::mem::take(&mut self.waiting);
        self.put(rest, true)?;
        self.out.flush()?;
        Ok(self.out)
    }
}

impl<W: Write> Write for ArchiveWriter<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.waiting.len() == CHUNK {
            let full = std::mem::replace(&mut self.waiting, Vec::with_capacity(CHUNK));
            self.put(full, false)?;
        }
        let taken = bytes.len().min(CHUNK - self.waiting.len());
        self.waiting.extend_from_slice(&bytes[..taken]);
        Ok(taken)
    }

    /// Does nothing: a chunk goes out when it is full, or at the end.
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Reads a stream that [`ArchiveWriter`] wrote. Errors hold a [`SecretError`]: `Unreadable` for another passphrase or
/// changed bytes. The end is reached only when the last chunk was there.
pub struct ArchiveReader<R: Read> {
    input: R,
    key: LessSafeKey,
    number: u64,
    open: Vec<u8>,
    at: usize,
    ended: bool,
}

impl<R: Read> ArchiveReader<R> {
    /// Begins to read.
    ///
    /// # Errors
    /// [`SecretError::NoArchive`] inside when it is no such stream.
    pub fn begin(mut input: R, passphrase: &str) -> io::Result<Self> {
        let mut head = [0u8; MAGIC.len() + SALT];
        input.read_exact(&mut head).map_err(|_| secret(SecretError::NoArchive))?;
        let salt = head.strip_prefix(MAGIC).ok_or_else(|| secret(SecretError::NoArchive))?;
        let key = key(passphrase, salt).map_err(secret)?;
        Ok(Self { input, key, number: 0, open: Vec::new(), at: 0, ended: false })
    }

    fn next(&mut self) -> io::Result<()> {
        let unreadable = || secret(SecretError::Unreadable);
        let mut length = [0u8; 4];
        self.input.read_exact(&mut length).map_err(|_| unreadable())?;
        let length = u32::from_be_bytes(length);
        let (length, last) = ((length & !LAST) as usize, length & LAST != 0);
        if !(TAG..=CHUNK + TAG).contains(&length) {
            return Err(unreadable());
        }
        let mut bytes = vec![0u8; length];
        self.input.read_exact(&mut bytes).map_err(|_| unreadable())?;
        let plain = self.key.open_in_place(nonce(self.number, last), Aad::from(MAGIC), &mut bytes);
        let plain = plain.map_err(|_| unreadable())?.len();
        bytes.truncate(plain);
        self.number += 1;
        (self.open, self.at, self.ended) = (bytes, 0, last);
        if last && self.input.read(&mut [0u8; 1])? != 0 {
            return Err(unreadable());
        }
        Ok(())
    }
}

impl<R: Read> Read for ArchiveReader<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.at == self.open.len() && !self.ended {
            self.next()?;
        }
        let rest = &self.open[self.at..];
        let given = rest.len().min(buffer.len());
        buffer[..given].copy_from_slice(&rest[..given]);
        self.at += given;
        Ok(given)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use stoker_domain::SeededRandom;

    const PASS: &str = "correct horse battery";

    fn written(bytes: &[u8]) -> Vec<u8> {
        let mut writer = ArchiveWriter::begin(Vec::new(), PASS, &SeededRandom::new(1)).unwrap();
        writer.write_all(bytes).unwrap();
        writer.finish().unwrap()
    }

    fn read(sealed: &[u8], passphrase: &str) -> io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        ArchiveReader::begin(sealed, passphrase)?.read_to_end(&mut bytes)?;
        Ok(bytes)
    }

    #[test]
    fn what_was_written_is_read_with_the_passphrase_alone() {
        for length in [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 3 * CHUNK] {
            let bytes: Vec<u8> = (0..length).map(|at| at as u8).collect();
            assert_eq!(read(&written(&bytes), PASS).unwrap(), bytes, "{length}");
        }
        let sealed = written(b"secret text");
        assert!(!String::from_utf8_lossy(&sealed).contains("secret text"));
        assert!(read(&sealed, "another passphrase").is_err());
        assert!(ArchiveWriter::begin(Vec::new(), "short", &SeededRandom::new(1)).is_err());
        assert!(read(b"PK", PASS).is_err() && read(&[0; 100], PASS).is_err());
    }

    #[test]
    fn nothing_can_be_changed_cut_off_or_added() {
        let sealed = written(&vec![7; CHUNK + 10]);
        for at in [0, 20, 40, sealed.len() / 2, sealed.len() - 1] {
            let mut changed = sealed.clone();
            changed[at] ^= 1;
            assert!(read(&changed, PASS).is_err(), "{at}");
        }
        // After the first chunk, whole.
        let first = MAGIC.len() + SALT + 4 + CHUNK + TAG;
        for cut in [first, first + 4, sealed.len() - 1] {
            assert!(read(&sealed[..cut], PASS).is_err(), "{cut}");
        }
        assert!(read(&[&sealed[..], b"x"].concat(), PASS).is_err());
    }
}
