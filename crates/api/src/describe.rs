//! What a handler reads, taken from the types of its arguments: names of query parameters and of the fields of its
//! body. The OpenAPI documents are made from it, so they cannot name a parameter that nobody reads.

use crate::App;
use crate::extract::{Auth, ClientIp, In, Json, OptionalJson, Path, Query, RequestId, SignInVisit};
use crate::handlers::tester::Unseen;
use axum::extract::{Extension, RawQuery, Request, State};
use axum::http::HeaderMap;
use serde::de::{self, DeserializeOwned, Deserializer, Visitor};
use std::fmt;

/// Names of the fields of a struct, as they are written in JSON or in a query.
pub type Fields = &'static [&'static str];

/// Which names a handler reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Names {
    /// It looks for them by itself, so they are not in its type.
    Unknown,
    /// These.
    Are(Fields),
}

/// What a handler does with the body of a request.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Reads {
    /// It has no body.
    #[default]
    Nothing,
    /// JSON with these fields.
    Json(Names),
    /// JSON that may be left out, with these fields.
    OptionalJson(Names),
    /// The bytes themselves; what they are is not in the type.
    Bytes,
}

/// What a handler reads.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Description {
    /// Whether it wants a bearer token.
    pub token: bool,
    /// Its query parameters; none when it reads no query.
    pub query: Option<Names>,
    /// Its body.
    pub body: Reads,
}

/// One argument of a handler. A new extractor needs an implementation here.
#[diagnostic::on_unimplemented(
    message = "`{Self}` has no description for the OpenAPI documents",
    note = "implement `Part` for it in crates/api/src/describe.rs"
)]
pub trait Part {
    /// Adds what the argument reads.
    fn describe(description: &mut Description);
}

/// The arguments of a handler, in the form in which axum names them.
pub trait Describe {
    /// What the handler reads.
    fn description() -> Description;
}

impl Describe for ((),) {
    fn description() -> Description {
        Description::default()
    }
}

macro_rules! arguments {
    ($($part:ident)+) => {
        impl<M, $($part: Part),+> Describe for (M, $($part,)+) {
            fn description() -> Description {
                let mut description = Description::default();
                $($part::describe(&mut description);)+
                description
            }
        }
    };
}

arguments!(A);
arguments!(A B);
arguments!(A B C);
arguments!(A B C D);
arguments!(A B C D E);
arguments!(A B C D E F);
arguments!(A B C D E F G);
arguments!(A B C D E F G H);

macro_rules! silent {
    ($($kind:ty),+) => {
        $(impl Part for $kind {
            fn describe(_: &mut Description) {}
        })+
    };
}

silent!(State<App>, In, HeaderMap, ClientIp, SignInVisit, Extension<RequestId>);

impl<T> Part for Path<T> {
    fn describe(_: &mut Description) {}
}

impl Part for Auth {
    fn describe(description: &mut Description) {
        description.token = true;
    }
}

impl<T: DeserializeOwned> Part for Query<T> {
    fn describe(description: &mut Description) {
        description.query = Some(fields::<T>());
    }
}

impl<T: DeserializeOwned> Part for Json<T> {
    fn describe(description: &mut Description) {
        description.body = Reads::Json(fields::<T>());
    }
}

impl<T: DeserializeOwned> Part for Unseen<T> {
    fn describe(description: &mut Description) {
        description.body = Reads::Json(fields::<T>());
    }
}

impl<T: DeserializeOwned> Part for OptionalJson<T> {
    fn describe(description: &mut Description) {
        description.body = Reads::OptionalJson(fields::<T>());
    }
}

impl Part for RawQuery {
    fn describe(description: &mut Description) {
        description.query = Some(Names::Unknown);
    }
}

impl Part for Request {
    fn describe(description: &mut Description) {
        description.body = Reads::Bytes;
    }
}

/// The names that a struct reads.
///
/// A derived `Deserialize` announces them to the deserializer before it reads anything, so one that only listens is
/// enough. A struct with a flattened part announces nothing.
fn fields<T: DeserializeOwned>() -> Names {
    let mut heard = None;
    let read = T::deserialize(Listener(&mut heard));
    debug_assert!(read.is_err(), "a listener gives no value");
    heard.map_or(Names::Unknown, Names::Are)
}

struct Listener<'a>(&'a mut Option<Fields>);

/// The end of the attempt: nothing is read.
#[derive(Debug)]
struct Enough;

impl fmt::Display for Enough {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("only the names of the fields were wanted")
    }
}

impl std::error::Error for Enough {}

impl de::Error for Enough {
    fn custom<T: fmt::Display>(_: T) -> Self {
        Enough
    }
}

impl<'de> Deserializer<'de> for Listener<'_> {
    type Error = Enough;

    fn deserialize_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value, Enough> {
        Err(Enough)
    }

    fn deserialize_struct<V: Visitor<'de>>(self, _: &'static str, fields: Fields, _: V) -> Result<V::Value, Enough> {
        *self.0 = Some(fields);
        Err(Enough)
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit unit_struct
        newtype_struct seq tuple tuple_struct map enum identifier ignored_any
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(serde::Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Sample {
        #[serde(rename = "_s")]
        _search: Option<String>,
        _page_limit: Option<i64>,
    }

    fn of<T: Describe>() -> Description {
        T::description()
    }

    #[test]
    fn arguments_say_what_they_read() {
        let fields: Fields = &["_s", "pageLimit"];
        type Read = ((), State<App>, Auth, Query<Sample>);
        assert_eq!(of::<Read>(), Description { token: true, query: Some(Names::Are(fields)), body: Reads::Nothing });
        type Write = ((), State<App>, Path<String>, Json<Sample>);
        assert_eq!(of::<Write>(), Description { token: false, query: None, body: Reads::Json(Names::Are(fields)) });
        assert_eq!(of::<((), Json<Vec<Sample>>)>().body, Reads::Json(Names::Unknown));
        assert_eq!(of::<((), Request)>().body, Reads::Bytes);
        assert_eq!(of::<((),)>(), Description::default());
    }
}
