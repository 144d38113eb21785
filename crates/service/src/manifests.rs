//! Manifests of artifacts that were started lately, so that a start does not read them anew.

use crate::error::Error;
use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use stoker_jobzip::Manifest;
use stoker_store::tasks::Task;
use stoker_store::{Tx, artifacts};

/// Manifests of artifacts that were started lately, by SHA-256. They never change.
#[derive(Default)]
pub(crate) struct Manifests(Mutex<HashMap<String, Arc<Manifest>>>);

/// Most manifests remembered.
const MANIFESTS: usize = 256;

impl Manifests {
    pub(crate) fn get(&self, tx: &mut Tx<'_>, task: &Task, sha256: &str) -> Result<Arc<Manifest>, Error> {
        if let Some(known) = self.lock().get(sha256) {
            return Ok(Arc::clone(known));
        }
        let version = artifacts::version(tx, &task.artifact_id, &task.artifact_version)?;
        let version = version.ok_or_else(|| Error::internal("an artifact version vanished within a transaction"))?;
        let manifest = Arc::new(crate::runs::manifest_of(&version)?);
        let mut known = self.lock();
        if known.len() >= MANIFESTS {
            known.clear();
        }
        known.insert(sha256.to_owned(), Arc::clone(&manifest));
        Ok(manifest)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<String, Arc<Manifest>>> {
        self.0.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}
