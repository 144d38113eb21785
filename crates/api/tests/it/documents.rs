//! The checked-in OpenAPI documents are true: they name exactly what is routed, and every answer that any test here sees
//! is held against the schema for its operation and status.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex, OnceLock};

use jsonschema::Validator;
use serde_json::{Value, json};
use stoker_api::console::is_place;
use stoker_api::documents as embedded;
use stoker_api::family::Family;
use stoker_api::operations::Support;
use stoker_api::routes;
use stoker_testkit::http::{Answer, HeaderName, HeaderValue, Method};

use crate::support::both;

/// What is looked at, not called, and in no document.
const PAGES: [&str; 3] = ["/tmc", "/openapi", "/openapi/{file}"];

/// A document, with every object closed: an answer must have no field that the document does not name.
struct Document {
    name: &'static str,
    value: Value,
    /// Method, segments of the path, the place of the operation in the document.
    operations: Vec<(String, Vec<String>, [String; 2])>,
}

fn close(value: &mut Value) {
    match value {
        Value::Object(members) => {
            members.values_mut().for_each(close);
            if members.get("properties").is_some_and(|properties| properties.is_object()) {
                members.entry("additionalProperties").or_insert(false.into());
            }
        }
        Value::Array(items) => items.iter_mut().for_each(close),
        _ => {}
    }
}

/// A document as it is checked in, so that a change of it needs no build before the tests are run again.
fn stored(name: &str) -> Vec<u8> {
    let file = format!("{}/../../openapi/{name}.json", env!("CARGO_MANIFEST_DIR"));
    std::fs::read(&file).unwrap_or_else(|error| panic!("{file}: {error}"))
}

fn documents() -> &'static [Document] {
    static DOCUMENTS: OnceLock<Vec<Document>> = OnceLock::new();
    DOCUMENTS.get_or_init(|| {
        embedded::names()
            .map(|name| {
                let mut value: Value = serde_json::from_slice(&stored(name)).expect("JSON");
                close(&mut value["components"]["schemas"]);
                close(&mut value["paths"]);
                let paths = value["paths"].as_object().expect("paths");
                let operations = paths.iter().flat_map(|(path, verbs)| {
                    verbs.as_object().expect("operations").keys().map(move |verb| {
                        let segments = path.split('/').map(str::to_owned).collect();
                        (verb.to_uppercase(), segments, [path.clone(), verb.clone()])
                    })
                });
                Document { name, operations: operations.collect(), value }
            })
            .collect()
    })
}

/// The document of a path and the path within it; none for the engine link.
fn place(path: &str) -> Option<(&'static Document, String)> {
    let path = path.split('?').next().unwrap_or_default().replace("//", "/");
    let below = path.strip_prefix("/tmc/").and_then(|rest| rest.split_once('/'));
    let (name, path) = match below {
        Some((_, below)) => ("tmc", format!("/{below}")),
        None => (Family::of(&path).document()?, path),
    };
    documents().iter().find(|document| document.name == name).map(|document| (document, path))
}

