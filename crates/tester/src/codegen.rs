//! Requests as programs: cURL, Python, Java, JavaScript, Go, Rust.
//!
//! The input is a prepared request, so expressions are evaluated. Secrets stand in the result as they are sent.

use crate::run::Prepared;

/// What to write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Language {
    /// A shell command (`doc`: the reference's shape, `curl -i -X METHOD`, a header a line, the address last).
    Curl,
    /// Standard library of Python 3.
    Python,
    /// Standard library of Java 11 and later.
    Java,
    /// `fetch`, in Node 18 and later and in browsers.
    JavaScript,
    /// Standard library of Go.
    Go,
    /// The crate `reqwest` with its feature `blocking`.
    Rust,
}

impl Language {
    /// All of them.
    pub const ALL: [Self; 6] = [Self::Curl, Self::Python, Self::Java, Self::JavaScript, Self::Go, Self::Rust];

    /// Name for people and command lines.
    pub fn name(self) -> &'static str {
        match self {
            Self::Curl => "curl",
            Self::Python => "python",
            Self::Java => "java",
            Self::JavaScript => "javascript",
            Self::Go => "go",
            Self::Rust => "rust",
        }
    }
}

/// A request that has no program text.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CodeError {
    /// The body is no UTF-8 text.
    #[error("the body is not text, so it cannot stand in a program; send it as a file")]
    NotText,
    /// It talks over a WebSocket, which the standard libraries do not speak.
    #[error("a talk over a WebSocket has no program; run it with `stoker test run` on the exported folder")]
    WebSocket,
}

/// Writes a program that sends the request and prints status and body.
///
/// # Errors
/// [`CodeError`]: the body is no UTF-8 text, or the request is no single exchange.
pub fn generate(request: &Prepared, language: Language) -> Result<String, CodeError> {
    if request.web_socket.is_some() {
        return Err(CodeError::WebSocket);
    }
    let body = match &request.body {
        Some(bytes) => Some(std::str::from_utf8(bytes).map_err(|_| CodeError::NotText)?),
        None => None,
    };
    Ok(match language {
        Language::Curl => curl(request, body),
        Language::Python => python(request, body),
        Language::Java => java(request, body),
        Language::JavaScript => javascript(request, body),
        Language::Go => go(request, body),
        Language::Rust => rust(request, body),
    })
}

/// A text in double quotes, escaped in a way that all of these languages share, given their form of `\u`.
fn quoted(text: &str, unicode: fn(u32) -> String) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if c.is_control() || matches!(c, '\u{2028}' | '\u{2029}') => out.push_str(&unicode(c as u32)),
            c => out.push(c),
        }
    }
    out + "\""
}

fn four(code: u32) -> String {
    format!("\\u{code:04x}")
}

fn braces(code: u32) -> String {
    format!("\\u{{{code:x}}}")
}

/// A text in single quotes for a POSIX shell.
fn shell(text: &str) -> String {
    format!("'{}'", text.replace('\'', "'\\''"))
}

fn curl(request: &Prepared, body: Option<&str>) -> String {
    let mut out = format!("curl -i -X {} \\\n", shell_word(&request.method));
    for (name, value) in &request.headers {
        // Without a value cURL would drop the header; a semicolon sends it empty.
        let line = if value.is_empty() { format!("{name};") } else { format!("{name}:{value}") };
        out.push_str(&format!(" -H {} \\\n", shell(&line)));
    }
    if let Some(body) = body {
        if untyped(request) {
            // It would add one that nobody has asked for.
            out.push_str(" -H 'Content-Type:' \\\n");
        }
        out.push_str(&format!(" --data-raw {} \\\n", shell(body)));
    }
    out + &format!(" {}\n", shell(&request.url))
}

/// Whether the request says nothing about the type of its body.
fn untyped(request: &Prepared) -> bool {
    crate::exchange::values(&request.headers, "content-type").is_empty()
}

fn shell_word(text: &str) -> String {
    if text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-') { text.to_owned() } else { shell(text) }
}

/// Headers by name, the values of those that come several times in one: some libraries keep only the last.
fn joined(headers: &[(String, String)]) -> Vec<(&str, String)> {
    let mut found: Vec<(&str, String)> = Vec::new();
    for (name, value) in headers {
        let separator = if name.eq_ignore_ascii_case("cookie") { "; " } else { ", " };
        match found.iter_mut().find(|(known, _)| known.eq_ignore_ascii_case(name)) {
            Some((_, all)) => *all = format!("{all}{separator}{value}"),
            None => found.push((name, value.clone())),
        }
    }
    found
}

