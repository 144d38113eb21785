//! Generated programs are run, and send what the tester sends.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, Method, Uri};
use stoker_tester::codegen::{Language, generate};
use stoker_tester::run::Prepared;

/// A request as it came: method, address, headers in small letters, body.
type Seen = (String, String, BTreeMap<String, String>, Vec<u8>);

#[derive(Clone, Default)]
struct Recorder(Arc<Mutex<Vec<Seen>>>);

async fn record(
    State(seen): State<Recorder>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> &'static str {
    let pairs = headers.iter().map(|(name, value)| (name.as_str(), String::from_utf8_lossy(value.as_bytes())));
    let seen_headers = together(pairs);
    seen.0.lock().unwrap().push((method.to_string(), uri.to_string(), seen_headers, body.to_vec()));
    "recorded"
}

/// Headers by name in small letters; several of one name mean the same as one with all values.
fn together<'a, V: AsRef<str>>(headers: impl Iterator<Item = (&'a str, V)>) -> BTreeMap<String, String> {
    let mut found = BTreeMap::<String, String>::new();
    for (name, value) in headers {
        let all = found.entry(name.to_lowercase()).or_default();
        *all = if all.is_empty() { value.as_ref().to_owned() } else { format!("{all}, {}", value.as_ref()) };
    }
    found
}

fn requests(base: &str) -> Vec<Prepared> {
    let header = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    vec![
        Prepared {
            method: "GET".into(),
            url: format!("{base}/items?name=a%20b&list=1&list=2"),
            headers: vec![header("Accept", "application/json"), header("X-Quote", "it's \"so\" \\ $HOME `id`")],
            body: None,
            web_socket: None,
        },
        Prepared {
            method: "POST".into(),
            url: format!("{base}/items"),
            headers: vec![header("Content-Type", "application/json"), header("Authorization", "Bearer a.b-c")],
            body: Some("{\"text\": \"it's ü 😀 $HOME \\\\ `id` %d {0}\"}\n\tsecond line\u{1}".as_bytes().to_vec()),
            web_socket: None,
        },
        Prepared {
            method: "PUT".into(),
            url: format!("{base}/untyped"),
            headers: Vec::new(),
            body: Some(b"@not-a-file".to_vec()),
            web_socket: None,
        },
        Prepared {
            method: "DELETE".into(),
            url: format!("{base}/items/%E2%82%AC"),
            headers: vec![header("X-Twice", "1"), header("x-twice", "2")],
            body: None,
            web_socket: None,
        },
    ]
}

fn ran(mut command: Command, program: &str) {
    let output = command.stdin(Stdio::null()).output().unwrap();
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{error}\n{program}");
    let told = String::from_utf8_lossy(&output.stdout);
    assert!(told.contains("200") && told.contains("recorded"), "{told}\n{program}");
}

/// Runs a program in its language; the name of its file is what that language wants.
fn run(folder: &Path, language: Language, program: &str) {
    let (file, before): (&str, &[&str]) = match language {
        Language::Curl => ("send.sh", &["sh"]),
        Language::Python => ("send.py", &["python3"]),
        Language::JavaScript => ("send.mjs", &["node"]),
        Language::Java => ("Main.java", &["java", "-Xshare:auto"]),
        Language::Go => ("send.go", &["go", "run"]),
        Language::Rust => return run_rust(folder, program),
    };
    let path = folder.join(file);
    std::fs::write(&path, program).unwrap();
    let mut command = Command::new(before[0]);
    command.args(&before[1..]).arg(&path);
    ran(command, program);
}

/// Runs a program in Rust as the main file of a package that has nothing but `reqwest`, in the version that we use.
fn run_rust(folder: &Path, program: &str) {
    std::fs::create_dir_all(folder.join("src")).unwrap();
    std::fs::write(folder.join("src/main.rs"), program).unwrap();
    let manifest = "[package]\nname = \"send\"\nversion = \"0.1.0\"\nedition = \"2024\"\n\n[dependencies]\n\
                    reqwest = { version = \"0.13.5\", default-features = false, features = [\"blocking\"] }\n";
    std::fs::write(folder.join("Cargo.toml"), manifest).unwrap();
    let mut command = Command::new(env!("CARGO"));
    // Kept, so that the next night builds only the program.
    let target = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/generated-programs");
    command.args(["run", "--quiet"]).current_dir(folder).env("CARGO_TARGET_DIR", target);
    ran(command, program);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn programs_send_what_the_tester_sends() {
    programs_send(&[Language::Curl, Language::Python, Language::JavaScript, Language::Java]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs Go, and builds a crate: make nightly"]
async fn compiled_programs_send_what_the_tester_sends() {
    programs_send(&[Language::Go, Language::Rust]).await;
}

async fn programs_send(languages: &'static [Language]) {
    let recorder = Recorder::default();
    let router = Router::new().fallback(record).with_state(recorder.clone());
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, router).await });
    let sent = recorder.clone();
    let work = move || {
        let folder = tempfile::tempdir().unwrap();
        for &language in languages {
            for request in requests(&base) {
                let program = generate(&request, language).unwrap();
                run(folder.path(), language, &program);
                let (method, uri, headers, body) = sent.0.lock().unwrap().pop().unwrap();
                assert_eq!((&method, format!("{base}{uri}")), (&request.method, request.url.clone()), "{program}");
                assert_eq!(String::from_utf8(body), String::from_utf8(request.body.unwrap_or_default()), "{program}");
                // The library of Python cannot be kept from it.
                let typed = request.headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("content-type"));
                if !typed && language != Language::Python {
                    assert_eq!(headers.get("content-type"), None, "{program}");
                }
                for (name, value) in together(request.headers.iter().map(|(name, value)| (name.as_str(), value))) {
                    assert_eq!(headers.get(&name), Some(&value), "{name} of {program}");
                }
            }
        }
    };
    tokio::task::spawn_blocking(work).await.unwrap();
}

/// The formatter reads the whole program, and refuses what is no Rust.
#[test]
fn the_program_in_rust_can_be_read() {
    for request in requests("http://127.0.0.1:1") {
        let program = generate(&request, Language::Rust).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("main.rs");
        std::fs::write(&file, &program).unwrap();
        let output = Command::new("rustfmt").args(["--edition", "2024"]).arg(&file).output().unwrap();
        assert!(output.status.success(), "{}\n{program}", String::from_utf8_lossy(&output.stderr));
    }
}
