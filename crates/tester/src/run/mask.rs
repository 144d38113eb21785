//! Takes secret values out of what a run shows.

use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::report::{RequestReport, RunReport};
use crate::encode;
use crate::exchange::Exchange;

/// Stands where a secret stood.
pub const MASK: &str = "•••";

/// Shortest value that is masked, in bytes; shorter ones would blot out half of the report.
const SHORTEST: usize = 3;

/// Stands where a long value was cut off.
const CUT: &str = "…";

/// Knows the secret values of a run, also percent-encoded and in Base64.
#[derive(Debug, Clone, Default)]
pub(crate) struct Masker {
    secrets: Vec<String>,
}

/// A text without these secret values, also where they stand percent-encoded or in Base64.
pub fn masked(text: &str, secrets: &[String]) -> String {
    let mut shown = text.to_owned();
    Masker::new(secrets.iter().cloned()).text(&mut shown);
    shown
}

/// Puts stars over every occurrence; the length stays, because units of several bytes must.
fn blot(bytes: &mut [u8], secret: &[u8]) {
    let mut at = 0;
    while let Some(found) = bytes[at..].windows(secret.len()).position(|window| window == secret) {
        let end = at + found + secret.len();
        bytes[at + found..end].iter_mut().filter(|byte| **byte != 0).for_each(|byte| *byte = b'*');
        at = end;
    }
}

impl Masker {
    pub(crate) fn new(values: impl IntoIterator<Item = String>) -> Self {
        let mut secrets = Vec::new();
        for value in values.into_iter().filter(|value| value.len() >= SHORTEST) {
            secrets.extend([encode::component(&value), encode::form(&value), STANDARD.encode(&value)]);
            secrets.push(crate::json::Json::text(&value).to_string().trim_matches('"').to_owned());
            secrets.push(value);
        }
        // Longer ones first, so that no tail of one is left over.
        secrets.sort_by_key(|secret| std::cmp::Reverse(secret.len()));
        secrets.dedup();
        Self { secrets }
    }

    fn text(&self, text: &mut String) {
        for secret in &self.secrets {
            if text.contains(secret.as_str()) {
                *text = text.replace(secret.as_str(), MASK);
            }
        }
        if text.contains(CUT) {
            let pieces: Vec<&str> = text.split(CUT).collect();
            let last = pieces.len() - 1;
            let whole: Vec<String> = pieces
                .iter()
                .enumerate()
                .map(|(place, piece)| if place < last { self.without_beginning(piece) } else { (*piece).to_owned() })
                .collect();
            *text = whole.join(CUT);
        }
    }

    /// A long text was cut before it came here: what is left of a secret at its end goes too.
    fn without_beginning(&self, piece: &str) -> String {
        let longest = self.secrets.iter().flat_map(|secret| {
            let ends = secret.char_indices().map(|(end, _)| end).filter(|end| *end >= SHORTEST);
            ends.filter(|end| piece.ends_with(&secret[..*end]))
        });
        match longest.max() {
            Some(length) => format!("{}{MASK}", &piece[..piece.len() - length]),
            None => piece.to_owned(),
        }
    }

    /// User and password of a Basic header are hidden even when only one of them is a secret.
    fn header(&self, name: &str, value: &mut String) {
        if let Some(coded) = value.strip_prefix("Basic ").filter(|_| name.to_lowercase().ends_with("authorization")) {
            let plain = STANDARD.decode(coded.trim()).ok().and_then(|bytes| String::from_utf8(bytes).ok());
            if plain.is_some_and(|plain| self.secrets.iter().any(|secret| plain.contains(secret.as_str()))) {
                *value = format!("Basic {MASK}");
            }
        }
        self.text(value);
    }

    /// Bytes that are no UTF-8, such as a page in another charset or a picture, may hold a secret between them too, and
    /// reports show them. Stars stand there: the mark would be read as something else.
    fn bytes(&self, bytes: &mut Vec<u8>) {
        if !bytes.contains(&0)
            && let Ok(text) = std::str::from_utf8(bytes)
        {
            let mut text = text.to_owned();
            self.text(&mut text);
            *bytes = text.into_bytes();
            return;
        }
        for secret in &self.secrets {
            let wide: Vec<u16> = secret.encode_utf16().collect();
            let latin = secret.chars().map(|c| u8::try_from(u32::from(c)).ok()).collect::<Option<Vec<u8>>>();
            let forms: [Option<Vec<u8>>; 4] = [
                Some(secret.clone().into_bytes()),
                Some(wide.iter().flat_map(|unit| unit.to_le_bytes()).collect()),
                Some(wide.iter().flat_map(|unit| unit.to_be_bytes()).collect()),
                latin,
            ];
            forms.iter().flatten().for_each(|form| blot(bytes, form));
        }
    }

    fn exchange(&self, exchange: &Exchange) -> Exchange {
        let mut shown = exchange.clone();
        self.text(&mut shown.uri);
        shown.redirects.iter_mut().for_each(|uri| self.text(uri));
        for (name, value) in shown.request_headers.iter_mut().chain(&mut shown.response.headers) {
            self.header(name, value);
        }
        self.bytes(&mut shown.request_body);
        self.bytes(&mut shown.response.body);
        shown
    }

    pub(crate) fn request(&self, report: &mut RequestReport) {
        if self.secrets.is_empty() {
            return;
        }
        report.problem.iter_mut().chain(&mut report.warnings).for_each(|text| self.text(text));
        report.extracted.iter_mut().for_each(|(_, value)| self.text(value));
        report.element.iter_mut().for_each(|(_, value)| self.text(value));
        for check in &mut report.checks {
            self.text(&mut check.message);
            check.expected.iter_mut().chain(&mut check.received).for_each(|text| self.text(text));
        }
        report.exchange = report.exchange.as_ref().map(|exchange| Arc::new(self.exchange(exchange)));
    }

    pub(crate) fn run(&self, report: &mut RunReport) {
        for unit in &mut report.units {
            unit.problem.iter_mut().for_each(|text| self.text(text));
            unit.row.iter_mut().flat_map(|(_, row)| row).for_each(|(_, value)| self.text(value));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_that_was_cut_off_is_hidden_too() {
        let shown = |text: &str| masked(text, &["hush hush".to_owned()]);
        assert_eq!(
            shown("expected `x`, received `{\"a\":\"hush h…`"),
            format!("expected `x`, received `{{\"a\":\"{MASK}…`")
        );
        assert_eq!(shown("hu… husk… hush"), "hu… husk… hush");
        assert_eq!(shown("hush… hush hush"), format!("{MASK}… {MASK}"));
    }

    #[test]
    fn a_secret_is_hidden_in_bytes_that_are_no_text_too() {
        let masker = Masker::new(["hush hush".to_owned()]);
        let mut page = b"caf\xe9: hush hush, hush+hush and aHVzaCBodXNo \xff".to_vec();
        masker.bytes(&mut page);
        assert_eq!(page, b"caf\xe9: *********, ********* and ************ \xff");
        let mut plain = b"nothing of it".to_vec();
        masker.bytes(&mut plain);
        assert_eq!(plain, b"nothing of it");
    }
}
