//! Users: who may get in, and what their roles let them do.

use crate::actor::{Actor, Allowed};
use crate::app::Service;
use crate::audit::{self, Change};
use crate::audit_leaving::Left;
use crate::audit_states;
use crate::error::{Error, taken};
use crate::listed::{Listed, PageNumber};
use crate::look_alikes::unlike;
use crate::roles::{RoleAt, known_role};
use std::collections::HashMap;
use stoker_domain::ids::{EnvironmentId, RoleId, UserId, WorkspaceId};
use stoker_domain::{Permission, PrincipalKind, limits, names, roles as catalogue};
use stoker_store::db::{Json, Record, Whose};
use stoker_store::look_alikes::Named;
use stoker_store::people::{self, PeopleFilter, Person};
use stoker_store::roles::{self, Role};
use stoker_store::{Tx, accounts, groups, sessions};

pub(crate) const MANAGE: &[Permission] = &[Permission::UserManagement];

/// Languages of the contract (source: spec).
const LANGUAGES: &[&str] = &["en", "fr", "ja", "de", "unsupported"];
/// Applications seen in real accounts (source: client).
const APPLICATIONS: &[&str] =
    &["TMC", "STUDIO", "TDP", "TDS", "TDC", "TDQ", "TAPID", "TAPIT", "DSS", "TRR", "DATASETS"];

/// A user with its roles.
#[derive(Clone, Debug)]
pub struct PersonView {
    /// The user.
    pub person: Person,
    /// Its roles by name.
    pub roles: Vec<Role>,
}

/// Values of a new or changed user.
#[derive(Clone, Debug, Default)]
pub struct PersonRequest {
    /// What one signs in with.
    pub login: String,
    /// Mail address.
    pub email: String,
    /// First name.
    pub first_name: String,
    /// Last name.
    pub last_name: String,
    /// Whether it may get in; true for a new user, kept for a changed one when absent.
    pub active: Option<bool>,
    /// Phone number.
    pub phone: Option<String>,
    /// One of the published languages.
    pub preferred_language: Option<String>,
    /// Its roles; kept for a changed user when absent.
    pub role_ids: Option<Vec<String>>,
    /// IANA time zone.
    pub timezone: Option<String>,
    /// How it is addressed.
    pub title: Option<String>,
    /// Applications it uses.
    pub applications: Option<Vec<String>>,
    /// Hash of a new password, made by [`Service::hash_password`]; the password is kept without one.
    pub password_hash: Option<String>,
    /// What a directory calls it; kept when absent, removed when there is none inside.
    pub external_id: Option<Option<String>>,
}

/// Whoever asks, about itself.
#[derive(Clone, Debug)]
pub enum Me {
    /// A person.
    User(Box<PersonView>),
    /// A service account.
    Service(accounts::ServiceAccount),
}

/// There is no such user.
pub(crate) fn unknown() -> Error {
    Error::not_found("User id not found.")
}

/// The user with this id, or that there is none.
pub(crate) fn known(tx: &mut Tx<'_>, id: &UserId) -> Result<Person, Error> {
    people::get(tx, id)?.ok_or_else(unknown)
}

/// A user of a list in a body, or what is wrong with it.
pub(crate) fn named(tx: &mut Tx<'_>, field: &str, id: &str) -> Result<UserId, Error> {
    let parsed = UserId::parse(id).map_err(|_| Error::invalid(format!("{field}: {id:?} is not a user id")))?;
    match people::get(tx, &parsed)? {
        Some(_) => Ok(parsed),
        None => Err(Error::invalid(format!("{field}: there is no user {id}"))),
    }
}

/// Checks how many ids a body holds.
pub(crate) fn counted(field: &str, ids: &[String]) -> Result<(), Error> {
    if ids.len() > limits::MAP_ENTRIES {
        return Err(Error::invalid(format!("{field}: at most {} ids are accepted at once", limits::MAP_ENTRIES)));
    }
    Ok(())
}

