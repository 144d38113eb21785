//! SPDX licence expressions.

use anyhow::{Result, bail, ensure};

/// Whether somebody may choose only licences of `allowed` and satisfy the expression.
///
/// Knows `AND`, `OR`, the old `/` for `OR`, brackets, and `WITH`, whose exceptions only ever allow more. Fails when the
/// text is no such expression.
pub(super) fn permits(expression: &str, allowed: &[&str]) -> Result<bool> {
    let spaced = expression.replace('(', " ( ").replace(')', " ) ").replace('/', " OR ");
    let mut words: Vec<&str> = spaced.split_whitespace().rev().collect();
    let answer = either(&mut words, allowed)?;
    ensure!(words.is_empty(), "the licence expression {expression:?} goes on where it should end");
    Ok(answer)
}

fn either(words: &mut Vec<&str>, allowed: &[&str]) -> Result<bool> {
    let mut answer = all(words, allowed)?;
    while words.pop_if(|word| *word == "OR").is_some() {
        answer |= all(words, allowed)?;
    }
    Ok(answer)
}

fn all(words: &mut Vec<&str>, allowed: &[&str]) -> Result<bool> {
    let mut answer = one(words, allowed)?;
    while words.pop_if(|word| *word == "AND").is_some() {
        answer &= one(words, allowed)?;
    }
    Ok(answer)
}

fn one(words: &mut Vec<&str>, allowed: &[&str]) -> Result<bool> {
    match words.pop() {
        Some("(") => {
            let answer = either(words, allowed)?;
            ensure!(words.pop() == Some(")"), "a bracket of the licence expression is never closed");
            Ok(answer)
        }
        Some(word) if !matches!(word, ")" | "AND" | "OR" | "WITH") => {
            if words.pop_if(|next| *next == "WITH").is_some() {
                ensure!(words.pop().is_some(), "the licence expression ends after WITH");
            }
            Ok(allowed.contains(&word))
        }
        other => bail!("the licence expression has {} where a licence should be", other.unwrap_or("its end")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn expressions_are_read_as_written() {
        let mit = |expression| permits(expression, &["MIT", "ISC"]).ok();
        assert_eq!(mit("MIT"), Some(true));
        assert_eq!(mit("GPL-3.0"), Some(false));
        assert_eq!(mit("MIT OR GPL-3.0"), Some(true));
        assert_eq!(mit("GPL-3.0/MIT"), Some(true));
        assert_eq!(mit("MIT AND GPL-3.0"), Some(false));
        assert_eq!(mit("MIT AND ISC"), Some(true));
        assert_eq!(mit("GPL-3.0 AND MIT OR ISC"), Some(true), "AND binds more tightly");
        assert_eq!(mit("GPL-3.0 AND (MIT OR ISC)"), Some(false));
        assert_eq!(mit("(MIT OR Apache-2.0) AND ISC"), Some(true));
        assert_eq!(mit("MIT WITH some-exception AND ISC"), Some(true));
    }

    #[test]
    fn what_is_no_expression_is_an_error() {
        for text in ["", "MIT OR", "(MIT", "MIT)", "MIT ISC", "AND MIT", "MIT WITH"] {
            assert!(permits(text, &["MIT", "ISC"]).is_err(), "{text:?}");
        }
    }
}
