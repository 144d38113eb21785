//! Projects of API tests on their way in and out: the tree form of the tester's files, with its additions. Values of
//! private variables come in, stay, and never go out.

use crate::error::ApiError;
use stoker_service::tester::TestProjectRequest;
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

fn compact(drive: &Drive, private_values: bool) -> Result<Json, ApiError> {
    let text = native::export_tree(drive, ExportOptions { private_values, extensions: true });
    Json::parse(&text).map_err(|error| ApiError::from(stoker_service::Error::internal(error)))
}

/// What is kept of a drive.
///
/// # Errors
/// An internal one, when the document cannot be read back.
pub fn to_keep(name: String, drive: &Drive) -> Result<TestProjectRequest, ApiError> {
    Ok(TestProjectRequest { name, document: compact(drive, true)?.to_string(), requests: requests(drive) })
}

/// What may be shown of a drive, as JSON.
///
/// # Errors
/// As for [`to_keep`].
pub fn to_show(drive: &Drive) -> Result<Json, ApiError> {
    compact(drive, false)
}
