//! Run profiles of Gen2 engines: five kinds in one table with those of other engines.

use crate::actor::Actor;
use crate::app::Service;
use crate::environments::description;
use crate::error::{Error, taken};
use crate::run_profiles::{MANAGE, Processor, checked_arguments, owned_locked, unknown};
use serde_json::Value;
use stoker_domain::ids::{PipelineEngineId, RunProfileId};
use stoker_domain::pipeline::{PipelineProfileKind, PipelineSettings, SettingError};
use stoker_domain::runtime::RunProfileKind;
use stoker_domain::{limits, names};
use stoker_store::Tx;
use stoker_store::db::{Json, Record};
use stoker_store::engines::RunProfile;

/// What a run profile of a Gen2 engine says.
#[derive(Clone, Debug, PartialEq)]
pub enum PipelineDefinition {
    /// For pipelines.
    Pipelines(Box<PipelineSettings>),
    /// For jobs: arguments of the Java machine.
    Jobs(Vec<String>),
}

/// Values of a new or replaced run profile of a Gen2 engine.
#[derive(Clone, Debug)]
pub struct PipelineProfileRequest {
    /// Unique at its engine.
    pub name: String,
    /// Free text.
    pub description: Option<String>,
    /// Engine id of the body; must be that of the path.
    pub engine: Option<String>,
    /// The rest.
    pub definition: PipelineDefinition,
    /// Databricks token; an empty or missing one keeps the stored one in a replace call (source: inferred, secrets are
    /// never shown and clients send back what they read).
    pub token: Option<String>,
}

/// The kind of a stored run profile, as paths and lists of Gen2 engines say it.
pub fn pipeline_kind(row: &RunProfile) -> PipelineProfileKind {
    match row.kind {
        RunProfileKind::Standard => PipelineProfileKind::Standard,
        RunProfileKind::BigData => PipelineProfileKind::BigData,
        RunProfileKind::Advanced => PipelineProfileKind::Advanced,
        RunProfileKind::Databricks => PipelineProfileKind::Databricks,
        _ => PipelineProfileKind::DataIntegration,
    }
}

impl From<SettingError> for Error {
    fn from(error: SettingError) -> Self {
        Self::Invalid(error.to_string())
    }
}

impl PipelineDefinition {
    fn kind(&self) -> RunProfileKind {
        match self {
            Self::Jobs(_) => RunProfileKind::JobServer,
            Self::Pipelines(settings) => match settings.kind() {
                PipelineProfileKind::Standard => RunProfileKind::Standard,
                PipelineProfileKind::BigData => RunProfileKind::BigData,
                PipelineProfileKind::Databricks => RunProfileKind::Databricks,
                PipelineProfileKind::Advanced => RunProfileKind::Advanced,
                PipelineProfileKind::DataIntegration => RunProfileKind::JobServer,
            },
        }
    }

    /// Settings and Java arguments as they are stored.
    fn checked(self) -> Result<(Option<Json<Value>>, Vec<String>), Error> {
        match self {
            Self::Jobs(arguments) => Ok((None, checked_arguments(arguments)?)),
            Self::Pipelines(settings) => {
                settings.check()?;
                if let PipelineSettings::Advanced(advanced) = &*settings
                    && let Some(text) = advanced.definition.as_deref().filter(|text| !text.is_empty())
                {
                    serde_json::from_str::<serde::de::IgnoredAny>(text)
                        .map_err(|error| Error::invalid(format!("definition: is not JSON: {error}")))?;
                }
                Ok((Some(Json(serde_json::to_value(&settings).map_err(Error::internal)?)), Vec::new()))
            }
        }
    }
}

pub(crate) fn token_context(id: &RunProfileId) -> String {
    format!("run profile {id} token")
}

fn checked_engine(engine: &PipelineEngineId, named: Option<&str>) -> Result<(), Error> {
    match named.filter(|id| !id.is_empty()) {
        Some(id) if id != engine.as_str() => Err(Error::invalid("engineId: must be the engine of the path")),
        _ => Ok(()),
    }
}

/// The run profile of this kind at the engine, locked.
fn of_kind(
    tx: &mut Tx<'_>,
    engine: &PipelineEngineId,
    id: &RunProfileId,
    kind: PipelineProfileKind,
) -> Result<RunProfile, Error> {
    let found = owned_locked(tx, &Processor::Pipeline(engine.clone()), id)?;
    if pipeline_kind(&found) == kind { Ok(found) } else { Err(unknown()) }
}

impl Service {
    fn sealed_token(&self, id: &RunProfileId, token: Option<&str>) -> Result<Option<String>, Error> {
        let Some(token) = token.filter(|token| !token.is_empty()) else { return Ok(None) };
        let token = names::checked("databricks.token", token, limits::SETTING_CHARS)?;
        Ok(Some(self.inner.keys.encrypt(&token_context(id), token.as_bytes(), self.random())))
    }

