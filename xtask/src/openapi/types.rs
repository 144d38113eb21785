//! The short notation for types in the tables under `openapi/`, and the JSON schema of each.
//!
//! `string`, `int32(1..100)`, `date-time`, `enum(A,B)`, `Name`, `Name[]`, `map<string>`, `Page<Name>`,
//! `{id*,name:string}` (a star: required; without a type: `string`), `string|number`.

use anyhow::{Result, bail, ensure};
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;

/// A type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Type {
    /// A simple value, with bounds on its size (text: characters).
    Plain { name: String, from: Option<i64>, to: Option<i64> },
    /// One of these words.
    Words(Vec<String>),
    /// A model.
    Model(String),
    /// A list.
    List(Box<Type>),
    /// An object with any names and values of one type.
    Map(Box<Type>),
    /// A page of the offset style.
    Page(Box<Type>),
    /// An object without a name.
    Object(Vec<Member>),
    /// Any of several.
    Either(Vec<Type>),
}

/// A member of an object, or a query parameter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Member {
    pub(super) name: String,
    pub(super) required: bool,
    pub(super) kind: Type,
    pub(super) default: Option<String>,
}

/// Simple types: name, JSON type, format.
const PLAIN: [(&str, &str, &str); 13] = [
    ("string", "string", ""),
    ("date-time", "string", "date-time"),
    ("date", "string", "date"),
    ("uuid", "string", "uuid"),
    ("binary", "string", "binary"),
    ("boolean", "boolean", ""),
    ("int32", "integer", "int32"),
    ("int64", "integer", "int64"),
    ("integer", "integer", ""),
    ("number", "number", ""),
    ("object", "object", ""),
    ("null", "null", ""),
    ("any", "", ""),
];

/// Reads a type.
pub(super) fn parse(text: &str) -> Result<Type> {
    let mut reader = Reader { text, at: 0 };
    let kind = reader.either()?;
    ensure!(reader.at == text.len(), "{text:?}: {:?} is too much", reader.rest());
    Ok(kind)
}

/// Reads a member with a type and a default: `limit*:int32(1..100)=100`.
pub(super) fn member(text: &str) -> Result<Member> {
    let mut reader = Reader { text, at: 0 };
    let mut member = reader.member()?;
    if reader.eat("=") {
        member.default = Some(reader.rest().to_owned());
        reader.at = text.len();
    }
    ensure!(reader.at == text.len(), "{text:?}: {:?} is too much", reader.rest());
    Ok(member)
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Reader<'a> {
    fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    fn eat(&mut self, sign: &str) -> bool {
        let found = self.rest().starts_with(sign);
        self.at += if found { sign.len() } else { 0 };
        found
    }

    fn until(&mut self, end: impl Fn(char) -> bool) -> &'a str {
        let rest = self.rest();
        let length = rest.find(end).unwrap_or(rest.len());
        self.at += length;
        &rest[..length]
    }

    fn either(&mut self) -> Result<Type> {
        let mut kinds = vec![self.list()?];
        while self.eat("|") {
            kinds.push(self.list()?);
        }
        Ok(if kinds.len() == 1 { kinds.remove(0) } else { Type::Either(kinds) })
    }

    fn list(&mut self) -> Result<Type> {
        let mut kind = self.single()?;
        while self.eat("[]") {
            kind = Type::List(Box::new(kind));
        }
        Ok(kind)
    }

    fn single(&mut self) -> Result<Type> {
        if self.eat("{") {
            let mut members = Vec::new();
            while !self.eat("}") {
                members.push(self.member()?);
                ensure!(self.eat(",") || self.rest().starts_with('}'), "{:?}: `,` or `}}` is missing", self.text);
            }
            return Ok(Type::Object(members));
        }
        if self.eat("enum(") {
            let words = self.until(|c| c == ')').split(',').map(str::to_owned).collect();
            ensure!(self.eat(")"), "{:?}: `)` is missing", self.text);
            return Ok(Type::Words(words));
        }
        for (word, make) in [("map<", Type::Map as fn(Box<Type>) -> Type), ("Page<", Type::Page)] {
            if self.eat(word) {
                let inner = self.either()?;
                ensure!(self.eat(">"), "{:?}: `>` is missing", self.text);
                return Ok(make(Box::new(inner)));
            }
        }
        let name = self.until(|c| !c.is_alphanumeric() && c != '-').to_owned();
        if name.starts_with(|c: char| c.is_uppercase()) {
            return Ok(Type::Model(name));
        }
        ensure!(PLAIN.iter().any(|(known, ..)| *known == name), "{:?}: {name:?} is no type", self.text);
        let (mut from, mut to) = (None, None);
        if self.eat("(") {
            let (low, high) = self.until(|c| c == ')').split_once("..").unwrap_or_default();
            (from, to) = (low.parse().ok(), high.parse().ok());
            ensure!(self.eat(")") && (from.is_some() || to.is_some()), "{:?}: bounds are like (1..100)", self.text);
        }
        Ok(Type::Plain { name, from, to })
    }

    fn member(&mut self) -> Result<Member> {
        let name = self.until(|c| !c.is_alphanumeric() && c != '_' && c != '$').to_owned();
        if name.is_empty() {
            bail!("{:?}: a name is missing before {:?}", self.text, self.rest());
        }
        let required = self.eat("*");
        let kind = if self.eat(":") { self.either()? } else { plain("string") };
        Ok(Member { name, required, kind, default: None })
    }
}

