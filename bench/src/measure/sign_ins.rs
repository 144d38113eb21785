//! What a storm of wrong passwords leaves to everybody else, and what the check of a token costs.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use serde_json::json;
use stoker_testkit::http::Method;
use tokio::task::JoinSet;
use tokio::time::MissedTickBehavior;

use super::requests::SHARES;
use crate::http::{Connection, request};
use crate::report::{Bar, Report};
use crate::stage::{Stage, text};
use crate::stats::{Times, rate};

/// Connections of the storm: so many that those which wait for their answer keep none of the others from sending.
const STORM: u32 = 600;
/// Time between two wrong passwords of one connection: 200 a second in all.
const EVERY: Duration = Duration::from_secs(3);
/// How many each sends.
const EACH: u32 = 3;
/// How long it blows.
const SECONDS: u32 = 9;
/// Other callers, and the pause of each between two calls.
const CALLERS: usize = 8;
const PAUSE: Duration = Duration::from_millis(10);
/// Pairs of requests that tell the cost of a token.
const PAIRS: usize = 3_000;

/// One connection of the storm: another login each time, so that no wait of a name or an address answers in its place.
/// Gives how often each status was answered, and when the last one was sent.
async fn wrong_passwords(url: String, own: u32, begin: Instant) -> Result<(BTreeMap<u16, usize>, Instant)> {
    let mut connection = Connection::open(&url).await?;
    let (mut answers, mut sent) = (BTreeMap::new(), begin);
    let mut ticks = tokio::time::interval_at((begin + EVERY * own / STORM).into(), EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Burst);
    for number in 0..EACH {
        ticks.tick().await;
        // Every other one is a user that is there.
        let name = if own.is_multiple_of(2) { "user" } else { "nobody" };
        let login = format!("{name}{}", own * EACH + number);
        let body = json!({ "login": login, "password": "a password that is wrong" }).to_string();
        sent = Instant::now();
        let status = connection.send(&request("POST", "/stoker/v1/session", "none", &body)).await?;
        ensure!([401, 429].contains(&status), "a wrong password was answered {status}");
        *answers.entry(status).or_insert(0) += 1;
    }
    Ok((answers, sent))
}

async fn caller(url: String, questions: Vec<Vec<u8>>, first: usize, until: Instant) -> Result<Vec<Duration>> {
    let mut connection = Connection::open(&url).await?;
    let mut times = Vec::new();
    let mut ticks = tokio::time::interval(PAUSE);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    for number in first.. {
        ticks.tick().await;
        let begin = Instant::now();
        if begin >= until {
            break;
        }
        let status = connection.send(&questions[number % questions.len()]).await?;
        times.push(begin.elapsed());
        ensure!(status == 200, "a call beside the storm was answered {status}");
    }
    Ok(times)
}

async fn callers(url: &str, questions: &[Vec<u8>]) -> Result<Times> {
    let until = Instant::now() + Duration::from_secs(SECONDS.into());
    let mut all = JoinSet::new();
    for number in 0..CALLERS {
        all.spawn(caller(url.to_owned(), questions.to_vec(), number * 97, until));
    }
    let mut times = Vec::new();
    while let Some(done) = all.join_next().await {
        times.extend(done??);
    }
    Ok(Times::new(times))
}

