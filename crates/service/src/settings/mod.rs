//! Settings of the server while it runs. What its own file sets is in force and fixed there; then comes what somebody set
//! by a call, which holds for all servers of the installation; then the default.

mod kinds;
mod table;

pub use kinds::{Counted, Kind, Listed, WrongEntry};
pub use table::{Group, SETTINGS, Setting};

use crate::actor::{Actor, Allowed};
use crate::app::{Service, Settings};
use crate::audit::{self, Change};
use crate::error::{Error, taken};
use crate::tester::same_version;
use serde_json::{Value, json};
use std::sync::{Arc, RwLock};
use stoker_domain::Permission;
use stoker_store::db::Record;
use stoker_store::server_settings::{self, ServerSetting};

/// Who may see and change settings: who manages users may take every other permission, and keeps the IP allowlist, the
/// other rule that holds for everybody (source: inferred, the published catalogue has no permission for servers).
pub(crate) const MANAGE: &[Permission] = &[Permission::UserManagement];

/// Where a value comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// Nobody set it.
    Default,
    /// It was set by a call.
    Set,
    /// The settings file of the server that answers holds it.
    File,
}

impl Source {
    /// The word for it in bodies.
    pub fn id(self) -> &'static str {
        match self {
            Self::Default => "default",
            Self::Set => "set",
            Self::File => "file",
        }
    }
}

/// A setting as it is in force on the server that answers.
#[derive(Clone, Debug)]
pub struct SettingView {
    /// Its line of the table.
    pub setting: &'static Setting,
    /// The value in force.
    pub value: Value,
    /// The value that would be in force if nobody had set any.
    pub default: Value,
    /// Where the value comes from.
    pub from: Source,
    /// How often it was changed by calls; who changes it names the version that was read.
    pub version: i64,
    /// When it was last changed by a call, milliseconds since the epoch, and by whom.
    pub changed: Option<(i64, String)>,
}

/// The settings in force, and what they are made of.
pub(crate) struct InForce {
    now: RwLock<Arc<Settings>>,
    /// What the file says, over the defaults.
    base: Settings,
    /// The rows that `now` was made of. Held while they are read: what was read later is never replaced by what was read
    /// before.
    rows: tokio::sync::Mutex<Vec<ServerSetting>>,
}

impl InForce {
    pub(crate) fn new(base: Settings) -> Self {
        Self { now: RwLock::new(Arc::new(base.clone())), base, rows: tokio::sync::Mutex::default() }
    }

    pub(crate) fn now(&self) -> Arc<Settings> {
        Arc::clone(&self.now.read().unwrap_or_else(|p| p.into_inner()))
    }

    /// The settings with these rows. A row that cannot be read is passed over, as another version of the program may have
    /// written it, and told in the log.
    fn with(&self, rows: &[ServerSetting]) -> Settings {
        let mut settings = self.base.clone();
        for row in rows {
            let Some(text) = &row.value else { continue };
            if self.base.in_file.contains(row.name.as_str()) {
                continue;
            }
            let setting = Setting::named(&row.name).filter(|setting| setting.at_run_time);
            let value: Option<Value> = serde_json::from_str(text).ok();
            let put = match (setting, value) {
                (Some(setting), Some(value)) => setting.put(&mut settings, &value, &row.name),
                (None, _) => Err(format!("{}: is not known here", row.name)),
                (_, None) => Err(format!("{}: is no JSON", row.name)),
            };
            if let Err(error) = put {
                tracing::warn!(error, "a stored setting cannot be used: it stays as it would be without");
            }
        }
        settings
    }
}

fn unknown(name: &str) -> Error {
    Error::not_found(format!("There is no setting {name}."))
}

impl Service {
    /// Puts in force what was set by calls, here or on other servers. Called at the start, with every hint of another
    /// server, and with every pass of the reconcilers.
    pub async fn follow_settings(&self) -> Result<(), Error> {
        self.load_settings(&Allowed::system()).await
    }

    async fn load_settings(&self, allowed: &Allowed) -> Result<(), Error> {
        let in_force = &self.inner.settings;
        let mut known = in_force.rows.lock().await;
        let rows = self.get::<_, Error, _>(allowed, |tx| Ok(server_settings::all(tx)?)).await?;
        if *known != rows {
            let settings = Arc::new(in_force.with(&rows));
            *in_force.now.write().unwrap_or_else(|p| p.into_inner()) = settings;
            *known = rows;
        }
        Ok(())
    }

    fn setting_view(&self, setting: &'static Setting, row: Option<&ServerSetting>, settings: &Settings) -> SettingView {
        let in_file = self.inner.settings.base.in_file.contains(setting.name);
        let from = match row {
            _ if in_file => Source::File,
            Some(row) if row.value.is_some() && setting.at_run_time => Source::Set,
            _ => Source::Default,
        };
        SettingView {
            setting,
            value: setting.value(settings, self),
            default: setting.default_value(self),
            from,
            version: row.map_or(0, |row| row.version),
            changed: row.map(|row| (row.changed_ms, row.changed_by.clone())),
        }
    }

