//! Which chunks were cut where: what a restarted engine needs to neither lose nor repeat a line.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use super::cut::Place;

/// A chunk that was cut and perhaps not acknowledged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Pending {
    pub(crate) seq: i64,
    pub(crate) from: Place,
    pub(crate) to: Place,
}

/// What the file says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Recorded {
    /// Number of the next new chunk.
    pub(crate) next_seq: i64,
    /// Where it begins.
    pub(crate) place: Place,
    /// Chunks to send again, in order.
    pub(crate) pending: Vec<Pending>,
}

/// The file; one line a chunk: number, ends in both files, count of chunks acknowledged by then.
#[derive(Debug)]
pub(crate) struct Ledger {
    path: PathBuf,
    file: Option<File>,
}

impl Ledger {
    pub(crate) fn new(path: PathBuf) -> Self {
        Self { path, file: None }
    }

    /// Notes a chunk before it is sent.
    pub(crate) fn note(&mut self, seq: i64, to: Place, acknowledged: i64) -> io::Result<()> {
        let file = match &mut self.file {
            Some(file) => file,
            none => none.insert(OpenOptions::new().append(true).create(true).mode(0o600).open(&self.path)?),
        };
        file.write_all(format!("{seq} {} {} {acknowledged}\n", to.out, to.err).as_bytes())
    }

    /// Reads a file that an earlier engine left. A line that a crash cut off stands for a chunk that was never sent.
    pub(crate) fn read(path: &Path) -> io::Result<Recorded> {
        let text = match std::fs::read_to_string(path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Recorded::default()),
            Err(error) => return Err(error),
        };
        let mut recorded = Recorded::default();
        let mut acknowledged = 0;
        for line in text.split_inclusive('\n').filter_map(|line| line.strip_suffix('\n')) {
            let mut fields = line.split(' ').map(str::parse::<i64>);
            let (Some(Ok(seq)), Some(Ok(out)), Some(Ok(err)), Some(Ok(acked))) =
                (fields.next(), fields.next(), fields.next(), fields.next())
            else {
                continue;
            };
            let to = Place { out: out.unsigned_abs(), err: err.unsigned_abs() };
            recorded.pending.push(Pending { seq, from: recorded.place, to });
            (recorded.next_seq, recorded.place, acknowledged) = (seq + 1, to, acked);
        }
        recorded.pending.retain(|chunk| chunk.seq >= acknowledged);
        if !text.is_empty() && !text.ends_with('\n') {
            // So that the next line does not grow out of the torn one.
            OpenOptions::new().append(true).open(path)?.write_all(b"\n")?;
        }
        Ok(recorded)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(out: u64, err: u64) -> Place {
        Place { out, err }
    }

    #[test]
    fn unacknowledged_chunks_come_back_with_their_borders() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("log");
        assert_eq!(Ledger::read(&path).unwrap(), Recorded::default());
        let mut ledger = Ledger::new(path.clone());
        ledger.note(0, place(10, 0), 0).unwrap();
        ledger.note(1, place(25, 5), 0).unwrap();
        ledger.note(2, place(30, 9), 1).unwrap();
        let recorded = Ledger::read(&path).unwrap();
        assert_eq!((recorded.next_seq, recorded.place), (3, place(30, 9)));
        let borders: Vec<_> = recorded.pending.iter().map(|chunk| (chunk.seq, chunk.from, chunk.to)).collect();
        assert_eq!(borders, [(1, place(10, 0), place(25, 5)), (2, place(25, 5), place(30, 9))]);
    }

    #[test]
    fn a_torn_line_is_forgotten() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("log");
        std::fs::write(&path, "0 10 0 0\n1 2").unwrap();
        assert_eq!(Ledger::read(&path).unwrap().next_seq, 1);
        Ledger::new(path.clone()).note(1, place(40, 0), 1).unwrap();
        let recorded = Ledger::read(&path).unwrap();
        assert_eq!((recorded.next_seq, recorded.place, recorded.pending.len()), (2, place(40, 0), 1));
    }
}
