//! The engine's own log files.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use tracing_subscriber::EnvFilter;

use crate::error::{EngineError, at};
use crate::home::Home;

/// Size at which a log file is put aside, in bytes.
const MAX_BYTES: u64 = 10_000_000;
/// How many files there are, the current one included.
const FILES: u32 = 5;

/// A file that is put aside as `<name>.1` when it is full, `.1` as `.2` and so on.
#[derive(Debug)]
pub struct Rotating {
    path: PathBuf,
    file: File,
    length: u64,
    max_bytes: u64,
}

impl Rotating {
    /// Opens the file, or makes it with mode 0600.
    ///
    /// # Errors
    /// The disk's error.
    pub fn open(path: &Path) -> io::Result<Self> {
        Self::with(path, MAX_BYTES)
    }

    fn with(path: &Path, max_bytes: u64) -> io::Result<Self> {
        let file = OpenOptions::new().append(true).create(true).mode(0o600).open(path)?;
        let length = file.metadata()?.len();
        Ok(Self { path: path.to_owned(), file, length, max_bytes })
    }

    fn aside(&self, number: u32) -> PathBuf {
        let mut name = self.path.as_os_str().to_owned();
        if number > 0 {
            name.push(format!(".{number}"));
        }
        PathBuf::from(name)
    }

    fn rotate(&mut self) -> io::Result<()> {
        for number in (1..FILES).rev() {
            match fs::rename(self.aside(number - 1), self.aside(number)) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
        }
        *self = Self::with(&self.path, self.max_bytes)?;
        Ok(())
    }
}

impl Write for Rotating {
    /// Writes all of `bytes`, so that a line is never divided between two files.
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.length > 0 && self.length + bytes.len() as u64 > self.max_bytes {
            self.rotate()?;
        }
        self.file.write_all(bytes)?;
        self.length += bytes.len() as u64;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The log file, and the console if there is one.
struct Tee {
    file: Rotating,
    console: bool,
}

impl Write for Tee {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.console {
            // A console that went away must not end the log.
            let _ = io::stderr().write_all(bytes);
        }
        self.file.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Sends everything the engine has to say into `data/log/remote-engine.log`, and to standard error if `console`.
/// `filter` is a level or a filter of the tracing library; a bad one counts as `info`.
///
/// # Errors
/// [`EngineError::File`].
pub fn start(home: &Home, filter: &str, console: bool) -> Result<(), EngineError> {
    let path = home.log().join("remote-engine.log");
    let file = Rotating::open(&path).map_err(at(&path))?;
    let filter = EnvFilter::builder().parse(filter).unwrap_or_else(|_| EnvFilter::new("info"));
    let subscriber = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_ansi(false)
        .with_target(false)
        .with_writer(Mutex::new(Tee { file, console }))
        .finish();
    // Fails only when the program has a log already.
    let _ = tracing::subscriber::set_global_default(subscriber);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn full_files_are_put_aside_and_the_oldest_go() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("engine.log");
        let mut log = Rotating::with(&path, 20).unwrap();
        for number in 0..12 {
            log.write_all(format!("line {number:04}\n").as_bytes()).unwrap();
        }
        let read = |name: &str| fs::read_to_string(folder.path().join(name)).unwrap();
        assert_eq!(read("engine.log"), "line 0010\nline 0011\n");
        assert_eq!(read("engine.log.4"), "line 0002\nline 0003\n");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 5);
    }
}
