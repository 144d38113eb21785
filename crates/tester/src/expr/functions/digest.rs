//! Digests and keyed digests. They are for comparing and signing as the tested API wants it, not for storing secrets.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{KeyInit, Mac};
use md5::Digest;

use super::Call;
use crate::json::Json;
use crate::world::hex;

pub(super) fn md5(call: Call<'_>) -> Result<Json, String> {
    Ok(Json::Text(hex(&md5::Md5::digest(call.text()))))
}

pub(super) fn sha(call: Call<'_>) -> Result<Json, String> {
    let text = call.text();
    let digest = match cipher(&call)?.as_str() {
        "SHA1" => sha1::Sha1::digest(&text).to_vec(),
        "SHA224" => sha2::Sha224::digest(&text).to_vec(),
        "SHA256" => sha2::Sha256::digest(&text).to_vec(),
        "SHA384" => sha2::Sha384::digest(&text).to_vec(),
        _ => sha2::Sha512::digest(&text).to_vec(),
    };
    output(&digest, call.arg(1).as_deref())
}

macro_rules! keyed {
    ($hash:ty, $key:expr, $text:expr) => {{
        // Every key length is fine for this construction.
        let mut mac = hmac::Hmac::<$hash>::new_from_slice($key.as_bytes()).map_err(|error| error.to_string())?;
        mac.update($text.as_bytes());
        mac.finalize().into_bytes().to_vec()
    }};
}

pub(super) fn hmac(call: Call<'_>) -> Result<Json, String> {
    let (text, key) = (call.text(), call.arg(1).unwrap_or_default());
    let digest = match cipher(&call)?.as_str() {
        "SHA1" => keyed!(sha1::Sha1, key, text),
        "SHA224" => keyed!(sha2::Sha224, key, text),
        "SHA256" => keyed!(sha2::Sha256, key, text),
        "SHA384" => keyed!(sha2::Sha384, key, text),
        _ => keyed!(sha2::Sha512, key, text),
    };
    output(&digest, call.arg(2).as_deref())
}

/// Name of the cipher in capitals, without a dash; one of the five.
fn cipher(call: &Call<'_>) -> Result<String, String> {
    let given = call.arg(0).unwrap_or_default();
    let name = given.to_uppercase().replace('-', "");
    if matches!(name.as_str(), "SHA1" | "SHA224" | "SHA256" | "SHA384" | "SHA512") {
        return Ok(name);
    }
    Err(format!("the cipher must be SHA1, SHA224, SHA256, SHA384 or SHA512, not `{given}`"))
}

fn output(digest: &[u8], form: Option<&str>) -> Result<Json, String> {
    match form.map(str::to_lowercase).as_deref() {
        None | Some("base64") => Ok(Json::Text(STANDARD.encode(digest))),
        Some("hex") => Ok(Json::Text(hex(digest))),
        Some(other) => Err(format!("the output must be Base64 or Hex, not `{other}`")),
    }
}
