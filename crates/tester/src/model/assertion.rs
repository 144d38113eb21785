//! Assertions as stored: subject, path, comparison, expected value.

use std::fmt;

use crate::json::{Json, Object};

/// One check of a response.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Assertion {
    /// What is looked at.
    pub subject: Subject,
    /// Where in the subject; never evaluated as an expression (`doc`). Missing is empty.
    pub path: Option<String>,
    /// How it is compared.
    pub comparison: Comparison,
    /// Expected value, may hold expressions; files keep texts, other JSON values are taken as their text.
    pub value: Option<Json>,
    /// Missing means on (`file`).
    pub enabled: Option<bool>,
    /// Unknown keys.
    pub extra: Object,
}

impl Assertion {
    /// An assertion that is on.
    pub fn new(subject: Subject, path: &str, comparison: Comparison, value: &str) -> Self {
        Self {
            subject,
            path: Some(path.to_owned()),
            comparison,
            value: Some(Json::text(value)),
            enabled: None,
            extra: Object::default(),
        }
    }

    /// Whether it is checked.
    pub fn is_on(&self) -> bool {
        self.enabled != Some(false)
    }

    /// The path, empty when missing.
    pub fn path(&self) -> &str {
        self.path.as_deref().unwrap_or("")
    }

    /// Text of the expected value before evaluation; empty when missing.
    pub fn expected(&self) -> String {
        self.value.as_ref().map_or_else(String::new, Json::render)
    }
}

impl fmt::Display for Assertion {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{} {} {}", self.subject.name(), self.path(), self.comparison.name())?;
        if self.comparison.takes_value() { write!(out, " {}", self.expected()) } else { Ok(()) }
    }
}

/// What an assertion or extraction looks at; the names are those of files (`file`).
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Subject {
    /// Path `code` or `message`.
    ResponseStatus,
    /// Path is a header name, letter case does not matter.
    ResponseHeader,
    /// Path `content` or `length`.
    ResponseBody,
    /// Path is a JSON path.
    ResponseJsonBody,
    /// Path is an XPath.
    ResponseXmlBody,
    /// Path `duration`, `latency` or `time`: milliseconds (`inferred`: the stored path is not known).
    Response,
    /// Kept; checking it is an error.
    Other(String),
}

impl Subject {
    /// The known subjects.
    pub const KNOWN: [Subject; 6] = [
        Self::ResponseStatus,
        Self::ResponseHeader,
        Self::ResponseBody,
        Self::ResponseJsonBody,
        Self::ResponseXmlBody,
        Self::Response,
    ];

    /// From the stored name; never fails.
    pub fn from_name(name: &str) -> Self {
        Self::KNOWN.into_iter().find(|known| known.name() == name).unwrap_or_else(|| Self::Other(name.to_owned()))
    }

    /// The stored name.
    pub fn name(&self) -> &str {
        match self {
            Self::ResponseStatus => "ResponseStatus",
            Self::ResponseHeader => "ResponseHeader",
            Self::ResponseBody => "ResponseBody",
            Self::ResponseJsonBody => "ResponseJsonBody",
            Self::ResponseXmlBody => "ResponseXmlBody",
            Self::Response => "Response",
            Self::Other(name) => name,
        }
    }
}

/// How received and expected are compared (`doc`, `file`).
///
/// The stored spelling is kept, because files hold several for one meaning.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Comparison {
    name: String,
    rule: Option<Rule>,
}

/// Meaning of a comparison.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Rule {
    Equals,
    DoesNotEqual,
    Contains,
    DoesNotContain,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    Exists,
    DoesNotExist,
    IsBlank,
    IsNotBlank,
    Matches,
    DoesNotMatch,
    LengthEqual,
    LengthAtLeast,
    LengthAtMost,
}

/// Stored names and what they mean. `GreateOrEqual` is the vendor's spelling; `DoesNotMatch` is ours.
const COMPARISONS: [(&str, Rule); 21] = [
    ("Equals", Rule::Equals),
    ("DoesNotEqual", Rule::DoesNotEqual),
    ("Contains", Rule::Contains),
    ("DoesNotContain", Rule::DoesNotContain),
    ("Less", Rule::Less),
    ("LessOrEqual", Rule::LessOrEqual),
    ("Greater", Rule::Greater),
    ("GreateOrEqual", Rule::GreaterOrEqual),
    ("GreaterOrEqual", Rule::GreaterOrEqual),
    ("GreaterThanOrEqual", Rule::GreaterOrEqual),
    ("LessThanOrEqual", Rule::LessOrEqual),
    ("Exists", Rule::Exists),
    ("DoesNotExist", Rule::DoesNotExist),
    ("IsBlank", Rule::IsBlank),
    ("IsNotBlank", Rule::IsNotBlank),
    ("Matches", Rule::Matches),
    ("DoesNotMatch", Rule::DoesNotMatch),
    ("LengthEqual", Rule::LengthEqual),
    ("LengthGreaterThanOrEqual", Rule::LengthAtLeast),
    ("LengthLessThanOrEqual", Rule::LengthAtMost),
    ("LengthLessOrEqual", Rule::LengthAtMost),
];

impl Comparison {
    /// From the stored name; an unknown one is kept, and checking it is an error.
    pub fn from_name(name: &str) -> Self {
        let rule = COMPARISONS.iter().find(|(known, _)| *known == name).map(|(_, rule)| *rule);
        Self { name: name.to_owned(), rule }
    }

    /// `Equals`, the usual one.
    pub fn equals() -> Self {
        Self::from_name("Equals")
    }

    /// The stored name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Whether this crate can check it.
    pub fn is_known(&self) -> bool {
        self.rule.is_some()
    }

    /// Every name that is understood.
    pub fn known_names() -> impl Iterator<Item = &'static str> {
        COMPARISONS.iter().map(|(name, _)| *name)
    }

    pub(crate) fn rule(&self) -> Option<Rule> {
        self.rule
    }

    /// Whether the expected value is a regular expression.
    pub(crate) fn takes_pattern(&self) -> bool {
        matches!(self.rule, Some(Rule::Matches | Rule::DoesNotMatch))
    }

    /// Whether the expected value counts; `Exists` and the like carry stale ones (`file`).
    pub fn takes_value(&self) -> bool {
        !matches!(self.rule, Some(Rule::Exists | Rule::DoesNotExist | Rule::IsBlank | Rule::IsNotBlank))
    }
}
