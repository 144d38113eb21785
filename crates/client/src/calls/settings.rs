//! Settings of the server, and how it is. All our own additions to the API.

use crate::transport::segment;
use crate::{Client, ClientError, ServerSetting, SettingValue, System};

const PATH: &str = "/stoker/v1/settings";

/// Every method fails with [`ClientError`] when the server cannot be reached or refuses.
impl Client {
    /// Everything that can be set for the server, as it is in force on the one that answers.
    pub async fn settings(&self) -> Result<Vec<ServerSetting>, ClientError> {
        self.get(PATH).read().await
    }

    /// Sets a value for all servers of the installation.
    pub async fn set_setting(&self, name: &str, value: &SettingValue) -> Result<ServerSetting, ClientError> {
        self.put(format!("{PATH}/{}", segment(name))).json(value).read().await
    }

    /// Puts a setting back to its default.
    pub async fn unset_setting(&self, name: &str) -> Result<ServerSetting, ClientError> {
        self.delete(format!("{PATH}/{}", segment(name))).read().await
    }

    /// How the installation is.
    pub async fn system(&self) -> Result<System, ClientError> {
        self.get("/stoker/v1/system").read().await
    }
}
