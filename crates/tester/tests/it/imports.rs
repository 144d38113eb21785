//! Other tools' files, and requests as programs.

use proptest::prelude::*;
use stoker_tester::Exchanges;
use stoker_tester::codegen::{Language, generate};
use stoker_tester::expr::{Evaluator, Sources};
use stoker_tester::import::{Import, curl, har, openapi, postman};
use stoker_tester::model::*;
use stoker_tester::run::{NoFiles, Prepared, prepare, with_values};
use stoker_tester::world::Seeded;

use crate::support::TestClock;

/// What a request becomes with the variables of the first environment and these.
pub(crate) fn prepared(import: &Import, path: &[&str], more: &[(&str, &str)]) -> Prepared {
    let mut variables = import.drive.environments.first().map(Variables::of).unwrap_or_default();
    for (name, value) in more {
        variables.set(name, *value);
    }
    let request = import
        .drive
        .by_path(path)
        .unwrap_or_else(|| {
            panic!("{path:?} in {:?}", import.drive.walk().iter().map(|(path, _)| path.join("/")).collect::<Vec<_>>())
        })
        .request()
        .unwrap();
    let (exchanges, clock, entropy) = (Exchanges::default(), TestClock::new(), Seeded::new(3));
    let sources = Sources {
        variables: &variables,
        drive: &import.drive,
        exchanges: &exchanges,
        clock: &clock,
        entropy: &entropy,
    };
    let variables = with_values(request, sources, 1_000_000).unwrap();
    let sources = Sources {
        variables: &variables,
        drive: &import.drive,
        exchanges: &exchanges,
        clock: &clock,
        entropy: &entropy,
    };
    prepare(request, &Evaluator::new(sources), &NoFiles).unwrap()
}

pub(crate) fn header<'a>(prepared: &'a Prepared, name: &str) -> &'a str {
    prepared.headers.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map_or("", |(_, value)| value.as_str())
}

pub(crate) fn body(prepared: &Prepared) -> String {
    String::from_utf8(prepared.body.clone().unwrap_or_default()).unwrap()
}

