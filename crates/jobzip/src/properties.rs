//! Java `.properties` text, as `java.util.Properties` reads and writes it (`doc`).

use std::fmt::Write as _;
use std::iter::Peekable;

/// Why a properties text cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("read properties line {line}: \\u must be followed by four hexadecimal digits; write \\\\ for a backslash")]
pub struct PropertiesError {
    /// Where, counted from 1 in natural lines.
    pub line: usize,
}

/// Reads all pairs in the order of the text; when a key comes twice, both are answered and the later one counts.
///
/// The bytes are ISO-8859-1; `\uXXXX` stands for UTF-16 units, and two of them may form one character. A lone half of such
/// a pair, which no Rust string can hold, becomes U+FFFD.
///
/// # Errors
/// A `\u` without four hexadecimal digits, which Java refuses too.
pub fn parse(text: &[u8]) -> Result<Vec<(String, String)>, PropertiesError> {
    let mut pairs = Vec::new();
    let mut lines = Lines { bytes: text.iter().copied().peekable(), line: 1 };
    while let Some((line, logical)) = lines.next_logical() {
        let (key, value) = split(&logical);
        let decode = |part| decode(part).ok_or(PropertiesError { line });
        pairs.push((decode(key)?, decode(value)?));
    }
    Ok(pairs)
}

/// Writes pairs, one a line and in the given order, as pure ASCII that [`parse`] and Java read back exactly.
#[must_use]
pub fn write<K: AsRef<str>, V: AsRef<str>>(pairs: &[(K, V)]) -> String {
    let mut text = String::new();
    for (key, value) in pairs {
        escape(key.as_ref(), true, &mut text);
        text.push('=');
        escape(value.as_ref(), false, &mut text);
        text.push('\n');
    }
    text
}

fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | 0x0c)
}

struct Lines<I: Iterator<Item = u8>> {
    bytes: Peekable<I>,
    line: usize,
}

impl<I: Iterator<Item = u8>> Lines<I> {
    /// The next logical line that is neither blank nor a comment, with its number; line ends that a backslash hides are
    /// gone, all other backslashes are still there.
    fn next_logical(&mut self) -> Option<(usize, Vec<u8>)> {
        loop {
            self.skip_blanks();
            let line = self.line;
            match *self.bytes.peek()? {
                b'\r' | b'\n' => self.line_end(),
                b'#' | b'!' => while self.bytes.next_if(|b| !matches!(b, b'\r' | b'\n')).is_some() {},
                _ => return Some((line, self.rest_of_logical())),
            }
        }
    }

    fn rest_of_logical(&mut self) -> Vec<u8> {
        let mut logical = Vec::new();
        while let Some(byte) = self.bytes.next_if(|b| !matches!(b, b'\r' | b'\n')) {
            if byte != b'\\' {
                logical.push(byte);
                continue;
            }
            match self.bytes.peek() {
                None => {}
                Some(b'\r' | b'\n') => {
                    self.line_end();
                    self.skip_blanks();
                }
                Some(&escaped) => {
                    logical.extend([b'\\', escaped]);
                    self.bytes.next();
                }
            }
        }
        logical
    }

    fn skip_blanks(&mut self) {
        while self.bytes.next_if(|&b| is_blank(b)).is_some() {}
    }

    fn line_end(&mut self) {
        if self.bytes.next() == Some(b'\r') {
            self.bytes.next_if_eq(&b'\n');
        }
        self.line += 1;
    }
}

fn split(logical: &[u8]) -> (&[u8], &[u8]) {
    let mut end = 0;
    while end < logical.len() && !is_blank(logical[end]) && !matches!(logical[end], b'=' | b':') {
        end += if logical[end] == b'\\' { 2 } else { 1 };
    }
    let end = end.min(logical.len());
    let mut start = end;
    let mut separated = false;
    while start < logical.len() {
        match logical[start] {
            byte if is_blank(byte) => {}
            b'=' | b':' if !separated => separated = true,
            _ => break,
        }
        start += 1;
    }
    (&logical[..end], &logical[start..])
}

