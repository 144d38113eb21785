//! Logs of runs: pages and files, against the plain list of lines that the engine sent.

use serde_json::Value;
use stoker_domain::time::{from_text, to_text};
use stoker_domain::{Random as _, SeededRandom};
use stoker_testkit::http::Answer;
use stoker_wire::RunEpoch;
use stoker_wire::chunk::{Line, Stream};

use crate::link::driver::{Engine, finished, line, log, of, started, task_on};
use crate::support::{MINUTE, START_MS, TestServer, both};

fn below(random: &SeededRandom, limit: usize) -> usize {
    let mut bytes = [0u8; 8];
    random.fill(&mut bytes);
    (u64::from_le_bytes(bytes) % limit as u64) as usize
}

/// An engine and a run it has.
async fn running(server: &TestServer) -> (Engine, RunEpoch) {
    let engine = Engine::ready(server, "one", 1).await;
    let task = task_on(server, "one", &engine).await;
    server.run(&task).await;
    let offer = of(&engine.offer().await);
    engine.report(&[started(&offer, START_MS)]).await;
    (engine, offer)
}

/// A run with these lines in chunks of these sizes, again and again.
async fn logged(server: &TestServer, lines: &[Line], sizes: &[usize]) -> String {
    let (engine, run) = running(server).await;
    let (mut rest, mut reports) = (lines, Vec::new());
    while !rest.is_empty() {
        let (chunk, tail) = rest.split_at(sizes[reports.len() % sizes.len()].min(rest.len()));
        reports.push(log(&run, reports.len() as i64, chunk));
        rest = tail;
    }
    engine.report(&reports).await;
    run.run
}

async fn page(server: &TestServer, run: &str, query: &str) -> Value {
    server.http().get(&format!("/monitoring/executions/{run}/logs?{query}")).await.expect(200).json()
}

fn texts(page: &Value) -> Vec<&str> {
    let lines = page["data"].as_array().expect("data");
    lines.iter().map(|line| line["logMessage"].as_str().expect("a text")).collect()
}

/// Asks for a file of the log.
async fn begin(server: &TestServer, run: &str, query: &str) -> Answer {
    let path = format!("/monitoring/executions/{run}/logs?{query}");
    server.http().send(stoker_testkit::http::Method::POST, &path, &[], None).await
}

async fn url_of(server: &TestServer, run: &str, token: &Value) -> Answer {
    server.http().post(&format!("/monitoring/executions/{run}/logs/status"), token).await
}

/// Asks for a file, fetches it without credentials and gives its text.
async fn fetched(server: &TestServer, run: &str, query: &str) -> Answer {
    let begun = begin(server, run, query).await;
    let ready = url_of(server, run, &begun.json()["token"]).await.expect(200).json();
    assert_eq!(ready["status"], "READY");
    let url = ready["presignedURL"].as_str().expect("the URL");
    assert!(url.starts_with(&server.url), "{url}");
    server.anonymous().send(stoker_testkit::http::Method::GET, url, &[], None).await.expect(200)
}

fn numbered(count: usize) -> Vec<Line> {
    (0..count).map(|n| line(START_MS + n as i64, &format!("line {n}"))).collect()
}

