//! Numbers as text: syntax, value and order, without losing digits of whole numbers.

use std::cmp::Ordering;

/// Whether the text follows the JSON number grammar.
pub(super) fn is_number(text: &str) -> bool {
    let bytes = text.as_bytes();
    scan(bytes, 0) == Some(bytes.len()) && !bytes.is_empty()
}

/// End of the number that starts at `at`; `None` when there is none.
pub(super) fn scan(bytes: &[u8], mut at: usize) -> Option<usize> {
    let digits = |mut at: usize| {
        let start = at;
        while bytes.get(at).is_some_and(u8::is_ascii_digit) {
            at += 1;
        }
        (at > start).then_some(at)
    };
    if bytes.get(at) == Some(&b'-') {
        at += 1;
    }
    at = if bytes.get(at) == Some(&b'0') { at + 1 } else { digits(at)? };
    if bytes.get(at) == Some(&b'.') {
        at = digits(at + 1)?;
    }
    if matches!(bytes.get(at), Some(b'e' | b'E')) {
        at += 1;
        if matches!(bytes.get(at), Some(b'+' | b'-')) {
            at += 1;
        }
        at = digits(at)?;
    }
    Some(at)
}

/// The value when it is whole and fits.
pub(super) fn whole(text: &str) -> Option<i128> {
    if let Ok(value) = text.parse() {
        return Some(value);
    }
    let value: f64 = text.parse().ok()?;
    // Every whole number below 2^53 is exact in this type.
    (value.fract() == 0.0 && value.abs() < 9_007_199_254_740_992.0).then_some(value as i128)
}

/// Order by value; `None` when a text is no number.
pub(super) fn compare(left: &str, right: &str) -> Option<Ordering> {
    if left == right && is_number(left) {
        return Some(Ordering::Equal);
    }
    if let (Some(l), Some(r)) = (whole(left), whole(right)) {
        return Some(l.cmp(&r));
    }
    let (l, r): (f64, f64) = (left.parse().ok()?, right.parse().ok()?);
    l.partial_cmp(&r)
}
