//! XPath on XML bodies.

use proptest::prelude::*;
use stoker_tester::effort::Effort;
use stoker_tester::xpath::{Document, evaluate};

const STORE: &str = r#"<?xml version="1.0"?><!DOCTYPE store>
<store xmlns:x="urn:x"><!-- new --><book id="1"><title lang="en">Sayings &amp; more</title><price>8.95</price></book>
<book id="2"><title lang="de">Schwert</title><price>12.99</price></book>
<x:book id="3"><title><![CDATA[<Moby>]]></title><price>8.99</price></x:book></store>"#;

fn run(path: &str) -> String {
    let document = Document::parse(STORE).unwrap();
    let effort = Effort::default();
    evaluate(&document, path, &effort).unwrap().print(&document, &effort).unwrap()
}

#[test]
fn paths_functions_and_operators() {
    for (path, expected) in [
        ("/store/book/@id", r#"[id="1", id="2"]"#),
        ("//title/@lang", r#"[lang="en", lang="de"]"#),
        ("count(//title)", "3"),
        ("string(//book[2]/title)", "Schwert"),
        ("//book[price > 10]/@id", r#"[id="2"]"#),
        ("//book[last()]/@id", r#"[id="2"]"#),
        ("//book[position()=1]/price/text()", "[8.95]"),
        ("//x:book/@id", r#"[id="3"]"#),
        ("//*[local-name()='book']/@id", r#"[id="1", id="2", id="3"]"#),
        ("name(//x:book)", "x:book"),
        ("namespace-uri(//x:book)", "urn:x"),
        ("sum(//price) > 30.9", "true"),
        ("//book[title/@lang='de' or @id=1]/@id", r#"[id="1", id="2"]"#),
        ("//book[not(title/@lang='de')]/@id", r#"[id="1"]"#),
        ("concat(string(//book/@id), '-', 2 * 3 + 1)", "1-7"),
        ("//book[1]/title", r#"[<title lang="en">Sayings &amp; more</title>]"#),
        ("string(//x:book/title)", "<Moby>"),
        ("//price/../@id", r#"[id="1", id="2", id="3"]"#),
        ("//book[@id='1']/following-sibling::*/@id", r#"[id="2", id="3"]"#),
        ("(//price)[2]", "[<price>12.99</price>]"),
        ("//comment()", "[<!-- new -->]"),
        ("//title[contains(., 'Say')]/ancestor::book/@id", r#"[id="1"]"#),
        ("substring('12345', 2, 3)", "234"),
        ("normalize-space('  a  b ')", "a b"),
        ("translate('bar', 'abc', 'AB')", "BAr"),
        ("10 mod 4 = 2 and 9 div 3 = 3", "true"),
        ("-(-3)", "3"),
        (
            "//book/title | //book/price[. = 8.95]",
            r#"[<title lang="en">Sayings &amp; more</title>, <price>8.95</price>, <title lang="de">Schwert</title>]"#,
        ),
        (
            "/",
            &STORE[STORE.find("<store").unwrap()..]
                .replace(" xmlns:x=\"urn:x\"", "")
                .replace("<![CDATA[<Moby>]]>", "&lt;Moby&gt;"),
        ),
    ] {
        let expected = if path == "/" { format!("[{expected}]") } else { expected.to_owned() };
        assert_eq!(run(path), expected, "{path}");
    }
}

#[test]
fn wrong_paths_and_documents_say_why() {
    let document = Document::parse(STORE).unwrap();
    for (path, part) in [
        ("//book[", "column 8"),
        ("cuont(//a)", "did you mean `count`?"),
        ("side::a", "no axis `side`"),
        ("//y:a", "does not declare the prefix `y`"),
        ("$x", "variables"),
    ] {
        let message = evaluate(&document, path, &Effort::default()).unwrap_err().to_string();
        assert!(message.contains(part), "{path}: {message}");
    }
    for text in ["", "<a>", "<a></b>", "<a/><b/>", "<a>&nope;</a>", "<p:a/>", "text"] {
        assert!(Document::parse(text).is_err(), "{text}");
    }
    assert!(Document::parse(&"<a>".repeat(5000)).unwrap_err().to_string().contains("deeper"));
}

proptest! {
    #[test]
    fn no_path_makes_it_panic(path in "[/a-z@\\[\\]\\(\\)0-9=<>|:.*+' -]{0,30}", text in "[<>/a-z&;=\" !?\\-]{0,30}") {
        let _ = Document::parse(&text);
        let _ = evaluate(&Document::parse(STORE).unwrap(), &path, &Effort::default());
    }
}