#[test]
fn a_postman_collection() {
    let import = postman(r#"{
 "info": {"name": "Shop", "schema": "https://schema.getpostman.com/json/collection/v2.1.0/collection.json"},
 "auth": {"type": "bearer", "bearer": [{"key": "token", "value": "{{token}}", "type": "string"}]},
 "variable": [{"key": "base", "value": "http://h:1"}, {"key": "user name", "value": "ann"}],
 "item": [
  {"name": "Top", "request": "{{base}}/top?x={{user name}}"},
  {"name": "Users", "item": [{"name": "Deep", "item": [
    {"name": "Create", "event": [{"listen": "test", "script": {"exec": [
       "pm.test(\"ok\", function () {", "  pm.response.to.have.status(201);", "});",
       "var jsonData = pm.response.json();", "pm.expect(jsonData.user.tags[0]).to.eql('a');", "doSomething();"]}}],
     "request": {"method": "POST", "header": [{"key": "X", "value": "${literal}"}, {"key": "Off", "value": "1", "disabled": true}],
       "auth": {"type": "basic", "basic": [{"key": "username", "value": "{{user name}}"}, {"key": "password", "value": "p\"w"}]},
       "url": {"raw": "{{base}}/users/:id?q=a b", "query": [{"key": "q", "value": "a b"}], "variable": [{"key": "id", "value": "7"}]},
       "body": {"mode": "raw", "raw": "{\"id\": \"{{$guid}}\"}"}}},
    {"name": "Form", "request": {"method": "PUT", "url": "{{base}}/f", "body": {"mode": "urlencoded", "urlencoded": [{"key": "a", "value": "1 2"}]}}}
  ]}]}
 ]}"#, &Seeded::new(1)).unwrap();
    let top = prepared(&import, &["Shop", "Top"], &[]);
    assert_eq!(top.url, "http://h:1/top?x=ann");
    let create = prepared(&import, &["Shop", "Users / Deep", "Create"], &[]);
    assert_eq!(create.url, "http://h:1/users/7?q=a%20b");
    assert_eq!(header(&create, "x"), "${literal}");
    assert_eq!(header(&create, "off"), "");
    assert_eq!(header(&create, "authorization"), "Basic YW5uOnAidw==");
    assert_eq!(body(&create).len(), r#"{"id": ""}"#.len() + 36);
    let form = prepared(&import, &["Shop", "Users / Deep", "Form"], &[("token", "t0")]);
    assert_eq!((body(&form).as_str(), header(&form, "authorization")), ("a=1+2", "Bearer t0"));
    let request = import.drive.by_path(&["Shop", "Users / Deep", "Create"]).unwrap().request().unwrap();
    let checks: Vec<String> = request.assertions.iter().map(ToString::to_string).collect();
    assert_eq!(checks, ["ResponseStatus code Equals 201", "ResponseJsonBody $.user.tags[0] Equals a"]);
    assert_eq!(import.warnings.len(), 1, "{:?}", import.warnings);
    assert!(import.warnings[0].contains("doSomething();"));
    assert!(postman("{}", &Seeded::new(1)).is_err());
}

const API: &str = r##"
openapi: 3.0.1
info: {title: Pets, description: All pets}
servers: [{url: "https://{host}/v1/", variables: {host: {default: pets.example}}}]
security: [{key: []}]
paths:
  /pets/{pet-id}:
    parameters: [{$ref: "#/components/parameters/Id"}]
    put:
      operationId: putPet
      parameters:
        - {name: dry, in: query, required: true, schema: {type: boolean}}
        - {name: lang, in: query, schema: {type: string, default: en}}
      requestBody: {content: {application/json: {schema: {$ref: "#/components/schemas/Pet"}}}}
      responses: {"404": {}, "200": {}}
components:
  parameters: {Id: {name: pet-id, in: path, required: true, schema: {type: integer, minimum: 5}}}
  securitySchemes: {key: {type: apiKey, in: header, name: X-Key}}
  schemas:
    Pet:
      allOf:
        - {type: object, properties: {id: {type: integer, readOnly: true}, name: {type: string, example: Rex}}}
        - {type: object, properties: {tags: {type: array, items: {type: string, enum: [a, b]}}, child: {$ref: "#/components/schemas/Pet"}}}
"##;

#[test]
fn an_openapi_description_in_yaml() {
    let import = openapi(API, &Seeded::new(1)).unwrap();
    let put = prepared(&import, &["Pets", "/pets/{pet-id}", "putPet"], &[("key", "k1")]);
    assert_eq!((put.method.as_str(), put.url.as_str()), ("PUT", "https://pets.example/v1/pets/5?dry=true"));
    assert_eq!(header(&put, "X-Key"), "k1");
    let sent = crate::support::json(&body(&put));
    assert_eq!(sent.get("name").unwrap().render(), "Rex");
    assert_eq!(sent.get("tags").unwrap().to_string(), r#"["a"]"#);
    assert_eq!(sent.get("id"), None);
    let request = import.drive.by_path(&["Pets", "/pets/{pet-id}", "putPet"]).unwrap().request().unwrap();
    assert_eq!(request.assertions[0].to_string(), "ResponseStatus code Equals 200");
    assert!(
        import.drive.environments[0].variables.iter().any(|variable| variable.name == "key" && variable.is_private())
    );
    assert!(import.warnings.is_empty(), "{:?}", import.warnings);
}

#[test]
fn a_swagger_description() {
    let import = openapi(
        r#"{"swagger": "2.0", "info": {"title": "Old"}, "host": "h.example", "basePath": "/api", "schemes": ["https"],
      "paths": {"/login": {"post": {"consumes": ["application/x-www-form-urlencoded"], "responses": {"204": {}},
        "parameters": [{"name": "user", "in": "formData", "type": "string", "required": true, "default": "a b"}]}}}}"#,
        &Seeded::new(1),
    )
    .unwrap();
    let login = prepared(&import, &["Old", "/login", "POST /login"], &[]);
    assert_eq!((login.url.as_str(), body(&login).as_str()), ("https://h.example/api/login", "user=a+b"));
    for broken in ["a: [", "openapi: 2.0.0", "{\"openapi\": \"3.0.0\"}"] {
        assert!(openapi(broken, &Seeded::new(1)).is_err(), "{broken}");
    }
}

#[test]
fn a_har_recording() {
    let import = har(r#"{"log": {"version": "1.2", "entries": [
      {"request": {"method": "GET", "url": "https://h/a?x=1%202&y", "headers": [{"name": ":path", "value": "/a"}, {"name": "Host", "value": "h"}, {"name": "X", "value": "1"}]}},
      {"request": {"method": "POST", "url": "https://h/b", "headers": [], "postData": {"mimeType": "text/plain", "text": "hello ${x}"}}}]}}"#,
      &TestClock::new(), &Seeded::new(1)).unwrap();
    let name = import.drive.entities[0].name.clone();
    assert_eq!(name, "2026-01-31T12:00:00Z");
    let first = prepared(&import, &[&name, "GET /a"], &[]);
    assert_eq!(first.url, "https://h/a?x=1%202&y");
    assert_eq!(first.headers, [("X".to_owned(), "1".to_owned())]);
    assert_eq!(body(&prepared(&import, &[&name, "POST /b"], &[])), "hello ${x}");
}