fn python(request: &Prepared, body: Option<&str>) -> String {
    let text = |text: &str| quoted(text, four);
    let mut out = String::from("import urllib.error\nimport urllib.request\n\n");
    let data = body.map_or_else(|| "None".to_owned(), |body| format!("{}.encode()", text(body)));
    out.push_str(&format!(
        "request = urllib.request.Request(\n    {},\n    method={},\n    data={data},\n)\n",
        text(&request.url),
        text(&request.method)
    ));
    for (name, value) in joined(&request.headers) {
        out.push_str(&format!("request.add_header({}, {})\n", text(name), text(&value)));
    }
    out + "try:\n    response = urllib.request.urlopen(request)\nexcept urllib.error.HTTPError as error:\n    response = error\nprint(response.status)\nprint(response.read().decode(errors=\"replace\"))\n"
}

fn java(request: &Prepared, body: Option<&str>) -> String {
    let text = |text: &str| quoted(text, four);
    let publisher = body.map_or_else(
        || "HttpRequest.BodyPublishers.noBody()".to_owned(),
        |body| format!("HttpRequest.BodyPublishers.ofString({})", text(body)),
    );
    let headers: String = request
        .headers
        .iter()
        .map(|(name, value)| format!("            .header({}, {})\n", text(name), text(value)))
        .collect();
    format!(
        "import java.net.URI;\nimport java.net.http.HttpClient;\nimport java.net.http.HttpRequest;\nimport java.net.http.HttpResponse;\n\npublic class Main {{\n    public static void main(String[] args) throws Exception {{\n        HttpRequest request = HttpRequest.newBuilder()\n            .uri(URI.create({}))\n{headers}            .method({}, {publisher})\n            .build();\n        HttpResponse<String> response = HttpClient.newHttpClient()\n            .send(request, HttpResponse.BodyHandlers.ofString());\n        System.out.println(response.statusCode());\n        System.out.println(response.body());\n    }}\n}}\n",
        text(&request.url),
        text(&request.method)
    )
}

fn javascript(request: &Prepared, body: Option<&str>) -> String {
    let text = |text: &str| quoted(text, four);
    let headers: String =
        request.headers.iter().map(|(name, value)| format!("    [{}, {}],\n", text(name), text(value))).collect();
    // Of a text, `fetch` says that it is `text/plain`; of bytes nothing.
    let body = body.map_or_else(String::new, |body| match untyped(request) {
        true => format!("  body: new TextEncoder().encode({}),\n", text(body)),
        false => format!("  body: {},\n", text(body)),
    });
    format!(
        "const response = await fetch({}, {{\n  method: {},\n  headers: [\n{headers}  ],\n{body}}});\nconsole.log(response.status);\nconsole.log(await response.text());\n",
        text(&request.url),
        text(&request.method)
    )
}

fn go(request: &Prepared, body: Option<&str>) -> String {
    let text = |text: &str| quoted(text, four);
    let (import, reader) = match body {
        Some(body) => ("\t\"strings\"\n", format!("strings.NewReader({})", text(body))),
        None => ("", "nil".to_owned()),
    };
    let headers: String = request
        .headers
        .iter()
        .map(|(name, value)| format!("\trequest.Header.Add({}, {})\n", text(name), text(value)))
        .collect();
    format!(
        "package main\n\nimport (\n\t\"fmt\"\n\t\"io\"\n\t\"net/http\"\n{import})\n\nfunc main() {{\n\trequest, err := http.NewRequest({}, {}, {reader})\n\tif err != nil {{\n\t\tpanic(err)\n\t}}\n{headers}\tresponse, err := http.DefaultClient.Do(request)\n\tif err != nil {{\n\t\tpanic(err)\n\t}}\n\tdefer response.Body.Close()\n\tbody, err := io.ReadAll(response.Body)\n\tif err != nil {{\n\t\tpanic(err)\n\t}}\n\tfmt.Println(response.StatusCode)\n\tfmt.Println(string(body))\n}}\n",
        text(&request.method),
        text(&request.url)
    )
}

fn rust(request: &Prepared, body: Option<&str>) -> String {
    let text = |text: &str| quoted(text, braces);
    let headers: String = request
        .headers
        .iter()
        .map(|(name, value)| format!("        .header({}, {})\n", text(name), text(value)))
        .collect();
    let body = body.map_or_else(String::new, |body| format!("        .body({})\n", text(body)));
    format!(
        "fn main() -> Result<(), Box<dyn std::error::Error>> {{\n    let method = reqwest::Method::from_bytes(b{})?;\n    let response = reqwest::blocking::Client::new()\n        .request(method, {})\n{headers}{body}        .send()?;\n    println!(\"{{}}\", response.status());\n    println!(\"{{}}\", response.text()?);\n    Ok(())\n}}\n",
        text(&request.method),
        text(&request.url)
    )
}
