//! Runs of API tests that an engine sends.
//!
//! They are no runs of jobs: no journal, no lease, no epoch. An engine is told that there is one, *takes* it, once and for
//! all, and tells the news of it about twice a second; each answer says whether it goes on. An engine of before knows none
//! of this, and says so by leaving out [`SessionRequest::tests`](crate::SessionRequest::tests).

use serde::{Deserialize, Serialize};

/// Where an engine takes a test run.
pub const TAKE_TEST_PATH: &str = "/engine/v1/tests/take";
/// Where it tells how a test run goes on.
pub const TEST_NEWS_PATH: &str = "/engine/v1/tests/news";

/// What the work of a test run is sealed for.
pub fn test_context(test: &str) -> String {
    format!("test {test}")
}

/// What an engine does about test runs.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TestAbility {
    /// How many it does at once; 0: its operator wants none.
    pub most: u32,
    /// Those that it has taken or is taking, and whose end it has not told.
    #[serde(default)]
    pub known: Vec<String>,
}

/// Asks for the work of a test run. The same session may ask again, because an answer can get lost.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TakeTest {
    /// The session.
    pub session: String,
    /// The test run.
    pub test: String,
}

/// Answer to [`TakeTest`].
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TakenTest {
    /// [`TestWork`] as JSON, sealed to the engine's key for [`test_context`], base64; none when it is over.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub work: Option<String>,
}

/// What is to be sent. It may hold secrets anywhere, so it travels sealed as a whole.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TestWork {
    /// The project in the tester's own form, with the values of secret variables.
    pub document: String,
    /// Id of what is run inside it; everything when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<String>,
    /// Id of the chosen environment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub environment: Option<String>,
    /// The latest responses, in the tester's form.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub responses: Option<String>,
    /// Follow redirects unless a request says otherwise.
    #[serde(default)]
    pub follow_redirects: bool,
}

/// How far a test run is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TestProgress {
    /// Requests that ended.
    pub requests: i64,
    /// Those of them that were not Ok.
    pub bad: i64,
    /// What they have shown: JSON with `items`, `units` and `leftOut`, secrets masked.
    pub report: String,
}

/// How a test run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TestState {
    /// By itself.
    Finished,
    /// Because the server said so.
    Cancelled,
    /// At a limit of one run.
    Limit,
    /// Because the engine could not go on.
    BrokenOff,
}

/// The end of a test run.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TestEnd {
    /// How.
    pub state: TestState,
    /// Worst outcome of its requests: `Ok`, `Failure`, `Error` or `Skipped`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outcome: Option<String>,
    /// Why it ended early or could not begin.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub problem: Option<String>,
    /// The latest responses from now on, in the tester's form.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub responses: Option<String>,
}

/// The news of a test run; a sign of life when there are none. A repeat changes nothing.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TestNews {
    /// The session.
    pub session: String,
    /// The test run.
    pub test: String,
    /// How far it is, when that is new.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub progress: Option<TestProgress>,
    /// Its end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub end: Option<TestEnd>,
}

/// Answer to [`TestNews`]: what is in it is stored.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct TestAnswer {
    /// The test run is to end, or is over for the server.
    pub stop: bool,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Messages, SessionRequest};

    /// Yesterday's bytes. When a change breaks one of these, an engine in the field breaks.
    #[test]
    fn golden_messages_of_test_runs() {
        let news: TestNews = serde_json::from_str(
            r#"{"session":"s","test":"t","progress":{"requests":2,"bad":1,"report":"{}"},"end":{"state":"broken-off","outcome":"Error","problem":"p","responses":"{}"}}"#,
        )
        .unwrap();
        let end = news.end.as_ref().unwrap();
        assert_eq!((end.state, end.problem.as_deref()), (TestState::BrokenOff, Some("p")));
        let text = serde_json::to_string(&news).unwrap();
        assert!(serde_json::from_str::<TestNews>(&text).unwrap() == news);
        let beat: TestNews = serde_json::from_str(r#"{"session":"s","test":"t"}"#).unwrap();
        assert!(beat.progress.is_none() && beat.end.is_none());
        for (state, text) in [
            (TestState::Finished, "finished"),
            (TestState::Cancelled, "cancelled"),
            (TestState::Limit, "limit"),
            (TestState::BrokenOff, "broken-off"),
        ] {
            assert_eq!(serde_json::to_string(&state).unwrap(), format!("{text:?}"));
        }
        let work: TestWork = serde_json::from_str(r#"{"document":"{}","environment":"e"}"#).unwrap();
        assert_eq!((work.environment.as_deref(), work.follow_redirects), (Some("e"), false));
        assert_eq!(serde_json::to_string(&TakenTest::default()).unwrap(), "{}");
        assert_eq!(serde_json::to_string(&TestAnswer { stop: true }).unwrap(), r#"{"stop":true}"#);
        assert!(!serde_json::from_str::<TestAnswer>("{}").unwrap().stop);
    }

    #[test]
    fn an_engine_of_yesterday_takes_no_tests_and_is_sent_none() {
        let text = r#"{"protocol":1,"engineVersion":"1","maxRuns":3,"known":[]}"#;
        let before: SessionRequest = serde_json::from_str(text).unwrap();
        assert_eq!(before.tests, None);
        let able = format!("{},\"tests\":{{\"most\":2,\"known\":[\"t\"]}}}}", text.trim_end_matches('}'));
        let able: SessionRequest = serde_json::from_str(&able).unwrap();
        assert_eq!(able.tests, Some(TestAbility { most: 2, known: vec!["t".into()] }));
        // Nothing new stands in what an older engine is sent, and nothing is missed in what an older server sends.
        assert_eq!(serde_json::to_string(&Messages::default()).unwrap(), r#"{"offers":[],"stops":[]}"#);
        let messages: Messages = serde_json::from_str(r#"{"offers":[],"stops":[],"tests":["t"]}"#).unwrap();
        assert!(!messages.is_empty() && messages.tests == ["t"]);
    }
}
