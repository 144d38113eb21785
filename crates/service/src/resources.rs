//! Resources: files and folders that tasks need on the engine. Their bytes lie beside those of the artifacts.

use crate::Page;
use crate::actor::{Actor, Allowed};
use crate::app::Service;
use crate::audit::{self, Change};
use crate::audit_states;
use crate::connections::{CHANGE, PlaceQuery, SEE, USE, checked_place, movable, used};
use crate::environments::description;
use crate::error::{Error, taken};
use crate::workspaces::{Views, WorkspaceView, view};
/// The bytes of a resource while they come.
pub use stoker_blobs::Upload as Bytes;
use stoker_blobs::{Blob, Upload};
use stoker_domain::ids::{ResourceId, WorkspaceId};
use stoker_domain::{limits, names};
use stoker_jobzip::{JobZipError, Limits};
use stoker_store::db::Record;
use stoker_store::resources::{self, Resource};
use stoker_store::{StoreError, Tx};

/// A resource with its workspace.
#[derive(Clone, Debug, PartialEq)]
pub struct ResourceView {
    /// The resource.
    pub resource: Resource,
    /// Its workspace.
    pub workspace: WorkspaceView,
}

/// A new resource, beside its bytes.
#[derive(Clone, Debug)]
pub struct ResourceRequest {
    /// Workspace id.
    pub workspace: String,
    /// Unique in the workspace.
    pub name: String,
    /// Free text.
    pub description: Option<String>,
    /// A file; else a folder, whose bytes are a zip.
    pub is_file: bool,
}

pub(crate) fn unknown() -> Error {
    Error::not_found("Resource id not found.")
}

fn exists(name: &str) -> String {
    format!("name: a resource {name} exists already in the workspace")
}

fn too_large() -> Error {
    Error::TooLarge(format!(
        "file: the resource has more than {} bytes, the largest size accepted",
        limits::RESOURCE_BYTES
    ))
}

/// The name of an uploaded file without the folders some clients send with it.
fn file_name(given: Option<&str>) -> Option<String> {
    let name = given?.rsplit(['/', '\\']).next()?.trim();
    let good = !name.is_empty() && name.chars().count() <= limits::NAME_CHARS && !name.chars().any(char::is_control);
    good.then(|| name.to_owned())
}

/// A folder must be a zip that every engine can unpack.
async fn checked_zip(upload: &mut Upload) -> Result<(), Error> {
    let path = upload.flushed().await?.to_owned();
    let checked = tokio::task::spawn_blocking(move || {
        let file = std::fs::File::open(&path)
            .map_err(|source| JobZipError::Io { action: "open the uploaded file".into(), source })?;
        stoker_jobzip::check_folder(file, &Limits::default())
    });
    match checked.await.map_err(Error::internal)? {
        Ok(()) => Ok(()),
        Err(io @ JobZipError::Io { .. }) => Err(Error::internal(io)),
        Err(other) => {
            Err(Error::invalid(format!("file: a folder is uploaded as a zip; this one was refused: {other}")))
        }
    }
}

/// Refuses what has just been written when all files together are too large.
fn check_room(tx: &mut Tx<'_>) -> Result<(), Error> {
    if resources::total_bytes(tx)? <= limits::RESOURCE_BYTES_TOTAL {
        return Ok(());
    }
    Err(Error::TooLarge(format!(
        "file: all resources together may have {} bytes: remove some first",
        limits::RESOURCE_BYTES_TOTAL
    )))
}

fn size(blob: &Blob) -> i64 {
    i64::try_from(blob.size).unwrap_or(i64::MAX)
}

impl Service {
    /// A page of resources by name.
    pub async fn list_resources(&self, actor: &Actor, query: PlaceQuery) -> Result<Page<ResourceView>, Error> {
        let allowed = actor.allow(USE)?;
        let filter = query.filter(&allowed)?;
        let (limit, offset) = (query.limit, query.offset);
        let (items, total) = self
            .read::<_, Error, _>(&allowed, move |tx| {
                checked_place(tx, &filter)?;
                let (rows, total) = resources::list(tx, &filter, limit, offset)?;
                let (mut views, mut items) = (Views::default(), Vec::new());
                for resource in rows {
                    let workspace = views.get(tx, &resource.workspace_id)?;
                    items.push(ResourceView { resource, workspace });
                }
                Ok((items, total))
            })
            .await?;
        Ok(Page { items, limit, offset, total })
    }

    /// One resource.
    pub async fn resource(&self, actor: &Actor, id: &ResourceId) -> Result<ResourceView, Error> {
        let allowed = actor.allow(USE)?;
        let (id, proof) = (id.clone(), allowed.clone());
        self.read(&allowed, move |tx| {
            let resource = resources::get(tx, &id)?.ok_or_else(unknown)?;
            proof.right(tx, &resource.workspace_id, SEE)?;
            let workspace = view(tx, &resource.workspace_id)?;
            Ok(ResourceView { resource, workspace })
        })
        .await
    }

