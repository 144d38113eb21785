//! Service accounts, tokens and workspace rights.

use super::Extra;
use serde::{Deserialize, Serialize};

/// An account for a program.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ServiceAccount {
    /// 32 letters and digits (`client`); also the id for [`Client::oauth_token`](crate::Client::oauth_token).
    pub id: String,
    /// Name, unique in the account.
    pub name: String,
    /// Ids such as `TMC_ENGINE_USE`.
    #[serde(default)]
    pub permissions: Vec<String>,
    /// Shown once, in the answer to the creation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secret: Option<String>,
    /// When it was made, RFC 3339.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub created_date: Option<String>,
    /// When it last made a call, RFC 3339.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_used_date: Option<String>,
    /// Everything else.
    #[serde(flatten)]
    pub extra: Extra,
}

impl std::fmt::Debug for ServiceAccount {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ServiceAccount")
            .field("id", &self.id)
            .field("name", &self.name)
            .field("permissions", &self.permissions)
            .field("secret", &self.secret.as_ref().map(|_| "hidden"))
            .finish_non_exhaustive()
    }
}

/// Asks for a new service account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct NewServiceAccount {
    /// Name, unique in the account.
    pub name: String,
    /// Ids such as `TMC_ENGINE_USE`.
    pub permissions: Vec<String>,
}

/// Rights of one user or service account on one workspace.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct WorkspaceRights {
    /// `AUTHOR`, `EXECUTE`, `VIEW`, `MANAGE`, `PUBLISH`.
    #[serde(default)]
    pub permissions: Vec<String>,
    /// Everything else.
    #[serde(flatten)]
    pub extra: Extra,
}

/// A token of a service account; good for 30 minutes (`doc`), then ask again.
#[derive(Clone, Deserialize)]
pub struct AccessToken {
    /// The text to send as bearer token. A secret.
    pub access_token: String,
    /// Life in seconds; the contract knows it as number and as text.
    #[serde(default, deserialize_with = "number_or_text")]
    pub expires_in: Option<u64>,
}

impl std::fmt::Debug for AccessToken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("AccessToken").field("expires_in", &self.expires_in).finish_non_exhaustive()
    }
}

fn number_or_text<'de, D: serde::Deserializer<'de>>(input: D) -> Result<Option<u64>, D::Error> {
    let value = serde_json::Value::deserialize(input)?;
    Ok(value.as_u64().or_else(|| value.as_str().and_then(|text| text.parse().ok())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_life_of_a_token_reads_as_number_and_as_text() {
        let read = |text: &str| serde_json::from_str::<AccessToken>(text).unwrap().expires_in;
        assert_eq!(read(r#"{"access_token":"a","expires_in":1800}"#), Some(1800));
        assert_eq!(read(r#"{"access_token":"a","expires_in":"1800"}"#), Some(1800));
        assert_eq!(read(r#"{"access_token":"a"}"#), None);
    }

    #[test]
    fn debug_output_hides_secrets() {
        let account: ServiceAccount =
            serde_json::from_str(r#"{"id":"i","name":"n","permissions":[],"secret":"s3cr3t"}"#).unwrap();
        assert!(!format!("{account:?}").contains("s3cr3t"));
        let token: AccessToken = serde_json::from_str(r#"{"access_token":"eyJx"}"#).unwrap();
        assert!(!format!("{token:?}").contains("eyJ"));
    }
}
