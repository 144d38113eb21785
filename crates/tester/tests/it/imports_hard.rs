//! Collections and descriptions as real ones are: each thing in them is carried over or named.

use stoker_tester::import::{openapi, postman};
use stoker_tester::model::*;
use stoker_tester::world::Seeded;

use crate::imports::{body, header, prepared};

/// What real collections hold beside plain requests; each thing is carried over or named.
const HARD: &str = r##"{"info": {"name": "Hard", "schema": "https://schema.getpostman.com/json/collection/v2.1.0/collection.json"},
 "event": [{"listen": "prerequest", "script": {"type": "text/javascript", "exec": ["pm.environment.set('a', 1);"]}}],
 "auth": {"type": "basic", "basic": [{"key": "password", "value": "p"}, {"key": "username", "value": "u"}]},
 "variable": [{"key": "host", "value": "h.example"}, {"key": "pin", "value": "1234", "type": "secret"}, {"key": "no", "value": 5, "disabled": true}],
 "item": [
  {"name": "Empty", "description": "for later", "item": []},
  {"name": "Folder", "auth": null, "event": [{"listen": "test", "script": {"exec": "doIt();"}}], "variable": [{"key": "own", "value": "1"}], "item": [
   {"name": "parts", "protocolProfileBehavior": {"followRedirects": true, "strictSSL": false, "disableCookies": true},
    "response": [{"name": "saved"}, {"name": "another"}],
    "request": {"method": "POST", "header": "X-One: 1\nX-Two: {{host}}",
     "url": {"protocol": "https", "host": ["{{host}}"], "port": "8443", "path": ["users", ":id", ":idx", {"type": "any", "value": "end"}],
      "variable": [{"key": "id", "value": "7"}, {"key": "idx", "value": null}], "query": [{"key": "a", "value": null}, {"key": "off", "value": "1", "disabled": true}]},
     "body": {"mode": "formdata", "formdata": [{"key": "f", "type": "file", "src": ["one.txt", "two.txt"]}, {"key": "t", "value": "v", "type": "text", "contentType": "text/x"},
      {"key": "gone", "type": "file", "src": null}, {"key": "d", "value": "x", "type": "text", "disabled": true}]}}},
   {"name": "json", "request": {"method": "PUT", "header": [], "auth": {"type": "noauth"}, "url": {"raw": "https://{{host}}/j?x=1#top"},
     "body": {"mode": "raw", "raw": "{\"t\": {{$timestamp}}}", "options": {"raw": {"language": "json"}}}}},
   {"name": "graph", "request": {"method": "POST", "header": [], "url": "https://{{host}}/g", "auth": {"type": "oauth2", "oauth2": [{"key": "accessToken", "value": "t0"}, {"key": "headerPrefix", "value": "Token"}]},
     "body": {"mode": "graphql", "graphql": {"query": "query A { me }", "variables": "{\"n\": 1}", "operationName": "A"}}}},
   {"name": "off", "request": {"method": "POST", "url": "https://{{host}}/o", "auth": {"type": "digest"}, "proxy": {"host": "p"}, "body": {"mode": "raw", "raw": "x", "disabled": true}}},
   {"name": "tests", "event": [{"listen": "test", "script": {"exec": ["pm.test('a', () => { pm.response.to.have.status(200); });", "/* pm.response.to.have.status(201); */",
      "pm.response.to.have.status(202); doIt();", "if (x) {", "  pm.response.to.have.status(203);", "}"]}}], "request": "https://{{host}}/t"},
   {"name": "nothing"}
  ]}]}"##;