#[test]
fn nothing_of_a_hard_recording_is_lost_silently() {
    let import = har(r#"{"log": {"entries": [
      {"request": {"method": "POST", "url": "https://h/form", "headers": [{"name": "Accept-Encoding", "value": "gzip, deflate, br, zstd"}], "postData": {"mimeType": "application/x-www-form-urlencoded", "params": [{"name": "a+b", "value": "1%262"}]}}, "response": {"status": 200}},
      {"request": {"method": "POST", "url": "https://h/text64", "postData": {"mimeType": "text/plain", "encoding": "base64", "text": "aGVsbG8="}}},
      {"request": {"method": "POST", "url": "https://h/binary", "postData": {"mimeType": "image/png", "encoding": "base64", "text": "/9j/"}}},
      {"request": {"method": "POST", "url": "https://h/parts", "postData": {"mimeType": "multipart/form-data", "params": [{"name": "f", "fileName": "x.png", "contentType": "image/png"}, {"name": "j", "value": "{}", "contentType": "application/json"}]}}},
      {"request": {"method": "PUT", "url": "https://h/gone", "bodySize": 99}},
      {"request": {"method": "GET", "url": "data:image/png;base64,AAAA"}},
      {"request": {"method": "GET", "url": "https://h/ws"}, "_webSocketMessages": [{"type": "send", "data": "x"}]},
      {"response": {}}]}}"#, &TestClock::new(), &Seeded::new(1)).unwrap();
    let name = import.drive.entities[0].name.clone();
    let of = |path: &str| import.drive.by_path(&[&name, path]).unwrap().request().unwrap().clone();
    let form = prepared(&import, &[&name, "POST /form"], &[]);
    assert_eq!((body(&form).as_str(), header(&form, "accept-encoding")), ("a+b=1%262", "gzip, deflate"));
    assert_eq!(body(&prepared(&import, &[&name, "POST /text64"], &[])), "hello");
    assert_eq!(of("POST /binary").body.kind, BodyKind::File);
    assert_eq!(of("POST /parts").body.form.unwrap().items[0].kind, Some(PartKind::File));
    for part in [
        "Accept-Encoding keeps only gzip and deflate",
        "entry 2: its body is no text",
        "entry 3: the type of the form part `j`",
        "entry 4: its body of 99 bytes is not in the file",
        "entry 5 is left out: `GET data:image/png",
        "entry 6: the messages of its WebSocket",
        "entry 7 has no request",
        "what was answered then is not carried over (2 times)",
    ] {
        assert_eq!(
            import.warnings.iter().filter(|one| one.starts_with(part)).count(),
            1,
            "{part}: {:#?}",
            import.warnings
        );
    }
    assert_eq!(import.warnings.len(), 8, "{:#?}", import.warnings);
}

