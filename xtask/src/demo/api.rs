//! Calls of the public API through curl, which the example procedures need anyway.

use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail, ensure};
use serde_json::Value;

/// A server as its first user sees it.
pub(super) struct Api {
    bootstrap: Value,
}

impl Api {
    /// Reads what the first start of the server left behind. Fails when a field that is needed here is missing.
    pub(super) fn read(bootstrap: &Path) -> Result<Self> {
        let what = || format!("read {}", bootstrap.display());
        let api =
            Self { bootstrap: serde_json::from_slice(&fs::read(bootstrap).with_context(what)?).with_context(what)? };
        for field in ["url", "workspaceId", "environmentId", "personalAccessToken"] {
            ensure!(!api.text(field).is_empty(), "read {}: it has no text {field:?}", bootstrap.display());
        }
        Ok(api)
    }

    fn text(&self, field: &str) -> &str {
        self.bootstrap[field].as_str().unwrap_or_default()
    }

    pub(super) fn url(&self) -> &str {
        self.text("url").trim_end_matches('/')
    }

    pub(super) fn token(&self) -> &str {
        self.text("personalAccessToken")
    }

    pub(super) fn workspace_id(&self) -> &str {
        self.text("workspaceId")
    }

    pub(super) fn environment_id(&self) -> &str {
        self.text("environmentId")
    }

    /// Whether the server says that it is ready.
    pub(super) fn is_ready(&self) -> bool {
        let answer = curl(&option("url", &format!("{}/health/ready", self.url())));
        answer.is_ok_and(|(status, _)| status == 200)
    }

    pub(super) fn get(&self, path: &str) -> Result<Value> {
        self.call("GET", path, "")
    }

    /// Sends a JSON body.
    pub(super) fn send(&self, method: &str, path: &str, body: &Value) -> Result<Value> {
        let body = format!("{}{}", json_header(), option("data-raw", &body.to_string()));
        self.call(method, path, &body)
    }

    /// Sends a file as the body of a POST.
    pub(super) fn upload(&self, path: &str, file: &Path) -> Result<Value> {
        let file = option("data-binary", &format!("@{}", file.display()));
        self.call("POST", path, &format!("{}{file}", option("header", "Content-Type: application/zip")))
    }

    /// An answer with another status than 2xx is an error that shows it.
    fn call(&self, method: &str, path: &str, body: &str) -> Result<Value> {
        let url = option("url", &format!("{}{path}", self.url()));
        let token = option("header", &format!("Authorization: Bearer {}", self.token()));
        let what = format!("{method} {path}");
        let (status, answer) =
            curl(&format!("{url}{}{token}{body}", option("request", method))).context(what.clone())?;
        if !(200..300).contains(&status) {
            bail!("{what}: HTTP {status}: {answer}");
        }
        if answer.is_empty() {
            return Ok(Value::Null);
        }
        serde_json::from_str(&answer).with_context(|| format!("{what}: read the answer as JSON: {answer}"))
    }
}

fn json_header() -> String {
    option("header", "Content-Type: application/json")
}

/// A line of a curl configuration; the value is quoted the way curl reads it back.
fn option(name: &str, value: &str) -> String {
    let value = value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n");
    format!("{name} = \"{value}\"\n")
}

/// One request whose configuration goes over standard input, so that no token stands in a command line.
fn curl(config: &str) -> Result<(u16, String)> {
    let mut child = Command::new("curl")
        .args(["--silent", "--show-error", "--globoff", "--noproxy", "*", "--connect-timeout", "10"])
        .args(["--max-time", "60", "--write-out", "\n%{http_code}", "--config", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .context("start curl; run `cargo xtask setup`")?;
    // The configuration is closed when this ends, before the answer is waited for.
    child.stdin.take().context("open the input of curl")?.write_all(config.as_bytes()).context("configure curl")?;
    let output = child.wait_with_output().context("wait for curl")?;
    ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr).trim());
    let text = String::from_utf8(output.stdout).context("read the answer as text")?;
    let (body, status) = text.rsplit_once('\n').context("read the status that curl reports")?;
    Ok((status.parse().context("read the status that curl reports")?, body.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Read as _;
    use std::net::TcpListener;

    /// A server that answers one request, as `bootstrap.json` describes it, and the request it got.
    fn answer_once(answer: &'static str) -> Result<(Api, std::thread::JoinHandle<String>)> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let bootstrap = serde_json::json!({
            "url": format!("http://{}", listener.local_addr()?),
            "workspaceId": "w", "environmentId": "e", "personalAccessToken": "a\"b\\c",
        });
        let thread = std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().expect("a request");
            let (mut request, mut part) = (Vec::new(), [0; 1024]);
            while !request.ends_with(b"}") {
                let count = stream.read(&mut part).expect("read the request");
                assert!(count > 0, "the request ended early");
                request.extend_from_slice(&part[..count]);
            }
            stream.write_all(answer.as_bytes()).expect("answer");
            String::from_utf8(request).expect("text")
        });
        Ok((Api { bootstrap }, thread))
    }

    #[test]
    fn method_token_and_body_arrive_as_given() -> Result<()> {
        let (api, server) = answer_once("HTTP/1.1 201 Created\r\ncontent-length: 10\r\n\r\n{\"id\":\"x\"}")?;
        let body = serde_json::json!({"text": "a \"quoted\" \\ line\nand another"});
        assert_eq!(api.send("PUT", "/things?a=[1]", &body)?["id"], "x");
        let request = server.join().expect("the server ends");
        assert!(request.starts_with("PUT /things?a=[1] HTTP/1.1\r\n"), "{request}");
        assert!(request.contains("\r\nAuthorization: Bearer a\"b\\c\r\n"), "{request}");
        assert!(request.ends_with(&body.to_string()), "{request}");
        Ok(())
    }

    #[test]
    fn a_refusal_shows_status_and_body() -> Result<()> {
        let (api, _server) = answer_once("HTTP/1.1 409 Conflict\r\ncontent-length: 5\r\n\r\ntaken")?;
        let error = api.send("POST", "/things", &serde_json::json!({})).expect_err("it is refused");
        assert_eq!(error.to_string(), "POST /things: HTTP 409: taken");
        Ok(())
    }
}