    /// Every setting as it is in force on this server, in the order of the table.
    pub async fn server_settings(&self, actor: &Actor) -> Result<Vec<SettingView>, Error> {
        let allowed = actor.allow(MANAGE)?;
        self.load_settings(&allowed).await?;
        let rows = self.inner.settings.rows.lock().await;
        let settings = self.settings();
        let row = |name: &str| rows.iter().find(|row| row.name == name);
        Ok(SETTINGS.iter().map(|setting| self.setting_view(setting, row(setting.name), &settings)).collect())
    }

    /// Sets a value for all servers whose file does not; it is in force here when this returns, and on the others within a
    /// second. With `version` only when that is the version it has.
    ///
    /// # Errors
    /// [`Error::Conflict`] for another version, or when the settings file of this server or its start fixes it.
    pub async fn set_setting(
        &self,
        actor: &Actor,
        name: &str,
        value: &Value,
        version: Option<i64>,
    ) -> Result<SettingView, Error> {
        self.change_setting(actor, name, Some(value), version).await
    }

    /// Puts a setting back to its default, which is no change when it has that.
    ///
    /// # Errors
    /// As [`Service::set_setting`].
    pub async fn unset_setting(&self, actor: &Actor, name: &str, version: Option<i64>) -> Result<SettingView, Error> {
        self.change_setting(actor, name, None, version).await
    }

    /// Refuses what this server could not put in force.
    fn may_set(&self, setting: &Setting, value: Option<&Value>) -> Result<(), Error> {
        let name = setting.name;
        if !setting.at_run_time {
            return Err(Error::conflict(format!(
                "{name} can be set in the settings file only: write it there and start the server again"
            )));
        }
        if self.inner.settings.base.in_file.contains(name) {
            return Err(Error::conflict(format!(
                "{name} is fixed by the settings file of this server: take it out of the file and start the server again, \
                 or change it there"
            )));
        }
        let Some(value) = value else { return Ok(()) };
        let mut settings = Settings::clone(&self.settings());
        setting.put(&mut settings, value, "value").map_err(Error::Invalid)?;
        if name == "engineSilenceSeconds" {
            settings.check_silence("value").map_err(Error::Invalid)?;
        }
        Ok(())
    }

    async fn change_setting(
        &self,
        actor: &Actor,
        name: &str,
        value: Option<&Value>,
        version: Option<i64>,
    ) -> Result<SettingView, Error> {
        let allowed = actor.allow(MANAGE)?;
        let setting = Setting::named(name).ok_or_else(|| unknown(name))?;
        self.may_set(setting, value)?;
        let (service, proof, now) = (self.clone(), allowed.clone(), self.now());
        let text = value.map(Value::to_string);
        let row = self
            .write::<_, Error, _>(&allowed, move |tx| {
                let before = server_settings::lock(tx, setting.name)?;
                let known = before.as_ref().map_or(0, |row| row.version);
                if let Some(version) = version {
                    same_version(known, version)?;
                }
                let old = before.as_ref().and_then(|row| row.value.clone());
                if old == text {
                    return Ok(before);
                }
                let by = proof.actor().name.clone();
                let name = setting.name.to_owned();
                let row = ServerSetting { name, value: text, version: known + 1, changed_ms: now, changed_by: by };
                match before {
                    // Two first changes at once: the second finds the row of the first.
                    None => row.insert(tx).map_err(taken("version: it was changed meanwhile; read it again"))?,
                    Some(_) => drop(row.update(tx)?),
                }
                service.audit_setting(tx, &proof, setting, old.as_deref(), row.value.as_deref())?;
                Ok(Some(row))
            })
            .await?;
        self.load_settings(&allowed).await?;
        Ok(self.setting_view(setting, row.as_ref(), &self.settings()))
    }

    fn audit_setting(
        &self,
        tx: &mut stoker_store::Tx<'_>,
        allowed: &Allowed,
        setting: &Setting,
        before: Option<&str>,
        after: Option<&str>,
    ) -> Result<(), Error> {
        let told = |text: Option<&str>| match text {
            Some(text) => serde_json::from_str(text).map_err(Error::internal),
            None => Ok(setting.default_value(self)),
        };
        let from = |text: Option<&str>| if text.is_some() { Source::Set } else { Source::Default }.id();
        let detail = json!({
            "name": setting.name, "value": told(after)?, "from": from(after), "change": { "before": told(before)? },
        });
        let action = if after.is_some() { "setting.update" } else { "setting.reset" };
        let change = Change { action, object: ("setting", setting.name), workspace: None, detail: Some(detail) };
        audit::record(tx, allowed.actor(), self.now(), self.random(), change)
    }
}
