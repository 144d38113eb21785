//! Every test archive of the project does on an engine what `outcomes.json` says.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use serde_json::Value;
use stoker_wire::chunk::Stream;
use stoker_wire::{Offer, Parameter, RunEpoch};

use super::files::{Home, offer_zip, seal};
use super::server::Server;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn texts(case: &Value, key: &str) -> Vec<String> {
    case[key].as_array().into_iter().flatten().map(|text| text.as_str().unwrap().to_owned()).collect()
}

fn offer_of(
    server: &Server,
    home: &Home,
    run: &str,
    zip: Vec<u8>,
    about: &Value,
    case: &Value,
) -> (Offer, Vec<String>) {
    let mut offer = offer_zip(server, run, zip);
    offer.context = case["context"].as_str().map(str::to_owned);
    if let Some(level) = case["logLevel"].as_str() {
        offer.log_level = level.to_owned();
    }
    let mut secrets = Vec::new();
    for (name, value) in case["parameters"].as_object().into_iter().flatten() {
        let value = value.as_str().unwrap().to_owned();
        match about["parameters"][name].as_str() {
            Some("Password") => secrets.push((name.clone(), value)),
            _ => offer.parameters.push(Parameter { name: name.clone(), value }),
        }
    }
    for (name, file) in case["resource"].as_object().into_iter().flatten() {
        let path = home.path.join(file["name"].as_str().unwrap());
        std::fs::write(&path, file["content"].as_str().unwrap()).unwrap();
        offer.parameters.push(Parameter { name: name.clone(), value: path.to_str().unwrap().to_owned() });
    }
    let pairs: Vec<(&str, &str)> = secrets.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    if !pairs.is_empty() {
        seal(server, &mut offer, &pairs);
    }
    (offer, secrets.into_iter().map(|(_, value)| value).collect())
}

fn outcome(status: &str) -> &str {
    match status {
        "execution_successful" => "success",
        "execution_failed" => "failed",
        "execution_rejected" => "rejected",
        other => other,
    }
}

async fn check(
    server: &Server,
    home: &Home,
    run: &str,
    zip: Vec<u8>,
    about: &Value,
    case: &Value,
) -> Result<(), String> {
    let (offer, secrets) = offer_of(server, home, run, zip, about, case);
    server.offer(offer);
    if let Some(after) = case["signal"]["after"].as_str() {
        server.log_holds(run, after).await;
        server.change(|state| state.stops.push(RunEpoch { run: run.into(), epoch: 1 }));
    }
    let end = server.finished(run).await;
    let joined = |wanted: Stream| {
        let lines = server.log(run).into_iter().filter(|(stream, _)| *stream == wanted).map(|(_, text)| text + "\n");
        lines.collect::<String>()
    };
    let (out, err) = (joined(Stream::Out), joined(Stream::Err));
    let hidden = |text: String| {
        secrets
            .iter()
            .filter(|secret| secret.len() > 2)
            .fold(text, |text, secret| text.replace(secret.as_str(), "******"))
    };
    let mut wrong = Vec::new();
    if end.outcome != outcome(case["status"].as_str().unwrap()) {
        wrong.push(format!("outcome {}", end.outcome));
    }
    let killed = case["signal"]["send"] == "KILL" || case["signal"]["thenKillAfter"].is_string();
    if !killed && end.exit_code != case["exitCode"].as_i64() {
        wrong.push(format!("exit code {:?}", end.exit_code));
    }
    wrong.extend(
        texts(case, "stdout")
            .into_iter()
            .map(hidden)
            .filter(|text| !out.contains(text))
            .map(|text| format!("no {text:?} in stdout")),
    );
    wrong.extend(
        texts(case, "stderr")
            .into_iter()
            .map(hidden)
            .filter(|text| !err.contains(text))
            .map(|text| format!("no {text:?} in stderr")),
    );
    wrong.extend(
        texts(case, "absent")
            .into_iter()
            .filter(|text| out.contains(text) || err.contains(text))
            .map(|text| format!("{text:?} is there")),
    );
    wrong.extend(
        secrets
            .iter()
            .filter(|secret| secret.len() > 2 && (out.contains(*secret) || err.contains(*secret)))
            .map(|_| "a secret is in the log".to_owned()),
    );
    if out.contains("[statistics] ") {
        wrong.push("statistics lines".into());
    }
    let counted = server.rows(run);
    for (link, rows) in case["rows"].as_object().into_iter().flatten() {
        if counted.get(link).copied() != rows.as_i64() {
            wrong.push(format!("rows {counted:?}"));
        }
    }
    if wrong.is_empty() {
        Ok(())
    } else {
        Err(format!("{}\nstdout:\n{out:.2000}\nstderr:\n{err:.2000}\n{:?}", wrong.join("\n"), end.error_message))
    }
}

#[tokio::test]
#[ignore = "slow: starts some thirty Java machines"]
async fn all_archives_do_what_is_written_of_them() {
    let outcomes = std::fs::read(root().join("fixtures/jobs/outcomes.json")).unwrap();
    let outcomes: Value = serde_json::from_slice(&outcomes).unwrap();
    let server = Server::start().await;
    let home = Home::new(&server);
    let engine = home.start();
    server.wait("a session", |state| (state.polled == 1).then_some(())).await;
    let mut failures = BTreeSet::new();
    for (archive, about) in outcomes["archives"].as_object().unwrap() {
        let zip =
            std::fs::read(root().join("target/fixtures").join(archive)).expect("run `cargo xtask fixtures` first");
        for (number, case) in about["cases"].as_array().unwrap().iter().enumerate() {
            // A stop is always polite first, and a context that an archive lacks is made from its default one.
            if case["signal"]["send"] == "KILL" || case["name"] == "unknown context" {
                continue;
            }
            let run = format!("{}-{number}", archive.replace('.', "-"));
            if let Err(wrong) = check(&server, &home, &run, zip.clone(), about, case).await {
                failures.insert(format!("{archive}, {}: {wrong}", case["name"]));
            }
        }
    }
    assert!(failures.is_empty(), "{}", failures.into_iter().collect::<Vec<_>>().join("\n\n"));
    engine.stop().await;
}
