//! Artifacts: publish, list, read, delete.

use crate::Page;
use crate::actor::{Actor, Allowed};
use crate::app::Service;
use crate::audit::{self, Change};
use crate::error::{Error, taken};
use crate::workspaces::{Views, WorkspaceView, view};
use serde_json::json;
use stoker_blobs::Upload;
use stoker_domain::ids::{ArtifactId, EnvironmentId, WorkspaceId};
use stoker_domain::runtime::ArtifactType;
use stoker_domain::{Permission, Right, limits, names};
use stoker_jobzip::{JobZipError, Limits, Manifest};
use stoker_store::artifacts::{self, Artifact, ArtifactFilter, ArtifactVersion};
use stoker_store::db::{Json, Record};

const USE: &[Permission] = &[Permission::Operator];
const SEE: &[Right] = &[Right::View];

/// An artifact with its version texts, newest first.
#[derive(Clone, Debug, PartialEq)]
pub struct ArtifactView {
    /// The artifact.
    pub artifact: Artifact,
    /// Its versions, newest first (source: client).
    pub versions: Vec<String>,
    /// Its workspace.
    pub workspace: WorkspaceView,
}

/// One version with what its archive says.
#[derive(Clone, Debug, PartialEq)]
pub struct VersionView {
    /// The artifact.
    pub artifact: Artifact,
    /// The version.
    pub version: ArtifactVersion,
    /// What the archive says.
    pub manifest: Manifest,
    /// Its workspace.
    pub workspace: WorkspaceView,
}

/// A filter of artifact lists.
#[derive(Clone, Debug, Default)]
pub struct ArtifactQuery {
    /// Environment id.
    pub environment: Option<String>,
    /// Workspace id.
    pub workspace: Option<String>,
    /// Start of the name.
    pub name: Option<String>,
    /// Part of the name.
    pub name_contains: Option<String>,
    /// Kinds.
    pub kinds: Vec<ArtifactType>,
    /// Page size.
    pub limit: i64,
    /// Items to pass over.
    pub offset: i64,
}

/// What is to be published, before its bytes come.
#[derive(Clone, Debug)]
pub struct PublishRequest {
    /// Into which workspace.
    pub workspace: WorkspaceId,
    /// Name of the artifact.
    pub name: String,
    /// Version text, 1 to 64 letters, digits, `.`, `-`, `_`.
    pub version: String,
    /// Kind; what the archive says when absent.
    pub kind: Option<ArtifactType>,
}

fn unknown() -> Error {
    Error::not_found("Artifact id not found.")
}

fn checked_version(text: &str) -> Result<String, Error> {
    let good = (1..=64).contains(&text.len())
        && text.starts_with(|c: char| c.is_ascii_digit())
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_'));
    if good {
        return Ok(text.to_owned());
    }
    Err(Error::invalid(
        "version: must start with a digit and have 1 to 64 letters, digits, `.`, `-` or `_`, like 0.1.0",
    ))
}

impl Service {
    /// A page of artifacts by name.
    pub async fn list_artifacts(&self, actor: &Actor, query: ArtifactQuery) -> Result<Page<ArtifactView>, Error> {
        let allowed = actor.allow(USE)?;
        let filter = ArtifactFilter {
            environment: query.environment.as_deref().map(EnvironmentId::parse).transpose()?,
            workspace: query.workspace.as_deref().map(WorkspaceId::parse).transpose()?,
            name_prefix: query.name,
            name_contains: query.name_contains,
            kinds: query.kinds,
            visible_to: allowed.visible(SEE),
        };
        let (limit, offset) = (query.limit, query.offset);
        let (items, total) = self
            .read::<_, Error, _>(&allowed, move |tx| {
                let (rows, total) = artifacts::list(tx, &filter, limit, offset)?;
                let mut views = Views::default();
                let mut items = Vec::new();
                for artifact in rows {
                    let versions = artifacts::versions(tx, &artifact.id)?;
                    let workspace = views.get(tx, &artifact.workspace_id)?;
                    items.push(ArtifactView { artifact, versions, workspace });
                }
                Ok((items, total))
            })
            .await?;
        Ok(Page { items, limit, offset, total })
    }

