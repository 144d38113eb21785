//! The folder of one run and epoch, beyond what the shim knows of it.

use std::io;
use std::path::{Path, PathBuf};

use stoker_wire::{End, RunEpoch};

use crate::home;
use crate::table::StopReason;

/// Paths below `data/runs/<run>.<epoch>/`.
#[derive(Clone, Debug)]
pub(crate) struct RunFolder {
    path: PathBuf,
}

impl RunFolder {
    /// The folder of this run; nothing when the run's id cannot be part of a path.
    pub(crate) fn of(runs: &Path, key: &RunEpoch) -> Option<Self> {
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
        let fits = !key.run.is_empty() && key.run.len() <= 100 && key.run.chars().all(plain);
        fits.then(|| Self { path: runs.join(format!("{}.{}", key.run, key.epoch)) })
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// The job's own files, made from the artifact; holds secrets.
    pub(crate) fn work(&self) -> PathBuf {
        self.path.join("work")
    }

    /// The job's temporary files.
    pub(crate) fn tmp(&self) -> PathBuf {
        self.path.join("tmp")
    }

    /// The job's own copies of resources.
    pub(crate) fn resources(&self) -> PathBuf {
        self.path.join("resources")
    }

    /// Notes why the job is being stopped, before it is: a restarted engine must call the end by its name.
    pub(crate) fn note_stop(&self, reason: StopReason) -> io::Result<()> {
        let text = match reason {
            StopReason::Request => "request",
            StopReason::Timeout => "timeout",
            StopReason::Shutdown => "shutdown",
        };
        home::replace(&self.path.join("stop"), text.as_bytes(), false)
    }

    /// Why the job was being stopped, if it was.
    pub(crate) fn stop_reason(&self) -> Option<StopReason> {
        match std::fs::read_to_string(self.path.join("stop")).ok()?.as_str() {
            "request" => Some(StopReason::Request),
            "timeout" => Some(StopReason::Timeout),
            "shutdown" => Some(StopReason::Shutdown),
            _ => None,
        }
    }

    /// Notes an end that no exit record tells of, before it is reported: what was reported must never start again.
    pub(crate) fn note_end(&self, end: &End) -> io::Result<()> {
        std::fs::create_dir_all(&self.path)?;
        home::replace(&self.path.join("end.json"), &serde_json::to_vec(end)?, true)
    }

    /// An end that was noted.
    pub(crate) fn noted_end(&self) -> Option<End> {
        serde_json::from_slice(&std::fs::read(self.path.join("end.json")).ok()?).ok()
    }

    /// Removes the secrets of the run, and all else that nobody needs after the end of the job.
    pub(crate) fn clear_work(&self) -> io::Result<()> {
        home::remove(&self.work())?;
        home::remove(&self.path.join("recipe.json"))?;
        home::remove(&self.resources())?;
        home::remove(&self.tmp())
    }

    /// Removes the folder.
    pub(crate) fn remove(&self) -> io::Result<()> {
        home::remove(&self.path)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_that_would_lead_elsewhere_have_no_folder() {
        for run in ["", "..", "a/b", "a.b", "a b", "ä"] {
            assert!(RunFolder::of(Path::new("/runs"), &RunEpoch { run: run.into(), epoch: 1 }).is_none(), "{run}");
        }
        let folder = RunFolder::of(Path::new("/runs"), &RunEpoch { run: "0b-7_D".into(), epoch: 3 }).unwrap();
        assert_eq!(folder.path(), Path::new("/runs/0b-7_D.3"));
    }

    #[test]
    fn notes_are_read_back() {
        let place = tempfile::tempdir().unwrap();
        let folder = RunFolder::of(place.path(), &RunEpoch { run: "r".into(), epoch: 1 }).unwrap();
        assert_eq!((folder.stop_reason(), folder.noted_end()), (None, None));
        let end = crate::run::end::plain("failed", 7, Some(("k", "m".into())));
        folder.note_end(&end).unwrap();
        folder.note_stop(StopReason::Timeout).unwrap();
        assert_eq!((folder.stop_reason(), folder.noted_end()), (Some(StopReason::Timeout), Some(end)));
        folder.remove().unwrap();
        folder.remove().unwrap();
    }
}
