//! A trigger is looked at before it is stored.

use serde_json::{Value, json};

use crate::schedules::cron;
use crate::support::both;

const PREVIEW: &str = "/stoker/v1/schedules/preview";
const SCHEDULES: &str = "/orchestration/schedules";

/// Every day at half past two in Berlin, where that time is missing in March and doubled in October.
fn nightly() -> Value {
    json!({
        "type": "DAILY", "interval": 1, "startDate": "2026-03-27", "timeZone": "Europe/Berlin",
        "atTimes": { "type": "AT_TIME", "time": "02:30" },
    })
}

fn texts(found: &Value) -> Vec<&str> {
    let changes = found["clockChanges"].as_array().expect("changes");
    changes.iter().map(|change| change["text"].as_str().expect("a text")).collect()
}

both! {
    async fn its_dates_are_those_it_has_once_it_is_stored(server: TestServer) {
        let http = server.http();
        let found = http.post(PREVIEW, &json!({ "trigger": nightly(), "limit": 4 })).await.expect(200).json();
        let dates = ["2026-03-27T01:30:00.000Z", "2026-03-28T01:30:00.000Z", "2026-03-29T01:00:00.000Z", "2026-03-30T00:30:00.000Z"];
        assert_eq!(found["dates"], json!(dates), "{found}");
        // It was only looked at.
        assert_eq!(http.get(SCHEDULES).await.expect(200).json()["total"], 0);
        let mut trigger = nightly();
        trigger["name"] = json!("nightly");
        let body = json!({ "environmentId": server.environment(), "description": "nightly", "trigger": trigger });
        let made = http.post(SCHEDULES, &body).await.expect(201).json();
        let id = made["id"].as_str().expect("an id");
        let events = http.get(&format!("{SCHEDULES}/{id}/events?to=1774850000000")).await.expect(200).json();
        let stored = events.as_array().expect("a list").iter().map(|event| event["datetime"].clone());
        assert_eq!(Value::Array(stored.collect()), json!(dates), "{events}");
    }

    async fn both_changes_of_the_clocks_are_said_in_words(server: TestServer) {
        let http = server.http();
        let daily = http.post(PREVIEW, &json!({ "trigger": nightly() })).await.expect(200).json();
        assert_eq!(texts(&daily), [
            "2026-03-29: the clock goes forward from 02:00 to 03:00. 02:30 does not exist and fires at 03:00 instead.",
            "2026-10-25: the clock goes back from 03:00 to 02:00. 02:30 comes twice and fires only the first time.",
        ]);
        assert_eq!(daily["clockChanges"][0]["at"], "2026-03-29T01:00:00.000Z");
        assert_eq!(daily["clockChanges"][0]["affected"], json!(["2026-03-29T02:30:00"]));
        assert_eq!(daily["dates"].as_array().map(Vec::len), Some(10));
        // What a cron expression does then is what Quartz does, and another thing.
        let mut quartz = cron("", "30 2 * * ?");
        quartz["timeZone"] = json!("Europe/Berlin");
        let quartz = http.post(PREVIEW, &json!({ "trigger": quartz })).await.expect(200).json();
        assert!(texts(&quartz)[0].ends_with("02:30 does not exist and does not fire."), "{quartz}");
        assert!(texts(&quartz)[1].ends_with("02:30 comes twice and fires only the second time."), "{quartz}");
        // Where the clocks never change there is nothing to say.
        let utc = http.post(PREVIEW, &json!({ "trigger": cron("", "30 2 * * ?") })).await.expect(200).json();
        assert_eq!(utc["clockChanges"], json!([]));
    }

    async fn what_could_not_be_stored_is_refused_at_its_field(server: TestServer) {
        let mut nowhere = nightly();
        nowhere["timeZone"] = json!("Mars/Base");
        let mut past = nightly();
        past["type"] = json!("ONCE");
        past["startDate"] = json!("2020-01-01");
        for (body, words) in [
            (json!({}), "trigger"),
            (json!({ "trigger": {} }), "type"),
            (json!({ "trigger": nowhere }), "trigger.timeZone: "),
            (json!({ "trigger": past }), "trigger.startDate: "),
            (json!({ "trigger": cron("", "0/2 * * * ?") }), "less than 5 minutes apart"),
            (json!({ "trigger": nightly(), "limit": 0 }), "limit: must be from 1 to 100"),
            (json!({ "trigger": nightly(), "limit": 101 }), "limit: must be from 1 to 100"),
        ] {
            let refused = server.http().post(PREVIEW, &body).await.expect(400);
            assert!(refused.text().contains(words), "{body}: {}", refused.text());
        }
        let (_, looker) = server.person("looker", &["TMC_ENGINE_USE"]).await;
        let _ = looker.post(PREVIEW, &json!({ "trigger": nightly() })).await.expect(403);
    }
}
