//! `stoker why`: the timeline of a run in words.

use super::App;
use crate::exit::Result;
use crate::output::table;
use crate::{names, times};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde_json::Value;
use stoker_client::{Run, RunStatus, TimelineEvent};

#[derive(clap::Args)]
pub(crate) struct WhyArgs {
    /// Id of the run, or a task for its newest run
    run: String,
}

pub(crate) async fn run(app: &App, args: WhyArgs) -> Result<()> {
    let client = app.client()?;
    let id = names::run(&client, &args.run).await?;
    let timeline = client.timeline(&id).await?;
    if app.out.wants_json() {
        return app.out.json(&timeline);
    }
    let run = client.run(&id).await?;
    if !timeline.events.is_empty() {
        app.out.line(&told(&timeline.events, (app.around.now)(), run.is_over(), &app.around.zone))?;
    }
    app.out.line(&format!("\n{}", verdict(&run)))
}

/// One line for each event: when, how long after the first, what.
fn told(events: &[TimelineEvent], now: Timestamp, is_over: bool, zone: &TimeZone) -> String {
    let first = events.first().map(|event| event.at.as_str());
    let rows = events.iter().enumerate().map(|(at, event)| {
        let next = events.get(at + 1).map(|next| next.at.clone());
        let until = next.or_else(|| (!is_over).then(|| now.to_string()));
        let lasted = times::between(Some(&event.at), until.as_deref()).map(times::spoken);
        let is_last = at + 1 == events.len();
        let after = times::between(first, Some(&event.at)).map(|after| format!("+{}", times::spoken(after)));
        vec![
            times::local_exact(&event.at, zone),
            after.unwrap_or_default(),
            sentence(event, lasted.as_deref(), is_last && !is_over, zone),
        ]
    });
    table(&[], rows)
}

fn sentence(event: &TimelineEvent, lasted: Option<&str>, is_now: bool, zone: &TimeZone) -> String {
    let mut text = match event.kind.to_ascii_lowercase().as_str() {
        "accepted" => "accepted".to_owned(),
        "waiting" => match (lasted, is_now) {
            (Some(lasted), true) => format!("waits, for {lasted} by now"),
            (Some(lasted), false) => format!("waited {lasted}"),
            (None, _) => "waited".to_owned(),
        },
        "offered" => match (lasted, is_now) {
            (Some(lasted), true) => format!("an engine has it and prepares it, for {lasted} by now"),
            (Some(lasted), false) => format!("an engine has it and prepared it for {lasted}"),
            (None, _) => "offered to an engine".to_owned(),
        },
        "withdrawn" => "given back by the engine".to_owned(),
        "started" => "the job started".to_owned(),
        "stopping" | "stop_asked" => "asked to stop".to_owned(),
        "lost" | "unknown" => "the engine fell silent; what the job does is unknown".to_owned(),
        "known_again" => "the engine is back and has the run".to_owned(),
        "finished" => "over".to_owned(),
        "log_deleted" => "the log was deleted".to_owned(),
        other => other.replace(['_', '-'], " "),
    };
    if let Some(told) = wait_in_words(event, zone) {
        return format!("{text}: {told}");
    }
    if let Some(reason) = &event.reason {
        text.push_str(": ");
        text.push_str(&reason_in_words(reason));
    }
    match (shown_detail(&event.detail), event.reason.is_some()) {
        (Some(detail), true) => text.push_str(&format!(" ({detail})")),
        (Some(detail), false) => text.push_str(&format!(": {detail}")),
        (None, _) => {}
    }
    text
}

