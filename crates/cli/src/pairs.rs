//! `name=value` arguments.

use crate::exit::{Failure, Result};
use std::collections::BTreeMap;

/// Reads one `name=value`; the value may be empty and may hold `=`.
pub(crate) fn parse(text: &str) -> std::result::Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, value)) if !name.trim().is_empty() => Ok((name.trim().to_owned(), value.to_owned())),
        _ => Err("write it as name=value".to_owned()),
    }
}

/// Puts pairs together; a name that is given twice is a mistake, not an overwrite.
pub(crate) fn collect(pairs: impl IntoIterator<Item = (String, String)>) -> Result<BTreeMap<String, String>> {
    let mut all = BTreeMap::new();
    for (name, value) in pairs {
        if all.contains_key(&name) {
            return Err(Failure::usage(format!("a value for `{name}` is given twice")));
        }
        all.insert(name, value);
    }
    Ok(all)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn pairs_need_a_name() {
        assert_eq!(parse("day=2026-02-01").unwrap(), ("day".into(), "2026-02-01".into()));
        assert_eq!(parse("q=a=b").unwrap(), ("q".into(), "a=b".into()));
        assert_eq!(parse("empty=").unwrap(), ("empty".into(), String::new()));
        assert!(parse("=x").is_err());
        assert!(parse("day").is_err());
    }

    #[test]
    fn a_name_given_twice_is_refused_without_its_value() {
        let failure = collect([("a".into(), "hidden1".into()), ("a".into(), "hidden2".into())]).unwrap_err();
        assert!(failure.message.contains("`a`") && !failure.message.contains("hidden"), "{failure}");
    }

    proptest! {
        #[test]
        fn every_value_comes_back(name in "[a-z_][a-zA-Z0-9_.]{0,20}", value in ".*") {
            prop_assert_eq!(parse(&format!("{name}={value}")).unwrap(), (name, value));
        }
    }
}
