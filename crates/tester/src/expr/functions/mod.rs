//! The functions of the language, as a table.

mod dates;
mod digest;
mod make;
mod select;
mod text;

use crate::effort::Effort;
use crate::json::Json;
use crate::world::{Clock, Entropy};

/// A function that expressions can call.
#[derive(Debug, Clone, Copy)]
pub struct Function {
    /// Name, letter case matters.
    pub name: &'static str,
    /// Names of the arguments; those that end in `?` may be left out.
    pub arguments: &'static [&'static str],
    /// Whether there must be a value before the dot.
    pub transforms: bool,
    /// Not in the reference.
    pub ours: bool,
    /// One line of help.
    pub help: &'static str,
    run: fn(Call<'_>) -> Result<Json, String>,
}

/// A call on its way to a function.
pub(super) struct Call<'a> {
    pub(super) input: Option<Json>,
    pub(super) args: Vec<Json>,
    pub(super) clock: &'a dyn Clock,
    pub(super) entropy: &'a dyn Entropy,
    pub(super) effort: &'a Effort<'a>,
}

/// Longest text that one template or function may make, in bytes.
pub(super) const MAX_RESULT: usize = 32 << 20;

/// The function that yields entities; the evaluator itself knows them.
pub(crate) const ENTITY_BY_ID: &str = "getEntityById";

macro_rules! table {
    ($($name:literal ($($argument:literal),*) $kind:ident $ours:literal $help:literal $run:path;)*) => {
        &[$(Function {
            name: $name,
            arguments: &[$($argument),*],
            transforms: table!(@ $kind),
            ours: $ours,
            help: $help,
            run: $run,
        }),*]
    };
    (@ makes) => { false };
    (@ transforms) => { true };
}

/// Every function, the reference's first (`doc`, `getEntityById`: `file`).
pub const FUNCTIONS: &[Function] = table! {
    "random" ("max?") makes false "whole number from 0, below max (1000000000)" make::random;
    "timestamp" () makes false "milliseconds since 1970-01-01 UTC" make::timestamp;
    "uuid" () makes false "random UUID" make::uuid;
    "randomString" ("length?", "lower?", "upper?", "digits?") makes false "random text, 10 characters of a-z, A-Z, 0-9" make::random_string;
    "getEntityById" ("id") makes false "the entity with this id" make::entity;
    "base64" () transforms false "Base64 of the text" text::base64;
    "lower" () transforms false "small letters" text::lower;
    "upper" () transforms false "capital letters" text::upper;
    "md5" () transforms false "MD5 digest in hexadecimal digits" digest::md5;
    "sha" ("cipher", "output") transforms false "digest; SHA1, SHA224, SHA256, SHA384, SHA512; Base64 or Hex" digest::sha;
    "hmac" ("cipher", "key", "output?") transforms false "keyed digest; output Base64 (default) or Hex" digest::hmac;
    "string" ("quote?") transforms false "the value in quotes" text::string;
    "substring" ("start?", "end?") transforms false "from start (0) up to, not including, end" text::substring;
    "length" () transforms false "characters, elements or members" text::length;
    "jsonPath" ("selector") transforms false "what a JSON path selects" select::json_path;
    "xPath" ("selector") transforms false "what an XPath selects" select::x_path;
    "addTime" ("unit", "amount") transforms false "a later time stamp; YEAR, MONTH, WEEK, DAY, HOUR, MINUTE, SECOND, MILLISECOND" dates::add_time;
    "formatDate" ("from", "to") transforms false "another form of a date; TIMESTAMP, ISO_8601 or a pattern such as yyyy-MM-dd" dates::format_date;
    "urlEncode" () transforms true "percent-encoded text" text::url_encode;
    "urlDecode" () transforms true "text without percent-encoding" text::url_decode;
    "base64Decode" () transforms true "text that was in Base64" text::base64_decode;
    "jsonStringify" () transforms true "the value as JSON text" text::json_stringify;
    "trim" () transforms true "without blanks at the ends" text::trim;
    "replace" ("from", "to") transforms true "every occurrence replaced" text::replace;
    "matches" ("regex", "group?") transforms true "whether a JavaScript regular expression matches, or a group of its match" select::matches;
    "first" () transforms true "first character or element" text::first;
    "last" () transforms true "last character or element" text::last;
    "indexOf" ("part") transforms true "position from 0, or -1" text::index_of;
};

/// The function with this name.
pub(super) fn find(name: &str) -> Option<&'static Function> {
    FUNCTIONS.iter().find(|function| function.name == name)
}

/// All names, for suggestions.
pub(super) fn names() -> impl Iterator<Item = &'static str> {
    FUNCTIONS.iter().map(|function| function.name)
}

impl Function {
    /// How the function is called, such as `substring([start [, end]])`.
    pub fn signature(&self) -> String {
        format!("{}({})", self.name, self.arguments.join(", "))
    }

    /// Whether it can be called with so many arguments, and with or without a value before the dot.
    pub(crate) fn fits(&self, arguments: usize, has_value: bool) -> Result<(), String> {
        if self.transforms != has_value {
            return Err(if self.transforms {
                format!("needs a value before the dot, as in \"text\".{}", self.signature())
            } else {
                format!("stands at the beginning, without a value before it: {}", self.signature())
            });
        }
        let required = self.arguments.iter().filter(|argument| !argument.ends_with('?')).count();
        if arguments < required || arguments > self.arguments.len() {
            return Err(format!("{arguments} arguments given, takes {}", self.signature()));
        }
        Ok(())
    }

    pub(super) fn apply(&self, call: Call<'_>) -> Result<Json, String> {
        self.fits(call.args.len(), call.input.is_some())?;
        (self.run)(call)
    }
}

impl Call<'_> {
    /// The value before the dot as text.
    fn text(&self) -> String {
        self.input.as_ref().map_or_else(String::new, Json::render)
    }

    fn arg(&self, at: usize) -> Option<String> {
        self.args.get(at).map(Json::render)
    }

    /// A whole number, or `otherwise` when the argument is missing.
    fn whole(&self, at: usize, name: &str, otherwise: i64) -> Result<i64, String> {
        match self.args.get(at) {
            None => Ok(otherwise),
            Some(value) => {
                whole(value).ok_or_else(|| format!("{name} must be a whole number, not `{}`", value.render()))
            }
        }
    }

    fn flag(&self, at: usize, name: &str) -> Result<bool, String> {
        match self.arg(at).as_deref() {
            None | Some("true") => Ok(true),
            Some("false") => Ok(false),
            Some(other) => Err(format!("{name} must be true or false, not `{other}`")),
        }
    }
}

/// A number, or a text that is one; a sign in front is welcome.
fn whole(value: &Json) -> Option<i64> {
    let text = value.render();
    let text = text.trim();
    Json::Number(text.strip_prefix('+').unwrap_or(text).to_owned()).as_i64()
}