fn decode(part: &[u8]) -> Option<String> {
    let mut units = Vec::with_capacity(part.len());
    let mut bytes = part.iter().copied();
    while let Some(byte) = bytes.next() {
        if byte != b'\\' {
            units.push(u16::from(byte));
            continue;
        }
        match bytes.next() {
            None => {}
            Some(b't') => units.push(0x09),
            Some(b'n') => units.push(0x0a),
            Some(b'f') => units.push(0x0c),
            Some(b'r') => units.push(0x0d),
            Some(b'u') => {
                let mut unit = 0;
                for _ in 0..4 {
                    unit = unit * 16 + char::from(bytes.next()?).to_digit(16)?;
                }
                units.push(u16::try_from(unit).ok()?);
            }
            Some(other) => units.push(u16::from(other)),
        }
    }
    Some(String::from_utf16_lossy(&units))
}

fn escape(text: &str, key: bool, out: &mut String) {
    for (index, c) in text.chars().enumerate() {
        match c {
            ' ' if key || index == 0 => out.push_str("\\ "),
            '\t' => out.push_str("\\t"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\u{c}' => out.push_str("\\f"),
            '\\' | '=' | ':' | '#' | '!' => out.extend(['\\', c]),
            ' '..='~' => out.push(c),
            _ => {
                for unit in c.encode_utf16(&mut [0; 2]) {
                    // Writing to a string cannot fail.
                    let _ = write!(out, "\\u{unit:04X}");
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn pairs(text: &str) -> Vec<(String, String)> {
        parse(text.as_bytes()).unwrap()
    }

    fn one(text: &str) -> (String, String) {
        let mut all = pairs(text);
        assert_eq!(all.len(), 1, "{text:?}");
        all.remove(0)
    }

    fn pair(key: &str, value: &str) -> (String, String) {
        (key.to_owned(), value.to_owned())
    }

    #[test]
    fn separators_and_blanks() {
        for text in ["a=b", "a:b", "a b", "a = b", " \t\x0ca\t:  b", "a=b\r\n", "\r\n\n  \na=b\r"] {
            assert_eq!(one(text), pair("a", "b"), "{text:?}");
        }
        assert_eq!(one("a"), pair("a", ""));
        assert_eq!(one("=x"), pair("", "x"));
        assert_eq!(one("a==b"), pair("a", "=b"));
        assert_eq!(one("a = : b"), pair("a", ": b"));
        assert_eq!(one("a=b  "), pair("a", "b  "));
    }

    #[test]
    fn comments_and_continuations() {
        assert_eq!(pairs("#just for tac\n!x\\\njob=A\n  # c\n"), [pair("job", "A")]);
        assert_eq!(one("a=b\\\r\n   c\\\n\td"), pair("a", "bcd"));
        assert_eq!(pairs("a=b\\\\\nc=d"), [pair("a", "b\\"), pair("c", "d")]);
        assert_eq!(one("a=b\\"), pair("a", "b"));
        assert_eq!(one("a=#b!c"), pair("a", "#b!c"));
    }

    #[test]
    fn escapes() {
        assert_eq!(one(r"a\ b\:c\=d=C\:\\x\ty\q"), pair("a b:c=d", "C:\\x\tyq"));
        assert_eq!(one(r"a=\u00e9\uD83D\ude00"), pair("a", "é😀"));
        assert_eq!(parse(b"a=\xe9").unwrap(), [pair("a", "é")]);
        assert_eq!(one(r"a=\ud83dx"), pair("a", "\u{fffd}x"));
        assert_eq!(parse(b"x=1\n\na=\\u12g4"), Err(PropertiesError { line: 3 }));
        assert!(parse(b"a=\\u12").is_err());
    }

    #[test]
    fn written_text_is_ascii() {
        assert_eq!(write(&[("a b", " ü=1:2#\\\n😀")]), "a\\ b=\\ \\u00FC\\=1\\:2\\#\\\\\\n\\uD83D\\uDE00\n");
    }

    proptest! {
        #[test]
        fn round_trip(all in proptest::collection::vec((any::<String>(), any::<String>()), 0..8)) {
            let text = write(&all);
            prop_assert!(text.is_ascii());
            prop_assert_eq!(parse(text.as_bytes()).unwrap(), all);
        }

        #[test]
        fn any_bytes_never_panic(text in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = parse(&text);
        }

        #[test]
        fn any_syntax_never_panics(text in "[ab\\\\u0 :=#!\r\n\t]{0,60}") {
            let _ = parse(text.as_bytes());
        }
    }
}