    /// Opens the place that the bytes of a resource go to. Whoever may change no resource at all is refused here.
    pub async fn begin_resource(&self, actor: &Actor) -> Result<Upload, Error> {
        actor.allow(USE)?;
        Ok(self.inner.blobs.begin(limits::RESOURCE_BYTES, self.random()).await?)
    }

    /// Adds bytes to a resource that is being uploaded.
    pub async fn add_to_resource(&self, upload: &mut Upload, bytes: &[u8]) -> Result<(), Error> {
        upload.write(bytes).await.map_err(|error| match error {
            stoker_blobs::BlobError::TooLarge { .. } => too_large(),
            other => other.into(),
        })
    }

    /// Checks a create call before its bytes are taken.
    pub async fn check_new_resource(&self, actor: &Actor, request: &ResourceRequest) -> Result<(), Error> {
        let allowed = actor.allow(USE)?;
        let (proof, request) = (allowed.clone(), request.clone());
        self.read(&allowed, move |tx| {
            let (workspace, name) = checked(tx, &proof, &request)?;
            if resources::name_taken(tx, &workspace, &name)? {
                return Err(Error::conflict(exists(&name)));
            }
            Ok(())
        })
        .await
    }

    /// Adds a resource whose bytes have come. A refusal leaves nothing behind.
    pub async fn create_resource(
        &self,
        actor: &Actor,
        request: ResourceRequest,
        given_name: Option<&str>,
        mut upload: Upload,
    ) -> Result<ResourceView, Error> {
        self.check_new_resource(actor, &request).await?;
        if !request.is_file {
            checked_zip(&mut upload).await?;
        }
        let (allowed, given_name) = (actor.allow(USE)?, file_name(given_name));
        let (service, proof, now) = (self.clone(), allowed.clone(), self.now());
        self.keep_blob(allowed, upload, move |tx, blob| {
            let (workspace, name) = checked(tx, &proof, &request)?;
            let resource = Resource {
                id: ResourceId::generate(now, service.random()),
                workspace_id: workspace,
                name,
                description: description(request.description)?,
                is_file: request.is_file,
                file_name: given_name,
                size: size(&blob),
                sha256: blob.sha256,
                created_ms: now,
                updated_ms: now,
            };
            resource.insert(tx).map_err(taken(exists(&resource.name)))?;
            check_room(tx)?;
            service.audit_resource(tx, &proof, "resource.create", &resource)?;
            let workspace = view(tx, &resource.workspace_id)?;
            Ok(ResourceView { resource, workspace })
        })
        .await
    }

    /// Whether the resource is there and the caller may replace its bytes; asked before they are taken.
    pub async fn check_resource(&self, actor: &Actor, id: &ResourceId) -> Result<(), Error> {
        let allowed = actor.allow(USE)?;
        let (id, proof) = (id.clone(), allowed.clone());
        self.read(&allowed, move |tx| {
            let resource = resources::get(tx, &id)?.ok_or_else(unknown)?;
            proof.right(tx, &resource.workspace_id, CHANGE)
        })
        .await
    }

    /// Replaces the bytes of a resource. Runs that were started before get the old ones.
    pub async fn replace_resource_file(
        &self,
        actor: &Actor,
        id: &ResourceId,
        given_name: Option<&str>,
        mut upload: Upload,
    ) -> Result<(), Error> {
        self.check_resource(actor, id).await?;
        if !self.resource_is_file(actor, id).await? {
            checked_zip(&mut upload).await?;
        }
        let (allowed, given_name) = (actor.allow(USE)?, file_name(given_name));
        let (service, proof, id, now) = (self.clone(), allowed.clone(), id.clone(), self.now());
        let before = self
            .keep_blob(allowed, upload, move |tx, blob| {
                let mut resource = resources::lock(tx, &id)?.ok_or_else(unknown)?;
                proof.right(tx, &resource.workspace_id, CHANGE)?;
                let before = std::mem::replace(&mut resource.sha256, blob.sha256.clone());
                resource.size = size(&blob);
                resource.file_name = given_name.or(resource.file_name);
                resource.updated_ms = now;
                resource.update(tx)?;
                check_room(tx)?;
                service.audit_resource(tx, &proof, "resource.upload", &resource)?;
                Ok(before)
            })
            .await?;
        self.drop_unused_blob(&before).await;
        Ok(())
    }

    async fn resource_is_file(&self, actor: &Actor, id: &ResourceId) -> Result<bool, Error> {
        let (allowed, id) = (actor.allow(USE)?, id.clone());
        self.read(&allowed, move |tx| Ok(resources::get(tx, &id)?.ok_or_else(unknown)?.is_file)).await
    }