#[test]
fn nothing_of_a_hard_collection_is_lost_silently() {
    let import = postman(HARD, &Seeded::new(1)).unwrap();
    let at = |name: &str| import.drive.by_path(&["Hard", "Folder", name]).unwrap().request().unwrap();
    let prepare = |name: &str| prepared(&import, &["Hard", "Folder", name], &[("idx", "3")]);
    assert_eq!(import.drive.by_path(&["Hard", "Empty"]).unwrap().description.as_deref(), Some("for later"));
    let parts = at("parts");
    let uri = format!("{}{}", parts.uri.host.as_ref().unwrap(), parts.uri.path.as_ref().unwrap());
    assert_eq!(uri, "${host}:8443/users/7/${idx}/end");
    let names: Vec<_> = parts.headers.iter().map(|row| (row.name.as_str(), row.value())).collect();
    assert_eq!(names, [("X-One", "1"), ("X-Two", "${host}"), ("Authorization", "Basic ${basicCredentials.base64()}")]);
    let rows: Vec<_> = parts
        .body
        .form
        .as_ref()
        .unwrap()
        .items
        .iter()
        .map(|row| (row.name.as_str(), row.value(), row.is_on()))
        .collect();
    assert_eq!(
        rows,
        [("f", "one.txt", true), ("f", "two.txt", true), ("t", "v", true), ("gone", "", true), ("d", "x", false)]
    );
    assert_eq!((parts.additions.follow_redirects, parts.additions.tls.as_ref().unwrap().verify), (Some(true), false));
    let json = prepare("json");
    assert_eq!((json.url.as_str(), body(&json).as_str()), ("https://h.example/j?x=1", "{\"t\": 1769860800}"));
    assert_eq!((header(&json, "content-type"), header(&json, "authorization")), ("application/json", ""));
    assert_eq!(at("graph").additions.graphql.as_ref().unwrap().operation.as_deref(), Some("A"));
    assert_eq!(header(&prepare("graph"), "authorization"), "Token t0");
    assert_eq!(prepare("off").body, None);
    let checks: Vec<_> = at("tests").assertions.iter().map(ToString::to_string).collect();
    assert_eq!(checks, ["ResponseStatus code Equals 200", "ResponseStatus code Equals 202"]);
    let variables = &import.drive.environments[0].variables;
    assert!(variables[1].is_private() && !variables[2].is_on() && variables[2].value.as_deref() == Some("5"));
    for part in [
        "the collection: the script before each request",
        "folder `Folder`: the script after each request",
        "folder `Folder`: the variable `own`",
        "`parts`: the path variable `:idx` has no value; set `idx`",
        "`parts`: the type of the form part `t`",
        "`parts`: the form part `gone` names no file",
        "`parts`: the setting `disableCookies`",
        "`parts`: its 2 saved examples",
        "`graph`: the token of `oauth2` is carried over, how to get a new one is not",
        "`off`: its body is switched off",
        "`off`: the authorization `digest`",
        "`off`: its proxy",
        "`tests`: this line of the test script is not carried over: doIt();",
        "`tests`: this line of the test script is not carried over: if (x) {",
        "`tests`: this line of the test script is not carried over: pm.response.to.have.status(203);",
        "`nothing` has no request",
    ] {
        assert_eq!(
            import.warnings.iter().filter(|one| one.contains(part)).count(),
            1,
            "{part}: {:#?}",
            import.warnings
        );
    }
    // The closing brace of the condition stands alone.
    assert_eq!(import.warnings.len(), 17, "{:#?}", import.warnings);
}

/// Cycles of references, unquoted statuses, styles, ways in, servers: as real descriptions have them.
const HARD_API: &str = r##"
openapi: 3.1.0
info: {title: Hard}
servers:
  - {url: "https://{region}.example/v{n}", variables: {region: {default: eu}, n: {default: 2, enum: [1, 2]}}}
  - {url: "http://localhost:8080", description: Local}
security: [{cookie: [], mutual: []}]
webhooks: {created: {post: {}}}
paths:
  /nodes:
    summary: All nodes
    get:
      summary: List
      parameters:
        - {name: tag, in: query, required: true, schema: {type: array, items: {type: string}, example: [a, b]}}
        - {name: ids, in: query, required: true, style: pipeDelimited, explode: false, schema: {type: array, example: [1, 2]}}
        - {name: at, in: query, required: true, style: deepObject, schema: {type: object, properties: {x: {type: integer}}}}
        - {name: filter, in: query, required: true, content: {application/json: {example: {a: 1}}}}
        - {name: sid, in: cookie, required: true, schema: {type: string, default: s}}
        - {name: maybe, in: cookie, schema: {type: string}}
        - {name: X-List, in: header, required: true, schema: {type: array, example: [1, 2]}}
        - {$ref: "other.yaml#/Far"}
      responses: {200: {description: fine}}
      callbacks: {done: {}}
    post:
      security: [{gone: []}]
      servers: [{url: "https://upload.example/"}]
      requestBody: {content: {application/xml: {}, application/json: {schema: {$ref: "#/components/schemas/Node"}}}}
      responses: {default: {}}
    put:
      security: []
      requestBody: {content: {application/octet-stream: {schema: {type: string, format: binary}}}}
  /far: {$ref: "far.yaml"}
