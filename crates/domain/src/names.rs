//! Rules for the names people give to things, and when two of them are the same to the eye.

use std::borrow::Cow;
use unicode_normalization::{IsNormalized, UnicodeNormalization, is_nfc_quick};

/// Why a name was refused; the message names the field and the cure.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NameError {
    /// Nothing but blanks.
    #[error("{field} must not be empty")]
    Empty {
        /// The field of the request.
        field: &'static str,
    },
    /// Longer than allowed.
    #[error("{field} must have at most {max} characters")]
    TooLong {
        /// The field of the request.
        field: &'static str,
        /// The limit in characters.
        max: usize,
    },
    /// A control character, which no screen or log could show.
    #[error("{field} must not hold control characters")]
    Control {
        /// The field of the request.
        field: &'static str,
    },
    /// A character that nobody sees: two names that look the same, or text that is shown in another order.
    #[error("{field} must not hold the invisible character U+{code:04X}")]
    Invisible {
        /// The field of the request.
        field: &'static str,
        /// The character.
        code: u32,
    },
}

/// Checks a name: 1 to `max` characters, no control characters and none of [`is_invisible`]; blanks around it are cut,
/// and it comes back in normal form C.
pub fn checked(field: &'static str, text: &str, max: usize) -> Result<String, NameError> {
    let text = text.trim();
    if text.is_empty() {
        return Err(NameError::Empty { field });
    }
    let text = composed(text);
    if let Some(hidden) = text.chars().find(|c| is_invisible(*c)) {
        return Err(NameError::Invisible { field, code: hidden.into() });
    }
    line(field, &text, max)
}

/// The text in normal form C: what one keyboard writes as a letter and an accent is what another writes as one sign.
pub fn composed(text: &str) -> Cow<'_, str> {
    match is_nfc_quick(text.chars()) {
        IsNormalized::Yes => Cow::Borrowed(text),
        _ => Cow::Owned(text.nfc().collect()),
    }
}

/// Whether nobody sees a character, and no script and no emoji needs it: it would only make two names look the same, or
/// show a text in another order than it has.
pub fn is_invisible(character: char) -> bool {
    matches!(character,
        '\u{AD}' | '\u{115F}' | '\u{1160}' | '\u{180E}' | '\u{200B}' | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{206F}'
        | '\u{3164}' | '\u{FEFF}' | '\u{FFA0}' | '\u{FFF9}'..='\u{FFFB}' | '\u{E0000}'..='\u{E0FFF}')
}

/// Whether a character is seen only by what it does to its neighbours: joiners, direction marks, variants of signs.
fn is_silent(character: char) -> bool {
    matches!(character, '\u{34F}' | '\u{61C}' | '\u{200C}'..='\u{200F}' | '\u{FE00}'..='\u{FE0F}')
        || is_invisible(character)
}

/// What two names have in common that people would take for the same: without regard to case, width, accents written as
/// one sign or two, and signs that are not seen. Letters of different scripts stay different.
pub fn key(text: &str) -> String {
    let mut key = folded(text);
    // Folding can bring out what folds again; twice is the most that is known.
    for _ in 0..3 {
        let again = folded(&key);
        if again == key {
            break;
        }
        key = again;
    }
    key
}