#[test]
fn curl_commands() {
    let one = |command: &str| {
        let import = curl(command, &Seeded::new(1)).unwrap_or_else(|error| panic!("{command}: {error}"));
        let name = import.drive.entities[0].name.clone();
        (prepared(&import, &[&name], &[]), import)
    };
    let (login, import) = one(
        "curl -sSLk -XPUT 'https://h/a b?q=1' \\\n -H \"X: it's \\\"q\\\"\" --data-raw $'{\"a\":\\n\\u0041}' -u ann:pw -m 2.5 --weird",
    );
    assert_eq!(
        (login.method.as_str(), login.url.as_str(), body(&login).as_str()),
        ("PUT", "https://h/a%20b?q=1", "{\"a\":\nA}")
    );
    assert_eq!((header(&login, "x"), header(&login, "authorization")), ("it's \"q\"", "Basic YW5uOnB3"));
    let added = &import.drive.entities[0].request().unwrap().additions;
    assert_eq!(
        (added.follow_redirects, added.timeout_ms, added.tls.as_ref().unwrap().verify),
        (Some(true), Some(2500), false)
    );
    assert_eq!(import.warnings, ["the option --weird is not carried over"]);
    assert_eq!(one("curl -G h.example/x -d a=1 -d b=2").0.url, "http://h.example/x?a=1&b=2");
    assert_eq!(one("curl h -d a=1 -d b=2").0.method, "POST");
    assert_eq!(one("curl -I h").0.method, "HEAD");
    assert!(body(&one("curl h -F a=b").0).contains("name=\"a\"\r\n\r\nb"));
    for broken in ["wget x", "curl", "curl 'x", "curl h -H"] {
        assert!(curl(broken, &Seeded::new(1)).is_err(), "{broken}");
    }
}

/// The first request of a command and what was said of it.
fn commanded(command: &str) -> (Entity, Vec<String>) {
    let import = curl(command, &Seeded::new(1)).unwrap_or_else(|error| panic!("{command}: {error}"));
    (import.drive.entities[0].clone(), import.warnings)
}

#[test]
fn options_with_values_are_no_addresses_and_the_rest_of_a_line_is_none_either() {
    for (command, said) in [
        ("curl http://h/x --resolve h:80:127.0.0.1", "the option --resolve is not carried over"),
        ("curl http://h/x --interface eth0 -s", "the option --interface is not carried over"),
        ("curl http://h/x -U me:pw", "the option -U is not carried over"),
        ("curl http://h/x --digest", "the option --digest is not carried over"),
        ("curl http://h/x | jq .", "what the shell does after the command is not carried over: | jq ."),
        ("curl http://h/x > out.json", "what the shell does after the command is not carried over: > out.json"),
        ("curl http://h/x --next http://h/y", "what stands after --next"),
        ("curl http://h/x -H @file", "the headers in the file `file`"),
        ("curl http://h/x -b jar.txt", "the cookies in the file `jar.txt`"),
        ("curl http://h/x -H nonsense", "has no colon"),
        ("curl http://h/x --data-urlencode a@file", "the content of the file `file` for `a`"),
        ("curl http://h/x -F 'a=<file'", "the content of the file `file` as the text of `a`"),
        ("curl http://h/x -F 'a=@f.png;type=image/png'", "beside its value is not carried over: type=image/png"),
        ("curl http://h/x -d @-", "standard input"),
        ("curl http://h/x -d a=1 -d @file", "only the file `file` is sent"),
        ("curl http://h/x -d a=1 -F b=2", "only the text is sent"),
        ("curl 'http://h/x' -H \"A: $(cat t)\"", "stands as text"),
        ("curl 'http://h/x' --retry often", "`often` is no whole number"),
        ("curl -g 'http://h/x' 'http://h/[1-3]'", "cURL would make several of it"),
    ] {
        let (entity, warnings) = commanded(command);
        assert_eq!(entity.request().unwrap().uri.path.as_deref(), Some("/x"), "{command}");
        assert_eq!(warnings.len(), 1, "{command}: {warnings:?}");
        assert!(warnings[0].contains(said), "{command}: {warnings:?}");
    }
}

