//! Service accounts.

use crate::actor::{Actor, Allowed};
use crate::app::Service;
use crate::audit::{self, Change};
use crate::audit_leaving::Left;
use crate::error::{Error, taken};
use crate::look_alikes::unlike;
use serde_json::json;
use stoker_domain::ids::ServiceAccountId;
use stoker_domain::{Permission, PrincipalKind, limits, names};
use stoker_secrets::token;
use stoker_store::Tx;
use stoker_store::accounts::{self, ServiceAccount};
use stoker_store::db::{Json, Record, Whose};
use stoker_store::look_alikes::Named;
use stoker_store::people;

const MANAGE: &[Permission] = &[Permission::ServiceAccountManagement];
const COUNT: &[Permission] = &[Permission::ServiceAccountManagement, Permission::SubscriptionManagement];

/// A new account with the only copy of its secret.
pub struct NewServiceAccount {
    /// The account.
    pub account: ServiceAccount,
    /// Its secret, shown this once.
    pub secret: String,
}

/// Checks permission ids; the error names the unknown one.
fn checked_permissions(ids: &[String]) -> Result<Vec<String>, Error> {
    if ids.is_empty() {
        return Err(Error::invalid("permissions: at least one permission is needed"));
    }
    let mut checked = Vec::new();
    for id in ids {
        match Permission::from_id(id) {
            Some(permission) if permission.for_service_accounts() => {
                if !checked.contains(id) {
                    checked.push(id.clone());
                }
            }
            Some(_) => return Err(Error::invalid(format!("permissions: {id} may not be given to a service account"))),
            None => return Err(Error::invalid(format!("permissions: {id:?} is not a permission"))),
        }
    }
    Ok(checked)
}

fn unknown() -> Error {
    Error::not_found("Service account not found.")
}

impl Service {
    /// All service accounts.
    pub async fn list_service_accounts(&self, actor: &Actor) -> Result<Vec<ServiceAccount>, Error> {
        let allowed = actor.allow(MANAGE)?;
        self.store_last_use().await?;
        self.read(&allowed, |tx| Ok(accounts::service_accounts(tx)?)).await
    }

    /// How many there are.
    pub async fn count_service_accounts(&self, actor: &Actor) -> Result<i64, Error> {
        let allowed = actor.allow(COUNT)?;
        self.read(&allowed, |tx| Ok(accounts::count_service_accounts(tx)?)).await
    }