    /// One artifact.
    pub async fn artifact(&self, actor: &Actor, id: &ArtifactId) -> Result<ArtifactView, Error> {
        let allowed = actor.allow(USE)?;
        let (id, proof) = (id.clone(), allowed.clone());
        self.read(&allowed, move |tx| {
            let artifact = artifacts::get(tx, &id)?.ok_or_else(unknown)?;
            proof.right(tx, &artifact.workspace_id, SEE)?;
            let versions = artifacts::versions(tx, &id)?;
            let workspace = view(tx, &artifact.workspace_id)?;
            Ok(ArtifactView { artifact, versions, workspace })
        })
        .await
    }

    /// One version.
    pub async fn artifact_version(&self, actor: &Actor, id: &ArtifactId, version: &str) -> Result<VersionView, Error> {
        let allowed = actor.allow(USE)?;
        let (id, version, proof) = (id.clone(), version.to_owned(), allowed.clone());
        self.read(&allowed, move |tx| {
            let artifact = artifacts::get(tx, &id)?.ok_or_else(unknown)?;
            proof.right(tx, &artifact.workspace_id, SEE)?;
            let version = artifacts::version(tx, &id, &version)?
                .ok_or_else(|| Error::not_found("Artifact version not found."))?;
            let workspace = view(tx, &artifact.workspace_id)?;
            let manifest = crate::runs::manifest_of(&version)?;
            Ok(VersionView { artifact, version, manifest, workspace })
        })
        .await
    }

    /// Checks a publish call before its bytes are taken, and opens the place they go to.
    pub async fn begin_publish(&self, actor: &Actor, request: &PublishRequest) -> Result<Upload, Error> {
        let allowed = actor.allow(USE)?;
        let name = names::checked("name", &request.name, limits::NAME_CHARS)?;
        let version = checked_version(&request.version)?;
        let (workspace, proof) = (request.workspace.clone(), allowed.clone());
        self.read::<_, Error, _>(&allowed, move |tx| {
            view(tx, &workspace)?;
            proof.right(tx, &workspace, &[Right::Publish])?;
            if let Some(artifact) = artifacts::by_name(tx, &workspace, &name)?
                && artifacts::version(tx, &artifact.id, &version)?.is_some()
            {
                return Err(exists(&name, &version));
            }
            Ok(())
        })
        .await?;
        Ok(self.inner.blobs.begin(limits::ARTIFACT_BYTES, self.random()).await?)
    }

    /// Checks the archive and publishes it. A refused archive leaves nothing behind.
    pub async fn finish_publish(
        &self,
        actor: &Actor,
        request: PublishRequest,
        upload: Upload,
    ) -> Result<ArtifactView, Error> {
        let (service, allowed) = (self.clone(), actor.allow(USE)?);
        // A task of its own: a caller that hangs up must not leave a file without a row.
        tokio::spawn(async move { service.publish(allowed, request, upload).await }).await.map_err(Error::internal)?
    }

    async fn publish(
        &self,
        allowed: Allowed,
        request: PublishRequest,
        mut upload: Upload,
    ) -> Result<ArtifactView, Error> {
        let path = upload.flushed().await?.to_owned();
        let manifest = tokio::task::spawn_blocking(move || {
            let file = std::fs::File::open(&path)
                .map_err(|source| JobZipError::Io { action: "open the uploaded archive".into(), source })?;
            stoker_jobzip::inspect(std::io::BufReader::new(file), &Limits::default())
        })
        .await
        .map_err(Error::internal)?
        .map_err(refused_archive)?;
        // From here until the commit nobody may find the file unused and remove it.
        let keeping = self.inner.blobs.hold().await?;
        let blob = upload.finish().await?;
        let (service, proof, sha256) = (self.clone(), allowed.clone(), blob.sha256.clone());
        let now = self.now();
        let published = self
            .write(&allowed, move |tx| {
                proof.right(tx, &request.workspace, &[Right::Publish])?;
                let name = names::checked("name", &request.name, limits::NAME_CHARS)?;
                let version = checked_version(&request.version)?;
                let kind = request.kind.unwrap_or(kind_of(&manifest));
                let artifact = match artifacts::by_name(tx, &request.workspace, &name)? {
                    Some(artifact) if artifact.kind == kind => artifact,
                    Some(artifact) => {
                        let message = format!("type: artifact {name} is a {}, not a {}", artifact.kind.id(), kind.id());
                        return Err(Error::conflict(message));
                    }
                    None => {
                        let id = ArtifactId::generate(now, service.random());
                        let artifact = Artifact {
                            id,
                            workspace_id: request.workspace.clone(),
                            name: name.clone(),
                            kind,
                            created_ms: now,
                        };
                        artifact.insert(tx).map_err(taken(format!("artifact {name} is being published already")))?;
                        artifact
                    }
                };
                let row = ArtifactVersion {
                    artifact_id: artifact.id.clone(),
                    version: version.clone(),
                    number: artifacts::next_number(tx, &artifact.id)?,
                    sha256: blob.sha256,
                    size: blob.size as i64,
                    publisher: proof.actor().name.clone(),
                    publisher_kind: proof.actor().kind,
                    description: manifest.description.clone(),
                    manifest: Json(serde_json::to_value(&manifest).map_err(Error::internal)?),
                    created_ms: now,
                };
                row.insert(tx).map_err(|error| match error {
                    stoker_store::StoreError::Duplicate(_) => exists(&name, &version),
                    other => other.into(),
                })?;
                let change = Change {
                    action: "artifact.publish",
                    object: ("artifact", artifact.id.as_str()),
                    workspace: Some(&artifact.workspace_id),
                    detail: Some(json!({ "name": name, "version": version, "sha256": row.sha256 })),
                };
                audit::record(tx, proof.actor(), now, service.random(), change)?;
                let versions = artifacts::versions(tx, &artifact.id)?;
                let workspace = view(tx, &artifact.workspace_id)?;
                let published = (version.as_str(), &manifest);
                service.upgrade_followers(tx, &proof, &artifact, &workspace.environment.id, published, now)?;
                Ok(ArtifactView { artifact, versions, workspace })
            })
            .await;
        drop(keeping);
        if published.is_err() {
            self.drop_unused_blob(&sha256).await;
        }
        published
    }