/// What a run waits for, by the names and numbers that the server tells; nothing where they do not make a sentence.
fn wait_in_words(event: &TimelineEvent, zone: &TimeZone) -> Option<String> {
    let told = |field: &str| event.detail.get(field).and_then(Value::as_str);
    let count = |field: &str| event.detail.get(field).and_then(Value::as_i64);
    let engine = told("engineName");
    let seen = told("lastSeen").map(|seen| times::local(Some(seen), zone));
    Some(match (event.reason.as_deref()?, engine) {
        ("engine_away", Some(engine)) => match seen {
            Some(seen) => format!("engine {engine} does not answer, last heard {seen}"),
            None => format!("engine {engine} has never connected"),
        },
        ("engine_away", None) => format!("no engine of the cluster answers, the last one was heard {}", seen?),
        ("no_slot", Some(engine)) => {
            format!("engine {engine} is full: {} of {} places are taken", count("used")?, count("slots")?)
        }
        ("limit", _) => format!("the limit of {} active runs is reached ({})", count("limit")?, told("setting")?),
        ("drained", Some(engine)) => {
            let (by, since) = (told("by")?, times::local(told("since"), zone));
            let why = told("why").map(|why| format!(": {why}")).unwrap_or_default();
            format!("engine {engine} is drained since {since} by {by}{why}")
        }
        _ => return None,
    })
}

/// A reason code of the server in words; one that is not known loses only its underscores.
pub(crate) fn reason_in_words(code: &str) -> String {
    let plain = code.to_ascii_lowercase().replace('-', "_");
    match plain.as_str() {
        "no_slot" | "no_free_slot" => "no free slot on the engine",
        "engine_away" | "remote_engine_unavailable" => "the engine is not there",
        "no_engine" => "the cluster has no engine",
        "drained" => "the engine is drained",
        "hand_over" => "the engine is about to fetch it",
        "remote_engine_unavailable_in_cluster" => "no engine of the cluster is there",
        "remote_engine_container_not_found" => "the engine was removed",
        "overlap" | "parallel_execution_forbidden" => {
            "another run of the task is active, and parallel runs are not allowed"
        }
        "paused" | "task_is_paused" => "the task is paused",
        "limit" | "max_parallel_tasks_limit_reached" => "a limit on active runs is reached",
        "calendar" => "the calendar does not allow it now",
        "approval" => "somebody must approve it",
        "retry_back_off" | "retry_backoff" => "the last attempt failed; the pause before the next one",
        "max_deployment_attempts_reached" => "the engine could not prepare the job after all attempts",
        "unable_to_retrieve_artifact_or_task_maven_url" => "the artifact version is gone",
        _ => return crate::text::printable(&plain.replace('_', " ")),
    }
    .to_owned()
}

/// A text as it is, the fields of an object one behind the other.
fn shown_detail(detail: &Value) -> Option<String> {
    let shown = |value: &Value| match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    let text = match detail {
        Value::Null => return None,
        Value::Object(fields) => {
            let all = fields.iter().filter(|(_, value)| !value.is_null());
            all.map(|(name, value)| format!("{name} {}", shown(value))).collect::<Vec<_>>().join(", ")
        }
        other => shown(other),
    };
    (!text.trim().is_empty()).then_some(text)
}

