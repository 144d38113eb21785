//! Files of the reference: both shapes, what real files hold, round trips.

use stoker_tester::json::Json;
use stoker_tester::model::{BodyKind, Kind};
use stoker_tester::native::{ExportOptions, ImportOptions, export_flat, export_tree, import};

use crate::support::json;

pub(crate) const TREE: &str = r#"{
 "version": 6, "something": {"new": [1.50, null]},
 "entities": [
  {"entity": {"id":"p1","type":"Project","name":"Shop / [A]: ü ","description":"","color":"red"}, "future": true,
   "children": [
    {"entity": {"id":"s1","type":"Scenario","name":"Empty"}},
    {"entity": {"id":"s2","type":"Scenario","name":"Buy"}, "children": [
      {"entity": {"id":"r1","type":"Request","name":"Login",
        "method": {"name":"POST","requestBody":true,"link":"http://tools.ietf.org/html/rfc7231#section-4.3.3"},
        "uri": {"scheme":{"name":"https","version":"V11","secure":true},"host":"${\"ip\"}:${\"port\"}","path":"/login/{x}/",
          "query":{"delimiter":"&","items":[{"enabled":true,"name":"a","value":"1"},{"enabled":true,"name":"a","value":"2"},{"name":"?"}]}},
        "headers": [{"enabled":true,"name":"Accept","value":"*/*"},{"enabled":true,"name":"","value":""}],
        "body": {"bodyType":"Text","textBody":"a\r\nb","autoSetLength":true,
          "formBody":{"encoding":"multipart/form-data","overrideContentType":true,"items":[{"enabled":true,"name":"f","type":"File"}]}},
        "assertions": [
          {"subject":"ResponseStatus","path":"code","comparison":"Equals","value":"200"},
          {"enabled":false,"subject":"ResponseJsonBody","path":"$.","comparison":"LengthGreaterThanOrEqual","value":"1"},
          {"enabled":true,"subject":"ResponseBody","path":"content","comparison":"Sounds","value":200}],
        "retryConfiguration": {"retryCount":1,"intervalInSeconds":10}}},
      {"entity": {"id":"r2","type":"Request","name":"Use","method":{"name":"GET"},
        "uri":{"path":"example.org/${getEntityById(\"r1\")}/${getEntityById(\"gone\")}"},
        "headers":[],"body":{"bodyType":"Text","textBody":"kept"}}}
    ]}
   ]}
 ],
 "environments": [{"id":"e1","name":"dev","variables":{
   "v2":{"name":"b","value":"2","enabled":false,"createdAt":"2020-01-02","private":false},
   "v1":{"name":"a","value":"1","enabled":true,"createdAt":"2020-01-01","private":false,"extra":1}}}]
}"#;

pub(crate) const FLAT: &str = r#"{"front-version":"2.19.2","version":3,"nodes":[
 {"id":"r2","type":"Request","name":"Second","lastModified":"2019-01-01T00:00:00+01:00","parentId":"s1","method":{"name":"GET"},
  "uri":{"scheme":{"name":"http","version":"V11"},"path":"{\"Shop\".\"Buy\".\"First\".\"response\".\"body\"}/{x}"},
  "headers":[],"headersType":"Form","body":{"bodyType":"Text"},"uriEditor":{"x":1},"metaInfo":{"ownerId":"someone"}},
 {"id":"s1","type":"Scenario","name":"Buy","parent":"p1","requestOrder":["First","Gone","Second"]},
 {"id":"r1","type":"Request","name":"First","parentId":"s1","method":{"name":"GET"},"uri":{},"headers":[],"body":{"bodyType":"Text"}},
 {"id":"p1","type":"Project","name":"Shop"},
 {"id":"e1","type":"Context","name":"dev","lastModified":"2019","variables":[{"name":"host","value":"h","enabled":true},{"name":"off","value":"x"}]}
]}"#;

