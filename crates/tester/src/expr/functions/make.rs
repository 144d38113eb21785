//! Functions that make data out of nothing.

use super::Call;
use crate::json::Json;
use crate::world;

/// Longest random text.
const MAX_LENGTH: i64 = 1_000_000;

pub(super) fn random(call: Call<'_>) -> Result<Json, String> {
    let max = call.whole(0, "max", 1_000_000_000)?;
    let bound = u64::try_from(max).ok().filter(|max| *max > 0).ok_or("max must be at least 1")?;
    Ok(Json::int(world::below(call.entropy, bound)))
}

pub(super) fn timestamp(call: Call<'_>) -> Result<Json, String> {
    Ok(Json::int(call.clock.now_ms()))
}

pub(super) fn uuid(call: Call<'_>) -> Result<Json, String> {
    Ok(Json::Text(world::new_uuid(call.entropy)))
}

pub(super) fn random_string(call: Call<'_>) -> Result<Json, String> {
    let length = call.whole(0, "length", 10)?;
    if !(0..=MAX_LENGTH).contains(&length) {
        return Err(format!("length must be from 0 to {MAX_LENGTH}"));
    }
    let mut letters = Vec::new();
    for (at, name, range) in [(1, "lower", b'a'..=b'z'), (2, "upper", b'A'..=b'Z'), (3, "digits", b'0'..=b'9')] {
        if call.flag(at, name)? {
            letters.extend(range.map(char::from));
        }
    }
    if letters.is_empty() {
        return Err("one of lower, upper and digits must be true".to_owned());
    }
    let pick = |_| letters[world::below(call.entropy, letters.len() as u64) as usize];
    Ok(Json::Text((0..length).map(pick).collect()))
}

/// Never reached: entities are no JSON values, the evaluator looks them up.
pub(super) fn entity(_: Call<'_>) -> Result<Json, String> {
    Err("an entity cannot be a value".to_owned())
}
