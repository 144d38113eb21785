//! Artifacts: same name in the workspace of the same name, same version, same bytes. No byte is copied: the new row
//! names the same file.

use super::copy::Copy;
use crate::error::Error;
use std::collections::{BTreeMap, BTreeSet};
use stoker_domain::ids::{ArtifactId, WorkspaceId};
use stoker_domain::promotion::{Item, ItemKind, ItemStatus, Level};
use stoker_store::Tx;
use stoker_store::artifacts::{self, Artifact};
use stoker_store::promotions::objects::{self, VersionKey};

/// A source artifact and the one of its name in the target.
#[derive(Clone, Debug)]
pub(super) struct ArtifactPair {
    source: Artifact,
    /// Absent when it cannot be promoted.
    pub(super) target: Option<ArtifactId>,
    /// Versions of the source in the order of their publishing.
    versions: Vec<VersionKey>,
    /// SHA-256 of the versions in the target.
    there: BTreeMap<String, String>,
    done: BTreeSet<String>,
    item: Item,
}

impl Copy<'_> {
    /// An artifact with all its versions.
    pub(super) fn whole_artifact(&mut self, tx: &mut Tx<'_>, artifact: Artifact) -> Result<(), Error> {
        let id = artifact.id.clone();
        let versions = self.pair(tx, artifact)?.versions.clone();
        for key in versions {
            self.version(tx, &id, &key.version)?;
        }
        Ok(())
    }

    /// One version of an artifact, as a task needs it; gives the target artifact when it can be promoted.
    pub(super) fn artifact_version(
        &mut self,
        tx: &mut Tx<'_>,
        id: &ArtifactId,
        version: &str,
    ) -> Result<Option<ArtifactId>, Error> {
        if !self.artifacts.contains_key(id) {
            let artifact = artifacts::get(tx, id)?.ok_or_else(|| Error::not_found("Artifact id not found."))?;
            self.pair(tx, artifact)?;
        }
        self.version(tx, id, version)?;
        let pair = self.artifacts.get(id);
        Ok(pair
            .filter(|pair| pair.item.parts.iter().all(|p| p.status != ItemStatus::Failed))
            .and_then(|p| p.target.clone()))
    }

    /// Kind of a source artifact that was dealt with.
    pub(super) fn artifact_kind(&self, id: &ArtifactId) -> Option<String> {
        self.artifacts.get(id).map(|pair| pair.source.kind.id().to_ascii_uppercase())
    }

    fn pair(&mut self, tx: &mut Tx<'_>, source: Artifact) -> Result<&ArtifactPair, Error> {
        let id = source.id.clone();
        if !self.artifacts.contains_key(&id) {
            let pair = self.new_pair(tx, source)?;
            self.artifacts.insert(id.clone(), pair);
        }
        self.artifacts.get(&id).ok_or_else(|| Error::internal("an artifact was forgotten while it was promoted"))
    }

    fn new_pair(&mut self, tx: &mut Tx<'_>, source: Artifact) -> Result<ArtifactPair, Error> {
        let workspace = self.workspace(tx, &source.workspace_id)?;
        let mut item = Item::new(ItemKind::Artifact, source.id.as_str(), &source.name, ItemStatus::Reused);
        item.job_type = Some(source.kind.id().to_ascii_uppercase());
        let versions = objects::version_keys(tx, &source.id)?;
        let mut there = BTreeMap::new();
        let target = match &workspace.target {
            None => {
                item.fail(format!("its workspace {} cannot be promoted", workspace.source.name));
                None
            }
            Some(place) => match artifacts::by_name(tx, &place.id, &source.name)? {
                Some(found) if found.kind != source.kind => {
                    let (theirs, ours) = (found.kind.id(), source.kind.id());
                    item.fail(format!(
                        "the artifact of that name in the target is a {theirs}, not a {ours}: rename one"
                    ));
                    None
                }
                Some(found) => {
                    let keys = objects::version_keys(tx, &found.id)?;
                    there.extend(keys.into_iter().map(|key| (key.version, key.sha256)));
                    Some(found.id)
                }
                None => {
                    item.status = ItemStatus::Created;
                    Some(self.new_artifact(&source, &place.id))
                }
            },
        };
        item.target_id = target.as_ref().map(ToString::to_string);
        Ok(ArtifactPair { source, target, versions, there, done: BTreeSet::new(), item })
    }

    fn new_artifact(&mut self, source: &Artifact, workspace: &WorkspaceId) -> ArtifactId {
        let id = ArtifactId::generate(self.order.now, self.service.random());
        self.changes.artifacts.push(Artifact {
            id: id.clone(),
            workspace_id: workspace.clone(),
            created_ms: self.order.now,
            ..source.clone()
        });
        id
    }

    fn version(&mut self, tx: &mut Tx<'_>, id: &ArtifactId, version: &str) -> Result<(), Error> {
        let Some(pair) = self.artifacts.get_mut(id) else { return Ok(()) };
        if !pair.done.insert(version.to_owned()) {
            return Ok(());
        }
        let Some(target) = pair.target.clone() else { return Ok(()) };
        let missing = || Error::not_found(format!("version {version} of artifact {} was removed", pair.source.name));
        let key = pair.versions.iter().find(|key| key.version == version).ok_or_else(missing)?;
        let mut part = Item::new(ItemKind::Artifact, version, version, ItemStatus::Reused);
        part.version = Some(version.to_owned());
        match pair.there.get(version) {
            Some(sha256) if *sha256 == key.sha256 => part.target_version = Some(version.to_owned()),
            Some(_) => {
                let reason = "the target has this version with other content: publish under another version";
                part.fail(reason);
                pair.item.fail(format!("version {version}: {reason}"));
            }
            None => {
                part.status = ItemStatus::Created;
                part.target_version = Some(version.to_owned());
                if pair.item.status == ItemStatus::Reused {
                    pair.item.status = ItemStatus::Replaced;
                }
                let row = artifacts::version(tx, id, version)?
                    .ok_or_else(|| Error::not_found(format!("version {version} was removed")))?;
                let row = artifacts::ArtifactVersion { artifact_id: target, created_ms: self.order.now, ..row };
                self.changes.versions.push(row);
            }
        }
        pair.item.parts.push(part);
        Ok(())
    }

    /// Puts all artifacts that were dealt with into the report.
    pub(super) fn report_artifacts(&mut self) {
        for (_, pair) in std::mem::take(&mut self.artifacts) {
            let mut item = pair.item;
            let newest = pair.versions.iter().rev().find(|key| pair.done.contains(&key.version));
            item.version = newest.map(|key| key.version.clone());
            if item.status != ItemStatus::Failed {
                item.target_version.clone_from(&item.version);
            }
            if item.status == ItemStatus::Replaced {
                let added = item.parts.iter().filter(|part| part.status == ItemStatus::Created).count();
                item.say(Level::Info, format!("{added} versions added"));
            }
            self.report(Some(&pair.source.workspace_id), item);
        }
    }
}
