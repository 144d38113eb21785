//! Takes members out of an object one by one; what remains is the bag of unknown keys.

use super::NativeError;
use crate::json::{Json, Object};

/// An object on its way into the model.
pub(super) struct Fields {
    /// Where it stands in the file.
    pub(super) path: String,
    members: Object,
}

impl Fields {
    pub(super) fn of(value: Json, path: &str) -> Result<Self, NativeError> {
        match value {
            Json::Object(members) => Ok(Self { path: path.to_owned(), members }),
            other => Err(wrong(path, "an object", &other)),
        }
    }

    pub(super) fn get(&self, name: &str) -> Option<&Json> {
        self.members.get(name)
    }

    pub(super) fn take(&mut self, name: &str) -> Option<Json> {
        self.members.shift_remove(name)
    }

    /// A member that is an object; `null` is as good as missing, and stays in the bag.
    pub(super) fn object(&mut self, name: &str) -> Result<Option<Fields>, NativeError> {
        if matches!(self.get(name), None | Some(Json::Null)) {
            return Ok(None);
        }
        let path = self.place(name);
        self.take(name).map(|value| Fields::of(value, &path)).transpose()
    }

    pub(super) fn text(&mut self, name: &str) -> Result<Option<String>, NativeError> {
        match self.get(name) {
            None | Some(Json::Null) => Ok(None),
            Some(Json::Text(_)) => Ok(self.take(name).map(|value| value.render())),
            Some(other) => Err(wrong(&self.place(name), "text", other)),
        }
    }

    pub(super) fn required(&mut self, name: &str) -> Result<String, NativeError> {
        self.text(name)?.ok_or_else(|| NativeError::Field {
            place: self.path.clone(),
            problem: format!("`{name}` is missing; a text is needed"),
        })
    }

    pub(super) fn flag(&mut self, name: &str) -> Result<Option<bool>, NativeError> {
        match self.get(name) {
            None | Some(Json::Null) => Ok(None),
            Some(Json::Bool(value)) => {
                let value = *value;
                self.take(name);
                Ok(Some(value))
            }
            Some(other) => Err(wrong(&self.place(name), "true or false", other)),
        }
    }

    pub(super) fn count(&mut self, name: &str) -> Result<Option<u32>, NativeError> {
        match self.get(name) {
            None | Some(Json::Null) => Ok(None),
            Some(value) => match value.as_i64().and_then(|count| u32::try_from(count).ok()) {
                Some(count) => {
                    self.take(name);
                    Ok(Some(count))
                }
                None => Err(wrong(&self.place(name), "a whole number from 0", value)),
            },
        }
    }

    /// Elements of an array that are objects.
    pub(super) fn list(&mut self, name: &str) -> Result<Option<Vec<Fields>>, NativeError> {
        let path = self.place(name);
        match self.get(name) {
            None | Some(Json::Null) => return Ok(None),
            Some(Json::Array(_)) => {}
            Some(other) => return Err(wrong(&path, "an array", other)),
        }
        let Some(Json::Array(items)) = self.take(name) else { return Ok(None) };
        let read = |(at, item)| Fields::of(item, &format!("{path}[{at}]"));
        items.into_iter().enumerate().map(read).collect::<Result<_, _>>().map(Some)
    }

    pub(super) fn rest(self) -> Object {
        self.members
    }

    pub(super) fn place(&self, name: &str) -> String {
        if self.path.is_empty() { name.to_owned() } else { format!("{}.{name}", self.path) }
    }
}

fn wrong(place: &str, wanted: &str, found: &Json) -> NativeError {
    let problem = format!("expected {wanted}, found {}", found.kind());
    NativeError::Field { place: if place.is_empty() { "the file".to_owned() } else { place.to_owned() }, problem }
}

/// Reads the additions out of the key `stoker`.
pub(super) fn additions<T: Default + serde::de::DeserializeOwned>(from: &mut Fields) -> Result<T, NativeError> {
    let place = from.place(ADDITIONS);
    match from.take(ADDITIONS) {
        None => Ok(T::default()),
        Some(value) => serde_json::from_str(&value.to_string())
            .map_err(|error| NativeError::Field { place, problem: error.to_string() }),
    }
}

/// Key of an entity in which what Stoker adds is kept.
pub(super) const ADDITIONS: &str = "stoker";
