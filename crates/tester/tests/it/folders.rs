//! The tester's own files.

use stoker_tester::folder::{load, read, save, write};
use stoker_tester::model::*;
use stoker_tester::native::{ExportOptions, ImportOptions, export_tree, import};

use crate::native::{FLAT, TREE};
use crate::runs::{check, request, scenario, with};
use crate::support::json;

#[test]
fn an_imported_file_survives_the_folder() {
    for text in [TREE, FLAT] {
        let drive = import(text, ImportOptions::default()).unwrap().drive;
        let texts = write(&drive);
        let back = read(&texts).unwrap();
        assert_eq!(write(&back.drive), texts, "same bytes");
        let tree = |drive: &Drive| {
            // Off is off, however it was stored; the order of containers is that of the run.
            let text = export_tree(drive, ExportOptions::default())
                .replace("\"enabled\": false,", "")
                .replace("\"enabled\": true,", "\"enabled\":true,");
            let mut lines: Vec<String> = text
                .lines()
                .map(|line| line.trim().trim_end_matches(',').to_owned())
                .filter(|line| !line.is_empty())
                .collect();
            lines.sort();
            lines
        };
        let (mut before, mut after) = (tree(&drive), tree(&back.drive));
        before.retain(|line| line != "\"enabled\":true");
        after.retain(|line| line != "\"enabled\":true");
        assert_eq!(after, before);
        assert!(json(&export_tree(&back.drive, ExportOptions::default())).get("entities").is_some());
    }
}

#[test]
fn a_file_is_pleasant_to_read() {
    let login = with(request("Login", "POST", "/login"), |request| {
        request.uri.scheme.name = Some("https".into());
        request.uri.query = Some(Query {
            items: vec![Row::new("a", "1"), Row { enabled: None, ..Row::new("b", "2") }],
            ..Query::default()
        });
        request.headers = vec![Row::new("Accept", "*/*")];
        request.body.text = Some("{\n  \"user\": \"${user}\"\n}\n".into());
        request.assertions = vec![check(Subject::ResponseStatus, "code", "Equals", "200")];
        request.additions.extract = vec![Extraction {
            name: "t".into(),
            subject: "ResponseJsonBody".into(),
            path: "$.t".into(),
            pattern: None,
            otherwise: None,
        }];
    });
    let mut project = Entity::new("p", "My Shop", Kind::Project);
    project.children = vec![scenario("Sign up!", ScenarioAdditions::default(), vec![login])];
    let secret = Variable { private: Some(true), ..Variable::new("token", "very secret") };
    let environment =
        Environment { id: "e".into(), name: "Dev".into(), variables: vec![secret], ..Environment::default() };
    let drive = Drive { entities: vec![project], environments: vec![environment], ..Drive::default() };
    let texts = write(&drive);
    assert_eq!(
        texts.keys().collect::<Vec<_>>(),
        ["drive.toml", "environments/dev.toml", "my-shop/project.toml", "my-shop/sign-up.scenario.toml"]
    );
    assert_eq!(
        texts["my-shop/sign-up.scenario.toml"],
        r#"id = "Sign up!"
name = "Sign up!"

[[request]]
id = "Login"
name = "Login"
method = "POST"
url = "https://${base}/login"
query = [
  "a = 1",
  "~ b = 2",
]
headers = [
  "Accept: */*",
]
body = '''
{
  "user": "${user}"
}
'''
checks = [
  ["ResponseStatus", "code", "Equals", "200"],
]

[request.more]
extract = [
  { name = "t", subject = "ResponseJsonBody", path = "$.t" },
]
"#
    );
    assert!(texts["environments/dev.toml"].contains("secret = \"token\""));
    assert!(!texts.values().any(|text| text.contains("very secret")));
    let loaded = read(&texts).unwrap();
    assert_eq!(loaded.places["Login"], "my-shop/sign-up.scenario.toml:5");
}

#[test]
fn mistakes_name_file_and_line() {
    let mut texts = write(&Drive {
        entities: vec![scenario("s", ScenarioAdditions::default(), vec![request("r", "GET", "/")])],
        ..Drive::default()
    });
    let good = texts["s.scenario.toml"].clone();
    for (wrong, parts) in [
        (good.replace("method", "metod"), ["s.scenario.toml: line 7", "unknown field `metod`"]),
        (good.replace("\"GET\"", "5"), ["line 7", "expected a string"]),
        (
            format!("{good}checks = [[\"ResponseStatus\"]]\n"),
            ["s.scenario.toml:5", "needs subject, path and comparison"],
        ),
    ] {
        texts.insert("s.scenario.toml".into(), wrong);
        let message = read(&texts).unwrap_err().to_string();
        for part in parts {
            assert!(message.contains(part), "{message}");
        }
    }
    texts.insert("drive.toml".into(), "format = 2\n".into());
    assert!(read(&texts).unwrap_err().to_string().contains("format 2 is not known"));
}

#[test]
fn a_folder_is_written_read_and_tidied() {
    let root = tempfile::tempdir().unwrap();
    let drive = |name: &str| Drive {
        entities: vec![scenario(name, ScenarioAdditions::default(), vec![request("r", "GET", "/")])],
        ..Drive::default()
    };
    save(&drive("old"), root.path()).unwrap();
    std::fs::write(root.path().join("notes.md"), "mine").unwrap();
    save(&drive("new"), root.path()).unwrap();
    assert_eq!(load(root.path()).unwrap().drive.entities[0].name, "new");
    assert!(!root.path().join("old.scenario.toml").exists() && root.path().join("notes.md").exists());
}

#[test]
fn editors_of_an_imported_file_are_not_overruled() {
    let texts = write(&import(TREE, ImportOptions::default()).unwrap().drive);
    let (file, text) = texts.iter().find(|(_, text)| text.contains("\"a = 1\"")).unwrap();
    assert!(text.contains("kept = "), "{text}");
    let mut edited = texts.clone();
    edited.insert(file.clone(), text.replace("\"a = 1\"", "\"a = 99\""));
    let drive = read(&edited).unwrap().drive;
    assert_eq!(drive.by_id("r1").unwrap().request().unwrap().uri.query.as_ref().unwrap().items[0].value(), "99");
}