/// A simple type without bounds.
pub(super) fn plain(name: &str) -> Type {
    Type::Plain { name: name.to_owned(), from: None, to: None }
}

impl Type {
    /// Its schema; named ones are references, and their names go into `used`.
    pub(super) fn schema(&self, used: &mut BTreeSet<String>) -> Value {
        match self {
            Type::Plain { name, from, to } => {
                let (_, kind, format) = PLAIN.iter().find(|(known, ..)| known == name).copied().unwrap_or_default();
                let text = kind == "string";
                let bounds =
                    if text { ["minLength", "maxLength"] } else { ["minimum", "maximum"] }.into_iter().zip([from, to]);
                let mut schema = Map::new();
                for (key, value) in [("type", kind), ("format", format)] {
                    if !value.is_empty() {
                        schema.insert(key.to_owned(), value.into());
                    }
                }
                for (key, value) in bounds {
                    if let Some(value) = value {
                        schema.insert(key.to_owned(), (*value).into());
                    }
                }
                schema.into()
            }
            Type::Words(words) => json!({ "type": "string", "enum": words }),
            Type::Model(name) => reference(name, used),
            Type::List(inner) => json!({ "type": "array", "items": inner.schema(used) }),
            Type::Map(inner) => json!({ "type": "object", "additionalProperties": inner.schema(used) }),
            Type::Page(inner) => reference(&page_name(inner), used),
            Type::Object(members) => object(members.iter().map(|m| (m, false)), used),
            Type::Either(kinds) => json!({ "anyOf": kinds.iter().map(|k| k.schema(used)).collect::<Vec<_>>() }),
        }
    }

    /// The page types inside of it: their names and what they are pages of.
    pub(super) fn pages(&self, found: &mut Vec<(String, Type)>) {
        match self {
            Type::Page(inner) => found.push((page_name(inner), (**inner).clone())),
            Type::List(inner) | Type::Map(inner) => inner.pages(found),
            _ => {}
        }
    }
}

fn reference(name: &str, used: &mut BTreeSet<String>) -> Value {
    used.insert(name.to_owned());
    json!({ "$ref": format!("#/components/schemas/{name}") })
}

fn page_name(inner: &Type) -> String {
    match inner {
        Type::Model(name) => format!("Page{name}"),
        _ => "PageDate".to_owned(),
    }
}

/// The schema of an object; each member with whether it is only answered.
pub(super) fn object<'a>(members: impl Iterator<Item = (&'a Member, bool)>, used: &mut BTreeSet<String>) -> Value {
    let (mut properties, mut required) = (Map::new(), Vec::new());
    for (member, read_only) in members {
        let mut schema = member.kind.schema(used);
        if read_only {
            schema["readOnly"] = true.into();
        }
        properties.insert(member.name.clone(), schema);
        if member.required {
            required.push(member.name.as_str());
        }
    }
    let mut schema = json!({ "type": "object", "properties": properties });
    if !required.is_empty() {
        schema["required"] = required.into();
    }
    schema
}

#[cfg(test)]
mod tests {
    use super::*;

    fn schema(text: &str) -> Value {
        parse(text).expect(text).schema(&mut BTreeSet::new())
    }

    #[test]
    fn types_become_schemas() {
        assert_eq!(
            schema("int32(1..100)"),
            json!({ "type": "integer", "format": "int32", "minimum": 1, "maximum": 100 })
        );
        assert_eq!(schema("string(..255)"), json!({ "type": "string", "maxLength": 255 }));
        assert_eq!(
            schema("enum(A,B)[]"),
            json!({ "type": "array", "items": { "type": "string", "enum": ["A", "B"] } })
        );
        assert_eq!(schema("any"), json!({}));
        assert_eq!(schema("string|null"), json!({ "anyOf": [{ "type": "string" }, { "type": "null" }] }));
        assert_eq!(
            schema("{id*,when:date-time}"),
            json!({ "type": "object", "required": ["id"], "properties": {
                "id": { "type": "string" }, "when": { "type": "string", "format": "date-time" } } })
        );
        let mut used = BTreeSet::new();
        parse("Page<Task>").expect("a page").schema(&mut used);
        assert_eq!(used.into_iter().collect::<Vec<_>>(), ["PageTask"]);
    }

    #[test]
    fn members_have_star_type_and_default() {
        let limit = member("limit*:int32(1..100)=100").expect("a member");
        assert_eq!((limit.required, limit.default.as_deref()), (true, Some("100")));
        assert_eq!(member("_s").expect("a member").kind, plain("string"));
        for wrong in ["", "a:nothing", "a:enum(x", "a:int32(1)", "a b"] {
            assert!(member(wrong).is_err(), "{wrong:?}");
        }
    }
}