    /// Renames or re-describes. A name in use is 400: no other status is published for it.
    pub async fn update_resource(
        &self,
        actor: &Actor,
        id: &ResourceId,
        name: Option<String>,
        text: Option<String>,
    ) -> Result<(), Error> {
        let allowed = actor.allow(USE)?;
        let name = name.map(|name| names::checked("name", &name, limits::NAME_CHARS)).transpose()?;
        let text = description(text)?;
        let (service, proof, id, now) = (self.clone(), allowed.clone(), id.clone(), self.now());
        self.write(&allowed, move |tx| {
            let mut resource = resources::lock(tx, &id)?.ok_or_else(unknown)?;
            proof.right(tx, &resource.workspace_id, CHANGE)?;
            resource.name = name.unwrap_or(resource.name);
            resource.description = text.or(resource.description);
            resource.updated_ms = now;
            let message = exists(&resource.name);
            resource.update(tx).map_err(|error| match error {
                StoreError::Duplicate(_) => Error::Invalid(message),
                other => other.into(),
            })?;
            service.audit_resource(tx, &proof, "resource.update", &resource)
        })
        .await
    }

    /// Moves a resource to another workspace of its environment. Tasks that use it go on using it.
    pub async fn move_resource(
        &self,
        actor: &Actor,
        id: &ResourceId,
        target: &WorkspaceId,
    ) -> Result<ResourceView, Error> {
        let allowed = actor.allow(USE)?;
        let (service, proof, id, target, now) = (self.clone(), allowed.clone(), id.clone(), target.clone(), self.now());
        self.write(&allowed, move |tx| {
            let mut resource = resources::lock(tx, &id)?.ok_or_else(unknown)?;
            proof.right(tx, &resource.workspace_id, CHANGE)?;
            movable(tx, &proof, &resource.workspace_id, &target)?;
            if resource.workspace_id != target {
                resource.workspace_id = target;
                resource.updated_ms = now;
                resource.update(tx).map_err(taken(exists(&resource.name)))?;
                service.audit_resource(tx, &proof, "resource.move", &resource)?;
            }
            let workspace = view(tx, &resource.workspace_id)?;
            Ok(ResourceView { resource, workspace })
        })
        .await
    }

    /// Removes a resource; 409 while a task names it.
    pub async fn delete_resource(&self, actor: &Actor, id: &ResourceId) -> Result<(), Error> {
        let allowed = actor.allow(USE)?;
        let (service, proof, id) = (self.clone(), allowed.clone(), id.clone());
        let gone = self
            .write::<_, Error, _>(&allowed, move |tx| {
                let resource = resources::lock(tx, &id)?.ok_or_else(unknown)?;
                proof.right(tx, &resource.workspace_id, CHANGE)?;
                let environment = view(tx, &resource.workspace_id)?.environment.id;
                let tasks = resources::used_by(tx, &environment, &id)?;
                if !tasks.is_empty() {
                    let tasks = proof.names_seen(tx, tasks, "task")?;
                    return Err(used("resource", &resource.name, &tasks));
                }
                resources::delete(tx, &id)?;
                service.audit_resource(tx, &proof, "resource.delete", &resource)?;
                Ok(resource.sha256)
            })
            .await?;
        self.drop_unused_blob(&gone).await;
        Ok(())
    }

    fn audit_resource(&self, tx: &mut Tx<'_>, allowed: &Allowed, action: &str, row: &Resource) -> Result<(), Error> {
        let change = Change {
            action,
            object: ("resource", row.id.as_str()),
            workspace: Some(&row.workspace_id),
            detail: Some(audit_states::resource(row)),
        };
        audit::record(tx, allowed.actor(), self.now(), self.random(), change)
    }
}

/// The workspace and name of a new resource, when the caller may add it.
fn checked(tx: &mut Tx<'_>, allowed: &Allowed, request: &ResourceRequest) -> Result<(WorkspaceId, String), Error> {
    let workspace = view(tx, &WorkspaceId::parse(&request.workspace)?)?.workspace.id;
    allowed.right(tx, &workspace, CHANGE)?;
    description(request.description.clone())?;
    Ok((workspace, names::checked("name", &request.name, limits::NAME_CHARS)?))
}

#[cfg(test)]
mod tests {
    use super::file_name;

    #[test]
    fn folders_are_cut_off_file_names() {
        assert_eq!(file_name(Some("C:\\data\\a b.csv")).as_deref(), Some("a b.csv"));
        assert_eq!(file_name(Some("../../etc/passwd")).as_deref(), Some("passwd"));
        for none in [None, Some(""), Some("a/"), Some("a\nb")] {
            assert_eq!(file_name(none), None, "{none:?}");
        }
    }
}
