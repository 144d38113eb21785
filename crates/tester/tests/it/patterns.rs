//! Regular expressions as JavaScript reads them.

use proptest::proptest;
use stoker_tester::effort::Effort;
use stoker_tester::regex::{Regex, RegexError};

fn matches(pattern: &str, text: &str) -> bool {
    Regex::parse(pattern).unwrap().is_match(text, &Effort::default()).unwrap()
}

/// The match and its groups, joined by `|`; a group that took no part is `-`.
fn groups(pattern: &str, text: &str) -> String {
    let found = Regex::parse(pattern).unwrap().groups(text, &Effort::default()).unwrap();
    let Some(found) = found else { return "none".to_owned() };
    found.into_iter().map(|group| group.unwrap_or_else(|| "-".to_owned())).collect::<Vec<_>>().join("|")
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
        ("/^b$/m", "a\rb\u{2028}c", "ab"),
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
        (r"^\P{L}$", "1", "a"),
        (r"/^[^a]$/i", "b", "A"),
        (r"/(ab)\1/i", "abAB", "abAC"),
        (r"\$\{x\}", "${x}", "x"),
        (r"^(?!.*secret).*$", "all fine", "a secret"),
        (r"(?<=\$)\d+(?:\.\d\d)?$", "$10.50", "10.50"),
        (r"^(?=.*\d)(?=.*[a-z]).{4,8}$", "abc1", "abcd"),
        (r"^(?:(a)|b)*$", "abab", "abc"),
        (r"(?:x?)*y", "xxy", "xx"),
        (r"^a{2}$", "aa", "a"),
        (r"^a{,2}$", "a{,2}", "aa"),
    ] {
        assert!(matches(pattern, yes), "{pattern} should match {yes:?}");
        assert!(!matches(pattern, no), "{pattern} should not match {no:?}");
    }
    assert!(!matches("[]", "anything"));
}

#[test]
fn groups_are_those_of_javascript() {
    for (pattern, text, wanted) in [
        (r"(\d+)-(\w+)?", "x 12-ab", "12-ab|12|ab"),
        (r"(\d+)-(\w+)?", "x 12-", "12-|12|-"),
        // Each round of a loop begins without captures.
        (r"(?:(a)|(b))*", "ab", "ab|-|b"),
        (r"(z)((a+)?(b+)?(c))*", "zaacbbbcac", "zaacbbbcac|z|ac|a|-|c"),
        (r"(?:(a)|(b))*(?=c)", "abc", "ab|-|b"),
        (r"(a*?)(a*)", "aaa", "aaa||aaa"),
        (r"(a*)*", "b", "|-"),
        (r"(a*)*(?!x)", "b", "|-"),
        // A counted round that takes nothing does not count.
        (r"(?:|a+)?", "aaa", "aaa"),
        (r"(a*)?", "b", "|-"),
        (r"(?:(a+)|(b)?){2,4}", "aab", "aab|-|b"),
        // Look-behind is read from its end.
        (r"(?<=(\d+)(\d+))$", "1053", "|1|053"),
        (r"(?<=\1(a))b", "aab", "b|a"),
        (r"(?=(a+))a*b\1", "baaabac", "aba|a"),
        (r"(?!(a))b", "b", "b|-"),
        (r"(a|ab)(c|bcd)(d*)", "abcd", "abcd|a|bcd|"),
        (r"/(Ä+)/i", "xääÄ", "ääÄ|ääÄ"),
        (r"q", "abc", "none"),
    ] {
        assert_eq!(groups(pattern, text), wanted, "{pattern} on {text}");
    }
}

#[test]
fn broken_patterns_are_errors() {
    for pattern in [
        "(",
        ")",
        "[a",
        "a**",
        "*a",
        r"\9",
        "(?x)",
        "[b-a]",
        "(?<1>a",
        "(?<1>a)",
        "a\\",
        "a{3,2}",
        "^*",
        r"\p{Nothing}",
        "(?:(?:a{999}){999}){999}",
        "a{99999999999999999999}",
    ] {
        let answer = Regex::parse(pattern);
        assert!(matches!(answer, Err(RegexError::Syntax { .. })), "{pattern}: {answer:?}");
    }
    let deep = format!("{}{}", "(".repeat(200), ")".repeat(200));
    assert!(Regex::parse(&deep).unwrap_err().to_string().contains("deeper than 100"));
}

#[test]
fn what_grows_only_with_the_text_needs_no_limit_and_the_rest_ends() {
    // JavaScript itself takes for ever on these.
    let text = format!("{}b", "a".repeat(50_000));
    assert!(!matches(r"^(a+)+$", &text) && !matches(r"^(a|a|aa)*$", &text) && !matches(r".*x.*", &text));
    let effort = Effort::of(1_000_000);
    for pattern in [r"^(?=(a+)+c)", r"^(a|a|aa)*\1c$", r"(?:a*)*(?=c)", r"(?<=(a+)+)c(?!a)b"] {
        let answer = Regex::parse(pattern).unwrap().is_match(&text[..60], &Effort::of(1_000_000));
        let Err(error @ RegexError::Halted { .. }) = &answer else {
            assert_eq!(answer, Ok(false), "{pattern}");
            continue;
        };
        let said = error.to_string();
        assert!(said.contains(pattern) && said.contains("60 bytes") && said.contains("1000000 steps"), "{said}");
    }
    let slow = Regex::parse(r"^(?=(a+)+c)").unwrap();
    assert!(slow.is_match(&text, &effort).is_err());
    assert!(slow.is_match("c", &effort).is_err(), "nothing is left for the next one");
    // Words on a large text, which look at both sides, are an everyday thing.
    assert!(!matches(r"\bnothing\b", &"some words ".repeat(100_000)));
}

/// Pattern, flags, text, and the match with its groups.
type Answer = (String, String, String, Option<Vec<Option<String>>>);

/// `oracle/patterns.mjs` asks JavaScript itself about patterns made at random.
#[test]
fn javascript_itself_finds_the_same() {
    let answers = include_str!("../golden/patterns.jsonl");
    let mut checked = 0;
    for line in answers.lines() {
        let (pattern, flags, text, wanted): Answer = serde_json::from_str(line).unwrap();
        // Nothing between slashes is no pattern there either.
        let source = if pattern.is_empty() { "(?:)" } else { &pattern };
        let regex = Regex::parse(&format!("/{source}/{flags}")).unwrap_or_else(|error| panic!("{line}: {error}"));
        let found = regex.groups(&text, &Effort::default()).unwrap_or_else(|error| panic!("{line}: {error}"));
        assert_eq!(found, wanted, "{line}");
        assert_eq!(regex.is_match(&text, &Effort::default()), Ok(wanted.is_some()), "{line}");
        checked += 1;
    }
    assert_eq!(checked, 3_000);
}

proptest! {
    #[test]
    fn no_pattern_makes_it_panic(pattern in "[a-c\\[\\]\\(\\)\\{\\}?*+|^$.,0-3<>=!:kdwbux\\\\/-]{0,20}") {
        if let Ok(regex) = Regex::parse(&pattern) {
            let _ = regex.is_match("abc 123 {}", &Effort::of(10_000_000));
            let _ = regex.groups("abc 123 {}", &Effort::of(10_000_000));
        }
    }
}
