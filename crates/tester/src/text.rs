//! Bodies as text, in the charset that their `Content-Type` names.

/// Characters of the bytes 0x80 to 0x9f in Windows-1252, which is what ISO-8859-1 means on the web (`spec`: WHATWG
/// Encoding). Five bytes stand for themselves.
const HIGH: [char; 32] = [
    '€', '\u{81}', '‚', 'ƒ', '„', '…', '†', '‡', 'ˆ', '‰', 'Š', '‹', 'Œ', '\u{8d}', 'Ž', '\u{8f}', '\u{90}', '‘', '’',
    '“', '”', '•', '–', '—', '˜', '™', 'š', '›', 'œ', '\u{9d}', 'ž', 'Ÿ',
];

/// The charset that a content type names, in small letters.
fn charset(content_type: &str) -> Option<String> {
    let parameter = content_type.split(';').skip(1).map(str::trim).find_map(|one| {
        let (name, value) = one.split_once('=')?;
        name.trim().eq_ignore_ascii_case("charset").then(|| value.trim().trim_matches(['"', '\'']).to_lowercase())
    });
    parameter.filter(|name| !name.is_empty())
}

/// The text, and what is wrong with it when it is not quite that: then replacement marks stand in it. A byte-order mark
/// is dropped, and wins over the charset.
pub(crate) fn decoded(bytes: &[u8], content_type: &str) -> (String, Option<String>) {
    let named = charset(content_type);
    match (bytes, named.as_deref()) {
        ([0xfe, 0xff, rest @ ..], _) => wide(rest, u16::from_be_bytes),
        ([0xff, 0xfe, rest @ ..], _) => wide(rest, u16::from_le_bytes),
        ([0xef, 0xbb, 0xbf, rest @ ..], _) => narrow(rest),
        (_, None | Some("utf-8" | "utf8" | "us-ascii" | "ascii")) => narrow(bytes),
        (_, Some("utf-16" | "utf-16le")) => wide(bytes, u16::from_le_bytes),
        (_, Some("utf-16be")) => wide(bytes, u16::from_be_bytes),
        (_, Some("iso-8859-1" | "iso8859-1" | "latin1" | "windows-1252" | "cp1252")) => {
            let letter = |byte: &u8| match byte {
                0x80..=0x9f => HIGH[usize::from(byte - 0x80)],
                other => char::from(*other),
            };
            (bytes.iter().map(letter).collect(), None)
        }
        (_, Some(other)) => match std::str::from_utf8(bytes) {
            Ok(text) => (text.to_owned(), None),
            Err(_) => {
                let problem =
                    format!("the charset `{other}` is not known, so the body was read as UTF-8, which it is not");
                (narrow(bytes).0, Some(problem))
            }
        },
    }
}

fn narrow(bytes: &[u8]) -> (String, Option<String>) {
    match std::str::from_utf8(bytes) {
        Ok(text) => (text.to_owned(), None),
        Err(error) => {
            let at = error.valid_up_to();
            let problem =
                format!("the body is no UTF-8 from byte {at} on, and its Content-Type names no other charset");
            (String::from_utf8_lossy(bytes).into_owned(), Some(problem))
        }
    }
}

fn wide(bytes: &[u8], unit: fn([u8; 2]) -> u16) -> (String, Option<String>) {
    let (pairs, rest) = bytes.as_chunks::<2>();
    let mut broken = !rest.is_empty();
    let letters = char::decode_utf16(pairs.iter().map(|pair| unit(*pair)));
    let text = letters
        .map(|letter| {
            broken |= letter.is_err();
            letter.unwrap_or(char::REPLACEMENT_CHARACTER)
        })
        .collect();
    (text, broken.then(|| "the body is no UTF-16 to its end".to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn charsets_are_read_as_browsers_read_them() {
        for (bytes, content_type, text) in [
            (&b"gr\xfc\xdfe \x80"[..], "text/plain; charset=ISO-8859-1", "grüße €"),
            (b"gr\xfc\xdfe", "text/plain;charset=\"windows-1252\"", "grüße"),
            ("grüße".as_bytes(), "application/json", "grüße"),
            (b"\xef\xbb\xbfx", "text/plain; charset=latin1", "x"),
            (b"\xff\xfea\x00\xfc\x00", "text/plain", "aü"),
            (b"\x00a\x00\xfc", "text/plain; charset=UTF-16BE", "aü"),
            (b"plain", "text/plain; charset=koi8-r", "plain"),
        ] {
            assert_eq!(decoded(bytes, content_type), (text.to_owned(), None), "{content_type}");
        }
        for (bytes, content_type, part) in [
            (&b"ab\xff"[..], "text/plain", "from byte 2 on"),
            (b"\xff", "text/plain; charset=koi8-r", "`koi8-r` is not known"),
            (b"a\x00b", "text/plain; charset=utf-16", "no UTF-16 to its end"),
        ] {
            let (text, problem) = decoded(bytes, content_type);
            assert!(text.contains('\u{fffd}') || text == "a", "{text}");
            assert!(problem.as_ref().is_some_and(|problem| problem.contains(part)), "{problem:?}");
        }
    }
}
