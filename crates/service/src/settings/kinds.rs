//! What values of settings look like: how one is checked, read and put.

use super::table::{SETTINGS, Setting};
use crate::app::{Service, Settings};
use serde_json::{Value, json};

/// Most entries of a list.
const ENTRIES: usize = 1_000;
/// Most characters of an entry.
const ENTRY_CHARS: usize = 300;

/// A whole number in a range.
#[derive(Clone, Copy, Debug)]
pub struct Counted {
    /// The least that may be set.
    pub least: i64,
    /// The most that may be set.
    pub most: i64,
    /// What is set.
    pub get: fn(&Settings) -> i64,
    /// Sets it; the value is in the range.
    pub put: fn(&mut Settings, i64),
}

/// An entry of a list that cannot be set: its place, and what is wrong with it.
pub type WrongEntry = (usize, String);

/// A list of texts.
#[derive(Clone, Copy, Debug)]
pub struct Listed {
    /// The first entry that is wrong.
    pub check: fn(&[String]) -> Result<(), WrongEntry>,
    /// What is set.
    pub get: fn(&Settings) -> Vec<String>,
    /// Sets it; the list is checked.
    pub put: fn(&mut Settings, &[String]),
}

/// What a value looks like.
#[derive(Clone, Copy, Debug)]
pub enum Kind {
    /// A whole number.
    Number(Counted),
    /// One of a few words.
    Choice {
        /// The words.
        values: &'static [&'static str],
        /// What is set.
        get: fn(&Settings) -> &'static str,
        /// Sets it; the word is one of them.
        put: fn(&mut Settings, &str),
    },
    /// A list of texts.
    Texts(Listed),
    /// The identity provider: an object that only the settings file holds, of which this is shown.
    Provider(fn(&Service) -> Value),
}

/// Issuer and name of the identity provider; never its secret.
pub(super) const PROVIDER: fn(&Service) -> Value = |service| match service.inner.open_id.get() {
    Some(provider) => json!({ "issuer": provider.settings.issuer, "name": provider.settings.name }),
    None => Value::Null,
};

impl Kind {
    /// The word for it in bodies.
    pub fn id(&self) -> &'static str {
        match self {
            Kind::Number(_) => "number",
            Kind::Choice { .. } => "choice",
            Kind::Texts(_) => "list",
            Kind::Provider(_) => "provider",
        }
    }
}

fn texts(value: &Value) -> Option<Vec<String>> {
    value.as_array()?.iter().map(|text| text.as_str().map(str::to_owned)).collect()
}

impl Setting {
    /// The setting with this name.
    pub fn named(name: &str) -> Option<&'static Setting> {
        SETTINGS.iter().find(|setting| setting.name == name)
    }

    /// Puts a value into `settings`, after a look at it. `field` is what a refusal calls it.
    ///
    /// # Errors
    /// What is wrong with the value, with the range; then nothing was put.
    pub fn put(&self, settings: &mut Settings, value: &Value, field: &str) -> Result<(), String> {
        match &self.kind {
            Kind::Number(Counted { least, most, put, .. }) => {
                let number = value.as_i64().filter(|number| (*least..=*most).contains(number));
                let refused = || format!("{field}: must be a whole number from {least} to {most} ({})", self.unit);
                put(settings, number.ok_or_else(refused)?);
            }
            Kind::Choice { values, put, .. } => {
                let word = value.as_str().filter(|word| values.contains(word));
                put(settings, word.ok_or_else(|| format!("{field}: must be {}", values.join(" or ")))?);
            }
            Kind::Texts(Listed { check, put, .. }) => {
                let texts = texts(value).ok_or_else(|| format!("{field}: must be a list of texts"))?;
                if texts.len() > ENTRIES {
                    return Err(format!("{field}: must have at most {ENTRIES} entries"));
                }
                if let Some(place) = texts.iter().position(|text| text.chars().count() > ENTRY_CHARS) {
                    return Err(format!("{field}[{place}]: must have at most {ENTRY_CHARS} characters"));
                }
                check(&texts).map_err(|(place, error)| format!("{field}[{place}]: {error}"))?;
                put(settings, &texts);
            }
            Kind::Provider(_) => return Err(format!("{field}: can be set in the settings file only")),
        }
        Ok(())
    }

    /// What is set in `settings`; of the identity provider what `service` has.
    pub(super) fn value(&self, settings: &Settings, service: &Service) -> Value {
        match &self.kind {
            Kind::Number(number) => (number.get)(settings).into(),
            Kind::Choice { get, .. } => get(settings).into(),
            Kind::Texts(list) => (list.get)(settings).into(),
            Kind::Provider(shown) => shown(service),
        }
    }

    /// What holds where nobody set anything.
    pub(super) fn default_value(&self, service: &Service) -> Value {
        match self.kind {
            Kind::Provider(_) => Value::Null,
            _ => self.value(&Settings::default(), service),
        }
    }
}
