//! Values that expressions see, in layers.

use indexmap::IndexMap;

use super::Environment;

/// Variables of a run. Later layers win: environment, overrides of the caller, row of data, values made during the run.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Variables {
    values: IndexMap<String, String>,
}

impl Variables {
    /// Enabled variables of an environment that have a value.
    pub fn of(environment: &Environment) -> Self {
        let mut made = Self::default();
        for variable in environment.variables.iter().filter(|variable| variable.is_on()) {
            if let Some(value) = &variable.value {
                made.set(&variable.name, value);
            }
        }
        made
    }

    /// Sets one, replacing what was there.
    pub fn set(&mut self, name: &str, value: impl Into<String>) {
        self.values.insert(name.to_owned(), value.into());
    }

    /// The value.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.values.get(name).map(String::as_str)
    }

    /// Names in order of appearance.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.values.keys().map(String::as_str)
    }

    /// How many bytes names and values have together.
    pub fn bytes(&self) -> usize {
        self.values.iter().map(|(name, value)| name.len() + value.len()).sum()
    }

    /// Takes over all of `over`, which wins.
    pub fn overlay(&mut self, over: &Variables) {
        for (name, value) in &over.values {
            self.values.insert(name.clone(), value.clone());
        }
    }
}