/// Checks what a directory calls something: a line that holds at least one sign, or nothing.
pub(crate) fn checked_external(id: Option<&str>) -> Result<Option<String>, Error> {
    let id = id.filter(|id| !id.is_empty());
    Ok(id.map(|id| names::line("externalId", id, limits::NAME_CHARS)).transpose()?)
}

pub(crate) fn view(tx: &mut Tx<'_>, person: Person) -> Result<PersonView, Error> {
    let roles = roles::of_user(tx, &person.id)?;
    Ok(PersonView { person, roles })
}

/// The user with this id and its roles.
fn current(tx: &mut Tx<'_>, id: &UserId) -> Result<PersonView, Error> {
    let person = known(tx, id)?;
    view(tx, person)
}

pub(crate) fn checked_login(login: &str) -> Result<String, Error> {
    let login = names::checked("login", login, limits::LOGIN_CHARS)?;
    if login.chars().any(char::is_whitespace) || login.contains(['/', '\\']) {
        return Err(Error::invalid("login: must not hold blanks or slashes"));
    }
    if !names::is_plain(&login) {
        return Err(Error::invalid(
            "login: must not mix Latin, Greek and Cyrillic letters nor hold signs that are not seen, because it would look \
             like another one",
        ));
    }
    Ok(login)
}

fn checked_email(email: &str) -> Result<String, Error> {
    let email = names::checked("email", email, limits::LOGIN_CHARS)?;
    let whole = email.split_once('@').is_some_and(|(name, host)| !name.is_empty() && !host.is_empty());
    if !whole || email.chars().any(char::is_whitespace) {
        return Err(Error::invalid("email: must be a mail address such as ada@example.com"));
    }
    Ok(email)
}

impl Service {
    /// Puts the fields of a request into a user; the login is set by the caller.
    fn apply(&self, person: &mut Person, request: &PersonRequest) -> Result<(), Error> {
        person.email = checked_email(&request.email)?;
        person.first_name = names::checked("firstName", &request.first_name, limits::NAME_CHARS)?;
        person.last_name = names::checked("lastName", &request.last_name, limits::NAME_CHARS)?;
        person.phone = names::optional("phone", request.phone.as_deref(), limits::PERSON_FIELD_CHARS)?;
        person.title = names::optional("title", request.title.as_deref(), limits::PERSON_FIELD_CHARS)?;
        if let Some(active) = request.active {
            person.active = active;
        }
        if let Some(hash) = &request.password_hash {
            person.password_hash = Some(hash.clone());
            person.password_set_ms = Some(self.now());
        }
        if let Some(language) = &request.preferred_language {
            if !LANGUAGES.contains(&language.as_str()) {
                let known = LANGUAGES.join(", ");
                return Err(Error::invalid(format!("preferredLanguage: {language:?} is not one of {known}")));
            }
            person.preferred_language = language.clone();
        }
        if let Some(zone) = &request.timezone {
            let found = self.inner.zones.get(zone).map_err(|_| {
                Error::invalid(format!("timezone: {zone:?} is not an IANA time zone such as Europe/Paris"))
            })?;
            person.timezone = found.iana_name().unwrap_or("Etc/UTC").to_owned();
        }
        if let Some(external) = &request.external_id {
            person.external_id = checked_external(external.as_deref())?;
        }
        if let Some(applications) = &request.applications {
            if let Some(bad) = applications.iter().find(|a| !APPLICATIONS.contains(&a.as_str())) {
                let known = APPLICATIONS.join(", ");
                return Err(Error::invalid(format!("applications: {bad:?} is not one of {known}")));
            }
            let mut list = applications.clone();
            list.sort_unstable();
            list.dedup();
            person.applications = Json(list);
        }
        Ok(())
    }

    /// One page of users by login.
    pub async fn list_people(
        &self,
        actor: &Actor,
        workspace: Option<WorkspaceId>,
        environment: Option<EnvironmentId>,
        page: PageNumber,
    ) -> Result<Listed<PersonView>, Error> {
        let allowed = actor.allow(MANAGE)?;
        let filter = PeopleFilter { workspace, environment, ..PeopleFilter::default() };
        self.people_page(&allowed, filter, page, |_| Ok(())).await
    }