/// 200 wrong passwords a second beside eight callers that ask `questions`.
pub(crate) async fn storm(report: &mut Report, stage: &Stage, questions: &[Vec<u8>]) -> Result<()> {
    let url = stage.server.url().to_owned();
    let calm = callers(&url, questions).await.context("ask before the storm")?;
    let begin = Instant::now();
    let mut storm = JoinSet::new();
    for number in 0..STORM {
        storm.spawn(wrong_passwords(url.clone(), number, begin));
    }
    let others = callers(&url, questions).await.context("ask in the storm")?;
    let (mut answers, mut last): (BTreeMap<u16, usize>, _) = (BTreeMap::new(), begin);
    while let Some(done) = storm.join_next().await {
        let (statuses, sent) = done.context("a connection of the storm")??;
        last = last.max(sent);
        for (status, count) in statuses {
            *answers.entry(status).or_insert(0) += count;
        }
    }
    let sent = rate(answers.values().sum(), last - begin);
    let p95 = others.quantile(0.95).as_secs_f64() * 1000.0;
    let floor = format!("without the storm: {}", calm.text(&SHARES));
    let figure = others.text(&SHARES);
    report.row("other calls while wrong passwords come in", figure, &floor, Bar::at_most(p95, 50.0, "ms p95"));
    let count = |status| answers.get(&status).copied().unwrap_or(0);
    report.row(
        "the same: wrong passwords answered",
        format!("{sent:.0}/s, {} refused with 401, {} with 429", count(401), count(429)),
        "",
        Bar::at_least(sent, 190.0, "a second"),
    );
    report.note(format!(
        "Storm: {STORM} connections send a wrong password every {} s each, {EACH} times, each with another \
         login, half of them of users; {CALLERS} callers ask for tasks, artifacts and workspaces meanwhile, with {} ms between \
         two calls of one.",
        EVERY.as_secs(),
        PAUSE.as_millis()
    ));
    Ok(())
}

/// What the check of a token adds to the smallest refusal there is: the difference of two kinds of requests that take turns.
pub(crate) async fn token_check(report: &mut Report, stage: &Stage, personal: &str) -> Result<()> {
    let permissions = json!({ "name": "bench tokens", "permissions": ["TMC_OPERATOR"] });
    let account = stage.call(Method::POST, "/account/service-accounts", Some(&permissions)).await?;
    let anonymous = stage.server.http().without_token();
    let body = json!({ "audience": "bench", "grant_type": "client_credentials" });
    let basic = base64::Engine::encode(
        &base64::engine::general_purpose::STANDARD,
        format!("{}:{}", text(&account, "id")?, text(&account, "secret")?),
    );
    let headers = [("authorization", format!("Basic {basic}")), ("content-type", "application/json".to_owned())];
    let headers = headers.each_ref().map(|(name, value)| (*name, value.as_str()));
    let issued = anonymous.send(Method::POST, "/security/oauth/token", &headers, Some(body.to_string().into_bytes()));
    let issued = text(&issued.await.json(), "access_token")?;
    for (kind, token) in [("personal access token", personal), ("token of a service account", issued.as_str())] {
        let added = difference(stage.server.url(), token).await?;
        let micros = added.as_secs_f64() * 1_000_000.0;
        let what = format!("check of a {kind}, known for less than a second");
        report.row(&what, format!("{micros:.0} microseconds p50"), "", Bar::at_most(micros, 50.0, "microseconds p50"));
    }
    report.note(format!(
        "Token checks: the median of {PAIRS} calls with a token whose path holds no id (400, nothing is read), less the median \
         of as many without credentials (401) that take turns with them on one connection."
    ));
    Ok(())
}

async fn difference(url: &str, token: &str) -> Result<Duration> {
    let path = "/orchestration/artifacts/x";
    let with = request("GET", path, token, "");
    let without = format!("GET {path} HTTP/1.1\r\nhost: bench\r\n\r\n").into_bytes();
    let mut connection = Connection::open(url).await?;
    let mut times = [Vec::with_capacity(PAIRS), Vec::with_capacity(PAIRS)];
    for number in 0..PAIRS + PAIRS / 10 {
        for (at, (bytes, wanted)) in [(&with, 400), (&without, 401)].into_iter().enumerate() {
            let begin = Instant::now();
            let status = connection.send(bytes).await?;
            let time = begin.elapsed();
            ensure!(status == wanted, "{path} was answered {status} instead of {wanted}");
            if number >= PAIRS / 10 {
                times[at].push(time);
            }
        }
    }
    let [with, without] = times.map(|times| Times::new(times).quantile(0.5));
    Ok(with.saturating_sub(without))
}
