//! Codes of authenticator programs: RFC 6238 with what every such program understands, that is SHA-1, 6 digits and
//! periods of 30 seconds.

use stoker_domain::Random;

/// Length of a period, seconds.
pub const PERIOD_S: i64 = 30;
/// Periods before and after the current one whose codes are accepted, because clocks differ.
pub const TOLERANCE: i64 = 1;
/// Bytes of a secret: as many as the hash has (RFC 4226, section 4).
const SECRET_BYTES: usize = 20;
/// Digits of a code.
const DIGITS: usize = 6;
const BASE32: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
/// Letters and digits of recovery codes: none that look like another.
const RECOVERY: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";
/// Characters of a recovery code without the hyphen: 60 bits.
const RECOVERY_CHARS: usize = 12;

/// A new shared secret.
pub fn generate(random: &dyn Random) -> Vec<u8> {
    let mut bytes = vec![0u8; SECRET_BYTES];
    random.fill(&mut bytes);
    bytes
}

/// Base 32 without padding, as authenticator programs want a secret that is typed in.
pub fn base32(bytes: &[u8]) -> String {
    let (mut text, mut held, mut bits) = (String::new(), 0u32, 0);
    for byte in bytes {
        held = (held << 8) | u32::from(*byte);
        bits += 8;
        while bits >= 5 {
            bits -= 5;
            text.push(char::from(BASE32[(held >> bits) as usize & 31]));
        }
    }
    if bits > 0 {
        text.push(char::from(BASE32[(held << (5 - bits)) as usize & 31]));
    }
    text
}

fn escaped(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~@".contains(&byte);
    let one = |byte: u8| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") };
    text.bytes().map(one).collect()
}

/// The address that an authenticator program reads from a picture: `issuer` and `account` are what it shows.
pub fn uri(issuer: &str, account: &str, secret: &[u8]) -> String {
    let (issuer, account) = (escaped(issuer), escaped(account));
    let secret = base32(secret);
    format!(
        "otpauth://totp/{issuer}:{account}?secret={secret}&issuer={issuer}&algorithm=SHA1&digits={DIGITS}&period={PERIOD_S}"
    )
}

/// The code of a period, six digits.
pub fn code(secret: &[u8], step: i64) -> String {
    let key = ring::hmac::Key::new(ring::hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, secret);
    let tag = ring::hmac::sign(&key, &step.to_be_bytes());
    let tag = tag.as_ref();
    let offset = usize::from(tag[tag.len() - 1] & 15);
    let word = tag[offset..offset + 4].iter().fold(0u32, |sum, byte| (sum << 8) | u32::from(*byte));
    format!("{:06}", (word & 0x7fff_ffff) % 1_000_000)
}

/// The period of a code that is good now; none for a wrong one. Blanks within the code do not matter. A period may be
/// used once: the caller remembers it.
pub fn period_of(secret: &[u8], given: &str, now_s: i64) -> Option<i64> {
    let given: Vec<u8> = given.bytes().filter(|byte| *byte != b' ').collect();
    if given.len() != DIGITS {
        return None;
    }
    let now = now_s.div_euclid(PERIOD_S);
    let same = |step: &i64| code(secret, *step).bytes().zip(&given).fold(0, |sum, (a, b)| sum | (a ^ b)) == 0;
    // The newest first: a code that two periods share is used up in both.
    (now - TOLERANCE..=now + TOLERANCE).rev().find(same)
}

/// A new recovery code, in two halves that are easy to read.
pub fn recovery_code(random: &dyn Random) -> String {
    let mut bytes = [0u8; RECOVERY_CHARS];
    random.fill(&mut bytes);
    let text: String = bytes.iter().map(|byte| char::from(RECOVERY[usize::from(byte & 31)])).collect();
    format!("{}-{}", &text[..RECOVERY_CHARS / 2], &text[RECOVERY_CHARS / 2..])
}

/// A recovery code as it is compared: without hyphens and blanks, in small letters.
pub fn normal_recovery_code(given: &str) -> String {
    let kept = given.chars().filter(|c| !matches!(c, '-' | ' ')).take(4 * RECOVERY_CHARS);
    kept.map(|c| c.to_ascii_lowercase()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use stoker_domain::SeededRandom;

    /// RFC 6238, appendix B, the last six digits of the codes for SHA-1.
    const SECRET: &[u8] = b"12345678901234567890";
    const VECTORS: [(i64, &str); 6] = [
        (59, "287082"),
        (1_111_111_109, "081804"),
        (1_111_111_111, "050471"),
        (1_234_567_890, "005924"),
        (2_000_000_000, "279037"),
        (20_000_000_000, "353130"),
    ];

    #[test]
    fn codes_are_those_of_the_standard() {
        for (at, wanted) in VECTORS {
            assert_eq!(code(SECRET, at / PERIOD_S), wanted, "{at}");
            assert_eq!(period_of(SECRET, wanted, at), Some(at / PERIOD_S));
        }
    }

    #[test]
    fn one_period_of_difference_is_tolerated_and_no_more() {
        let step = 50_000_000;
        let right = code(SECRET, step);
        for (shift, fits) in [(-2, false), (-1, true), (0, true), (1, true), (2, false)] {
            let found = period_of(SECRET, &right, (step + shift) * PERIOD_S);
            assert_eq!(found, fits.then_some(step), "{shift}");
        }
        let spaced = format!("{} {}", &right[..3], &right[3..]);
        assert_eq!(period_of(SECRET, &spaced, step * PERIOD_S), Some(step));
        for bad in ["", "12345", "1234567", "abcdef", "１２３４５６", "-00001"] {
            assert_eq!(period_of(SECRET, bad, step * PERIOD_S), None, "{bad}");
        }
    }

    #[test]
    fn secrets_are_written_as_programs_read_them() {
        // RFC 4648, section 10, without the padding.
        for (plain, text) in
            [("", ""), ("f", "MY"), ("fo", "MZXQ"), ("foo", "MZXW6"), ("foob", "MZXW6YQ"), ("fooba", "MZXW6YTB")]
        {
            assert_eq!(base32(plain.as_bytes()), text);
        }
        let uri = uri("Stoker", "ada b", SECRET);
        assert_eq!(
            uri,
            "otpauth://totp/Stoker:ada%20b?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=Stoker&algorithm=SHA1&digits=6&period=30"
        );
    }

    #[test]
    fn recovery_codes_differ_and_are_read_leniently() {
        let random = SeededRandom::new(7);
        let codes: std::collections::BTreeSet<String> = (0..100).map(|_| recovery_code(&random)).collect();
        assert_eq!(codes.len(), 100);
        for code in codes {
            assert_eq!(code.len(), RECOVERY_CHARS + 1);
            let typed = format!(" {} ", code.to_uppercase().replace('-', " "));
            assert_eq!(normal_recovery_code(&typed), code.replace('-', ""));
        }
    }
}