    /// A page of users, after `check` has passed.
    pub(crate) async fn people_page(
        &self,
        allowed: &Allowed,
        filter: PeopleFilter,
        page: PageNumber,
        check: impl FnOnce(&mut Tx<'_>) -> Result<(), Error> + Send + 'static,
    ) -> Result<Listed<PersonView>, Error> {
        self.read(allowed, move |tx| {
            check(tx)?;
            let (rows, total) = people::list(tx, &filter, page.size, page.offset())?;
            let items = rows.into_iter().map(|person| view(tx, person)).collect::<Result<_, _>>()?;
            Ok(Listed { items, page, total })
        })
        .await
    }

    /// Checks that the actor may manage users, before anything costly is done for it.
    pub fn may_manage_people(&self, actor: &Actor) -> Result<(), Error> {
        actor.allow(MANAGE).map(drop)
    }

    /// All users with their roles, for searches by any attribute.
    pub async fn all_people(&self, actor: &Actor) -> Result<Vec<PersonView>, Error> {
        let allowed = actor.allow(MANAGE)?;
        self.read(&allowed, |tx| {
            let known: HashMap<RoleId, Role> =
                roles::list(tx, None, i64::MAX, 0)?.0.into_iter().map(|role| (role.id.clone(), role)).collect();
            let mut held: HashMap<UserId, Vec<Role>> = HashMap::new();
            for (user, role) in roles::all_held(tx)? {
                held.entry(user).or_default().extend(known.get(&role).cloned());
            }
            let (rows, _) = people::list(tx, &PeopleFilter::default(), i64::MAX, 0)?;
            let view = |person: Person| PersonView { roles: held.remove(&person.id).unwrap_or_default(), person };
            Ok(rows.into_iter().map(view).collect())
        })
        .await
    }

    /// One user.
    pub async fn person(&self, actor: &Actor, id: &UserId) -> Result<PersonView, Error> {
        let allowed = actor.allow(MANAGE)?;
        let id = id.clone();
        self.read(&allowed, move |tx| current(tx, &id)).await
    }

    /// Adds a user. `administrator` gives the published administrator roles too.
    pub async fn create_person(
        &self,
        actor: &Actor,
        request: PersonRequest,
        administrator: bool,
    ) -> Result<PersonView, Error> {
        let allowed = actor.allow(MANAGE)?;
        let now = self.now();
        let mut person = Person {
            id: UserId::generate(now, self.random()),
            login: checked_login(&request.login)?,
            password_hash: None,
            first_name: String::new(),
            last_name: String::new(),
            email: String::new(),
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
        };
        self.apply(&mut person, &request)?;
        let role_ids = request.role_ids.unwrap_or_default();
        counted("roleIds", &role_ids)?;
        let (service, proof) = (self.clone(), allowed.clone());
        self.write_accounts(&allowed, move |tx| {
            let message = format!("login: a user {} exists already", person.login);
            unlike(tx, Named::User, "login", person.id.as_str(), &person.login)?;
            person.insert(tx).map_err(taken(message))?;
            for id in &role_ids {
                let role = known_role(tx, id, RoleAt::Body)?;
                roles::give(tx, &person.id, &role.id)?;
            }
            for key in catalogue::ADMINISTRATORS.iter().filter(|_| administrator) {
                if let Some(role) = roles::predefined(tx, key)? {
                    roles::give(tx, &person.id, &role.id)?;
                }
            }
            people::refresh_permissions(tx, &person.id)?;
            let made = current(tx, &person.id)?;
            service.audit_person(tx, &proof, "user.create", &made)?;
            Ok(made)
        })
        .await
    }

    /// Changes a user: its fields are replaced; what a request may leave out is kept when it is left out.
    pub async fn update_person(&self, actor: &Actor, id: &UserId, request: PersonRequest) -> Result<PersonView, Error> {
        self.edit_person(actor, id, move |_| Ok(request)).await
    }

    /// Changes a user to what `edit` makes of it, within one transaction.
    pub async fn edit_person<F>(&self, actor: &Actor, id: &UserId, edit: F) -> Result<PersonView, Error>
    where
        F: FnOnce(&PersonView) -> Result<PersonRequest, Error> + Send + 'static,
    {
        let allowed = actor.allow(MANAGE)?;
        let (service, proof, id, now) = (self.clone(), allowed.clone(), id.clone(), self.now());
        self.write_accounts(&allowed, move |tx| {
            let before = current(tx, &id)?;
            let request = edit(&before)?;
            let mut person = before.person;
            let was_active = person.active;
            counted("roleIds", request.role_ids.as_deref().unwrap_or_default())?;
            if request.login.trim() != person.login {
                return Err(Error::invalid(
                    "login: cannot be changed, because runs and workspaces name it; make another user instead",
                ));
            }
            if request.active == Some(false) {
                not_oneself(proof.actor(), &id, "active: you cannot deactivate yourself; ask another administrator")?;
            }
            service.apply(&mut person, &request)?;
            person.modified_ms = now;
            person.update(tx)?;
            if was_active && !person.active {
                tx.access_changed(Whose::only(id.as_str()));
            }
            if request.password_hash.is_some() {
                // Whoever knew the old one may be signed in.
                sessions::delete_of_user(tx, &id)?;
            }
            if let Some(ids) = &request.role_ids {
                roles::take_all(tx, &id)?;
                for role in ids {
                    let role = known_role(tx, role, RoleAt::Body)?;
                    roles::give(tx, &id, &role.id)?;
                }
                people::refresh_permissions(tx, &id)?;
            }
            let changed = current(tx, &id)?;
            service.audit_person(tx, &proof, "user.update", &changed)?;
            Ok(changed)
        })
        .await
    }

    /// Removes a user with its tokens, group memberships and workspace rights. What it did stays under its login.
    pub async fn delete_person(&self, actor: &Actor, id: &UserId) -> Result<(), Error> {
        let allowed = actor.allow(MANAGE)?;
        let (service, proof, id) = (self.clone(), allowed.clone(), id.clone());
        self.write_accounts(&allowed, move |tx| {
            not_oneself(proof.actor(), &id, "you cannot remove yourself; ask another administrator")?;
            let gone = current(tx, &id)?;
            let left = Left::before(tx, id.as_str())?;
            people::delete(tx, &id)?;
            service.audit_left(tx, &proof, (PrincipalKind::Human, id.as_str(), &gone.person.login), left)?;
            service.audit_person(tx, &proof, "user.delete", &gone)
        })
        .await
    }

    /// One page of the roles of a user by name.
    pub async fn roles_of_person(&self, actor: &Actor, id: &UserId, page: PageNumber) -> Result<Listed<Role>, Error> {
        let allowed = actor.allow(MANAGE)?;
        let id = id.clone();
        self.read(&allowed, move |tx| {
            known(tx, &id)?;
            Ok(Listed::cut(roles::of_user(tx, &id)?, page))
        })
        .await
    }

    /// Gives roles to a user; those it has stay.
    pub async fn give_roles(&self, actor: &Actor, id: &UserId, role_ids: Vec<String>) -> Result<PersonView, Error> {
        let allowed = actor.allow(MANAGE)?;
        counted("roleIds", &role_ids)?;
        let (service, proof, id) = (self.clone(), allowed.clone(), id.clone());
        self.write_accounts(&allowed, move |tx| {
            let person = known(tx, &id)?;
            for role in &role_ids {
                let role = known_role(tx, role, RoleAt::Body)?;
                roles::give(tx, &id, &role.id)?;
            }
            service.roles_changed(tx, &person.id)?;
            let changed = current(tx, &id)?;
            service.audit_person(tx, &proof, "user.update", &changed)?;
            Ok(changed)
        })
        .await
    }

    /// Takes a role from a user; 404 when the user does not hold it.
    pub async fn take_role(&self, actor: &Actor, id: &UserId, role: &RoleId) -> Result<(), Error> {
        let allowed = actor.allow(MANAGE)?;
        self.take_role_of(&allowed, id, role).await
    }

    pub(crate) async fn take_role_of(&self, allowed: &Allowed, id: &UserId, role: &RoleId) -> Result<(), Error> {
        let (service, proof, id, role) = (self.clone(), allowed.clone(), id.clone(), role.clone());
        self.write_accounts(allowed, move |tx| {
            known(tx, &id)?;
            known_role(tx, role.as_str(), RoleAt::Path)?;
            if !roles::take(tx, &id, &role)? {
                return Err(Error::not_found("The user does not hold this role."));
            }
            service.roles_changed(tx, &id)?;
            let changed = current(tx, &id)?;
            service.audit_person(tx, &proof, "user.update", &changed)
        })
        .await
    }

    /// Whoever asks, about itself; any token may.
    pub async fn me(&self, actor: &Actor) -> Result<Me, Error> {
        let allowed = actor.allow(&[])?;
        let (kind, id) = (actor.kind, actor.id.clone());
        self.read(&allowed, move |tx| match kind {
            PrincipalKind::Human => {
                let person = people::get(tx, &UserId::trusted(id))?.ok_or(Error::Unauthorized)?;
                Ok(Me::User(Box::new(view(tx, person)?)))
            }
            PrincipalKind::Service => {
                let id = stoker_domain::ids::ServiceAccountId::trusted(id);
                Ok(Me::Service(accounts::service_account(tx, &id)?.ok_or(Error::Unauthorized)?))
            }
        })
        .await
    }

    /// After the roles of a user changed: its permissions and its time of change.
    pub(crate) fn roles_changed(&self, tx: &mut Tx<'_>, id: &UserId) -> Result<(), Error> {
        people::refresh_permissions(tx, id)?;
        let mut person = known(tx, id)?;
        person.modified_ms = self.now();
        person.update(tx)?;
        Ok(())
    }

    /// A change of users, groups or roles: one after the other, and never such that nobody could manage them any more.
    /// It acts on tokens at once here, and within a second on other servers.
    pub(crate) async fn write_accounts<T, F>(&self, allowed: &Allowed, change: F) -> Result<T, Error>
    where
        F: FnOnce(&mut Tx<'_>) -> Result<T, Error> + Send + 'static,
        T: Send + 'static,
    {
        self.write(allowed, move |tx| {
            people::lock_all(tx)?;
            let done = change(tx)?;
            if people::holders_of_both(tx, Permission::UserManagement, Permission::RoleManagement)? == 0 {
                return Err(Error::invalid(
                    "this would leave nobody to manage users: an active user must hold TMC_USER_MANAGEMENT and \
                     TMC_ROLE_MANAGEMENT; give both to another user first",
                ));
            }
            Ok(done)
        })
        .await
    }

    pub(crate) fn audit_person(
        &self,
        tx: &mut Tx<'_>,
        allowed: &Allowed,
        action: &str,
        view: &PersonView,
    ) -> Result<(), Error> {
        let detail = Some(audit_states::person(view));
        let change = Change { action, object: ("user", view.person.id.as_str()), workspace: None, detail };
        audit::record(tx, allowed.actor(), self.now(), self.random(), change)
    }
}

/// Refuses what a user may not do to itself.
fn not_oneself(actor: &Actor, id: &UserId, message: &str) -> Result<(), Error> {
    if actor.kind == PrincipalKind::Human && actor.id == id.as_str() {
        return Err(Error::invalid(message));
    }
    Ok(())
}

/// Groups of a user are listed by [`crate::groups`]; this checks that there is the user.
pub(crate) fn groups_of(
    tx: &mut Tx<'_>,
    id: &UserId,
    name_part: Option<&str>,
    page: PageNumber,
) -> Result<(Vec<groups::Group>, i64), Error> {
    known(tx, id)?;
    Ok(groups::list(tx, Some(id), name_part, page.size, page.offset())?)
}
