//! Public keys of engines as they travel.

use crate::SecretError;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// Length of an uncompressed P-256 point, bytes.
const LENGTH: usize = 65;
/// First byte of an uncompressed point.
const UNCOMPRESSED: u8 = 4;

/// Checks a public key: an uncompressed P-256 point (65 bytes, 88 characters of base64) that lies on the curve.
///
/// # Errors
/// [`SecretError::KeyForm`] for everything else.
pub fn check(public_key: &str) -> Result<(), SecretError> {
    let point = STANDARD.decode(public_key).map_err(|_| SecretError::KeyForm)?;
    if point.len() != LENGTH || point.first() != Some(&UNCOMPRESSED) {
        return Err(SecretError::KeyForm);
    }
    p256::PublicKey::from_sec1_bytes(&point).map(drop).map_err(|_| SecretError::KeyForm)
}

#[cfg(test)]
mod tests {
    use super::*;
    use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _};

    #[test]
    fn only_whole_points_on_the_curve_pass() {
        let rng = ring::rand::SystemRandom::new();
        let made = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &rng).unwrap();
        let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, made.as_ref(), &rng).unwrap();
        let good = pair.public_key().as_ref().to_vec();
        let of = |bytes: &[u8]| check(&STANDARD.encode(bytes));
        assert_eq!(of(&good), Ok(()));
        let mut off_the_curve = good.clone();
        off_the_curve[64] ^= 1;
        let mut compressed = good[..33].to_vec();
        compressed[0] = 2 + (good[64] & 1);
        for bad in [&off_the_curve[..], &compressed, &good[..64], &[0], &[4; 65], &[]] {
            assert_eq!(of(bad), Err(SecretError::KeyForm), "{bad:?}");
        }
        assert_eq!(check("not base64"), Err(SecretError::KeyForm));
    }
}