#[test]
fn a_tree_file_comes_back_as_it_was() {
    let imported = import(TREE, ImportOptions::default()).unwrap();
    let written = export_tree(&imported.drive, ExportOptions::default());
    assert!(json(&written).same(&json(TREE)), "{written}");
    let again = import(&written, ImportOptions::default()).unwrap();
    assert_eq!(export_tree(&again.drive, ExportOptions::default()), written, "same bytes");
    assert!(imported.warnings.iter().any(|warning| warning.contains("gone")), "{:?}", imported.warnings);
    assert!(imported.warnings.iter().any(|warning| warning.contains("`Sounds`")));
    assert_eq!(imported.warnings.len(), 2);
}

#[test]
fn what_a_tree_file_means() {
    let drive = import(TREE, ImportOptions::default()).unwrap().drive;
    let login = drive.by_path(&["Shop / [A]: ü ", "Buy", "Login"]).unwrap().request().unwrap().clone();
    assert_eq!(login.uri.host.as_deref(), Some(r#"${"ip"}:${"port"}"#));
    assert_eq!(login.uri.query.as_ref().unwrap().items.iter().filter(|row| row.is_on()).count(), 2);
    assert_eq!(login.assertions.iter().map(|one| one.is_on()).collect::<Vec<_>>(), [true, false, true]);
    assert_eq!(login.retry.as_ref().map(|retry| (retry.count, retry.interval_seconds)), Some((1, 10)));
    assert_eq!(login.body.kind, BodyKind::Text);
    let names: Vec<&str> = drive.environments[0].variables.iter().map(|variable| variable.name.as_str()).collect();
    assert_eq!(names, ["a", "b"], "ordered by creation");
}

#[test]
fn a_flat_file_comes_back_as_it_was() {
    let imported = import(FLAT, ImportOptions::default()).unwrap();
    let shop = &imported.drive.entities[0];
    assert_eq!(
        shop.children[0].children.iter().map(|child| child.name.as_str()).collect::<Vec<_>>(),
        ["First", "Second"]
    );
    let written = json(&export_flat(&imported.drive, ExportOptions::default()));
    let by_id = |file: &Json| {
        let mut nodes = file.get("nodes").unwrap().as_array().unwrap().to_vec();
        nodes.sort_by_key(|node| node.get("id").unwrap().render());
        nodes
    };
    // The parent's other spelling and the personal data are the only differences.
    let expected =
        json(&FLAT.replace("\"parent\"", "\"parentId\"").replace(r#","metaInfo":{"ownerId":"someone"}"#, ""));
    assert_eq!(by_id(&written), by_id(&expected));
    assert_eq!(written.get("front-version"), expected.get("front-version"));
}

#[test]
fn old_braces_are_read_on_request_only() {
    let path = |legacy_braces| {
        let drive = import(FLAT, ImportOptions { legacy_braces }).unwrap().drive;
        drive.by_id("r2").unwrap().request().unwrap().uri.path.clone().unwrap()
    };
    assert_eq!(path(false), r#"{"Shop"."Buy"."First"."response"."body"}/{x}"#);
    assert_eq!(path(true), r#"${"Shop"."Buy"."First"."response"."body"}/{x}"#);
}

#[test]
fn private_values_stay_here() {
    let text =
        TREE.replace(r#""createdAt":"2020-01-01","private":false"#, r#""createdAt":"2020-01-01","private":true"#);
    let drive = import(&text, ImportOptions::default()).unwrap().drive;
    let written = json(&export_tree(&drive, ExportOptions::default()));
    let variables = written.get("environments").unwrap().as_array().unwrap()[0].get("variables").unwrap().clone();
    assert_eq!(variables.get("v1").unwrap().get("value"), None);
    assert_eq!(variables.get("v2").unwrap().get("value"), Some(&Json::text("2")));
}

#[test]
fn broken_files_say_where() {
    for (text, part) in [
        ("{\"nodes\": [1,x]}", "line 1, column 14"),
        ("{}", "neither `nodes`"),
        (
            r#"{"nodes":[{"id":"1","type":"Projekt","name":"x"}]}"#,
            "nodes[0].type: unknown type `Projekt`; did you mean `Project`?",
        ),
        (r#"{"nodes":[{"id":"1","type":"Service","name":"x","parentId":"2"}]}"#, "the parent 2 is not in the file"),
        (
            r#"{"nodes":[{"id":"1","type":"Service","name":"x"},{"id":"1","type":"Service","name":"y"}]}"#,
            "occurs twice",
        ),
        (
            r#"{"entities":[{"entity":{"id":"1","type":"Request","name":"x","uri":{"host":5}}}]}"#,
            "entities[0].entity.uri.host: expected text, found number",
        ),
        (
            r#"{"entities":[{"entity":{"id":"1","type":"Scenario","name":"x"},"children":[{"entity":{"id":"2","type":"Project","name":"y"}}]}]}"#,
            "cannot be inside",
        ),
    ] {
        let message = import(text, ImportOptions::default()).unwrap_err().to_string();
        assert!(message.contains(part), "{message}");
    }
    assert!(import(&format!("\u{feff}{TREE}"), ImportOptions::default()).is_ok(), "a byte-order mark is fine");
}

#[test]
fn additions_survive_both_shapes() {
    let mut drive = import(TREE, ImportOptions::default()).unwrap().drive;
    let Kind::Request(request) = &mut drive.entities[0].children[1].children[0].kind else { panic!() };
    request.additions.timeout_ms = Some(1500);
    request.additions.graphql =
        Some(stoker_tester::model::GraphQl { query: "{ me }".into(), variables: "{\"a\":1}".into(), operation: None });
    request.body.kind = BodyKind::GraphQl;
    for text in [export_tree(&drive, ExportOptions::default()), export_flat(&drive, ExportOptions::default())] {
        let read = import(&text, ImportOptions::default()).unwrap().drive;
        let request = read.by_id("r1").unwrap().request().unwrap();
        assert_eq!(request.additions.timeout_ms, Some(1500));
        assert_eq!(request.body.kind, BodyKind::GraphQl);
        assert_eq!(request.body.text.as_deref(), Some(r#"{"query":"{ me }","variables":{"a":1}}"#));
    }
    let plain = export_tree(&drive, ExportOptions { extensions: false, ..ExportOptions::default() });
    assert!(!plain.contains("stoker"), "nothing of ours in a file for the reference");
}

#[test]
fn three_ways_to_import_into_what_is_there() {
    use stoker_tester::model::MergePolicy::{Overwrite, Preserve, Update};
    let known = import(TREE, ImportOptions::default()).unwrap().drive;
    let newer = TREE
        .replace("\"r1\"", "\"other\"")
        .replace("\\\"r1\\\"", "\\\"other\\\"")
        .replace("/login/{x}/", "/changed")
        .replace("\"name\":\"Use\"", "\"name\":\"Added\"")
        .replace("\"r2\"", "\"r3\"");
    for (policy, path) in [(Overwrite, "/changed"), (Preserve, "/login/{x}/"), (Update, "/login/{x}/")] {
        let mut drive = known.clone();
        drive.merge(import(&newer, ImportOptions::default()).unwrap().drive, policy);
        let requests = &drive.entities[0].children[1].children;
        assert_eq!(requests.iter().map(|one| one.name.as_str()).collect::<Vec<_>>(), ["Login", "Use", "Added"]);
        assert_eq!((requests[0].id.as_str(), requests[0].request().unwrap().uri.path.as_deref()), ("r1", Some(path)));
        let added = requests[2].request().unwrap().uri.path.clone().unwrap();
        assert!(added.contains("getEntityById(\"r1\")"), "references follow: {added}");
        assert_eq!(drive.environments.len(), 1);
    }
    let dated = |year: &str, path: &str| {
        let text = FLAT.replace("2019-01-01T00", &format!("{year}-01-01T00")).replace("/{x}", path);
        import(&text, ImportOptions::default()).unwrap().drive
    };
    for (year, kept) in [("2020", "/new"), ("2018", "/old")] {
        let mut drive = dated("2019", "/old");
        drive.merge(dated(year, "/new"), Update);
        assert!(drive.by_id("r2").unwrap().request().unwrap().uri.path.as_ref().unwrap().ends_with(kept));
    }
}