fn folded(text: &str) -> String {
    let seen = text.nfkc().filter(|c| !is_silent(*c));
    let folded: String = seen.flat_map(char::to_uppercase).flat_map(char::to_lowercase).nfkc().collect();
    folded.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Checks that a name shows all its characters and that its letters are of one of the scripts that look alike, Latin,
/// Greek and Cyrillic: `аdmin` with a Cyrillic first letter is not `admin`. For names that people trust without reading
/// twice, such as logins.
pub fn is_plain(text: &str) -> bool {
    let mut scripts = [false; 3];
    for character in text.nfkc() {
        if is_silent(character) {
            return false;
        }
        match character {
            'A'..='Z' | 'a'..='z' | '\u{C0}'..='\u{24F}' | '\u{1E00}'..='\u{1EFF}' => scripts[0] = true,
            '\u{370}'..='\u{3FF}' | '\u{1F00}'..='\u{1FFF}' => scripts[1] = true,
            '\u{400}'..='\u{52F}' | '\u{1C80}'..='\u{1C8F}' | '\u{2DE0}'..='\u{2DFF}' | '\u{A640}'..='\u{A69F}' => {
                scripts[2] = true;
            }
            _ => {}
        }
    }
    scripts.iter().filter(|seen| **seen).count() <= 1
}

/// Checks a text of one line that may be empty: 0 to `max` characters, no control characters.
pub fn line(field: &'static str, text: &str, max: usize) -> Result<String, NameError> {
    if text.chars().any(|c| matches!(c, '\n' | '\r' | '\t')) {
        return Err(NameError::Control { field });
    }
    described(field, text, max)
}

/// Checks a text that may be left out: an empty or blank one counts as left out, any other is checked like a name.
pub fn optional(field: &'static str, text: Option<&str>, max: usize) -> Result<Option<String>, NameError> {
    text.filter(|text| !text.trim().is_empty()).map(|text| checked(field, text, max)).transpose()
}

/// Checks a description: 0 to `max` characters; line ends and tabs are allowed, other control characters are not.
pub fn described(field: &'static str, text: &str, max: usize) -> Result<String, NameError> {
    if text.chars().count() > max {
        return Err(NameError::TooLong { field, max });
    }
    if text.chars().any(|c| c.is_control() && !matches!(c, '\n' | '\r' | '\t')) {
        return Err(NameError::Control { field });
    }
    Ok(text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_trimmed_and_checked() {
        assert_eq!(checked("name", "  Löad orders ", 255), Ok("Löad orders".to_owned()));
        assert_eq!(checked("name", " \t ", 255), Err(NameError::Empty { field: "name" }));
        assert_eq!(checked("name", "a\u{0}b", 255), Err(NameError::Control { field: "name" }));
        assert_eq!(checked("name", "a\nb", 255), Err(NameError::Control { field: "name" }));
        assert_eq!(optional("host", Some(" "), 255), Ok(None));
        assert_eq!(optional("host", Some("a\tb"), 255), Err(NameError::Control { field: "host" }));
        assert_eq!(checked("name", &"x".repeat(256), 255), Err(NameError::TooLong { field: "name", max: 255 }));
        assert_eq!(checked("name", "Lo\u{308}ad", 4), Ok("L\u{f6}ad".to_owned()));
        for (text, code) in [("a\u{202e}b", 0x202e), ("\u{feff}a", 0xfeff), ("a\u{200b}", 0x200b)] {
            assert_eq!(checked("name", text, 9), Err(NameError::Invisible { field: "name", code }), "{text:?}");
        }
        let family = "\u{1f468}\u{200d}\u{1f469}\u{200d}\u{1f467}";
        assert_eq!(checked("name", family, 9).as_deref(), Ok(family), "joiners belong to emoji");
    }

    #[test]
    fn what_looks_the_same_has_one_key() {
        for (one, other) in [
            ("Admin", "aDMIN"),
            ("\u{e9}t\u{e9}", "E\u{301}TE\u{301}"),
            ("admin", "\u{ff41}\u{ff44}\u{ff4d}\u{ff49}\u{ff4e}"),
            ("stra\u{df}e", "STRASSE"),
            ("\u{3c3}", "\u{3c2}"),
            ("k", "\u{212a}"),
            ("ad\u{200d}min", "admin"),
            ("a  b", "a\u{a0}b"),
            ("\u{fb01}n", "fin"),
        ] {
            assert_eq!(key(one), key(other), "{one:?} {other:?}");
        }
        for (one, other) in [("admin", "admin1"), ("e", "\u{e9}"), ("admin", "\u{430}dmin"), ("a b", "ab")] {
            assert_ne!(key(one), key(other), "{one:?} {other:?}");
        }
    }

    #[test]
    fn a_login_is_of_one_script() {
        for good in ["admin", "m\u{fc}ller", "\u{430}\u{43d}\u{43d}\u{430}", "\u{540d}\u{524d}-1", "ada.l@example.com"]
        {
            assert!(is_plain(good), "{good}");
        }
        for bad in ["\u{430}dmin", "adm\u{3b9}n", "ad\u{200d}min", "admin\u{fe0f}"] {
            assert!(!is_plain(bad), "{bad:?}");
        }
    }

    proptest::proptest! {
        #[test]
        fn keys_are_stable(text in proptest::prelude::any::<String>()) {
            let once = key(&text);
            proptest::prop_assert_eq!(key(&once), once.clone());
            proptest::prop_assert_eq!(key(&text.to_lowercase()), once.clone());
            proptest::prop_assert_eq!(key(&composed(&text)), once);
        }

        #[test]
        fn a_checked_name_is_checked_again_to_itself(text in ".{0,40}") {
            if let Ok(name) = checked("name", &text, 255) {
                proptest::prop_assert_eq!(checked("name", &name, 255), Ok(name.clone()));
            }
        }
    }
}