/// How the run stands, in one line.
fn verdict(run: &Run) -> String {
    if run.is_over() {
        let text = super::run::outcome(run);
        return text.lines().next().unwrap_or_default().to_owned();
    }
    let stands = match run.status {
        RunStatus::Dispatching => "is not on an engine yet",
        RunStatus::Executing => "is running",
        _ => "is not over",
    };
    format!("run {} {stands}", run.execution_id)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(at: &str, kind: &str, reason: Option<&str>, detail: Value) -> TimelineEvent {
        let at = format!("2026-02-03T09:27:{at}Z");
        TimelineEvent { at, kind: kind.into(), reason: reason.map(str::to_owned), detail, extra: Default::default() }
    }

    #[test]
    fn a_finished_run_is_told_in_order() {
        let events = [
            event("18.000", "accepted", None, serde_json::json!({"by": "mara"})),
            event("18.100", "waiting", Some("no_slot"), Value::Null),
            event("30.100", "started", None, Value::Null),
            event("32.000", "finished", None, serde_json::json!("exit code 0")),
        ];
        let text = told(&events, Timestamp::UNIX_EPOCH, true, &TimeZone::UTC);
        assert_eq!(
            text,
            "2026-02-03 09:27:18.000  +0.0s  accepted: by mara\n\
             2026-02-03 09:27:18.100  +0.1s  waited 12s: no free slot on the engine\n\
             2026-02-03 09:27:30.100  +12s   the job started\n\
             2026-02-03 09:27:32.000  +14s   over: exit code 0"
        );
    }

    #[test]
    fn a_run_that_waits_says_since_when_and_for_what() {
        let events = [event("18.000", "waiting", Some("ENGINE_AWAY"), serde_json::json!("engine-1"))];
        let now = "2026-02-03T09:30:18Z".parse().unwrap();
        let text = told(&events, now, false, &TimeZone::UTC);
        assert!(text.ends_with("waits, for 3m 00s by now: the engine is not there (engine-1)"), "{text}");
    }

    #[test]
    fn a_drained_engine_is_told_with_who_and_why() {
        let mut detail = serde_json::json!({
            "reason": "drained", "targetId": "t", "engineId": "e", "engineName": "forge", "by": "mara",
            "since": "2026-02-03T09:20:00.000Z", "why": "new disk",
        });
        let said = |detail: &Value| {
            let event = event("18.000", "waiting", Some("drained"), detail.clone());
            sentence(&event, Some("2.0s"), false, &TimeZone::UTC)
        };
        assert_eq!(said(&detail), "waited 2.0s: engine forge is drained since 2026-02-03 09:20:00 by mara: new disk");
        detail.as_object_mut().unwrap().remove("why");
        assert!(said(&detail).ends_with("09:20:00 by mara"), "{}", said(&detail));
        assert!(said(&Value::Null).ends_with("the engine is drained"), "{}", said(&Value::Null));
    }

    #[test]
    fn a_wait_is_told_by_names_and_numbers() {
        let said = |reason: &str, detail: Value| {
            sentence(&event("18.000", "waiting", Some(reason), detail), Some("2.0s"), false, &TimeZone::UTC)
        };
        let seen = "2026-02-03T09:20:00.000Z";
        let away = serde_json::json!({ "targetId": "t", "engineId": "e", "engineName": "forge", "lastSeen": seen });
        assert_eq!(
            said("engine_away", away),
            "waited 2.0s: engine forge does not answer, last heard 2026-02-03 09:20:00"
        );
        let never = serde_json::json!({ "targetId": "t", "engineId": "e", "engineName": "forge" });
        assert_eq!(said("engine_away", never), "waited 2.0s: engine forge has never connected");
        let cluster = serde_json::json!({ "targetId": "t", "lastSeen": seen });
        assert_eq!(
            said("engine_away", cluster),
            "waited 2.0s: no engine of the cluster answers, the last one was heard 2026-02-03 09:20:00"
        );
        let full = serde_json::json!({ "targetId": "t", "engineName": "forge", "used": 3, "slots": 3 });
        assert_eq!(said("no_slot", full), "waited 2.0s: engine forge is full: 3 of 3 places are taken");
        let limit = serde_json::json!({ "targetId": "t", "setting": "activeRuns", "limit": 50 });
        assert_eq!(said("limit", limit), "waited 2.0s: the limit of 50 active runs is reached (activeRuns)");
    }

    #[test]
    fn every_kind_of_event_that_the_server_writes_has_its_words() {
        let said =
            |kind: &str| sentence(&event("18.000", kind, None, Value::Null), Some("2.0s"), false, &TimeZone::UTC);
        assert_eq!(said("offered"), "an engine has it and prepared it for 2.0s");
        assert_eq!(said("stop_asked"), "asked to stop");
        assert_eq!(said("unknown"), "the engine fell silent; what the job does is unknown");
        assert_eq!(said("known_again"), "the engine is back and has the run");
    }

    #[test]
    fn words_of_a_newer_server_still_read_well() {
        let event = event("18.000", "handed_over", Some("moon-phase"), Value::Null);
        let text = sentence(&event, None, false, &TimeZone::UTC);
        assert_eq!(text, "handed over: moon phase");
    }
}
