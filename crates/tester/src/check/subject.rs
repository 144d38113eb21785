//! What an assertion looks at.

use std::cell::OnceCell;

use crate::effort::Effort;
use crate::exchange::Response;
use crate::json::Json;
use crate::model::Subject;
use crate::path::JsonPath;
use crate::suggest;
use crate::xpath::{self, Document};

/// A value taken from a response.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Received {
    /// No such value.
    Nothing,
    /// Text that counts as a number when it looks like one: values of a header, or a text of a condition.
    Loose(Vec<String>),
    /// A JSON value, from a body or made here.
    Value(Json),
    /// A list that a path selected without finding anything.
    NoMatches,
    /// Nodes of an XML body as texts.
    Nodes(Vec<String>),
}

impl Received {
    /// As one text; `None` when there is no value.
    pub fn text(&self) -> Option<String> {
        match self {
            Self::Nothing | Self::NoMatches => None,
            Self::Loose(values) => Some(values.join(", ")),
            Self::Value(json) => Some(json.render()),
            Self::Nodes(nodes) => match nodes.as_slice() {
                [] => None,
                [one] => Some(one.clone()),
                more => Some(format!("[{}]", more.join(", "))),
            },
        }
    }

    /// As a report shows it.
    pub(super) fn shown(&self) -> Option<String> {
        if *self == Self::NoMatches { Some("[]".to_owned()) } else { self.text() }
    }
}

/// A response whose body is read once as JSON and once as XML, however many assertions look at it.
pub(crate) struct Looked<'a> {
    pub(super) response: &'a Response,
    pub(crate) effort: &'a Effort<'a>,
    json: OnceCell<Result<Json, String>>,
    xml: OnceCell<Result<Document, String>>,
}

impl<'a> Looked<'a> {
    /// Nothing is read before somebody asks.
    pub(crate) fn at(response: &'a Response, effort: &'a Effort<'a>) -> Self {
        Self { response, effort, json: OnceCell::new(), xml: OnceCell::new() }
    }

    fn json(&self) -> Result<&Json, String> {
        let read = || Json::parse(&self.response.text()).map_err(|error| format!("the body is {error}"));
        self.json.get_or_init(read).as_ref().map_err(Clone::clone)
    }

    fn xml(&self) -> Result<&Document, String> {
        let read = || Document::parse(&self.response.text()).map_err(|error| format!("the body is {error}"));
        self.xml.get_or_init(read).as_ref().map_err(Clone::clone)
    }
}

pub(super) fn receive(looked: &Looked<'_>, subject: &Subject, path: &str) -> Result<Received, String> {
    let response = looked.response;
    let one_of = |known: &[&str]| {
        let suggestion = suggest::nearest(path, known.iter().copied());
        let hint = suggest::hint(suggestion.as_deref());
        format!("{} has no `{path}`, only {}{hint}", subject.name(), known.join(" and "))
    };
    match subject {
        Subject::ResponseStatus => match path {
            "code" => Ok(Received::Value(Json::int(response.status))),
            "message" => Ok(Received::Value(Json::text(&response.message))),
            _ => Err(one_of(&["code", "message"])),
        },
        Subject::ResponseHeader => {
            let values = response.header_values(path);
            Ok(if values.is_empty() { Received::Nothing } else { Received::Loose(owned(&values)) })
        }
        Subject::ResponseBody => match path {
            "content" | "" if response.body.is_empty() => Ok(Received::Nothing),
            "content" | "" => Ok(Received::Value(Json::Text(response.text()))),
            "length" => Ok(Received::Value(Json::int(response.body.len() as u64))),
            _ => Err(one_of(&["content", "length"])),
        },
        Subject::Response => match path {
            "duration" | "time" | "" => Ok(Received::Value(Json::int(response.duration_ms))),
            "latency" => Ok(Received::Value(Json::int(response.latency_ms))),
            _ => Err(one_of(&["duration", "latency", "time"])),
        },
        Subject::ResponseJsonBody => {
            let document = looked.json()?;
            let found = JsonPath::parse(path)
                .and_then(|path| path.select(document, looked.effort))
                .map_err(|error| error.to_string())?;
            Ok(match (found.exists(), found.into_json()) {
                (true, Some(value)) => Received::Value(value),
                (false, Some(_)) => Received::NoMatches,
                _ => Received::Nothing,
            })
        }
        Subject::ResponseXmlBody => {
            let document = looked.xml()?;
            Ok(match xpath::evaluate(document, path, looked.effort).map_err(|error| error.to_string())? {
                xpath::Value::Nodes(nodes) if nodes.is_empty() => Received::Nothing,
                xpath::Value::Nodes(nodes) => Received::Nodes(document.texts(&nodes, looked.effort)?),
                xpath::Value::Bool(value) => Received::Value(Json::Bool(value)),
                xpath::Value::Number(number) if number.is_finite() => {
                    let text = xpath::Value::Number(number).text(document);
                    Received::Value(Json::number(&text).unwrap_or(Json::Text(text)))
                }
                other => Received::Value(Json::Text(other.text(document))),
            })
        }
        Subject::Other(name) => {
            let names = Subject::KNOWN;
            let hint = suggest::hint(suggest::nearest(name, names.iter().map(Subject::name)).as_deref());
            Err(format!("the subject `{name}` is not supported{hint}"))
        }
    }
}

fn owned(values: &[&str]) -> Vec<String> {
    values.iter().map(|value| (*value).to_owned()).collect()
}

/// Why there may be no value: a name that is nearly the same, or a namespace.
pub(super) fn hint(looked: &Looked<'_>, subject: &Subject, path: &str) -> String {
    match subject {
        Subject::ResponseHeader => {
            let known = looked.response.headers.iter().map(|(name, _)| name.as_str());
            suggest::hint(suggest::nearest(path, known).as_deref())
        }
        Subject::ResponseJsonBody => {
            let document = looked.json().ok();
            let suggestion = document.and_then(|document| JsonPath::parse(path).ok()?.nearest(document, looked.effort));
            suggest::hint(suggestion.as_deref())
        }
        Subject::ResponseXmlBody => match looked.xml() {
            Ok(document) if document.has_default_namespace() && !path.contains("local-name") => {
                "; the document has a default namespace, so names need `*[local-name()='…']`".to_owned()
            }
            _ => String::new(),
        },
        _ => String::new(),
    }
}
