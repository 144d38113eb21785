//! The sample project: the two published procedures, as they are tested against this server too.

use crate::error::ApiError;
use stoker_tester::folder;
use stoker_tester::model::Drive;

/// Files of the sample, in the tester's own form.
const FILES: [(&str, &str); 5] = [
    ("drive.toml", include_str!("../../../../tests/contract/drive.toml")),
    ("environments/local.toml", include_str!("../../../../tests/contract/environments/local.toml")),
    ("procedures/project.toml", include_str!("../../../../tests/contract/procedures/project.toml")),
    (
        "procedures/create-an-engine.scenario.toml",
        include_str!("../../../../tests/contract/procedures/create-an-engine.scenario.toml"),
    ),
    (
        "procedures/run-a-task-as-a-service-account.scenario.toml",
        include_str!("../../../../tests/contract/procedures/run-a-task-as-a-service-account.scenario.toml"),
    ),
];

/// The sample, with this server's address in its environment.
///
/// # Errors
/// An internal one, when the files that came with the program cannot be read.
pub fn procedures(own_url: &str) -> Result<Drive, ApiError> {
    let texts = FILES.iter().map(|(path, text)| ((*path).to_owned(), (*text).to_owned())).collect();
    let loaded = folder::read(&texts).map_err(|error| ApiError::from(stoker_service::Error::internal(error)))?;
    let mut drive = loaded.drive;
    for environment in &mut drive.environments {
        environment.name = "this server".to_owned();
        for variable in environment.variables.iter_mut().filter(|variable| variable.name == "base") {
            variable.value = Some(own_url.to_owned());
        }
    }
    Ok(drive)
}
