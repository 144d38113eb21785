//! The expression language: the reference's check values, names and references, errors that point.

use proptest::prelude::*;
use stoker_tester::expr::{Declaration, Expression, FUNCTIONS, Part, Placed, Segment, Template};

use crate::support::{START, evaluate};

fn value(template: &str) -> String {
    evaluate(template, &[]).unwrap()
}

fn error(template: &str) -> String {
    evaluate(template, &[("host", "h")]).unwrap_err()
}

#[test]
fn check_values_of_the_reference() {
    for (template, expected) in [
        (r#"${"username:password".base64()}"#, "dXNlcm5hbWU6cGFzc3dvcmQ="),
        (r#"${"test".hmac("sha256", "secret", "Base64")}"#, "Aymga2LNFrM+tnkr6MYLFY2Jou46h2/Omogeu0iMCRQ="),
        (r#"${"test".hmac("sha1", "secret", "Hex")}"#, "1aa349585ed7ecbd3b9c486a30067e395ca4b356"),
        (r#"${"toto".md5()}"#, "f71dbe52628a3f83a77ab494817525c6"),
        (r#"${"123".md5()}"#, "202cb962ac59075b964b07152d234b70"),
        (r#"${"toto".sha("SHA224", "Base64")}"#, "IcBD7s1+hUI6ctrjwGKitb+g5rNc4/54jJtXpg=="),
        (r#"${"toto".sha("SHA1", "Hex")}"#, "0b9c2625dc21ef05f6ad4ddf47c5f203837aa32c"),
        (r#"${"0123456".substring(1)}"#, "123456"),
        (r#"${"0123456".substring(1, 2)}"#, "1"),
        (r#"${"0123456".substring(0, 4)}"#, "0123"),
        (r#"${"AbC".lower()}"#, "abc"),
        (r#"${"aBc".upper()}"#, "ABC"),
        (r#"${"toto".string()}"#, "\"toto\""),
        (r#"${"toto".string("'")}"#, "'toto'"),
        (r#"${"{\"titi\": \"toto\"}".jsonPath("$.titi")}"#, "toto"),
        (r#"${"<title lang='en' />".xPath("//title/@lang")}"#, r#"[lang="en"]"#),
        (r#"${"toto"}"#, "toto"),
    ] {
        assert_eq!(value(template), expected, "{template}");
    }
}

#[test]
fn longer_digests_and_their_forms() {
    assert!(value(r#"${"toto".sha("SHA-384", "hex")}"#).len() == 96);
    assert!(value(r#"${"toto".sha("sha512", "HEX")}"#).len() == 128);
    assert_eq!(value(r#"${"x".hmac("SHA256", "")}"#), value(r#"${"x".hmac("SHA256", "", "Base64")}"#));
}

#[test]
fn functions_of_our_own() {
    for (template, expected) in [
        (r#"${"a b/ü".urlEncode()}"#, "a%20b%2F%C3%BC"),
        (r#"${"a%20b%2F%C3%BC".urlDecode()}"#, "a b/ü"),
        (r#"${"dG90bw==".base64Decode()}"#, "toto"),
        (r#"${"a\"b".jsonStringify()}"#, r#""a\"b""#),
        (r#"${"  x ".trim()}"#, "x"),
        (r#"${"a-b-c".replace("-", "+")}"#, "a+b+c"),
        (r#"${"order 4711".matches("\d+")}"#, "true"),
        (r#"${"order 4711".matches("order (\d+)", 1)}"#, "4711"),
        (r#"${"[1,2,3]".jsonPath("$").last()}"#, "3"),
        (r#"${"abc".first()}"#, "a"),
        (r#"${"abc".indexOf("c")}"#, "2"),
        (r#"${"abc".indexOf("x")}"#, "-1"),
        (r#"${"[1,2,3]".jsonPath("$").length()}"#, "3"),
        (r#"${"äöü".length()}"#, "3"),
    ] {
        assert_eq!(value(template), expected, "{template}");
    }
}

#[test]
fn made_data_keeps_its_promises() {
    assert_eq!(value("${timestamp()}"), START.to_string());
    let uuid = value("${uuid()}");
    assert_eq!(uuid.len(), 36);
    assert_eq!(&uuid[14..15], "4");
    for _ in 0..50 {
        let drawn: u32 = value("${random(50)}").parse().unwrap();
        assert!(drawn < 50);
    }
    assert!(value("${random()}").parse::<u32>().unwrap() < 1_000_000_000);
    let text = value("${randomString(40, false, false, true)}");
    assert!(text.len() == 40 && text.bytes().all(|b| b.is_ascii_digit()), "{text}");
    assert_eq!(value("${randomString()}").len(), 10);
}

#[test]
fn dates_move_by_the_calendar() {
    for (template, expected) in [
        ("${timestamp().addTime(\"WEEK\", \"-1\")}", (START - 7 * 86_400_000).to_string()),
        (
            "${timestamp().addTime(\"month\", 1).formatDate(\"TIMESTAMP\", \"ISO_8601\")}",
            "2026-02-28T12:00:00.000Z".into(),
        ),
        ("${\"2026-01-31T12:00:00Z\".formatDate(\"ISO_8601\", \"TIMESTAMP\")}", START.to_string()),
        (
            "${timestamp().formatDate(\"TIMESTAMP\", \"dd/MM/yyyy HH:mm:ss.SSS XXX\")}",
            "31/01/2026 12:00:00.000 Z".into(),
        ),
        ("${\"31.01.2026 12:00\".formatDate(\"dd.MM.yyyy HH:mm\", \"TIMESTAMP\")}", START.to_string()),
        ("${\"20260131 0205 PM\".formatDate(\"yyyyMMdd hhmm a\", \"yyyy-MM-dd'T'HH:mm\")}", "2026-01-31T14:05".into()),
        ("${\"2026-01-31T14:00:00+02:00\".formatDate(\"yyyy-MM-dd'T'HH:mm:ssXXX\", \"TIMESTAMP\")}", START.to_string()),
        ("${\"2026-01-31T00:00:00Z\".addTime(\"DAY\", 1)}", "2026-02-01T00:00:00.000Z".into()),
    ] {
        assert_eq!(value(template), expected, "{template}");
    }
    assert!(error("${timestamp().addTime(\"FORTNIGHT\", 1)}").contains("must be YEAR, MONTH"));
}

#[test]
fn a_head_is_a_variable_then_an_entity_then_itself() {
    let variables = [("server", r#"{"host":"h","port":"456"}"#), ("Ping", "shadowed"), ("list", "[10,20]")];
    let text = |template| evaluate(template, &variables).unwrap();
    assert_eq!(text(r#"${"server"."host"}:${"server"."port"}"#), "h:456");
    assert_eq!(text("${Ping}"), "shadowed");
    assert_eq!(text("${nobody}"), "nobody");
    assert_eq!(text("${list[1]} ${ list . \"0\" }"), "20 10");
    assert_eq!(text("{list} $ {server}"), "{list} $ {server}", "braces alone are text");
    assert_eq!(text(r#"${"}".length()}"#), "1", "a brace inside quotes does not end the expression");
    assert_eq!(text(r#"${"a".string("'").length()}"#), "3");
}

#[test]
fn requests_are_objects() {
    for (template, expected) in [
        (r#"${"Shop"."Users"."Login"."response"."body"."access_token"}"#, "abc"),
        (r#"${getEntityById("login")."response"."body"."items"."1"."type"}"#, "second"),
        (r#"${getEntityById("login")."name"}"#, "Login"),
        (r#"${"Shop"."Users"."Login"."response"."status"."code"}"#, "201"),
        (r#"${"Shop"."Users"."Login"."response"."headers"."content-TYPE"}"#, "application/json"),
        (r#"${"Shop"."Users"."Login"."response"."body".jsonPath("$.items[0].type")}"#, "first"),
        (r#"${"Shop"."Users"."Login"."response"."body"."big"}"#, "12345678901234567890.10"),
        (r#"${"Shop"."Users"."Login"."request"."query"."user"}"#, "ann"),
        (r#"${"Shop"."Users"."Login"."request"."body"}"#, "plain"),
        (r#"${"Shop"."Users"."Login"."response"."body"."items"."0"}"#, r#"{"type":"first"}"#),
    ] {
        assert_eq!(value(template), expected, "{template}");
    }
}

#[test]
fn errors_say_where_and_what_was_meant() {
    for (template, parts) in [
        ("ab\ncd ${\"x\".lowr()}", &["line 2, column 10", "no function `lowr`", "did you mean `lower`?"][..]),
        (r#"${"Shop"."Uzers"}"#, &["`Shop` has no `Uzers`", "did you mean `Users`?"]),
        (r#"${"Shp"."Users"}"#, &["neither a variable nor an entity", "did you mean `Shop`?"]),
        (r#"${"Shop"."Users"."Later"."response"}"#, &["`Later` was not sent yet"]),
        (
            r#"${"Shop"."Users"."Login"."response"."body"."acces_token"}"#,
            &["did you mean `access_token`?", "column 44"],
        ),
        (r#"${"Shop"."Users"}"#, &["a whole scenario cannot be a value"]),
        (r#"${getEntityById("logn")."name"}"#, &["no entity has the id logn", "`login`"]),
        ("${\"a\".substring(3, 1)}", &["3 to 1 is not inside"]),
        ("${\"a\".md5(1)}", &["1 arguments given, takes md5()"]),
        ("${md5()}", &["needs a value before the dot"]),
        ("${\"a\".uuid()}", &["stands at the beginning"]),
        ("${a-b}", &["put names with such characters in quotes"]),
        ("${\"a", &["no closing"]),
        ("${}", &["needs a name"]),
        ("${random(0)}", &["max must be at least 1"]),
    ] {
        let message = error(template);
        for part in parts {
            assert!(message.contains(part), "{template}: {message}");
        }
    }
}

#[test]
fn nesting_has_a_limit() {
    let deep = format!("${{{}1{}}}", "random(".repeat(500), ")".repeat(500));
    assert!(error(&deep).contains("nested deeper"));
}

#[test]
fn every_function_says_what_it_takes() {
    for function in FUNCTIONS {
        assert!(function.help.len() > 5 && function.signature().contains(function.name));
    }
}

fn declaration() -> impl Strategy<Value = Declaration> {
    let text = "[a-z \\{\\}\\$\"'äß]{0,8}";
    let leaf = prop_oneof![
        "[a-z_][a-z0-9_]{0,6}".prop_map(Segment::Id),
        text.prop_map(Segment::Text),
        (-1000i32..1000).prop_map(|number| Segment::Number(number.to_string())),
    ];
    let alone = leaf.prop_map(|segment| Declaration { segments: vec![Placed { segment, at: 0 }] });
    alone.prop_recursive(3, 16, 3, move |inner| {
        let later = prop_oneof![
            "[a-z_][a-z0-9_]{0,6}".prop_map(Segment::Id),
            text.prop_map(Segment::Text),
            prop::collection::vec(inner.clone(), 0..3).prop_map(|args| Segment::Method { name: "hmac".into(), args }),
            prop::collection::vec(inner.clone(), 1..3)
                .prop_map(|positions| Segment::Index { name: "list".into(), positions }),
        ];
        (inner, prop::collection::vec(later, 0..3)).prop_map(|(mut head, later)| {
            head.segments.extend(later.into_iter().map(|segment| Placed { segment, at: 0 }));
            head
        })
    })
}

proptest! {
    #[test]
    fn the_text_form_parses_back(declaration in declaration(), before in "[a-z{} ]{1,5}") {
        let source = String::new();
        let template = Template {
            parts: vec![Part::Text(before), Part::Expression(Expression { declaration, source })],
        };
        prop_assert_eq!(Template::parse(&template.to_string()).unwrap(), template);
    }

    #[test]
    fn no_text_makes_it_panic(text in "[\\$\\{\\}\"'\\.\\(\\)\\[\\]a-z0-9, \\\\-]{0,40}", any in ".{0,30}") {
        let _ = evaluate(&text, &[]);
        let _ = evaluate(&format!("${{{any}}}"), &[]);
    }
}