    /// Permission ids that may be given to a service account; any principal may ask.
    pub fn grantable_permissions(&self, actor: &Actor) -> Result<Vec<&'static str>, Error> {
        actor.allow(&[])?;
        Ok(Permission::ALL.iter().filter(|p| p.for_service_accounts()).map(|p| p.id()).collect())
    }

    /// One service account.
    pub async fn service_account(&self, actor: &Actor, id: &ServiceAccountId) -> Result<ServiceAccount, Error> {
        let allowed = actor.allow(MANAGE)?;
        self.store_last_use().await?;
        let id = id.clone();
        self.read(&allowed, move |tx| accounts::service_account(tx, &id)?.ok_or_else(unknown)).await
    }

    /// Adds a service account.
    pub async fn create_service_account(
        &self,
        actor: &Actor,
        name: &str,
        permissions: &[String],
    ) -> Result<NewServiceAccount, Error> {
        let allowed = actor.allow(MANAGE)?;
        let now = self.now();
        let secret = token::random_secret(self.random());
        let account = ServiceAccount {
            id: ServiceAccountId::generate(now, self.random()),
            name: names::checked("name", name, limits::NAME_CHARS)?,
            secret_hash: token::hash(&secret),
            permissions: Json(checked_permissions(permissions)?),
            created_ms: now,
            modified_ms: now,
            used_ms: None,
            used_api: None,
        };
        let (service, proof, row) = (self.clone(), allowed.clone(), account.clone());
        self.write::<_, Error, _>(&allowed, move |tx| {
            people::lock_all(tx)?;
            unlike(tx, Named::ServiceAccount, "name", row.id.as_str(), &row.name)?;
            row.insert(tx).map_err(taken(format!("name: a service account {} exists already", row.name)))?;
            service.audit_account(tx, &proof, "service-account.create", &row)
        })
        .await?;
        Ok(NewServiceAccount { account, secret })
    }

    /// Changes name and permissions; id and secret stay (source: doc).
    pub async fn update_service_account(
        &self,
        actor: &Actor,
        id: &ServiceAccountId,
        name: &str,
        permissions: &[String],
    ) -> Result<ServiceAccount, Error> {
        let allowed = actor.allow(MANAGE)?;
        let name = names::checked("name", name, limits::NAME_CHARS)?;
        let permissions = checked_permissions(permissions)?;
        let (service, proof, id, now) = (self.clone(), allowed.clone(), id.clone(), self.now());
        self.write::<_, Error, _>(&allowed, move |tx| {
            people::lock_all(tx)?;
            let mut account = accounts::service_account(tx, &id)?.ok_or_else(unknown)?;
            unlike(tx, Named::ServiceAccount, "name", id.as_str(), &name)?;
            account.name = name;
            account.permissions = Json(permissions);
            account.modified_ms = now;
            let message = format!("name: a service account {} exists already", account.name);
            account.update(tx).map_err(taken(message))?;
            tx.access_changed(Whose::only(id.as_str()));
            service.audit_account(tx, &proof, "service-account.update", &account)?;
            Ok(account)
        })
        .await
    }

    /// Gives a service account a new secret; the old one buys no token any more. Tokens that were bought with it go on
    /// until they end by themselves.
    pub async fn renew_service_account(
        &self,
        actor: &Actor,
        id: &ServiceAccountId,
    ) -> Result<NewServiceAccount, Error> {
        let allowed = actor.allow(MANAGE)?;
        let secret = token::random_secret(self.random());
        let hash = token::hash(&secret);
        let (service, proof, id, now) = (self.clone(), allowed.clone(), id.clone(), self.now());
        let account = self
            .write::<_, Error, _>(&allowed, move |tx| {
                // The whole row is written: a change of permissions at the same moment must not be undone by it.
                people::lock_all(tx)?;
                let mut account = accounts::service_account(tx, &id)?.ok_or_else(unknown)?;
                account.secret_hash = hash;
                account.modified_ms = now;
                account.update(tx)?;
                service.audit_account(tx, &proof, "service-account.renew-secret", &account)?;
                Ok(account)
            })
            .await?;
        Ok(NewServiceAccount { account, secret })
    }

    /// Removes a service account; its tokens stop working at once.
    pub async fn delete_service_account(&self, actor: &Actor, id: &ServiceAccountId) -> Result<(), Error> {
        let allowed = actor.allow(MANAGE)?;
        let (service, proof, id) = (self.clone(), allowed.clone(), id.clone());
        self.write::<_, Error, _>(&allowed, move |tx| {
            people::lock_all(tx)?;
            let account = accounts::service_account(tx, &id)?.ok_or_else(unknown)?;
            let left = Left::before(tx, id.as_str())?;
            accounts::delete_service_account(tx, &id)?;
            service.audit_left(tx, &proof, (PrincipalKind::Service, id.as_str(), &account.name), left)?;
            service.audit_account(tx, &proof, "service-account.delete", &account)
        })
        .await
    }

    fn audit_account(
        &self,
        tx: &mut Tx<'_>,
        allowed: &Allowed,
        action: &str,
        row: &ServiceAccount,
    ) -> Result<(), Error> {
        let change = Change {
            action,
            object: ("service-account", row.id.as_str()),
            workspace: None,
            detail: Some(json!({ "name": row.name, "permissions": row.permissions.0 })),
        };
        audit::record(tx, allowed.actor(), self.now(), self.random(), change)
    }
}
