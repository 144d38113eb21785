//! The same requests in the language of each program.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use serde_json::{Value, json};

/// Scenarios, files and folders, whatever a program calls them.
const GROUPS: usize = 20;

/// Where the inputs are.
pub(super) struct Inputs {
    /// A project folder of ours.
    pub(super) project: PathBuf,
    /// Files of hurl.
    pub(super) hurl: Vec<PathBuf>,
    /// A Postman collection.
    pub(super) collection: PathBuf,
}

/// The answer of the server: about a kilobyte of JSON, whose fourth item the requests ask for.
pub(super) fn answer() -> Value {
    let item = |number: u64| {
        json!({
            "id": format!("5f2a9c00-0000-4000-8000-{number:012}"), "name": format!("item {number}"), "price": number * 100,
            "tags": ["a", "b"], "active": number.is_multiple_of(2),
        })
    };
    json!({ "total": 8, "items": (0..8).map(item).collect::<Vec<_>>() })
}

/// Writes `requests` requests with three checks each for every program.
pub(super) fn write(folder: &Path, base: &str, requests: usize) -> Result<Inputs> {
    let made = Inputs {
        project: folder.join("project"),
        hurl: (0..GROUPS).map(|group| folder.join(format!("group-{group:02}.hurl"))).collect(),
        collection: folder.join("collection.json"),
    };
    fs::create_dir_all(made.project.join("shop"))?;
    put(&made.project.join("drive.toml"), "format = 1\n")?;
    put(&made.project.join("shop/project.toml"), &format!("id = \"{}\"\nname = \"Shop\"\n", id(0, 0)))?;
    let mut folders = Vec::new();
    for (group, hurl) in made.hurl.iter().enumerate() {
        let numbers: Vec<usize> = (group..requests).step_by(GROUPS).collect();
        let mut own = format!("id = \"{}\"\nname = \"Group {group}\"\n", id(group + 1, 0));
        let mut entries = String::new();
        for number in &numbers {
            own_request(&mut own, base, group, *number);
            hurl_entry(&mut entries, base, *number);
        }
        put(&made.project.join(format!("shop/group-{group:02}.scenario.toml")), &own)?;
        put(hurl, &entries)?;
        let items: Vec<Value> = numbers.iter().map(|number| postman_item(base, *number)).collect();
        folders.push(json!({ "name": format!("Group {group}"), "item": items }));
    }
    let schema = "https://schema.getpostman.com/json/collection/v2.1.0/collection.json";
    let collection = json!({ "info": { "name": "Shop", "schema": schema }, "item": folders });
    put(&made.collection, &collection.to_string())?;
    Ok(made)
}

fn put(path: &Path, text: &str) -> Result<()> {
    fs::write(path, text).with_context(|| format!("write {}", path.display()))
}

fn id(group: usize, number: usize) -> String {
    format!("00000000-0000-4000-{:04}-{number:012}", 8000 + group)
}

fn own_request(text: &mut String, base: &str, group: usize, number: usize) {
    // Writing into a `String` cannot fail.
    let _ = write!(
        text,
        "\n[[request]]\nid = \"{}\"\nname = \"Request {number}\"\nmethod = \"GET\"\nurl = \"{base}/items\"\n\
         query = [\"page = {number}\"]\nheaders = [\"Accept: application/json\"]\nchecks = [\n\
         \x20 [\"ResponseStatus\", \"code\", \"Equals\", \"200\"],\n\
         \x20 [\"ResponseHeader\", \"content-type\", \"Contains\", \"json\"],\n\
         \x20 [\"ResponseJsonBody\", \"$.items[3].name\", \"Equals\", \"item 3\"],\n]\n",
        id(group + 1, number + 1)
    );
}

fn hurl_entry(text: &mut String, base: &str, number: usize) {
    let _ = write!(
        text,
        "GET {base}/items?page={number}\nAccept: application/json\nHTTP 200\n[Asserts]\n\
         header \"content-type\" contains \"json\"\njsonpath \"$.items[3].name\" == \"item 3\"\n\n"
    );
}

fn postman_item(base: &str, number: usize) -> Value {
    let script = [
        "pm.test('status', () => pm.response.to.have.status(200));",
        "pm.test('header', () => pm.expect(pm.response.headers.get('content-type')).to.include('json'));",
        "pm.test('body', () => pm.expect(pm.response.json().items[3].name).to.eql('item 3'));",
    ];
    json!({
        "name": format!("Request {number}"),
        "event": [{ "listen": "test", "script": { "type": "text/javascript", "exec": script } }],
        "request": {
            "method": "GET", "url": format!("{base}/items?page={number}"),
            "header": [{ "key": "Accept", "value": "application/json" }],
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_program_gets_every_request_once() -> Result<()> {
        let folder = tempfile::tempdir()?;
        let made = write(folder.path(), "http://127.0.0.1:1", 50)?;
        let mut own = 0;
        for entry in fs::read_dir(made.project.join("shop"))? {
            own += fs::read_to_string(entry?.path())?.matches("[[request]]").count();
        }
        let mut hurl = 0;
        for file in &made.hurl {
            hurl += fs::read_to_string(file)?.matches("GET ").count();
        }
        let collection = fs::read_to_string(&made.collection)?.matches("\"method\":\"GET\"").count();
        assert_eq!((own, hurl, collection), (50, 50, 50));
        assert!((800..1_400).contains(&answer().to_string().len()), "{}", answer().to_string().len());
        Ok(())
    }
}
