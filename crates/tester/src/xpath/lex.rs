//! Words of a path.

/// A word with its place.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Token {
    pub(super) at: usize,
    pub(super) word: Word,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Word {
    /// Name, with its prefix.
    Name(String),
    Number(f64),
    Text(String),
    /// Everything else, such as `//` or `<=`.
    Sign(&'static str),
}

/// Longer ones first, so that `//` is not two of `/`.
const SIGNS: [&str; 21] =
    ["//", "::", "..", "!=", "<=", ">=", "/", "(", ")", "[", "]", ".", "@", ",", "|", "+", "-", "=", "<", ">", "*"];

pub(super) fn tokens(path: &str) -> Result<Vec<Token>, (usize, String)> {
    let mut found = Vec::new();
    let mut at = 0;
    while at < path.len() {
        let rest = &path[at..];
        let Some(first) = rest.chars().next() else { break };
        if first.is_whitespace() {
            at += first.len_utf8();
            continue;
        }
        let (word, length) = word(rest, first).map_err(|problem| (at, problem))?;
        found.push(Token { at, word });
        at += length;
    }
    Ok(found)
}

fn word(rest: &str, first: char) -> Result<(Word, usize), String> {
    if first == '"' || first == '\'' {
        let end = rest[1..].find(first).ok_or("the text that begins here is not closed")?;
        return Ok((Word::Text(rest[1..=end].to_owned()), end + 2));
    }
    let second_digit = rest.as_bytes().get(1).is_some_and(u8::is_ascii_digit);
    if first.is_ascii_digit() || (first == '.' && second_digit) {
        let mut end = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
        if rest[end..].starts_with('.') {
            let fraction = &rest[end + 1..];
            end += 1 + fraction.find(|c: char| !c.is_ascii_digit()).unwrap_or(fraction.len());
        }
        let value = rest[..end].parse().map_err(|_| "a number has a wrong form")?;
        return Ok((Word::Number(value), end));
    }
    if first.is_alphabetic() || first == '_' {
        let length = name_length(rest);
        let after = &rest[length..];
        // `p:name` and `p:*` are one word, `axis::name` is not.
        let prefixed = after.starts_with(':') && !after.starts_with("::");
        let tail = if prefixed { &after[1..] } else { "" };
        let second = if tail.starts_with('*') { 1 } else { name_length(tail) };
        let length = if prefixed && second > 0 { length + 1 + second } else { length };
        return Ok((Word::Name(rest[..length].to_owned()), length));
    }
    match SIGNS.into_iter().find(|sign| rest.starts_with(sign)) {
        Some(sign) => Ok((Word::Sign(sign), sign.len())),
        None if first == '$' => Err("variables are not available here".to_owned()),
        None => Err(format!("unexpected `{first}`")),
    }
}

fn name_length(text: &str) -> usize {
    let start = text.chars().next().is_some_and(|c| c.is_alphabetic() || c == '_');
    if !start {
        return 0;
    }
    text.find(|c: char| !(c.is_alphanumeric() || "_-.·".contains(c))).unwrap_or(text.len())
}
