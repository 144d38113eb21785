//! Personal access tokens: a person's own, on paths of Stoker.

use crate::transport::segment;
use crate::{Client, ClientError, NewPersonalToken, PersonalToken};

const PATH: &str = "/stoker/v1/me/tokens";

/// Every method fails with [`ClientError`] when the server cannot be reached or refuses. A service account is refused.
impl Client {
    /// The tokens of whoever asks, oldest first; without secrets.
    pub async fn personal_tokens(&self) -> Result<Vec<PersonalToken>, ClientError> {
        self.get(PATH).read().await
    }

    /// Makes a token; only this answer has its secret.
    pub async fn create_personal_token(&self, new: &NewPersonalToken) -> Result<PersonalToken, ClientError> {
        self.post(PATH).json(new).read().await
    }

    /// Revokes a token; it stops working within a second.
    pub async fn revoke_personal_token(&self, id: &str) -> Result<(), ClientError> {
        self.delete(format!("{PATH}/{}", segment(id))).done().await.map(drop)
    }
}
