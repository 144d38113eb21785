//! Rules for the names people give to things.

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
}

/// Checks a name: 1 to `max` characters, no control characters; blanks around it are cut.
pub fn checked(field: &'static str, text: &str, max: usize) -> Result<String, NameError> {
    let text = text.trim();
    if text.is_empty() {
        return Err(NameError::Empty { field });
    }
    line(field, text, max)
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
    }
}
