//! Personal access tokens.

use super::Extra;
use serde::{Deserialize, Serialize};

/// A token with which a program acts for a person.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PersonalToken {
    /// Its id; not the secret.
    pub id: String,
    /// What its owner calls it.
    pub name: String,
    /// When it was made, RFC 3339.
    pub created_at: String,
    /// When it ends, RFC 3339; never when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<String>,
    /// When it was last used, RFC 3339.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_used_at: Option<String>,
    /// The secret, shown once, in the answer to the creation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token: Option<String>,
    /// Everything else.
    #[serde(flatten)]
    pub extra: Extra,
}

impl std::fmt::Debug for PersonalToken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PersonalToken")
            .field("id", &self.id)
            .field("name", &self.name)
            .field("token", &self.token.as_ref().map(|_| "hidden"))
            .finish_non_exhaustive()
    }
}

/// Asks for a new token.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct NewPersonalToken {
    /// What its owner calls it.
    pub name: String,
    /// When it ends, RFC 3339; never when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_output_hides_the_secret_and_nothing_is_lost() {
        let text = r#"{"id":"i","name":"n","createdAt":"2026-02-03T09:00:00.000Z","token":"eyJs3cr3t","newer":1}"#;
        let token: PersonalToken = serde_json::from_str(text).unwrap();
        assert!(!format!("{token:?}").contains("s3cr3t"));
        let again: serde_json::Value = serde_json::to_value(&token).unwrap();
        assert_eq!(again, serde_json::from_str::<serde_json::Value>(text).unwrap());
    }
}
