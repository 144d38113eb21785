//! Context variables that the engine itself gives a value.

use std::borrow::Cow;

use stoker_jobzip::Manifest;
use stoker_wire::{Offer, Parameter};

use super::folder::RunFolder;

/// Holds the path of a fresh folder that is removed after the run (source: doc).
const FLOW_FOLDER: &str = "resource_flow_temp_folder";

/// The offer with the values that only the engine knows, the paths of resources among them; they win over what was
/// given. A path that is no UTF-8 is left out here: preparing the run fails on it with an error of its own.
pub(crate) fn filled<'a>(
    offer: &'a Offer,
    manifest: &Manifest,
    folder: &RunFolder,
    mut paths: Vec<Parameter>,
) -> Cow<'a, Offer> {
    let wanted = manifest.parameters.iter().any(|parameter| parameter.name == FLOW_FOLDER);
    if let Some(path) = folder.tmp().to_str().filter(|_| wanted) {
        paths.push(Parameter { name: FLOW_FOLDER.to_owned(), value: path.to_owned() });
    }
    if paths.is_empty() {
        return Cow::Borrowed(offer);
    }
    let mut offer = offer.clone();
    offer.parameters.retain(|given| paths.iter().all(|path| path.name != given.name));
    offer.parameters.append(&mut paths);
    Cow::Owned(offer)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;
    use stoker_wire::RunEpoch;

    #[test]
    fn the_flow_folder_is_the_temporary_folder_of_the_run() {
        let offer: Offer = serde_json::from_value(serde_json::json!({
            "run": "r", "epoch": 1, "taskId": "t", "taskName": "t", "artifactSha256": "", "artifactSize": 0,
            "artifactName": "a", "artifactVersion": "1", "logLevel": "WARN",
            "parameters": [{ "name": "a", "value": "1" }, { "name": FLOW_FOLDER, "value": "/elsewhere" }],
        }))
        .unwrap();
        let manifest = |name: &str| -> Manifest {
            serde_json::from_value(serde_json::json!({
                "kind": "java", "job": "j", "artifact_type": "STANDARD", "add_opens": false, "contexts": {},
                "info": {}, "launch": stoker_jobzip::Launch::default(),
                "parameters": [{
                    "name": name, "type_name": "String", "default": null, "comment": null, "required": false,
                    "secret": false,
                }],
            }))
            .unwrap()
        };
        let folder = RunFolder::of(Path::new("/runs"), &RunEpoch { run: "r".to_owned(), epoch: 1 }).unwrap();
        let values = |offer: &Offer| -> Vec<String> { offer.parameters.iter().map(|one| one.value.clone()).collect() };
        assert_eq!(values(&filled(&offer, &manifest(FLOW_FOLDER), &folder, Vec::new())), ["1", "/runs/r.1/tmp"]);
        assert_eq!(values(&filled(&offer, &manifest("other"), &folder, Vec::new())), ["1", "/elsewhere"]);
        let path = Parameter { name: "a".to_owned(), value: "/runs/r.1/resources/0/a".to_owned() };
        let filled = filled(&offer, &manifest("other"), &folder, vec![path]);
        assert_eq!(values(&filled), ["/elsewhere", "/runs/r.1/resources/0/a"], "the path wins over what was given");
    }
}