/// The operation for a method and path; fixed segments go before parameters.
fn operation(document: &'static Document, method: &str, path: &str) -> Option<&'static [String; 2]> {
    let segments: Vec<&str> = path.split('/').collect();
    let fits = document.operations.iter().filter(|(verb, template, _)| {
        verb == method
            && template.len() == segments.len()
            && template.iter().zip(&segments).all(|(t, s)| t == s || t.starts_with('{'))
    });
    let found = fits.min_by_key(|(_, template, _)| template.iter().map(|t| t.starts_with('{')).collect::<Vec<_>>());
    found.map(|(_, _, place)| place)
}

/// Old versions whose bodies lack fields that 2.6 requires.
fn older(path: &str) -> bool {
    ["/tmc/v1.", "/tmc/v2.0/"].iter().any(|start| path.starts_with(start))
}

/// Fails the test when an answer is not as its document says.
pub(crate) fn witness(method: &Method, path: &str, answer: &Answer) {
    let Some((document, below)) = place(path) else { return };
    let Some([template, verb]) = operation(document, method.as_str(), &below) else {
        // Nothing is behind the path, or not yet: the dialects have their own tests.
        let console = is_place(path.split('?').next().unwrap_or_default().trim_start_matches('/'))
            || ["/assets/", "/icon.svg"].iter().any(|start| path.starts_with(start));
        let page = PAGES.contains(&below.as_str()) || below.starts_with("/openapi/") || console;
        let nothing = matches!(answer.status, 404 | 405 | 501);
        assert!(page || nothing, "{method} {path} answered {} and is in no document", answer.status);
        return;
    };
    let what = format!("{method} {path} answered {} ({template} in openapi/{}.json)", answer.status, document.name);
    let responses = &document.value["paths"][template][verb]["responses"];
    let status = answer.status.to_string();
    let key = if responses.get(&status).is_some() { status.as_str() } else { "default" };
    assert!(key != "default" || answer.status >= 400, "{what}: the document has no such success");
    let Some(content) = responses[key].get("content") else {
        assert!(answer.body.is_empty(), "{what}: the document has no body, and here is {}", answer.text());
        return;
    };
    let media = answer.header("content-type").unwrap_or_default().split(';').next().unwrap_or_default().to_owned();
    if content.get("*/*").is_some() {
        return;
    }
    let Some(schema) = content.get(&media).map(|content| &content["schema"]) else {
        panic!("{what}: the media type {media:?} is not in the document");
    };
    if media.ends_with("json") && !older(path) {
        match serde_json::from_slice(&answer.body) {
            Ok(body) => hold(document, template, verb, key, schema, &body, &what),
            // The chart of a plan of a thousand steps: deeper than the parser goes.
            Err(error) if error.to_string().contains("recursion limit") => {}
            Err(error) => panic!("{what}: {error} in {}", answer.text()),
        }
    }
}

type Key = (&'static str, String, String, String);

fn hold(
    document: &'static Document,
    template: &str,
    verb: &str,
    status: &str,
    schema: &Value,
    body: &Value,
    what: &str,
) {
    static VALIDATORS: OnceLock<Mutex<HashMap<Key, Arc<Validator>>>> = OnceLock::new();
    let key = (document.name, template.to_owned(), verb.to_owned(), status.to_owned());
    let known = VALIDATORS.get_or_init(Mutex::default).lock().expect("no test died here").get(&key).cloned();
    let validator = known.unwrap_or_else(|| {
        let whole = json!({ "allOf": [schema], "components": document.value["components"] });
        let made = jsonschema::options().should_validate_formats(true).build(&whole).expect("a schema");
        let made = Arc::new(made);
        VALIDATORS.get_or_init(Mutex::default).lock().expect("no test died here").insert(key, made.clone());
        made
    });
    let errors: Vec<String> = validator
        .iter_errors(body)
        .map(|error| format!("  at {:?}: {error}", error.instance_path().to_string()))
        .collect();
    assert!(
        errors.is_empty(),
        "{what}: the body is not as the document says; correct the body, or openapi/ (docs/adding-an-endpoint.md):\n{}\n{body}",
        errors.join("\n")
    );
}

#[test]
fn the_documents_name_what_is_routed_and_nothing_else() {
    let routes = routes::build();
    let published = routes.operations.iter().filter(|operation| operation.support != Support::Missing);
    let mut routed: BTreeSet<(String, String)> = published
        .map(|o| {
            let path = if o.generation == "v2.6" { format!("/tmc/v2.6{}", o.path) } else { o.path.to_owned() };
            (o.method.to_owned(), path)
        })
        .collect();
    let more =
        routes.unpublished.iter().filter(|(_, path)| !PAGES.contains(&path.as_str()) && !path.starts_with("/engine/"));
    routed.extend(more.map(|(method, path)| ((*method).to_owned(), path.replace("/tmc/v1.3", "/tmc/v2.6"))));
    let documented: BTreeSet<(String, String)> = documents()
        .iter()
        .flat_map(|document| {
            document.operations.iter().map(move |(method, segments, _)| {
                let start = if document.name == "tmc" { "/tmc/v2.6" } else { "" };
                (method.clone(), format!("{start}{}", segments.join("/")))
            })
        })
        .collect();
    let undocumented: Vec<_> = routed.difference(&documented).collect();
    assert!(
        undocumented.is_empty(),
        "run `cargo xtask openapi`; it asks for a line in openapi/own/calls.tsv for what is not published: {undocumented:#?}"
    );
    let stale: Vec<_> = documented.difference(&routed).collect();
    assert!(stale.is_empty(), "run `cargo xtask openapi`: nothing is behind {stale:#?}");
}

/// Whether the witness takes an answer of `GET /account/service-accounts/count`.
fn taken(status: u16, body: Value) -> bool {
    let headers = [(HeaderName::from_static("content-type"), HeaderValue::from_static("application/json"))];
    let answer = Answer { status, headers: headers.into_iter().collect(), body: body.to_string().into_bytes() };
    std::panic::catch_unwind(|| witness(&Method::GET, "/account/service-accounts/count", &answer)).is_ok()
}

#[test]
fn an_answer_beside_its_document_fails_the_test() {
    let good = json!({ "tenantId": "a", "count": 1 });
    assert!(taken(200, good.clone()));
    assert!(!taken(200, json!({ "tenantId": "a", "count": "1" })), "a wrong type");
    assert!(!taken(200, json!({ "tenantId": "a" })), "a field is missing");
    assert!(!taken(200, json!({ "tenantId": "a", "count": 1, "more": true })), "a field too many");
    assert!(!taken(201, good), "a success that is not in the document");
    assert!(taken(403, json!({ "status": 403, "detail": "no" })));
    assert!(!taken(403, json!({ "status": 403, "message": "no" })), "another family's refusal");
}

#[test]
fn what_is_served_is_what_is_checked_in() {
    for name in embedded::names() {
        let file = embedded::file(&format!("{name}.json")).expect("the file of a name");
        assert!(file.bytes().expect("unpack") == stored(name), "openapi/{name}.json changed: build anew");
    }
}

both! {
    async fn documents_and_pages_are_served_without_a_token(server: TestServer) {
        let http = server.anonymous();
        for name in embedded::names() {
            let document = http.get(&format!("/openapi/{name}.json")).await.expect(200).json();
            assert_eq!(document["openapi"], "3.1.0", "{name}");
            let page = http.get(&format!("/openapi/{name}")).await.expect(200);
            assert!(page.text().contains(&format!("data-document=\"{name}\"")), "{}", page.text());
        }
        let page = http.get("/tmc").await.expect(200);
        assert_eq!(page.header("content-type"), Some("text/html; charset=utf-8"));
        let policy = page.header("content-security-policy").expect("a policy");
        assert!(policy.starts_with("default-src 'none'; script-src 'self';"), "{policy}");
        let text = page.text();
        let loaded: Vec<&str> = text.split(['"', '\'']).filter(|part| part.contains("/") && part.contains('.')).collect();
        assert!(loaded.len() == 4 && loaded.iter().all(|file| file.starts_with("/openapi/")), "{loaded:?}");
        for file in loaded {
            assert!(!http.get(file).await.expect(200).body.is_empty(), "{file}");
        }
        let unknown = http.get("/openapi/nothing.json").await.expect(404).json();
        assert!(unknown["message"].as_str().expect("a message").contains("core"), "{unknown}");
    }

    async fn a_document_goes_out_packed_to_whom_asks_for_it(server: TestServer) {
        let http = server.anonymous();
        let packed = http.send(Method::GET, "/openapi/core.json", &[("accept-encoding", "gzip")], None).await.expect(200);
        assert_eq!(packed.header("content-encoding"), Some("gzip"));
        let plain = http.get("/openapi/core.json").await.expect(200);
        assert_eq!(plain.header("content-encoding"), None);
        assert!(packed.body.len() * 5 < plain.body.len(), "{} of {}", packed.body.len(), plain.body.len());
    }
}
