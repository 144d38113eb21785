//! Passwords: argon2id.

use crate::SecretError;
use argon2::Argon2;
use argon2::password_hash::phc::{PasswordHash, Salt};
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use stoker_domain::Random;

/// Hashes a password with a fresh salt. Takes tens of milliseconds on purpose; run it off the async threads.
pub fn hash(password: &str, random: &dyn Random) -> Result<String, SecretError> {
    let mut salt = [0u8; 16];
    random.fill(&mut salt);
    let salt = Salt::new(&salt).map_err(|_| SecretError::PasswordHash)?;
    let hash = Argon2::default()
        .hash_password_with_salt(password.as_bytes(), salt.as_ref())
        .map_err(|_| SecretError::PasswordHash)?;
    Ok(hash.to_string())
}

/// Whether the password fits the hash.
pub fn verify(password: &str, hash: &str) -> Result<bool, SecretError> {
    let hash = PasswordHash::new(hash).map_err(|_| SecretError::PasswordHash)?;
    Ok(Argon2::default().verify_password(password.as_bytes(), &hash).is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;
    use stoker_domain::SeededRandom;

    #[test]
    fn only_the_right_password_fits() {
        let hash = hash("correct horse", &SeededRandom::new(3)).unwrap();
        assert!(hash.starts_with("$argon2id$"));
        assert_eq!(verify("correct horse", &hash), Ok(true));
        assert_eq!(verify("correct hors", &hash), Ok(false));
        assert!(verify("x", "not a hash").is_err());
    }
}
