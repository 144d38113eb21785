//! What an account uses, in the shape of a licence. Nothing is limited by it here.

use crate::actor::Actor;
use crate::app::Service;
use crate::error::Error;
use stoker_domain::Permission;
use stoker_store::{people, subscription};

const SEE: &[Permission] = &[Permission::SubscriptionManagement];

/// Counts of what is in use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Usage {
    /// When the account began, milliseconds since the epoch.
    pub began_ms: i64,
    /// Published name of a kind of engine, and how many there are.
    pub engines: Vec<(&'static str, i64)>,
    /// Application, and how many active users use it.
    pub seats: Vec<(String, i64)>,
}

impl Service {
    /// What the account uses now.
    pub async fn usage(&self, actor: &Actor) -> Result<Usage, Error> {
        let allowed = actor.allow(SEE)?;
        self.read(&allowed, |tx| {
            Ok(Usage {
                began_ms: subscription::began_ms(tx)?,
                engines: subscription::engines(tx)?,
                seats: people::seats(tx)?,
            })
        })
        .await
    }
}
