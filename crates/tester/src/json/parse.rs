//! Text to value, with line and column in every error.

use super::{Json, Object, number};

/// Longest JSON text that is read, in bytes.
pub const MAX_TEXT: usize = 64 << 20;
/// Deepest nesting of arrays and objects.
pub const MAX_DEPTH: usize = 200;

/// A text is not JSON.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not valid JSON at line {line}, column {column}: {problem}")]
pub struct JsonError {
    /// From 1.
    pub line: usize,
    /// From 1, in characters.
    pub column: usize,
    /// What is wrong there.
    pub problem: String,
}

struct Parser<'a> {
    text: &'a str,
    at: usize,
}

type Parsed<T> = Result<T, (usize, String)>;

pub(super) fn parse(text: &str) -> Result<Json, JsonError> {
    if text.len() > MAX_TEXT {
        let problem = format!("{} bytes are more than the {MAX_TEXT} that are read", text.len());
        return Err(JsonError { line: 1, column: 1, problem });
    }
    let mut parser = Parser { text, at: if text.starts_with('\u{feff}') { 3 } else { 0 } };
    let run = |parser: &mut Parser<'_>| {
        let value = parser.value(0)?;
        parser.blanks();
        if parser.at < text.len() { Err((parser.at, "nothing may follow the value".to_owned())) } else { Ok(value) }
    };
    run(&mut parser).map_err(|(at, problem)| {
        let (line, column) = place(text, at);
        JsonError { line, column, problem }
    })
}

/// Line and column (from 1, in characters) of a byte offset.
pub(crate) fn place(text: &str, at: usize) -> (usize, usize) {
    let mut at = at.min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    let before = &text[..at];
    let line_start = before.rfind('\n').map_or(0, |end| end + 1);
    (before.matches('\n').count() + 1, before[line_start..].chars().count() + 1)
}

impl Parser<'_> {
    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn blanks(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    fn fail<T>(&self, problem: impl Into<String>) -> Parsed<T> {
        Err((self.at, problem.into()))
    }

    fn found(&self) -> String {
        match self.text.get(self.at..).and_then(|rest| rest.chars().next()) {
            Some(found) => format!("`{found}`"),
            None => "the end".to_owned(),
        }
    }

    fn value(&mut self, depth: usize) -> Parsed<Json> {
        self.blanks();
        if depth > MAX_DEPTH {
            return self.fail(format!("nested deeper than {MAX_DEPTH} levels"));
        }
        match self.peek() {
            Some(b'{') => self.object(depth),
            Some(b'[') => self.array(depth),
            Some(b'"') => self.string().map(Json::Text),
            Some(b't') => self.word("true", Json::Bool(true)),
            Some(b'f') => self.word("false", Json::Bool(false)),
            Some(b'n') => self.word("null", Json::Null),
            Some(b'-' | b'0'..=b'9') => {
                let Some(end) = number::scan(self.text.as_bytes(), self.at) else {
                    return self.fail("a number is not complete");
                };
                let text = self.text[self.at..end].to_owned();
                self.at = end;
                Ok(Json::Number(text))
            }
            _ => self.fail(format!("expected a value, found {}", self.found())),
        }
    }

    fn word(&mut self, word: &str, value: Json) -> Parsed<Json> {
        if !self.text[self.at..].starts_with(word) {
            return self.fail(format!("expected a value such as `{word}`"));
        }
        self.at += word.len();
        Ok(value)
    }

    fn object(&mut self, depth: usize) -> Parsed<Json> {
        self.at += 1;
        let mut members = Object::default();
        self.blanks();
        if self.peek() == Some(b'}') {
            self.at += 1;
            return Ok(Json::Object(members));
        }
        loop {
            self.blanks();
            if self.peek() != Some(b'"') {
                return self.fail(format!("expected a member name in double quotes, found {}", self.found()));
            }
            let name = self.string()?;
            self.blanks();
            if self.peek() != Some(b':') {
                return self.fail(format!("expected `:` after the member name, found {}", self.found()));
            }
            self.at += 1;
            let value = self.value(depth + 1)?;
            members.insert(name, value);
            if self.more(b'}')? {
                return Ok(Json::Object(members));
            }
        }
    }

    fn array(&mut self, depth: usize) -> Parsed<Json> {
        self.at += 1;
        let mut items = Vec::new();
        self.blanks();
        if self.peek() == Some(b']') {
            self.at += 1;
            return Ok(Json::Array(items));
        }
        loop {
            items.push(self.value(depth + 1)?);
            if self.more(b']')? {
                return Ok(Json::Array(items));
            }
        }
    }

    /// Whether the container ends here; else a comma was passed.
    fn more(&mut self, close: u8) -> Parsed<bool> {
        self.blanks();
        match self.peek() {
            Some(b',') => self.at += 1,
            Some(found) if found == close => {
                self.at += 1;
                return Ok(true);
            }
            _ => return self.fail(format!("expected `,` or `{}`, found {}", close as char, self.found())),
        }
        Ok(false)
    }

    fn string(&mut self) -> Parsed<String> {
        self.at += 1;
        let mut out = String::new();
        loop {
            let rest = &self.text[self.at..];
            // All three stand only for themselves in UTF-8, so a byte is enough to tell.
            let Some(stop) = rest.bytes().position(|byte| byte == b'"' || byte == b'\\' || byte < b' ') else {
                return self.fail("a text has no closing quote");
            };
            out.push_str(&rest[..stop]);
            self.at += stop;
            match self.peek() {
                Some(b'"') => {
                    self.at += 1;
                    return Ok(out);
                }
                Some(b'\\') => {
                    self.at += 1;
                    out.push(self.escape()?);
                }
                _ => return self.fail("a control character inside a text must be escaped"),
            }
        }
    }

    fn escape(&mut self) -> Parsed<char> {
        let simple = match self.peek() {
            Some(b'"') => '"',
            Some(b'\\') => '\\',
            Some(b'/') => '/',
            Some(b'b') => '\u{8}',
            Some(b'f') => '\u{c}',
            Some(b'n') => '\n',
            Some(b'r') => '\r',
            Some(b't') => '\t',
            Some(b'u') => {
                self.at += 1;
                return self.unicode();
            }
            _ => return self.fail(format!("unknown escape before {}", self.found())),
        };
        self.at += 1;
        Ok(simple)
    }

    fn unicode(&mut self) -> Parsed<char> {
        let high = self.hex4()?;
        let code = if (0xd800..0xdc00).contains(&high) && self.text[self.at..].starts_with("\\u") {
            let back = self.at;
            self.at += 2;
            let low = self.hex4()?;
            if (0xdc00..0xe000).contains(&low) {
                0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00)
            } else {
                self.at = back;
                high
            }
        } else {
            high
        };
        // Half a pair stands for no character; the replacement mark shows that something was there.
        Ok(char::from_u32(code).unwrap_or('\u{fffd}'))
    }

    fn hex4(&mut self) -> Parsed<u32> {
        let digits = self.text.get(self.at..self.at + 4).filter(|digits| digits.bytes().all(|b| b.is_ascii_hexdigit()));
        let Some(code) = digits.and_then(|digits| u32::from_str_radix(digits, 16).ok()) else {
            return self.fail("`\\u` needs four hexadecimal digits");
        };
        self.at += 4;
        Ok(code)
    }
}
