//! Which user an ID token means, and the roles it gets by the role mappings.

use super::{OpenIdSettings, refused};
use crate::actor::{Actor, Allowed};
use crate::app::Service;
use crate::audit::{self, Change};
use crate::audit_states::{self, with_change};
use crate::auth::permission_set;
use crate::error::Error;
use crate::people::{checked_login, known, view as people_view};
use crate::sessions::Visit;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use stoker_domain::ids::{RoleId, UserId};
use stoker_domain::{PrincipalKind, limits, names};
use stoker_secrets::id_token::IdClaims;
use stoker_store::db::{Json, Record};
use stoker_store::identities::{self, UserIdentity};
use stoker_store::look_alikes::{self, Named};
use stoker_store::people::{self, Person};
use stoker_store::{Tx, roles};

fn text<'a>(claims: &'a IdClaims, name: &str) -> Option<&'a str> {
    claims.all.get(name)?.as_str().map(str::trim).filter(|text| !text.is_empty())
}

/// The names that role mappings are for; a missing claim is as good as none of them.
fn role_names(claims: &IdClaims, claim: &str) -> Vec<String> {
    match claims.all.get(claim) {
        Some(Value::String(one)) => vec![one.clone()],
        Some(Value::Array(all)) => {
            all.iter().filter_map(Value::as_str).take(limits::MAP_ENTRIES).map(str::to_owned).collect()
        }
        _ => Vec::new(),
    }
}

/// The login that the claims name.
fn login_of(settings: &OpenIdSettings, claims: &IdClaims) -> Result<String, Error> {
    let claim = &settings.login_claim;
    let login = text(claims, claim);
    let login = login.ok_or_else(|| refused(format!("the identity provider sent no claim {claim}")))?;
    if claim == "email" && claims.all.get("email_verified") != Some(&Value::Bool(true)) {
        return Err(refused("the identity provider has not verified the mail address that is the login here"));
    }
    checked_login(login).map_err(|_| refused(format!("the claim {claim} is no login: it holds blanks or is too long")))
}

fn new_person(id: UserId, login: String, claims: &IdClaims, now: i64) -> Person {
    let name = |claim: &'static str| {
        let given = text(claims, claim).and_then(|name| names::checked(claim, name, limits::NAME_CHARS).ok());
        given.unwrap_or_else(|| login.clone())
    };
    let email = text(claims, "email").filter(|email| email.len() <= limits::LOGIN_CHARS).unwrap_or_default();
    Person {
        id,
        password_hash: None,
        first_name: name("given_name"),
        last_name: name("family_name"),
        email: email.to_owned(),
        permissions: Json(Vec::new()),
        active: true,
        created_ms: now,
        phone: None,
        title: None,
        preferred_language: "en".to_owned(),
        timezone: "Etc/UTC".to_owned(),
        applications: Json(vec!["TMC".to_owned()]),
        modified_ms: now,
        password_set_ms: None,
        attempt_ms: None,
        external_id: None,
        login,
    }
}

impl Service {
    /// The user of good claims, made where that is wanted, with the roles of the mappings. What this writes stays also
    /// when the user may not come in, because roles were taken away.
    pub(super) async fn user_of_claims(
        &self,
        settings: &OpenIdSettings,
        claims: IdClaims,
        visit: &Visit,
    ) -> Result<Actor, Error> {
        let (service, settings, call) = (self.clone(), settings.clone(), visit.clone());
        let (person, made) = self
            .write_accounts(&Allowed::system(), move |tx| {
                let (id, made) = service.find_or_make(tx, &settings, &claims, &call)?;
                service.map_roles(tx, &id, &role_names(&claims, &settings.roles_claim), &call)?;
                Ok((known(tx, &id)?, made))
            })
            .await?;
        let (login, permissions) = (&person.login, permission_set(&person.permissions.0));
        if !person.active {
            return Err(refused(format!("the user {login} is not active: ask an administrator")));
        }
        if person.permissions.0.is_empty() {
            let what = if made { "was made, but has" } else { "has" };
            return Err(refused(format!("the user {login} {what} no role: ask an administrator for one")));
        }
        Ok(actor_of(&person, permissions, visit))
    }