both! {
    async fn pages_are_what_a_plain_list_gives(server: TestServer) {
        let random = SeededRandom::new(3);
        let mut at = START_MS;
        let lines: Vec<Line> = (0..300)
            .map(|n| {
                // Many lines of one millisecond, and gaps.
                at += [0, 0, 0, 1, 1, 2, 50][below(&random, 7)];
                line(at, &format!("line {n}"))
            })
            .collect();
        let run = logged(&server, &lines, &[1, 7, 30, 2, 1, 55]).await;
        for _ in 0..150 {
            let (count, start) = (1 + below(&random, 60), below(&random, 120));
            let newest_first = below(&random, 2) == 0;
            let edge = |random: &SeededRandom| START_MS - 5 + below(random, (at - START_MS) as usize + 10) as i64;
            let from = (below(&random, 2) == 0).then(|| edge(&random));
            let to = (below(&random, 2) == 0).then(|| edge(&random));
            let mut query =
                format!("count={count}&startIndex={start}&order={}", if newest_first { "DESC" } else { "ASC" });
            if let Some(from) = from {
                query.push_str(&format!("&startTime={}", to_text(from)));
            }
            if let Some(to) = to {
                query.push_str(&format!("&endTime={to}"));
            }
            let mut window: Vec<&Line> = lines
                .iter()
                .filter(|line| from.is_none_or(|from| line.at_ms >= from) && to.is_none_or(|to| line.at_ms <= to))
                .collect();
            if newest_first {
                window.reverse();
            }
            let expected: Vec<&str> = window.iter().skip(start).take(count).map(|line| line.text.as_str()).collect();
            let found = page(&server, &run, &query).await;
            assert_eq!(texts(&found), expected, "{query}");
            assert_eq!(found["size"], expected.len(), "{query}");
            assert_eq!(
                (&found["totalSize"], &found["totalSizeFiltered"]),
                (&300.into(), &window.len().into()),
                "{query}"
            );
            let next = (start + count < window.len()).then_some(start + count);
            assert_eq!(found.get("nextIndex").and_then(Value::as_u64), next.map(|n| n as u64), "{query}");
        }
    }

    async fn the_next_index_leads_through_everything_once(server: TestServer) {
        let lines = numbered(130);
        let run = logged(&server, &lines, &[40]).await;
        let first = page(&server, &run, "").await;
        assert_eq!((texts(&first).len(), texts(&first)[0]), (50, "line 129"), "50 of the newest without any wish");
        for order in ["ASC", "DESC"] {
            let (mut all, mut index) = (Vec::new(), Some(0));
            while let Some(start) = index {
                let found = page(&server, &run, &format!("order={order}&count=33&startIndex={start}")).await;
                all.extend(texts(&found).into_iter().map(str::to_owned));
                index = found.get("nextIndex").and_then(Value::as_i64);
            }
            if order == "DESC" {
                all.reverse();
            }
            assert_eq!(all, lines.iter().map(|line| line.text.clone()).collect::<Vec<_>>(), "{order}");
        }
    }

    async fn a_log_can_be_read_while_it_grows(server: TestServer) {
        let (engine, run) = running(&server).await;
        let empty = page(&server, &run.run, "").await;
        assert_eq!((texts(&empty).len(), &empty["totalSize"]), (0, &0.into()));
        for n in 0..3 {
            engine.report(&[log(&run, n, &[line(START_MS + n, &format!("line {n}"))])]).await;
            assert_eq!(page(&server, &run.run, "").await["totalSize"], n + 1);
        }
        engine.report(&[finished(&run, "success", START_MS)]).await;
        assert_eq!(page(&server, &run.run, "").await["totalSize"], 3);
    }

    async fn lines_of_a_later_epoch_follow_those_before(server: TestServer) {
        let engine = Engine::ready(&server, "one", 1).await;
        let task = task_on(&server, "one", &engine).await;
        let run = server.run(&task).await;
        let first = of(&engine.offer().await);
        engine.report(&[log(&first, 0, &[line(START_MS, "a"), line(START_MS, "b")])]).await;
        let id = stoker_domain::ids::RunId::trusted(run.as_str());
        server.store.write(move |tx| stoker_store::runs::requeue(tx, &id)).await.expect("put back");
        let second = of(&engine.offer().await);
        assert_eq!(second.epoch, 2);
        engine
            .report(&[log(&second, 0, &[line(START_MS + 1, "c")]), log(&second, 1, &[line(START_MS + 2, "d")])])
            .await;
        assert_eq!(texts(&page(&server, &run, "order=ASC").await), ["a", "b", "c", "d"]);
        assert_eq!(texts(&page(&server, &run, "order=ASC&startIndex=1&count=2").await), ["b", "c"]);
    }

    async fn a_line_shows_its_severity_time_and_artifact(server: TestServer) {
        let given = [
            (Stream::Out, "plain", "INFO"),
            (Stream::Err, "\tat x.Y.main(Y.java:1)", "ERROR"),
            (Stream::Out, "[WARN ] 12:00:01 x- careful", "WARN"),
            (Stream::Err, "[INFO ]: a - b", "INFO"),
            (Stream::Out, "[SEVERE] x", "ERROR"),
            (Stream::Out, "[FATAL] x", "FATAL"),
            (Stream::Out, "[42] x", "INFO"),
            (Stream::Engine, "killed", "INFO"),
            (Stream::Out, "[DEBUG] x", "DEBUG"),
            (Stream::Out, "[TRACE] x", "TRACE"),
            (Stream::Out, "", "INFO"),
            (Stream::Out, "ä \u{1F525} \u{1b}[31mred \"q\" \\", "INFO"),
        ];
        let lines: Vec<Line> = given
            .iter()
            .enumerate()
            .map(|(n, (stream, text, _))| Line {
                stream: *stream,
                at_ms: START_MS + n as i64,
                text: (*text).to_owned(),
            })
            .collect();
        let run = logged(&server, &lines, &[5]).await;
        let found = page(&server, &run, "order=ASC").await;
        for (n, (_, text, severity)) in given.iter().enumerate() {
            let shown = &found["data"][n];
            assert_eq!((&shown["logMessage"], &shown["severity"]), (&(*text).into(), &(*severity).into()), "{shown}");
            assert_eq!((&shown["logTimestamp"], &shown["logType"]), (&(START_MS + n as i64).into(), &"job".into()));
            assert_eq!((&shown["bundleName"], &shown["bundleVersion"]), (&"one".into(), &"0.1".into()));
        }
    }

    async fn wrong_queries_name_the_field(server: TestServer) {
        let (_, run) = running(&server).await;
        for (query, field) in [
            ("count=0", "count"),
            ("count=201", "count"),
            ("count=x", "count"),
            ("startIndex=-1", "startIndex"),
            ("order=UP", "order"),
            ("startTime=noon", "startTime"),
            ("endTime=noon", "endTime"),
        ] {
            let answer =
                server.http().get(&format!("/monitoring/executions/{}/logs?{query}", run.run)).await.expect(400);
            let body = answer.json();
            assert!(body["message"].as_str().is_some_and(|m| m.contains(field)), "{query}: {body}");
        }
        let _ = begin(&server, &run.run, "fileFormat=XML").await.expect(400);
        let nobody = "00000000-0000-4000-8000-000000000000";
        let _ = server.http().get(&format!("/monitoring/executions/{nobody}/logs")).await.expect(404);
        let _ = begin(&server, nobody, "").await.expect(404);
        let _ = server.http().delete(&format!("/monitoring/executions/{nobody}/logs")).await.expect(404);
    }

    async fn files_hold_the_same_lines_as_pages(server: TestServer) {
        let mut lines = numbered(12_000);
        lines[1].text = "ä \"quoted\" \\ \u{1F525}\tend".to_owned();
        lines[2].stream = Stream::Err;
        let run = logged(&server, &lines, &[5_000, 1, 4_999]).await;
        let text = fetched(&server, &run, "fileFormat=TEXT").await;
        assert_eq!(text.header("content-type"), Some("text/plain; charset=utf-8"));
        assert_eq!(text.header("content-disposition"), Some(format!("attachment; filename=\"{run}.log\"").as_str()));
        let plain = text.text();
        assert_eq!(plain.lines().count(), lines.len());
        for (found, sent) in plain.lines().zip(&lines) {
            let severity = if sent.stream == Stream::Err { "ERROR" } else { "INFO " };
            assert_eq!(found, format!("{} {severity} {}", to_text(sent.at_ms), sent.text));
        }
        let file = fetched(&server, &run, "newFileName=true").await;
        let named = file.header("content-disposition").expect("a name").to_owned();
        assert!(named.contains(&format!("_{run}.log")), "{named}");
        let json = file.json();
        let found = json.as_array().expect("a list");
        assert_eq!(found.len(), lines.len());
        for (found, sent) in found.iter().zip(&lines) {
            assert_eq!(
                (&found["logMessage"], &found["logTimestamp"]),
                (&sent.text.as_str().into(), &sent.at_ms.into())
            );
        }
        let window = format!("fileFormat=TEXT&startTime={}&endTime={}", START_MS + 10, START_MS + 12);
        assert_eq!(begin(&server, &run, &window).await.expect(200).json()["size"], 3);
        assert_eq!(fetched(&server, &run, &window).await.text().lines().count(), 3);
    }

    async fn a_file_of_an_empty_log_is_empty(server: TestServer) {
        let (_, run) = running(&server).await;
        assert_eq!(begin(&server, &run.run, "").await.expect(200).json()["size"], 0);
        assert_eq!(fetched(&server, &run.run, "fileFormat=JSON").await.json(), serde_json::json!([]));
        assert_eq!(fetched(&server, &run.run, "fileFormat=TEXT").await.text(), "");
    }

    async fn a_file_is_fixed_when_it_is_asked_for(server: TestServer) {
        let (engine, run) = running(&server).await;
        engine.report(&[log(&run, 0, &numbered(3))]).await;
        let token = begin(&server, &run.run, "fileFormat=TEXT").await.expect(200).json()["token"].clone();
        engine.report(&[log(&run, 1, &[line(START_MS + 9, "later")])]).await;
        let ready = url_of(&server, &run.run, &token).await.expect(200).json();
        let url = ready["presignedURL"].as_str().expect("the URL").to_owned();
        for _ in 0..2 {
            let file = server.anonymous().get(&url).await.expect(200);
            assert_eq!(file.text().lines().count(), 3);
        }
    }

    /// A file has at most the last 100,000 lines; the header says where the file before it ends, so that a script gets
    /// everything in the end, each line once.
    async fn a_long_log_comes_in_several_files(server: TestServer) {
        let lines = numbered(230_000);
        let run = logged(&server, &lines, &[60_000]).await;
        let (mut sizes, mut first, mut end) = (Vec::new(), Vec::new(), None);
        loop {
            let query =
                end.as_ref().map_or("fileFormat=TEXT".to_owned(), |end| format!("fileFormat=TEXT&endTime={end}"));
            let begun = begin(&server, &run, &query).await;
            sizes.push((begun.status, begun.json()["size"].as_i64()));
            let next = begun.header("x-log-next-request-end-time").map(str::to_owned);
            let url = url_of(&server, &run, &begun.json()["token"]).await.expect(200).json();
            let file = server.anonymous().get(url["presignedURL"].as_str().expect("the URL")).await.expect(200).text();
            first.push((file.lines().count(), file.lines().next().map(|l| l.rsplit(' ').next().map(str::to_owned))));
            match next {
                Some(at) => {
                    assert!(from_text(&at).is_some(), "{at}");
                    end = Some(at);
                }
                None => break,
            }
        }
        assert_eq!(sizes, [(206, Some(100_000)), (206, Some(100_000)), (200, Some(30_000))]);
        let starts = |n: usize, count: usize| (count, Some(Some(n.to_string())));
        assert_eq!(first, [starts(130_000, 100_000), starts(30_000, 100_000), starts(0, 30_000)]);
        let exact = begin(&server, &run, &format!("endTime={}", START_MS + 99_999)).await.expect(200);
        assert_eq!(exact.json()["size"], 100_000, "just as many as fit");
        let last = page(&server, &run, "count=1&startIndex=229999").await;
        assert_eq!((texts(&last), &last["totalSize"]), (vec!["line 0"], &230_000.into()));
    }

    async fn a_token_is_good_for_its_run_and_an_hour(server: TestServer) {
        let run = logged(&server, &numbered(3), &[3]).await;
        let (task, _) = server.ready_task("two").await;
        let other = server.run(&task).await;
        let token = begin(&server, &run, "").await.expect(200).json()["token"].clone();
        let foreign = url_of(&server, &other, &token).await.expect(400).json();
        assert!(foreign["message"].as_str().is_some_and(|m| m.contains("another execution")), "{foreign}");
        let url =
            url_of(&server, &run, &token).await.expect(200).json()["presignedURL"].as_str().expect("URL").to_owned();
        let text = token.as_str().expect("a text");
        let mut bent = text.to_owned();
        bent.replace_range(text.len() - 2.., if text.ends_with("AA") { "BB" } else { "AA" });
        for wrong in ["x", "", &bent, &url] {
            let _ = url_of(&server, &run, &Value::from(wrong)).await.expect(400);
        }
        // What is good for one step is not good for the other.
        let _ = server.anonymous().get(&format!("/stoker/v1/log-files/{text}")).await.expect(400);
        let signed = url.rsplit('/').next().expect("a last part").to_owned();
        let _ = url_of(&server, &run, &Value::from(signed)).await.expect(400);
        let _ = server.anonymous().get("/stoker/v1/log-files/x.y.z").await.expect(400);
        server.clock.advance(60 * MINUTE - 1_000);
        let _ = url_of(&server, &run, &token).await.expect(200);
        let _ = server.anonymous().get(&url).await.expect(200);
        server.clock.advance(1_000);
        for answer in [url_of(&server, &run, &token).await, server.anonymous().get(&url).await] {
            let body = answer.expect(400).json();
            assert!(body["message"].as_str().is_some_and(|m| m.contains("expired")), "{body}");
        }
    }

    async fn a_deleted_log_is_gone_in_every_form(server: TestServer) {
        let run = logged(&server, &numbered(5), &[2]).await;
        let token = begin(&server, &run, "").await.expect(200).json()["token"].clone();
        let url =
            url_of(&server, &run, &token).await.expect(200).json()["presignedURL"].as_str().expect("URL").to_owned();
        let path = format!("/monitoring/executions/{run}/logs");
        for _ in 0..2 {
            let _ = server.http().delete(&path).await.expect(200);
            let found = page(&server, &run, "").await;
            assert_eq!((texts(&found).len(), &found["totalSize"], found.get("nextIndex")), (0, &0.into(), None));
            let file = server.anonymous().get(&url).await.expect(200);
            assert_eq!(file.json(), serde_json::json!([]), "a URL given out before shows nothing either");
        }
    }
}
