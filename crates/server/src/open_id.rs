//! What the settings file says of the identity provider.

use anyhow::{Context, Result, bail};
use serde::Deserialize;
use std::path::PathBuf;
use stoker_service::Service;
use stoker_service::open_id::{OpenIdSettings, ProviderSecret};

/// `openId` of the settings file.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct OpenIdFile {
    /// Its issuer, as its ID tokens name it.
    issuer: String,
    /// Name of this server there.
    client_id: String,
    /// File with the secret of this server there.
    client_secret_file: Option<PathBuf>,
    /// What the button says.
    name: Option<String>,
    /// The claim that is the login here.
    login_claim: Option<String>,
    /// The claim with the names that role mappings are for.
    roles_claim: Option<String>,
    /// Further scopes to ask for.
    #[serde(default)]
    scopes: Vec<String>,
    /// Whether somebody without a user here gets one.
    #[serde(default)]
    create_users: bool,
    /// Certificates to trust beside those of the machine, PEM.
    ca_file: Option<PathBuf>,
}

/// The identity provider, ready to be used.
pub(crate) struct OpenIdConfig {
    settings: OpenIdSettings,
    #[cfg_attr(not(feature = "openid"), allow(dead_code, reason = "nothing calls a provider then"))]
    ca_file: Option<PathBuf>,
}

impl OpenIdFile {
    /// With the secret out of its file, or `given` by the environment.
    pub(crate) fn resolve(self, given: Option<String>) -> Result<OpenIdConfig> {
        let mut settings = OpenIdSettings::new(&self.issuer, &self.client_id);
        let secret = match (self.client_secret_file, given) {
            (Some(_), Some(_)) => bail!("openId.clientSecretFile: the secret is given by the environment too"),
            (Some(path), None) => {
                let text = std::fs::read_to_string(&path);
                Some(text.with_context(|| format!("openId.clientSecretFile: cannot read {}", path.display()))?)
            }
            (None, given) => given,
        };
        if secret.as_ref().is_some_and(|secret| secret.trim().is_empty()) {
            bail!("openId.clientSecretFile: the secret is empty");
        }
        settings.client_secret = secret.as_deref().map(ProviderSecret::new);
        for (given, target) in [
            (self.name, &mut settings.name),
            (self.login_claim, &mut settings.login_claim),
            (self.roles_claim, &mut settings.roles_claim),
        ] {
            if let Some(given) = given {
                *target = given;
            }
        }
        settings.scopes = self.scopes;
        settings.create_users = self.create_users;
        settings.check().map_err(anyhow::Error::msg)?;
        Ok(OpenIdConfig { settings, ca_file: self.ca_file })
    }
}

impl OpenIdConfig {
    /// Lets people sign in by it.
    #[cfg(feature = "openid")]
    pub(crate) fn install(self, service: &Service) -> Result<()> {
        let web = crate::provider_web::HttpWeb::new(&self.settings.issuer, self.ca_file.as_deref())?;
        tracing::info!(issuer = %self.settings.issuer, "people may sign in by an identity provider");
        service.use_open_id(self.settings, std::sync::Arc::new(web)).map_err(anyhow::Error::msg)
    }

    /// Says that this program cannot.
    #[cfg(not(feature = "openid"))]
    pub(crate) fn install(self, _: &Service) -> Result<()> {
        let issuer = self.settings.issuer;
        bail!("openId: this program was built without the feature openid and cannot ask {issuer}; remove the setting")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str, given: Option<&str>) -> Result<OpenIdConfig> {
        serde_json::from_str::<OpenIdFile>(text)?.resolve(given.map(str::to_owned))
    }

    #[test]
    fn settings_are_read_and_bad_ones_named() {
        let good = r#"{"issuer": "https://id.example", "clientId": "stoker", "name": "Example", "loginClaim": "email",
                       "rolesClaim": "groups", "scopes": ["groups"], "createUsers": true}"#;
        let found = read(good, Some(" hush\n")).unwrap().settings;
        assert_eq!(
            (found.name.as_str(), found.login_claim.as_str(), found.roles_claim.as_str()),
            ("Example", "email", "groups")
        );
        assert!(found.create_users && found.client_secret.is_some());
        for (bad, given, named) in [
            (r#"{"issuer": "http://id.example", "clientId": "stoker"}"#, None, "openId.issuer"),
            (r#"{"issuer": "https://id.example", "clientId": "stoker"}"#, Some(" "), "secret is empty"),
            (r#"{"issuer": "https://id.example"}"#, None, "clientId"),
            (r#"{"issuer": "https://id.example", "clientId": "s", "secret": "x"}"#, None, "secret"),
            (
                r#"{"issuer": "https://id.example", "clientId": "s", "clientSecretFile": "/none/such"}"#,
                None,
                "/none/such",
            ),
        ] {
            let error = format!("{:#}", read(bad, given).err().unwrap());
            assert!(error.contains(named), "{error}");
        }
    }
}
