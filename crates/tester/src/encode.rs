//! Percent-encoding.

/// Encodes all but letters, digits and `-_.~` (RFC 3986, unreserved).
pub(crate) fn component(text: &str) -> String {
    keep(text, |byte| byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte))
}

/// Encodes what may not stand in a query. Leaves what people write there on purpose, such as `/`, `:` and `,`, and `%20`
/// and the like, which rows taken from an address hold (`inferred`).
pub(crate) fn query(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(at) = rest.find('%') {
        let triple = rest.get(at..at + 3).filter(|triple| triple[1..].bytes().all(|byte| byte.is_ascii_hexdigit()));
        out.push_str(&in_query(&rest[..at]));
        out.push_str(triple.unwrap_or("%25"));
        rest = &rest[at + triple.map_or(1, str::len)..];
    }
    out + &in_query(rest)
}

fn in_query(text: &str) -> String {
    keep(text, |byte| byte.is_ascii_alphanumeric() || b"-_.~!*'();:@/?,$[]".contains(&byte))
}

/// Encodes as `application/x-www-form-urlencoded`: a blank becomes `+`.
pub(crate) fn form(text: &str) -> String {
    keep(text, |byte| byte.is_ascii_alphanumeric() || b"-_.* ".contains(&byte)).replace(' ', "+")
}

fn keep(text: &str, plain: impl Fn(u8) -> bool) -> String {
    use std::fmt::Write;
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if plain(byte) {
            out.push(byte as char);
        } else {
            // Writing into a `String` cannot fail.
            let _ = write!(out, "%{byte:02X}");
        }
    }
    out
}

/// Resolves `%xx`; other text stays. `None` when the bytes are no UTF-8.
pub(crate) fn decode(text: &str) -> Option<String> {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let digits = bytes.get(at + 1..at + 3).filter(|digits| digits.iter().all(u8::is_ascii_hexdigit));
        match digits.filter(|_| bytes[at] == b'%').and_then(|digits| std::str::from_utf8(digits).ok()) {
            Some(digits) => {
                out.push(u8::from_str_radix(digits, 16).ok()?);
                at += 3;
            }
            None => {
                out.push(bytes[at]);
                at += 1;
            }
        }
    }
    String::from_utf8(out).ok()
}
