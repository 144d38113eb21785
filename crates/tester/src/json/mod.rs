//! JSON values that lose nothing: numbers keep their exact text, objects their order.
//!
//! Responses hold integers above 2^53 and amounts such as `1.10`; a test that compares or forwards them must see what was
//! sent. So this crate has its own value instead of one with machine numbers.

mod number;
mod parse;
mod serde_impl;
mod write;

use indexmap::IndexMap;

pub(crate) use parse::place;
pub use parse::{JsonError, MAX_DEPTH, MAX_TEXT};

/// Members of an object in the order of the text.
pub type Object = IndexMap<String, Json, foldhash::fast::RandomState>;

/// A JSON value.
///
/// `==` is exact: `1.0` and `1` differ. [`Json::same`] compares by meaning. The order of members never counts.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Json {
    /// `null`
    #[default]
    Null,
    /// `true` or `false`
    Bool(bool),
    /// A number as it was written, always valid JSON number syntax.
    Number(String),
    /// Text, escapes resolved.
    Text(String),
    /// Elements in order.
    Array(Vec<Json>),
    /// Members in order; of a repeated name the last one counts.
    Object(Object),
}

impl Json {
    /// Reads one JSON text.
    ///
    /// # Errors
    /// [`JsonError`] with line and column: not JSON, longer than [`MAX_TEXT`] bytes, or nested deeper than [`MAX_DEPTH`].
    pub fn parse(text: &str) -> Result<Self, JsonError> {
        parse::parse(text)
    }

    /// Text value.
    pub fn text(value: impl Into<String>) -> Self {
        Self::Text(value.into())
    }

    /// Whole number.
    pub fn int(value: impl Into<i128>) -> Self {
        Self::Number(value.into().to_string())
    }

    /// A number from its text; `None` when the text is not a JSON number.
    pub fn number(text: &str) -> Option<Self> {
        number::is_number(text).then(|| Self::Number(text.to_owned()))
    }

    /// The text of a [`Json::Text`].
    pub fn as_text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The value of a [`Json::Bool`].
    pub fn as_bool(&self) -> Option<bool> {
        match self {
            Self::Bool(value) => Some(*value),
            _ => None,
        }
    }

    /// A whole number that fits 64 bits; `10.0` and `1e1` count as whole.
    pub fn as_i64(&self) -> Option<i64> {
        match self {
            Self::Number(text) => number::whole(text).and_then(|value| i64::try_from(value).ok()),
            _ => None,
        }
    }

    /// The elements of an array.
    pub fn as_array(&self) -> Option<&[Json]> {
        match self {
            Self::Array(items) => Some(items),
            _ => None,
        }
    }

    /// The members of an object.
    pub fn as_object(&self) -> Option<&Object> {
        match self {
            Self::Object(members) => Some(members),
            _ => None,
        }
    }

    /// Member of an object; `None` for every other value.
    pub fn get(&self, name: &str) -> Option<&Json> {
        self.as_object()?.get(name)
    }

    /// "null", "boolean", "number", "text", "array" or "object", for messages.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Bool(_) => "boolean",
            Self::Number(_) => "number",
            Self::Text(_) => "text",
            Self::Array(_) => "array",
            Self::Object(_) => "object",
        }
    }

    /// Equal by meaning: numbers by value (`1.0` is `1`), objects without regard to order.
    pub fn same(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Number(left), Self::Number(right)) => {
                number::compare(left, right) == Some(std::cmp::Ordering::Equal)
            }
            (Self::Array(left), Self::Array(right)) => {
                left.len() == right.len() && left.iter().zip(right).all(|(l, r)| l.same(r))
            }
            (Self::Object(left), Self::Object(right)) => {
                left.len() == right.len()
                    && left.iter().all(|(name, value)| right.get(name).is_some_and(|other| value.same(other)))
            }
            _ => self == other,
        }
    }

    /// About how many bytes its text has.
    pub(crate) fn bytes(&self) -> usize {
        match self {
            Self::Null | Self::Bool(_) => 4,
            Self::Number(text) => text.len(),
            Self::Text(text) => text.len() + 2,
            Self::Array(items) => items.iter().map(|item| item.bytes() + 1).sum::<usize>() + 2,
            Self::Object(members) => {
                members.iter().map(|(name, value)| name.len() + 4 + value.bytes()).sum::<usize>() + 2
            }
        }
    }

    /// How the value stands inside a text: text as it is, everything else as compact JSON (`doc`).
    pub fn render(&self) -> String {
        match self {
            Self::Text(text) => text.clone(),
            other => other.to_string(),
        }
    }

    /// Indented by two blanks a level, with a line break at the end; the layout of exported files.
    pub fn pretty(&self) -> String {
        write::pretty(self)
    }
}

/// Compares two number texts by value: exactly for whole numbers, else as 64-bit floating point.
pub(crate) fn compare_numbers(left: &str, right: &str) -> Option<std::cmp::Ordering> {
    number::compare(left, right)
}

/// Whether `text` is a JSON number, nothing around it.
pub(crate) fn is_number(text: &str) -> bool {
    number::is_number(text)
}

impl From<&str> for Json {
    fn from(value: &str) -> Self {
        Self::Text(value.to_owned())
    }
}

impl From<String> for Json {
    fn from(value: String) -> Self {
        Self::Text(value)
    }
}

impl From<bool> for Json {
    fn from(value: bool) -> Self {
        Self::Bool(value)
    }
}

impl From<Vec<Json>> for Json {
    fn from(value: Vec<Json>) -> Self {
        Self::Array(value)
    }
}

impl From<Object> for Json {
    fn from(value: Object) -> Self {
        Self::Object(value)
    }
}

/// An object from names and values, in order.
pub(crate) fn object<const N: usize>(members: [(&str, Json); N]) -> Json {
    Json::Object(members.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
}
