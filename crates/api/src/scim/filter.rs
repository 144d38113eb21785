//! Filters of RFC 7644, section 3.4.2.2: text to tree, and matching. Names and texts are compared without regard to case.

use super::{MAX_CHARS, attribute, reached};
use serde_json::Value;
use std::cmp::Ordering;

/// Deepest nesting of brackets.
const MAX_DEPTH: usize = 20;

/// A filter.
#[derive(Clone, Debug, PartialEq)]
pub enum Filter {
    /// One of them.
    Or(Vec<Filter>),
    /// All of them.
    And(Vec<Filter>),
    /// Not this.
    Not(Box<Filter>),
    /// The attribute has a value.
    Present(Vec<String>),
    /// The attribute compares so to the literal.
    Compare(Vec<String>, Op, Value),
    /// One element of the attribute fits.
    Element(Vec<String>, Box<Filter>),
}

/// How two values are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Op {
    /// Equal.
    Eq,
    /// Not equal.
    Ne,
    /// Holds.
    Co,
    /// Starts with.
    Sw,
    /// Ends with.
    Ew,
    /// Greater.
    Gt,
    /// Greater or equal.
    Ge,
    /// Less.
    Lt,
    /// Less or equal.
    Le,
}

#[derive(Clone, Debug, PartialEq)]
enum Token {
    Word(String),
    Literal(Value),
    Open,
    Close,
    Begin,
    End,
}

fn tokens(text: &str) -> Result<Vec<Token>, String> {
    let mut found = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let single = match first {
            '(' => Some(Token::Open),
            ')' => Some(Token::Close),
            '[' => Some(Token::Begin),
            ']' => Some(Token::End),
            _ => None,
        };
        if let Some(token) = single {
            found.push(token);
            rest = &rest[1..];
        } else if first.is_whitespace() {
            rest = rest.trim_start();
        } else if first == '"' {
            let mut stream = serde_json::Deserializer::from_str(rest).into_iter::<Value>();
            match stream.next() {
                Some(Ok(value)) => found.push(Token::Literal(value)),
                _ => return Err("a text does not end".to_owned()),
            }
            rest = &rest[stream.byte_offset()..];
        } else {
            let end = rest.find(|c: char| c.is_whitespace() || "()[]\"".contains(c)).unwrap_or(rest.len());
            found.push(Token::Word(rest[..end].to_owned()));
            rest = &rest[end..];
        }
    }
    Ok(found)
}

struct Reader {
    tokens: std::iter::Peekable<std::vec::IntoIter<Token>>,
}

impl Reader {
    fn word_is(&mut self, wanted: &str) -> bool {
        let is = matches!(self.tokens.peek(), Some(Token::Word(word)) if word.eq_ignore_ascii_case(wanted));
        if is {
            self.tokens.next();
        }
        is
    }

    fn or(&mut self, depth: usize) -> Result<Filter, String> {
        let mut all = vec![self.and(depth)?];
        while self.word_is("or") {
            all.push(self.and(depth)?);
        }
        Ok(if all.len() == 1 { all.remove(0) } else { Filter::Or(all) })
    }

    fn and(&mut self, depth: usize) -> Result<Filter, String> {
        let mut all = vec![self.one(depth)?];
        while self.word_is("and") {
            all.push(self.one(depth)?);
        }
        Ok(if all.len() == 1 { all.remove(0) } else { Filter::And(all) })
    }

    fn one(&mut self, depth: usize) -> Result<Filter, String> {
        if depth == 0 {
            return Err("it is nested too deep".to_owned());
        }
        if self.word_is("not") {
            if self.tokens.peek() != Some(&Token::Open) {
                return Err("after not comes a bracket".to_owned());
            }
            return Ok(Filter::Not(Box::new(self.one(depth - 1)?)));
        }
        match self.tokens.next() {
            Some(Token::Open) => {
                let inner = self.or(depth - 1)?;
                self.expect(Token::Close, "a bracket is not closed")?;
                Ok(inner)
            }
            Some(Token::Word(word)) => self.comparison(&word, depth),
            _ => Err("an attribute is missing".to_owned()),
        }
    }

    fn expect(&mut self, token: Token, otherwise: &str) -> Result<(), String> {
        if self.tokens.next() == Some(token) { Ok(()) } else { Err(otherwise.to_owned()) }
    }

    fn comparison(&mut self, word: &str, depth: usize) -> Result<Filter, String> {
        let path = attribute(word);
        if path.iter().any(String::is_empty) {
            return Err(format!("{word:?} is no attribute"));
        }
        if self.tokens.peek() == Some(&Token::Begin) {
            self.tokens.next();
            let inner = self.or(depth - 1)?;
            self.expect(Token::End, "a bracket is not closed")?;
            return Ok(Filter::Element(path, Box::new(inner)));
        }
        let Some(Token::Word(op)) = self.tokens.next() else { return Err(format!("after {word} comes an operator")) };
        let op = match op.to_ascii_lowercase().as_str() {
            "pr" => return Ok(Filter::Present(path)),
            "eq" => Op::Eq,
            "ne" => Op::Ne,
            "co" => Op::Co,
            "sw" => Op::Sw,
            "ew" => Op::Ew,
            "gt" => Op::Gt,
            "ge" => Op::Ge,
            "lt" => Op::Lt,
            "le" => Op::Le,
            _ => return Err(format!("{op:?} is no operator")),
        };
        let literal = match self.tokens.next() {
            Some(Token::Literal(value)) => value,
            Some(Token::Word(word)) => {
                serde_json::from_str(&word.to_ascii_lowercase()).map_err(|_| format!("{word:?} is no value"))?
            }
            _ => return Err("a value is missing".to_owned()),
        };
        Ok(Filter::Compare(path, op, literal))
    }
}

