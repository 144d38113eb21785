//! Making foreign text safe and short for a terminal.

/// `text` without control characters, so that a name or log line cannot steer the terminal; tabs become a space.
pub(crate) fn printable(text: &str) -> String {
    text.chars().map(|c| if c == '\t' { ' ' } else { c }).map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect()
}

/// `1 run`, `2 runs`.
pub(crate) fn count(number: usize, one: &str) -> String {
    if number == 1 { format!("1 {one}") } else { format!("{number} {one}s") }
}

/// Whether `text` has the form of the 24-digit ids of most objects.
pub(crate) fn is_object_id(text: &str) -> bool {
    text.len() == 24 && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// Whether `text` has the form of a run's id.
pub(crate) fn is_uuid(text: &str) -> bool {
    text.len() == 36
        && text.bytes().enumerate().all(|(at, byte)| match at {
            8 | 13 | 18 | 23 => byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escape_sequences_lose_their_power() {
        assert_eq!(printable("a\x1b[31mred\tb\r\n"), "a\u{fffd}[31mred b\u{fffd}\u{fffd}");
        assert_eq!(printable("Größe ✓"), "Größe ✓");
    }

    #[test]
    fn ids_are_told_from_names() {
        assert!(is_object_id("66f0a1b2c3d4e5f60123000a"));
        assert!(!is_object_id("66f0a1b2c3d4e5f60123000"));
        assert!(!is_object_id("nightly load of orders!!"));
        assert!(is_uuid("0b7d7c5e-6a0e-4a51-9d3f-5f1f0f3f7a11"));
        assert!(!is_uuid("0b7d7c5e-6a0e-4a51-9d3f-5f1f0f3f7a1"));
        assert!(!is_uuid("0b7d7c5e06a0e-4a51-9d3f-5f1f0f3f7a11"));
    }
}
