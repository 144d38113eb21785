//! A secret that does not print itself.

/// An access token: a personal one, or one that a service account got from [`Client::oauth_token`](crate::Client::oauth_token).
///
/// Its `Debug` output hides the text, so that it may stand in structs that get logged.
#[derive(Clone, PartialEq, Eq)]
pub struct Token(String);

impl Token {
    /// Takes the text of a token; white space around it, for example the line end of a file, is dropped.
    pub fn new(text: impl AsRef<str>) -> Self {
        Self(text.as_ref().trim().to_owned())
    }

    /// The text, for the one place that sends or stores it.
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// Whether there is no text at all.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl std::fmt::Debug for Token {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Token(hidden)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_hides_the_text() {
        let token = Token::new(" eyJsecret\n");
        assert_eq!(token.reveal(), "eyJsecret");
        assert!(!format!("{token:?}").contains("eyJ"));
    }
}
