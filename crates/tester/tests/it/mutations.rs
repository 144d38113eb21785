//! Files of other tools with something wrong in them: a message, never a panic. `PROPTEST_CASES` makes it a long run.

use proptest::prelude::*;
use stoker_tester::folder::{read, write};
use stoker_tester::import::{curl, har, openapi, postman};
use stoker_tester::native::{ImportOptions, import};
use stoker_tester::world::Seeded;

use crate::native::{FLAT, TREE};
use crate::support::TestClock;

const POSTMAN: &str = r#"{"info":{"name":"A","schema":"https://schema.getpostman.com/json/collection/v2.1.0/collection.json"},
"variable":[{"key":"host","value":"example.org"}],"item":[{"name":"F","item":[{"name":"R","request":{"method":"POST",
"url":{"raw":"http://{{host}}/a?b=1","query":[{"key":"b","value":"1"}]},"header":[{"key":"X","value":"y"}],
"auth":{"type":"basic","basic":[{"key":"username","value":"u"},{"key":"password","value":"p"}]},
"body":{"mode":"urlencoded","urlencoded":[{"key":"k","value":"v"}]}},"event":[{"listen":"test","script":{"exec":
["pm.response.to.have.status(200);"]}}]}]}]}"#;
const OPENAPI: &str = r##"{"openapi":"3.0.3","info":{"title":"A","version":"1"},"servers":[{"url":"http://example.org/v1"}],
"paths":{"/a/{id}":{"post":{"summary":"Make","parameters":[{"name":"id","in":"path","required":true,"schema":
{"type":"string"}}],"requestBody":{"content":{"application/json":{"schema":{"$ref":"#/components/schemas/N"}}}},
"responses":{"200":{"description":"ok"}}}}},"components":{"schemas":{"N":{"type":"object","properties":
{"next":{"$ref":"#/components/schemas/N"},"list":{"type":"array","items":{"type":"integer"}}}}}}}"##;
const HAR: &str = r#"{"log":{"version":"1.2","creator":{"name":"x","version":"1"},"entries":[{"request":{"method":"GET",
"url":"http://example.org/a?b=c","headers":[{"name":"Accept","value":"*/*"}],"queryString":[{"name":"b","value":"c"}],
"postData":{"mimeType":"text/plain","text":"x"}},"response":{"status":200}}]}}"#;
const CURL: &str =
    "curl -X POST 'http://example.org/a?b=c' -H 'X: y' -u u:p --data-raw '{\"a\":1}' -F 'f=@x' --compressed";

/// A part of the text is left out, doubled, or replaced by another part or by letters that mean something.
fn broken(text: &'static str) -> impl Strategy<Value = String> {
    let length = text.chars().count();
    (
        0..length,
        0usize..40,
        0..length,
        prop_oneof![Just(""), Just("{"), Just("]"), Just("\""), Just("null"), Just("${\"")],
    )
        .prop_map(move |(at, long, from, put)| {
            let letters: Vec<char> = text.chars().collect();
            let end = (at + long).min(length);
            let moved: String = letters[from..(from + long / 2).min(length)].iter().collect();
            let (before, after): (String, String) = (letters[..at].iter().collect(), letters[end..].iter().collect());
            format!("{before}{put}{moved}{after}")
        })
}

proptest! {
    #[test]
    fn a_broken_file_is_refused_or_read_but_never_a_panic(
        tree in broken(TREE), flat in broken(FLAT), collection in broken(POSTMAN), api in broken(OPENAPI),
        archive in broken(HAR), command in broken(CURL),
    ) {
        for text in [tree, flat] {
            if let Ok(read_in) = import(&text, ImportOptions::default()) {
                // What is taken in can be written and read again.
                let texts = write(&read_in.drive);
                let back = read(&texts);
                prop_assert!(back.is_ok(), "{:?}", back.err());
            }
        }
        let seed = Seeded::new(1);
        let _ = postman(&collection, &seed);
        let _ = openapi(&api, &seed);
        let _ = har(&archive, &TestClock::new(), &seed);
        let _ = curl(&command, &seed);
    }
}