    /// Removes an artifact, or one version of it; 409 while a task uses it.
    pub async fn delete_artifact(&self, actor: &Actor, id: &ArtifactId, version: Option<&str>) -> Result<(), Error> {
        let allowed = actor.allow(USE)?;
        let (id, version, proof, service) = (id.clone(), version.map(str::to_owned), allowed.clone(), self.clone());
        let gone = self
            .write(&allowed, move |tx| {
                let artifact = artifacts::get(tx, &id)?.ok_or_else(unknown)?;
                proof.right(tx, &artifact.workspace_id, &[Right::Author])?;
                let users = artifacts::used_by(tx, &id, version.as_deref())?;
                if !users.is_empty() {
                    let users = proof.names_seen(tx, users, "task")?;
                    return Err(Error::conflict(format!("the artifact is in use by task {}", users.join(", "))));
                }
                let mut files = Vec::new();
                let texts = match &version {
                    Some(version) => vec![version.clone()],
                    None => artifacts::versions(tx, &id)?,
                };
                for text in texts {
                    let row = artifacts::version(tx, &id, &text)?
                        .ok_or_else(|| Error::not_found("Artifact version not found."))?;
                    files.push(row.sha256);
                    artifacts::delete_version(tx, &id, &text)?;
                }
                artifacts::delete_when_empty(tx, &id)?;
                let change = Change {
                    action: "artifact.delete",
                    object: ("artifact", id.as_str()),
                    workspace: Some(&artifact.workspace_id),
                    detail: Some(json!({ "name": artifact.name, "version": version })),
                };
                audit::record(tx, proof.actor(), service.now(), service.random(), change)?;
                Ok::<_, Error>(files)
            })
            .await?;
        for sha256 in gone {
            self.drop_unused_blob(&sha256).await;
        }
        Ok(())
    }
}

fn exists(name: &str, version: &str) -> Error {
    Error::conflict(format!("version: {version} of artifact {name} exists already and cannot be changed"))
}

fn refused_archive(error: JobZipError) -> Error {
    match error {
        io @ JobZipError::Io { .. } => Error::internal(io),
        other => Error::invalid(format!("the archive was refused: {other}")),
    }
}

/// The kind an archive says it is.
pub(crate) fn kind_of(manifest: &Manifest) -> ArtifactType {
    use stoker_jobzip::ArtifactType as Found;
    match manifest.artifact_type {
        Found::Standard => ArtifactType::Standard,
        Found::BigDataBatch => ArtifactType::BigDataBatch,
        Found::BigDataStreaming => ArtifactType::BigDataStreaming,
        Found::Route => ArtifactType::Route,
        Found::DataService => ArtifactType::DataService,
        Found::Pipeline => ArtifactType::Pipeline,
    }
}