    /// One run profile of a Gen2 engine; of another kind it is not there.
    pub async fn pipeline_profile(
        &self,
        actor: &Actor,
        engine: &PipelineEngineId,
        kind: PipelineProfileKind,
        id: &RunProfileId,
    ) -> Result<RunProfile, Error> {
        let found = self.run_profile(actor, Processor::Pipeline(engine.clone()), id).await?;
        if pipeline_kind(&found) == kind { Ok(found) } else { Err(unknown()) }
    }

    /// Adds a run profile to a Gen2 engine.
    pub async fn create_pipeline_profile(
        &self,
        actor: &Actor,
        engine: &PipelineEngineId,
        request: PipelineProfileRequest,
    ) -> Result<RunProfile, Error> {
        let allowed = actor.allow(MANAGE)?;
        checked_engine(engine, request.engine.as_deref())?;
        let now = self.now();
        let id = RunProfileId::generate(now, self.random());
        let name = names::checked("name", &request.name, limits::NAME_CHARS)?;
        let described = description(request.description)?;
        let kind = request.definition.kind();
        let secret = self.sealed_token(&id, request.token.as_deref())?;
        let (settings, arguments) = request.definition.checked()?;
        let (service, proof, processor) = (self.clone(), allowed.clone(), Processor::Pipeline(engine.clone()));
        self.write(&allowed, move |tx| {
            let profile = RunProfile {
                id,
                processor_kind: processor.kind().to_owned(),
                processor_id: processor.id().to_owned(),
                environment_id: processor.place(tx)?.0,
                name,
                description: described,
                kind,
                jvm_arguments: Json(arguments),
                settings,
                secret,
                version: 1,
                created_ms: now,
                updated_ms: now,
            };
            let message = format!("name: a run profile {} exists already", profile.name);
            profile.insert(tx).map_err(taken(message))?;
            service.audit_profile(tx, &proof, "run-profile.create", &profile)?;
            Ok(profile)
        })
        .await
    }

    /// Replaces a run profile of a Gen2 engine by one of the same kind.
    pub async fn replace_pipeline_profile(
        &self,
        actor: &Actor,
        engine: &PipelineEngineId,
        (kind, id): (PipelineProfileKind, &RunProfileId),
        request: PipelineProfileRequest,
    ) -> Result<(), Error> {
        let allowed = actor.allow(MANAGE)?;
        checked_engine(engine, request.engine.as_deref())?;
        let name = names::checked("name", &request.name, limits::NAME_CHARS)?;
        let described = description(request.description)?;
        let secret = self.sealed_token(id, request.token.as_deref())?;
        let (settings, arguments) = request.definition.checked()?;
        let (service, proof, now) = (self.clone(), allowed.clone(), self.now());
        let (engine, id) = (engine.clone(), id.clone());
        self.write(&allowed, move |tx| {
            let mut profile = of_kind(tx, &engine, &id, kind)?;
            let before = profile.clone();
            profile.name = name;
            profile.description = described;
            profile.settings = settings;
            profile.jvm_arguments = Json(arguments);
            // Without an access there is nothing the token would belong to.
            let access = profile.settings.as_ref().is_some_and(|settings| settings.0.get("databricks").is_some());
            profile.secret = secret.or(profile.secret).filter(|_| access);
            profile.version += 1;
            profile.updated_ms = now;
            let message = format!("name: a run profile {} exists already", profile.name);
            profile.update(tx).map_err(taken(message))?;
            service.audit_profile_change(tx, &proof, "run-profile.update", &profile, &before)
        })
        .await
    }

    /// Removes a run profile of a Gen2 engine; tasks that use it move to `replacement`, which is of the same kind. Without
    /// one it is refused while tasks use it.
    pub async fn delete_pipeline_profile(
        &self,
        actor: &Actor,
        engine: &PipelineEngineId,
        (kind, id): (PipelineProfileKind, &RunProfileId),
        replacement: Option<RunProfileId>,
    ) -> Result<(), Error> {
        let allowed = actor.allow(MANAGE)?;
        let (service, proof, engine, id) = (self.clone(), allowed.clone(), engine.clone(), id.clone());
        self.write(&allowed, move |tx| {
            let profile = of_kind(tx, &engine, &id, kind)?;
            if let Some(other) = &replacement
                && *other != id
            {
                of_kind(tx, &engine, other, kind).map_err(|error| match error {
                    Error::NotFound(_) => {
                        Error::invalid("newRunProfileId: must be a run profile of the same engine and type")
                    }
                    other => other,
                })?;
            }
            service.remove_profile(tx, &proof, &profile, replacement.as_ref(), "newRunProfileId", Error::conflict)
        })
        .await
    }
}

/// Whether a token is stored with a run profile; the token itself is never shown.
pub fn has_token(row: &RunProfile) -> bool {
    row.secret.is_some()
}