    fn find_or_make(
        &self,
        tx: &mut Tx<'_>,
        settings: &OpenIdSettings,
        claims: &IdClaims,
        visit: &Visit,
    ) -> Result<(UserId, bool), Error> {
        let now = self.now();
        if let Some(found) = identities::find(tx, &settings.issuer, &claims.subject)? {
            return Ok((found.user_id, false));
        }
        let login = login_of(settings, claims)?;
        let (person, made) = match people::by_login(tx, &login)? {
            Some(person) => (person, false),
            None if settings.create_users => {
                let person = new_person(UserId::generate(now, self.random()), login, claims, now);
                if let Some(other) = look_alikes::find(tx, Named::User, person.id.as_str(), &person.login)? {
                    let login = &person.login;
                    return Err(refused(format!(
                        "there is a user {other} here, whose login looks the same as {login}"
                    )));
                }
                person.insert(tx)?;
                (person, true)
            }
            None => return Err(refused(format!("there is no user {login} here: ask an administrator"))),
        };
        // A name that the provider gave to somebody else later must not open the user of the first one.
        if identities::known(tx, &settings.issuer, &person.id)? {
            return Err(refused(format!(
                "the user {} belongs to somebody else at the identity provider",
                person.login
            )));
        }
        let (issuer, subject) = (settings.issuer.clone(), claims.subject.clone());
        UserIdentity { issuer, subject, user_id: person.id.clone(), made_ms: now }.insert(tx)?;
        let action = if made { "user.create" } else { "user.link" };
        let detail = match made {
            true => audit_states::person(&people_view(tx, person.clone())?),
            false => json!({ "login": person.login }),
        };
        let by = vec![settings.issuer.clone(), claims.subject.clone()];
        self.audit_claims(tx, &person, action, with_change(detail, &[("issuerAndSubject", by)]), visit)?;
        Ok((person.id, made))
    }

    /// Gives the roles of the mappings in the place of those the user has. Without any mapping roles are given by hand
    /// (source: spec, active as soon as one mapping exists).
    fn map_roles(&self, tx: &mut Tx<'_>, id: &UserId, names: &[String], visit: &Visit) -> Result<(), Error> {
        let mappings = roles::mappings(tx)?;
        if mappings.is_empty() {
            return Ok(());
        }
        let mapped = mappings.into_iter().filter(|mapping| names.contains(&mapping.name));
        let mut wanted: BTreeSet<RoleId> = mapped.flat_map(|mapping| mapping.role_ids.0).collect();
        let mut gone = Vec::new();
        for role in &wanted {
            if roles::get(tx, role)?.is_none() {
                gone.push(role.clone());
            }
        }
        wanted.retain(|role| !gone.contains(role));
        let held: BTreeSet<RoleId> = roles::of_user(tx, id)?.into_iter().map(|role| role.id).collect();
        if held == wanted {
            return Ok(());
        }
        roles::take_all(tx, id)?;
        for role in &wanted {
            roles::give(tx, id, role)?;
        }
        self.roles_changed(tx, id)?;
        let person = known(tx, id)?;
        let detail = audit_states::person(&people_view(tx, person.clone())?);
        self.audit_claims(tx, &person, "user.update", detail, visit)
    }

    fn audit_claims(
        &self,
        tx: &mut Tx<'_>,
        person: &Person,
        action: &str,
        detail: Value,
        visit: &Visit,
    ) -> Result<(), Error> {
        let actor = actor_of(person, BTreeSet::new(), visit);
        let change = Change { action, object: ("user", person.id.as_str()), workspace: None, detail: Some(detail) };
        audit::record(tx, &actor, self.now(), self.random(), change)
    }
}

fn actor_of(person: &Person, permissions: BTreeSet<stoker_domain::Permission>, visit: &Visit) -> Actor {
    Actor {
        kind: PrincipalKind::Human,
        id: person.id.to_string(),
        name: person.login.clone(),
        permissions,
        request_id: visit.request_id.clone(),
        origin: visit.origin.clone(),
        credential: None,
    }
}