impl Filter {
    /// Reads a filter; the error says what is wrong.
    pub fn parse(text: &str) -> Result<Self, String> {
        if text.chars().count() > MAX_CHARS {
            return Err(format!("it has more than {MAX_CHARS} characters"));
        }
        let mut reader = Reader { tokens: tokens(text)?.into_iter().peekable() };
        let filter = reader.or(MAX_DEPTH)?;
        match reader.tokens.next() {
            None => Ok(filter),
            Some(_) => Err("there is something behind its end".to_owned()),
        }
    }

    /// Whether a document fits.
    pub fn matches(&self, document: &Value) -> bool {
        match self {
            Filter::Or(all) => all.iter().any(|filter| filter.matches(document)),
            Filter::And(all) => all.iter().all(|filter| filter.matches(document)),
            Filter::Not(inner) => !inner.matches(document),
            Filter::Present(path) => reached(document, path).iter().any(|value| has_value(value)),
            Filter::Compare(path, Op::Ne, literal) => !any(document, path, Op::Eq, literal),
            Filter::Compare(path, op, literal) => any(document, path, *op, literal),
            Filter::Element(path, inner) => reached(document, path).iter().any(|value| inner.matches(value)),
        }
    }
}

fn has_value(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::String(text) => !text.is_empty(),
        Value::Object(object) => !object.is_empty(),
        _ => true,
    }
}

fn any(document: &Value, path: &[String], op: Op, literal: &Value) -> bool {
    let found = reached(document, path);
    if found.is_empty() && literal.is_null() {
        return op == Op::Eq;
    }
    // The directory's own id, and ours: what differs in case only is another one (RFC 7643, 3.1).
    let exact = matches!(path, [name] if ["id", "externalId"].iter().any(|id| id.eq_ignore_ascii_case(name)));
    found.into_iter().any(|value| {
        // A complex attribute stands for its value.
        let value = value.as_object().and_then(|object| object.get("value")).unwrap_or(value);
        compared(value, op, literal, exact)
    })
}

fn compared(value: &Value, op: Op, literal: &Value, exact: bool) -> bool {
    let order = match (value, literal) {
        (Value::String(a), Value::String(b)) => {
            let (a, b) = if exact { (a.clone(), b.clone()) } else { (a.to_lowercase(), b.to_lowercase()) };
            match op {
                Op::Co => return a.contains(&b),
                Op::Sw => return a.starts_with(&b),
                Op::Ew => return a.ends_with(&b),
                _ => Some(a.cmp(&b)),
            }
        }
        (Value::Number(a), Value::Number(b)) => a.as_f64().partial_cmp(&b.as_f64()),
        (a, b) if a == b => Some(Ordering::Equal),
        _ => None,
    };
    match (op, order) {
        (Op::Eq, Some(order)) => order == Ordering::Equal,
        (Op::Gt, Some(order)) => order == Ordering::Greater,
        (Op::Ge, Some(order)) => order != Ordering::Less,
        (Op::Lt, Some(order)) => order == Ordering::Less,
        (Op::Le, Some(order)) => order != Ordering::Greater,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    #[test]
    fn documents_are_found_by_any_attribute() {
        let ada = json!({
            "userName": "Ada", "externalId": "X-1", "active": true, "name": { "familyName": "Byron" }, "meta": { "created": "2026-02-03T09:00:00Z" },
            "emails": [{ "value": "ada@work.example", "type": "work" }, { "value": "ada@home.example", "type": "home" }],
        });
        for (text, wanted) in [
            (r#"userName eq "ada""#, true),
            (r#"USERNAME Eq "ADA""#, true),
            (r#"userName ne "ada""#, false),
            (r#"urn:ietf:params:scim:schemas:core:2.0:User:userName sw "a""#, true),
            (r#"name.familyName co "yro" and active eq true"#, true),
            (r#"active eq False or userName ew "x""#, false),
            (r#"not (userName eq "bob")"#, true),
            ("title pr", false),
            ("emails pr", true),
            (r#"emails eq "ada@home.example""#, true),
            (r#"emails[type eq "work" and value co "home"]"#, false),
            (r#"emails[type eq "work" and value co "work"]"#, true),
            (r#"emails.type eq "home""#, true),
            (r#"meta.created gt "2026-01-01T00:00:00Z""#, true),
            (r#"meta.created le "2026-01-01T00:00:00Z""#, false),
            (r#"userName eq "x" or userName eq "ada" and active eq false"#, false),
            (r#"(userName eq "x" or userName eq "ada") and active eq true"#, true),
            ("nickName eq null", true),
            (r#"externalId eq "X-1""#, true),
            (r#"externalid eq "x-1""#, false),
            (r#"externalId sw "X" and externalId pr"#, true),
        ] {
            assert_eq!(Filter::parse(text).map(|f| f.matches(&ada)), Ok(wanted), "{text}");
        }
    }

    #[test]
    fn what_is_no_filter_is_refused() {
        let deep = format!("{}a pr{}", "(".repeat(50), ")".repeat(50));
        for bad in [
            "",
            "userName",
            "userName eq",
            r#"userName is "x""#,
            r#"(a pr"#,
            r#"a pr)"#,
            r#"a eq "x"#,
            "a[b pr",
            "a eq x",
            "not a pr",
            &deep,
        ] {
            assert!(Filter::parse(bad).is_err(), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn nothing_panics(text in ".{0,80}") {
            let _ = Filter::parse(&text).map(|filter| filter.matches(&json!({ "a": [1, "x"] })));
        }
    }
}
