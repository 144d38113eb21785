//! The JSON path dialect.

use proptest::prelude::*;
use stoker_tester::effort::Effort;
use stoker_tester::path::JsonPath;

use crate::support::json;

const STORE: &str = r#"{"store":{"book":[
 {"category":"reference","author":"Nigel Rees","title":"Sayings of the Century","price":8.95},
 {"category":"fiction","author":"Evelyn Waugh","title":"Sword of Honour","price":12.99},
 {"category":"fiction","author":"Herman Melville","title":"Moby Dick","isbn":"0-553-21311-3","price":8.99},
 {"category":"fiction","author":"J. R. R. Tolkien","title":"The Lord of the Rings","isbn":"0-395-19395-8","price":22.99}],
 "bicycle":{"color":"red","price":19.95}},"expensive":10,"odd-name":{"a b":1}}"#;

fn select(path: &str) -> String {
    match JsonPath::parse(path).unwrap().select(&json(STORE), &Effort::default()).unwrap().into_json() {
        Some(found) => found.to_string(),
        None => "nothing".to_owned(),
    }
}

#[test]
fn the_dialect_on_the_bookstore() {
    let authors = r#"["Nigel Rees","Evelyn Waugh","Herman Melville","J. R. R. Tolkien"]"#;
    let books = json(STORE).get("store").unwrap().get("book").unwrap().to_string();
    for (path, expected) in [
        ("$.store..price", "[8.95,12.99,8.99,22.99,19.95]"),
        ("$.store.book[1:4:2].author", r#"["Evelyn Waugh","J. R. R. Tolkien"]"#),
        ("$.store.book[1].*", r#"["fiction","Evelyn Waugh","Sword of Honour",12.99]"#),
        ("$.store.book[?(@.isbn)].title", r#"["Moby Dick","The Lord of the Rings"]"#),
        ("$.store.book.author", authors),
        ("$..author", authors),
        ("$.store.book[*].author", authors),
        ("$..book.author", authors),
        ("$..book[0]", &books),
        ("$..book", &format!("[{books}]")),
        ("$..author[2]", r#""Herman Melville""#),
        ("$..category[(@.length-1)]", r#""fiction""#),
        ("$.store.book[(@.length-1)].title", r#""The Lord of the Rings""#),
        ("$.store.book[-1:].price", "[22.99]"),
        ("$.store.book[0,3].price", "[8.95,22.99]"),
        ("$.store.book[?(@.price<10)].price", "[8.95,8.99]"),
        ("$.store.book[?(@.price > 10 && @.category == 'fiction')].price", "[12.99,22.99]"),
        ("$.store.book[?(!(@.isbn) || @.price==8.99)].price", "[8.95,12.99,8.99]"),
        ("$..book[?(@.price>=22.99)].title", r#"["The Lord of the Rings"]"#),
        ("$.store.book[?(@.author =~ /^j\\. r/i)].price", "[22.99]"),
        ("$.store.book[?(@.title != \"Moby Dick\")].price", "[8.95,12.99,22.99]"),
        ("$.store.book[?(@.author.length>12)].price", "[8.99,22.99]"),
        ("$['store']['bicycle'].color", r#""red""#),
        ("$.odd-name.a b", "1"),
        ("$.store.bicycle.missing", "nothing"),
        ("$.store.book.missing", "[]"),
        ("$.store.book[7]", "nothing"),
        ("expensive", "10"),
        ("$.expensive.more", "nothing"),
        ("$..['color']", r#"["red"]"#),
        ("$.store.bicycle['color','price']", r#"["red",19.95]"#),
    ] {
        assert_eq!(select(path), expected, "{path}");
    }
    assert_eq!(select("$"), json(STORE).to_string());
    assert_eq!(select("$."), json(STORE).to_string());
    assert_eq!(json(&select("$..")).as_array().unwrap().len(), 30);
}

#[test]
fn wrong_paths_say_where() {
    for (path, part) in [
        ("$.a[", "column 5"),
        ("$.a[?(@.b = 1)]", "comparison"),
        ("$.a[(1+1)]", "a script must be"),
        ("$.a[0:3:0]", "at least 1"),
        ("$.a['x]", "no closing"),
    ] {
        let message = JsonPath::parse(path).map(|path| format!("{path:?}")).unwrap_err().to_string();
        assert!(message.contains(part), "{path}: {message}");
    }
}

proptest! {
    #[test]
    fn no_path_makes_it_panic(path in "[\\$\\.\\[\\]\\(\\)a-z0-9@?*:,'\"<=>!&| -]{0,30}") {
        if let Ok(path) = JsonPath::parse(&path) {
            let _ = path.select(&json(STORE), &Effort::default());
        }
    }
}