components:
  securitySchemes: {cookie: {type: apiKey, in: cookie, name: session}, mutual: {type: mutualTLS}}
  schemas:
    Node:
      type: object
      properties:
        name: {type: [string, "null"]}
        left: {$ref: "#/components/schemas/Node"}
        a: {oneOf: [{$ref: "#/components/schemas/Node"}, {type: integer}]}
        list: {type: array, items: {$ref: "#/components/schemas/Node"}}
        far: {$ref: "other.yaml#/Thing"}
"##;

#[test]
fn nothing_of_a_hard_description_is_lost_silently() {
    let import = openapi(HARD_API, &Seeded::new(1)).unwrap();
    let get = prepared(&import, &["Hard", "/nodes", "List"], &[("cookie", "c1")]);
    let query = "tag=a&tag=b&ids=1%7C2&at[x]=0&filter=%7B%22a%22:1%7D";
    assert_eq!(get.url, format!("https://eu.example/v2/nodes?{query}"));
    assert_eq!((header(&get, "cookie"), header(&get, "x-list")), ("sid=s; session=c1", "1,2"));
    let list = import.drive.by_path(&["Hard", "/nodes", "List"]).unwrap().request().unwrap();
    assert_eq!(list.assertions[0].to_string(), "ResponseStatus code Equals 200");
    let post = prepared(&import, &["Hard", "/nodes", "POST /nodes"], &[]);
    assert_eq!(post.url, "https://upload.example/nodes");
    let sent = crate::support::json(&body(&post));
    assert_eq!(sent.to_string(), r#"{"name":"text","a":0,"list":[]}"#);
    let put = import.drive.by_path(&["Hard", "/nodes", "PUT /nodes"]).unwrap().request().unwrap();
    assert_eq!(put.body.kind, BodyKind::File);
    assert_eq!(import.drive.by_path(&["Hard", "/nodes"]).unwrap().description.as_deref(), Some("All nodes"));
    let bases: Vec<_> = import
        .drive
        .environments
        .iter()
        .map(|one| (one.name.as_str(), one.variables[0].value.as_deref().unwrap()))
        .collect();
    assert_eq!(bases, [("Hard", "https://eu.example/v2"), ("Hard - Local", "http://localhost:8080")]);
    for part in [
        "get /nodes: the optional cookie `maybe`",
        "get /nodes: the parameter `other.yaml#/Far` is not in this file",
        "get /nodes: the security scheme `mutual` of the kind mutualTLS",
        "get /nodes: the callback `done`",
        "post /nodes: the security scheme `gone` is not in this file",
        "post /nodes: the body is made as application/json; application/xml",
        "post /nodes: `other.yaml#/Thing` is not in this file",
        "put /nodes: the body is a file",
        "/far: `far.yaml` is not in this file",
        "the webhook `created`",
    ] {
        assert_eq!(
            import.warnings.iter().filter(|one| one.starts_with(part)).count(),
            1,
            "{part}: {:#?}",
            import.warnings
        );
    }
    assert_eq!(import.warnings.len(), 10, "{:#?}", import.warnings);
}

#[test]
fn a_schema_that_doubles_with_every_level_is_cut_short() {
    let level = |at: usize| {
        let next = format!("{{\"$ref\": \"#/definitions/L{}\"}}", at + 1);
        let members: Vec<String> = (0..20).map(|member| format!("\"m{member}\": {next}")).collect();
        format!("\"L{at}\": {{\"properties\": {{{}}}}}", members.join(","))
    };
    let levels: Vec<String> = (0..10).map(level).collect();
    let file = format!(
        "{{\"swagger\": \"2.0\", \"info\": {{\"title\": \"T\"}}, \"host\": \"h\", \"paths\": {{\"/x\": {{\"post\": {{\"parameters\": \
         [{{\"in\": \"body\", \"name\": \"b\", \"schema\": {{\"$ref\": \"#/definitions/L0\"}}}}]}}}}}}, \"definitions\": {{{}}}}}",
        levels.join(",")
    );
    let import = openapi(&file, &Seeded::new(1)).unwrap();
    assert!(import.warnings.iter().any(|one| one.contains("cut short")), "{:?}", import.warnings);
    assert!(body(&prepared(&import, &["T", "/x", "POST /x"], &[])).len() < 500_000);
}