#[test]
fn what_options_of_curl_mean() {
    for (command, name, value) in [
        ("curl h --oauth2-bearer t0", "Authorization", "Bearer t0"),
        ("curl h -H 'X-Empty;'", "X-Empty", ""),
        ("curl h -r 0-99", "Range", "bytes=0-99"),
        ("curl h --json '{}'", "Accept", "application/json"),
        ("curl h -H \"Authorization: Bearer $TOKEN\"", "Authorization", "Bearer ${TOKEN}"),
        ("curl h -H 'A: ${x}'", "A", "${\"${\"}x}"),
    ] {
        let (entity, warnings) = commanded(command);
        let row = entity.request().unwrap().headers.iter().find(|row| row.name == name).unwrap().clone();
        assert_eq!((row.value(), warnings), (value, vec![]), "{command}");
    }
    let (entity, _) =
        commanded("curl -H 'Content-Type:' -d a=1 --retry 3 --retry-delay 7 --tlsv1.3 --url-query q=1 h/p");
    let made = entity.request().unwrap();
    assert!(made.headers.is_empty(), "{:?}", made.headers);
    assert_eq!(made.retry.as_ref().map(|retry| (retry.count, retry.interval_seconds)), Some((3, 7)));
    assert_eq!(made.additions.tls.as_ref().unwrap().at_least.as_deref(), Some("1.3"));
    assert_eq!(made.uri.query.as_ref().unwrap().items[0].name, "q");
    let (entity, _) = commanded("curl -u \"$NAME:$PASSWORD\" \"${BASE}/x\"");
    let made = entity.request().unwrap();
    assert_eq!(made.additions.before[0].value, "${NAME}:${PASSWORD}");
    assert_eq!((made.uri.host.as_deref(), made.uri.path.as_deref()), (Some("${BASE}"), Some("/x")));
    let import = curl("curl.exe -s http://h/1 http://h/2", &Seeded::new(1)).unwrap();
    assert_eq!(import.drive.entities.len(), 2);
    let (entity, _) =
        commanded("curl ^\"http://h/a?x=1^&y=2^\" ^\r\n  -H ^\"a: ^\\^\"b^\\^\"^\" ^\r\n  --data-raw ^\"c^\"");
    let made = entity.request().unwrap();
    assert_eq!((made.headers[0].value(), made.uri.query.as_ref().unwrap().items.len()), ("\"b\"", 2));
}

#[test]
fn programs_hold_the_request() {
    let request = Prepared {
        method: "POST".into(),
        url: "http://h/x?a=1".into(),
        headers: vec![("X-Quote".into(), "a\"b\\".into())],
        body: Some("line 1\nit's ü".into()),
        web_socket: None,
    };
    for (language, parts) in [
        (
            Language::Curl,
            [
                "curl -i -X POST \\\n -H 'X-Quote:a\"b\\' \\\n -H 'Content-Type:' \\\n",
                "--data-raw 'line 1\nit'\\''s ü' \\\n 'http://h/x?a=1'\n",
            ],
        ),
        (Language::Python, ["request.add_header(\"X-Quote\", \"a\\\"b\\\\\")", "data=\"line 1\\nit's ü\".encode()"]),
        (Language::Java, [".header(\"X-Quote\", \"a\\\"b\\\\\")", "ofString(\"line 1\\nit's ü\")"]),
        (
            Language::JavaScript,
            ["[\"X-Quote\", \"a\\\"b\\\\\"]", "body: new TextEncoder().encode(\"line 1\\nit's ü\")"],
        ),
        (Language::Go, ["Header.Add(\"X-Quote\", \"a\\\"b\\\\\")", "strings.NewReader(\"line 1\\nit's ü\")"]),
        (Language::Rust, [".header(\"X-Quote\", \"a\\\"b\\\\\")", ".body(\"line 1\\nit's ü\")"]),
    ] {
        let program = generate(&request, language).unwrap();
        for part in parts {
            assert!(program.contains(part), "{}: {program}", language.name());
        }
    }
    let bytes = Prepared { body: Some(vec![0xff]), ..request };
    assert!(generate(&bytes, Language::Python).is_err());
}

proptest! {
    #[test]
    fn a_curl_command_reads_back_as_the_request(value in "[ -~ü]{0,20}", text in "[ -~\n\tü]{1,40}", path in "[a-z0-9/]{0,10}", typed: bool) {
        let request = Prepared {
            method: "POST".into(),
            url: format!("http://example.org/{path}"),
            headers: vec![("X-A".into(), value.trim().to_owned()), ("Content-Type".into(), "text/plain".into())]
                .into_iter().take(if typed { 2 } else { 1 }).collect(),
            body: Some(text.clone().into_bytes()),
            web_socket: None,
        };
        let import = curl(&generate(&request, Language::Curl).unwrap(), &Seeded::new(1)).unwrap();
        let name = import.drive.entities[0].name.clone();
        prop_assert_eq!(prepared(&import, &[&name], &[]), request);
    }

    #[test]
    fn no_text_makes_an_importer_panic(text in "[\\{\\}\\[\\]\":,a-z0-9 '\\\\$@=\n-]{0,60}") {
        let _ = curl(&format!("curl {text}"), &Seeded::new(1));
        let _ = postman(&text, &Seeded::new(1));
        let _ = openapi(&text, &Seeded::new(1));
        let _ = har(&text, &TestClock::new(), &Seeded::new(1));
    }
}
