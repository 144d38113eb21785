//! Who may run a promotion.

use super::{MANAGE, unknown};
use crate::actor::Actor;
use crate::app::Service;
use crate::audit_states;
use crate::error::{Error, taken};
use stoker_domain::PrincipalKind;
use stoker_domain::ids::{PromotionId, ServiceAccountId, UserId};
use stoker_store::db::Record;
use stoker_store::promotions::{self, Executor};
use stoker_store::{Tx, accounts};

/// The principal exists, or 404.
fn known(tx: &mut Tx<'_>, kind: PrincipalKind, principal: &str) -> Result<(), Error> {
    let found = match kind {
        PrincipalKind::Human => accounts::user(tx, &UserId::trusted(principal))?.is_some(),
        PrincipalKind::Service => accounts::service_account(tx, &ServiceAccountId::trusted(principal))?.is_some(),
    };
    let what = if kind == PrincipalKind::Human { "User" } else { "Service account" };
    if found { Ok(()) } else { Err(Error::not_found(format!("{what} id not found."))) }
}

fn checked(kind: PrincipalKind, principal: &str) -> Result<String, Error> {
    Ok(match kind {
        PrincipalKind::Human => UserId::parse(principal)?.to_string(),
        PrincipalKind::Service => ServiceAccountId::parse(principal)?.to_string(),
    })
}

impl Service {
    /// Who may run the promotion, users and service accounts by id.
    pub async fn promotion_executors(&self, actor: &Actor, id: &PromotionId) -> Result<Vec<Executor>, Error> {
        let allowed = actor.allow(MANAGE)?;
        let id = id.clone();
        self.read(&allowed, move |tx| {
            promotions::get(tx, &id)?.ok_or_else(unknown)?;
            Ok(promotions::executors(tx, &id)?)
        })
        .await
    }

    /// Lets a user or service account run the promotion. Doing so twice is a conflict for a user and no mistake for a
    /// service account (source: spec, only the former declares 409).
    pub async fn add_promotion_executor(
        &self,
        actor: &Actor,
        id: &PromotionId,
        kind: PrincipalKind,
        principal: &str,
    ) -> Result<(), Error> {
        let allowed = actor.allow(MANAGE)?;
        let principal_id = checked(kind, principal)?;
        let (service, proof) = (self.clone(), allowed.clone());
        let row = Executor { promotion_id: id.clone(), principal_id, principal_kind: kind };
        self.write(&allowed, move |tx| {
            // Locked, so that nobody removes the promotion or adds the same executor between here and the commit.
            let promotion = promotions::lock(tx, &row.promotion_id)?.ok_or_else(unknown)?;
            known(tx, kind, &row.principal_id)?;
            if promotions::is_executor(tx, &row.promotion_id, &row.principal_id)? {
                return match kind {
                    PrincipalKind::Human => Err(Error::conflict("the user may run the promotion already")),
                    PrincipalKind::Service => Ok(()),
                };
            }
            row.insert(tx).map_err(taken("the executor was added meanwhile"))?;
            let who = audit_states::principal(tx, kind, &row.principal_id)?;
            service.audit_promotion(tx, &proof, "promotion.addPromoter", &promotion, &[("added", vec![who])])
        })
        .await
    }

    /// Takes it back; 404 when the principal is no executor.
    pub async fn remove_promotion_executor(
        &self,
        actor: &Actor,
        id: &PromotionId,
        kind: PrincipalKind,
        principal: &str,
    ) -> Result<(), Error> {
        let allowed = actor.allow(MANAGE)?;
        let principal = checked(kind, principal)?;
        let (service, proof, id) = (self.clone(), allowed.clone(), id.clone());
        self.write(&allowed, move |tx| {
            let promotion = promotions::lock(tx, &id)?.ok_or_else(unknown)?;
            if promotions::remove_executor(tx, &id, &principal)? == 0 {
                return Err(Error::not_found("the principal is no executor of the promotion"));
            }
            let who = audit_states::principal(tx, kind, &principal)?;
            service.audit_promotion(tx, &proof, "promotion.removePromoter", &promotion, &[("removed", vec![who])])
        })
        .await
    }
}
