//! Regular expressions as JavaScript reads them.

use proptest::prelude::*;
use stoker_tester::regex::Regex;

fn matches(pattern: &str, text: &str) -> bool {
    Regex::parse(pattern).unwrap().is_match(text).unwrap()
}

#[test]
fn javascript_rules() {
    for (pattern, yes, no) in [
        ("^Darth", "Darth Vader", "darth"),
        ("/^darth/i", "Darth Vader", "a darth"),
        (r"\d{3}", "a123", "a12"),
        (r"^\d$", "5", "٣"),
        (r"^\w+$", "abc_1", "äbc"),
        (r"^a.c$", "abc", "a\nc"),
        ("/^a.c$/s", "a\nc", "a"),
        ("/^b$/m", "a\nb\nc", "ab"),
        (r"(a)|b\1c", "bc", "x"),
        (r"(?<y>\d{4})-\k<y>", "2020-2020", "2020-2021"),
        (r"(?<!x)y", "ay", "xy"),
        (r"foo(?=bar)", "foobar", "foobaz"),
        (r"\bcat\b", "a cat.", "concat"),
        (r"^[^\]]+$", "a[b", "a]"),
        (r"^[a-c\-\d]+$", "a-3", "d"),
        (r"{not a count}", "{not a count}", "x"),
        (r"^\u00e4\x41$", "äA", "aA"),
        (r"^[^]$", "\n", ""),
        (r"a\/b", "a/b", "ab"),
        (r"^\s$", "\u{feff}", "x"),
        (r"^[[&&~]+$", "[&~", "]"),
        (r"end$", "the end", "the end\n"),
        (r"^(?:a+?){2,3}$", "aaa", "b"),
        (r"^\p{Lu}$", "Ä", "ä"),
        (r"\$\{x\}", "${x}", "x"),
    ] {
        assert!(matches(pattern, yes), "{pattern} should match {yes:?}");
        assert!(!matches(pattern, no), "{pattern} should not match {no:?}");
    }
    assert!(!matches("[]", "anything"));
}

#[test]
fn broken_and_endless_patterns_are_errors() {
    for pattern in ["(", ")", "[a", "a**", r"\9", "(?x)", "[b-a]", "(?<1>a", "a\\"] {
        assert!(Regex::parse(pattern).is_err(), "{pattern}");
    }
    let slow = Regex::parse(r"^(?=(a+)+b)").unwrap();
    let answer = slow.is_match(&"a".repeat(40));
    assert!(matches!(answer, Ok(false) | Err(_)), "{answer:?}");
    let slower = Regex::parse(r"^(a|a|aa)*\1$").unwrap().is_match(&format!("{}b", "a".repeat(60)));
    assert!(slower.is_err() || slower == Ok(false));
}

proptest! {
    #[test]
    fn no_pattern_makes_it_panic(pattern in "[a-c\\[\\]\\(\\)\\{\\}?*+|^$.,0-3<>=!:kdwbux\\\\/-]{0,20}") {
        if let Ok(regex) = Regex::parse(&pattern) {
            let _ = regex.is_match("abc 123 {}");
        }
    }
}
