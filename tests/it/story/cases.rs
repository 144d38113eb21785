//! The cases of `fixtures/jobs/outcomes.json`, as far as the product can meet them.

use std::fs;

use serde_json::{Value, json};
use stoker_testkit::programs::workspace_root;
use tempfile::TempDir;

use crate::support::{Artifact, Stage, TaskOptions, alive, until};

/// One case of one archive.
pub(crate) struct Case {
    /// File name of the archive.
    pub(crate) archive: String,
    /// The archive's entry.
    pub(crate) about: Value,
    /// The case.
    pub(crate) case: Value,
}

impl Case {
    /// For messages.
    pub(crate) fn name(&self) -> String {
        format!("{}: {}", self.archive, self.case["name"])
    }

    /// The value of each parameter of this run that the job declares as a password.
    fn secrets(&self) -> Vec<String> {
        let types = self.about["parameters"].as_object().cloned().unwrap_or_default();
        let is_secret = |name: &str| types.get(name).is_some_and(|kind| kind == "Password");
        let given = self.case["parameters"].as_object().cloned().unwrap_or_default();
        given
            .iter()
            .filter(|(name, _)| is_secret(name))
            .filter_map(|(_, value)| value.as_str())
            .map(Into::into)
            .collect()
    }

    /// A text of the table as it stands in a log: secrets are hidden there.
    fn expected(&self, text: &Value) -> String {
        let text = text.as_str().unwrap_or_default().to_owned();
        self.secrets().iter().fold(text, |text, secret| text.replace(secret, "******"))
    }
}

/// The archives of the table that can be published, and the cases of each.
pub(crate) fn table() -> Value {
    let path = workspace_root().join("fixtures/jobs/outcomes.json");
    let table: Value = serde_json::from_slice(&fs::read(path).expect("read the table")).expect("the table is JSON");
    table["archives"].clone()
}

/// The cases that only start and wait: without a signal, in the default context, and no flood.
pub(crate) fn plain_cases() -> Vec<Case> {
    let mut cases = Vec::new();
    for (archive, about) in table().as_object().expect("an object of archives") {
        for case in about["cases"].as_array().expect("a list of cases") {
            let plain = case["signal"].is_null() && case["context"].is_null() && case["name"] != "flood";
            if plain && about["publish"] == "accepted" {
                cases.push(Case { archive: archive.clone(), about: about.clone(), case: case.clone() });
            }
        }
    }
    cases
}

/// Makes a task for a case; the folder holds its resource files.
pub(crate) async fn task_of(stage: &mut Stage, artifact: &Artifact, case: &Case, files: &TempDir) -> String {
    let mut parameters = case.case["parameters"].clone();
    for (name, file) in case.case["resource"].as_object().into_iter().flatten() {
        let path = files.path().join(file["name"].as_str().expect("a file name"));
        fs::write(&path, file["content"].as_str().expect("a content")).expect("write the resource");
        if parameters.is_null() {
            parameters = json!({});
        }
        parameters[name.as_str()] = path.to_str().expect("a path in UTF-8").into();
    }
    let level = case.case["logLevel"].as_str().map(|level| -> &'static str {
        ["OFF", "ERROR", "WARN", "INFO"].into_iter().find(|known| *known == level).expect("a known level")
    });
    stage.task(artifact, TaskOptions { parameters, log_level: level, ..Default::default() }).await
}

/// Compares a run that has ended with its case; answers what is wrong.
pub(crate) async fn compare(stage: &Stage, run: &str, state: &Value, case: &Case) -> Vec<String> {
    let mut wrong = Vec::new();
    let timeline = stage.timeline(run).await;
    if state["status"] != case.case["status"] {
        wrong.push(format!("status {} instead of {}", state["status"], case.case["status"]));
    }
    if timeline["exitCode"] != case.case["exitCode"] {
        wrong.push(format!("exit code {} instead of {}", timeline["exitCode"], case.case["exitCode"]));
    }
    let log = stage.log(run).await;
    let (messages, errors) = messages(&log);
    for text in case.case["stdout"].as_array().into_iter().flatten() {
        let text = case.expected(text);
        if !messages.contains(&text) {
            wrong.push(format!("{text:?} is missing"));
        }
    }
    for text in case.case["stderr"].as_array().into_iter().flatten() {
        let text = case.expected(text);
        if !errors.contains(&text) {
            wrong.push(format!("{text:?} is missing among the lines with a severity"));
        }
    }
    let secrets = case.secrets();
    let absent = case.case["absent"].as_array().into_iter().flatten().filter_map(Value::as_str);
    for text in absent.chain(secrets.iter().map(String::as_str)) {
        if messages.contains(text) {
            wrong.push(format!("{text:?} is in the log"));
        }
    }
    if !wrong.is_empty() {
        wrong.push(format!("state {state}, events {}, the log is\n{}", timeline["events"], shortened(&log)));
    }
    wrong
}

/// All messages of a log, and those that are not INFO.
pub(crate) fn messages(log: &str) -> (String, String) {
    let mut all = String::new();
    let mut errors = String::new();
    for line in log.lines() {
        let (_, rest) = line.split_once(' ').unwrap_or_default();
        let (severity, message) = rest.split_at_checked(6).unwrap_or((rest, ""));
        all.push_str(message);
        all.push('\n');
        if !severity.starts_with("INFO") {
            errors.push_str(message);
            errors.push('\n');
        }
    }
    (all, errors)
}

fn shortened(log: &str) -> String {
    log.chars().take(4000).collect()
}

/// Process ids in lines that end with `pid <number>`.
pub(crate) fn pids(log: &str) -> Vec<String> {
    log.lines().filter_map(|line| line.rsplit_once(" pid ")).map(|(_, pid)| pid.trim().to_owned()).collect()
}

/// Waits until none of these processes is there any more.
pub(crate) async fn all_gone(pids: &[String]) {
    assert!(!pids.is_empty(), "no process id in the log");
    until(crate::support::SOON, &format!("the processes {pids:?} are gone"), async || {
        (!pids.iter().any(|pid| alive(pid))).then_some(())
    })
    .await;
}
