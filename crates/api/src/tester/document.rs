//! Projects of API tests on their way in and out: the tree form of the tester's files, with its additions. Values of
//! private variables come in, stay, and never go out.

use crate::error::ApiError;
use serde::{Deserialize, Serialize};
use stoker_service::tester::{TestProjectRequest, TestProjectView};
use stoker_tester::json::Json;
use stoker_tester::model::{Drive, Entity, Kind, Variable};
use stoker_tester::native::{self, ExportOptions, ImportOptions};

/// Reads a kept document.
///
/// # Errors
/// An internal one: what is kept was written by us.
pub fn kept(text: &str) -> Result<Drive, ApiError> {
    native::import(text, ImportOptions::default())
        .map(|imported| imported.drive)
        .map_err(|error| ApiError::from(stoker_service::Error::internal(error)))
}

/// Reads the document of a request; warnings say what the writer should know.
///
/// # Errors
/// 400 with the place inside the document.
pub fn given(document: &Json) -> Result<(Drive, Vec<String>), ApiError> {
    let read = native::import(&document.to_string(), ImportOptions::default());
    let read = read.map_err(|error| ApiError::invalid(format!("document: {error}")))?;
    check(&read.drive.entities, None)?;
    Ok((read.drive, read.warnings))
}

/// Reads one entity as it stands in a document, without what is around it.
///
/// # Errors
/// 400 with the place inside it.
pub fn alone(entity: &Json) -> Result<Drive, ApiError> {
    let text = format!(r#"{{"version":6,"entities":[{{"entity":{entity}}}]}}"#);
    let read = native::import(&text, ImportOptions::default());
    read.map(|read| read.drive).map_err(|error| ApiError::invalid(format!("request: {error}")))
}

/// Whether every entity stands where one of its kind may stand.
fn check(entities: &[Entity], parent: Option<&Entity>) -> Result<(), ApiError> {
    for entity in entities {
        if let Some(parent) = parent.filter(|parent| !parent.kind.may_hold(&entity.kind)) {
            return Err(ApiError::invalid(format!(
                "document: the {} `{}` cannot hold the {} `{}`; move it",
                parent.kind.name().to_lowercase(),
                parent.name,
                entity.kind.name().to_lowercase(),
                entity.name
            )));
        }
        check(&entity.children, Some(entity))?;
    }
    Ok(())
}

fn private(drive: &Drive) -> impl Iterator<Item = &Variable> {
    drive.environments.iter().flat_map(|environment| &environment.variables).filter(|variable| variable.is_private())
}

/// Puts the kept values of private variables where none is given, by the ids of environment and variable.
pub fn take_over(drive: &mut Drive, before: &Drive) {
    for environment in &mut drive.environments {
        let Some(known) = before.environments.iter().find(|known| known.id == environment.id) else { continue };
        for variable in environment.variables.iter_mut().filter(|variable| variable.is_private()) {
            let same = known.variables.iter().find(|known| known.id == variable.id && known.is_private());
            if let (None, Some(known)) = (&variable.value, same) {
                variable.value.clone_from(&known.value);
            }
        }
    }
}

/// Ids of the private variables that have a value.
pub fn secret_ids(drive: &Drive) -> Vec<&str> {
    private(drive).filter(|variable| variable.value.is_some()).map(|variable| variable.id.as_str()).collect()
}

/// Values that nobody may see.
pub fn secret_values(drive: &Drive) -> Vec<String> {
    private(drive).filter_map(|variable| variable.value.clone()).collect()
}

/// How many requests there are.
pub fn requests(drive: &Drive) -> i64 {
    let count = drive.walk().iter().filter(|(_, entity)| matches!(entity.kind, Kind::Request(_))).count();
    i64::try_from(count).unwrap_or(i64::MAX)
}

/// What an engine gets of a drive, with the values of private variables.
///
/// # Errors
/// As for [`to_keep`].
pub fn to_send(drive: &Drive) -> Result<String, ApiError> {
    Ok(compact(drive, true)?.to_string())
}

fn compact(drive: &Drive, private_values: bool) -> Result<Json, ApiError> {
    let text = native::export_tree(drive, ExportOptions { private_values, extensions: true });
    Json::parse(&text).map_err(|error| ApiError::from(stoker_service::Error::internal(error)))
}

/// What is kept of a new drive: all in one.
///
/// # Errors
/// An internal one, when the document cannot be read back.
pub fn to_keep(name: String, drive: &Drive) -> Result<TestProjectRequest, ApiError> {
    let document = compact(drive, true)?.to_string();
    Ok(TestProjectRequest { name, document, requests: requests(drive), secrets: None, secrets_before: None })
}

/// What is kept of a drive in the place of one that was read: all in one, or, when it is shared from now on, with the values
/// of private variables apart.
///
/// # Errors
/// As for [`to_keep`].
pub fn to_keep_again(
    name: String,
    drive: &Drive,
    shared: bool,
    before: &TestProjectView,
) -> Result<TestProjectRequest, ApiError> {
    let document = compact(drive, !shared)?.to_string();
    let secrets = shared.then(|| apart(drive)).transpose()?;
    let secrets_before = before.secrets.clone();
    Ok(TestProjectRequest { name, document, requests: requests(drive), secrets, secrets_before })
}

/// A value of a private variable, as it is kept beside a shared project.
#[derive(Serialize, Deserialize)]
struct Apart {
    environment: String,
    variable: String,
    value: String,
}

/// The values of private variables as a text.
///
/// # Errors
/// An internal one that does not happen: they are plain texts.
pub fn apart(drive: &Drive) -> Result<String, ApiError> {
    let all: Vec<Apart> = drive
        .environments
        .iter()
        .flat_map(|environment| environment.variables.iter().map(move |variable| (environment, variable)))
        .filter(|(_, variable)| variable.is_private())
        .filter_map(|(environment, variable)| {
            let (environment, value) = (environment.id.clone(), variable.value.clone()?);
            Some(Apart { environment, variable: variable.id.clone(), value })
        })
        .collect();
    serde_json::to_string(&all).map_err(|error| ApiError::from(stoker_service::Error::internal(error)))
}

/// Takes the values of private variables out.
pub fn without_secrets(drive: &mut Drive) {
    for variable in drive.environments.iter_mut().flat_map(|environment| &mut environment.variables) {
        if variable.is_private() {
            variable.value = None;
        }
    }
}

/// What was kept, with the values that [`apart`] took out at their variables, as far as these are still there. Of a shared
/// project no other values than these.
///
/// # Errors
/// An internal one: what is kept was written by us.
pub fn together(view: &TestProjectView) -> Result<Drive, ApiError> {
    let mut drive = kept(&view.document)?;
    if view.line.workspace.is_some() {
        without_secrets(&mut drive);
    }
    if let Some(secrets) = &view.secrets {
        put_back(&mut drive, secrets)?;
    }
    Ok(drive)
}

fn put_back(drive: &mut Drive, secrets: &str) -> Result<(), ApiError> {
    let all: Vec<Apart> =
        serde_json::from_str(secrets).map_err(|error| ApiError::from(stoker_service::Error::internal(error)))?;
    for kept in all {
        if let Some(variable) = private_variable(drive, &kept.environment, &kept.variable) {
            variable.value = Some(kept.value);
        }
    }
    Ok(())
}

/// The private variable with these ids.
pub fn private_variable<'a>(drive: &'a mut Drive, environment: &str, variable: &str) -> Option<&'a mut Variable> {
    let found = drive.environments.iter_mut().find(|known| known.id == environment)?;
    found.variables.iter_mut().find(|known| known.id == variable && known.is_private())
}

/// What may be shown of a drive, as JSON.
///
/// # Errors
/// As for [`to_keep`].
pub fn to_show(drive: &Drive) -> Result<Json, ApiError> {
    compact(drive, false)
}
