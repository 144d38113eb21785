//! Functions on texts.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::{Call, MAX_RESULT, whole};
use crate::encode;
use crate::json::Json;

pub(super) fn base64(call: Call<'_>) -> Result<Json, String> {
    Ok(Json::Text(STANDARD.encode(call.text())))
}

pub(super) fn base64_decode(call: Call<'_>) -> Result<Json, String> {
    let bytes = STANDARD.decode(call.text().trim()).map_err(|error| format!("the value is no Base64: {error}"))?;
    String::from_utf8(bytes).map(Json::Text).map_err(|_| "the bytes are no UTF-8 text".to_owned())
}

pub(super) fn lower(call: Call<'_>) -> Result<Json, String> {
    Ok(Json::Text(call.text().to_lowercase()))
}

pub(super) fn upper(call: Call<'_>) -> Result<Json, String> {
    Ok(Json::Text(call.text().to_uppercase()))
}

pub(super) fn trim(call: Call<'_>) -> Result<Json, String> {
    Ok(Json::text(call.text().trim()))
}

/// Quotes inside are escaped as in JSON, so that the result can stand in a JSON body (`inferred`).
pub(super) fn string(call: Call<'_>) -> Result<Json, String> {
    let quoted = Json::Text(call.text()).to_string();
    match call.arg(0).as_deref() {
        None | Some("\"") => Ok(Json::Text(quoted)),
        Some("'") => {
            let inner = quoted[1..quoted.len() - 1].replace("\\\"", "\"").replace('\'', "\\'");
            Ok(Json::Text(format!("'{inner}'")))
        }
        Some(other) => Err(format!("the quote must be \" or ', not `{other}`")),
    }
}

pub(super) fn substring(call: Call<'_>) -> Result<Json, String> {
    let letters: Vec<char> = call.text().chars().collect();
    let (start, end) = (call.whole(0, "start", 0)?, call.whole(1, "end", letters.len() as i64)?);
    let length = letters.len() as i64;
    if start < 0 || end < start || end > length {
        return Err(format!("{start} to {end} is not inside the text, which has {length} characters"));
    }
    Ok(Json::Text(letters[start as usize..end as usize].iter().collect()))
}

pub(super) fn length(call: Call<'_>) -> Result<Json, String> {
    let count = match call.input.as_ref() {
        Some(Json::Array(items)) => items.len(),
        Some(Json::Object(members)) => members.len(),
        Some(Json::Null | Json::Bool(_)) => return Err("null and booleans have no length".to_owned()),
        _ => call.text().chars().count(),
    };
    Ok(Json::int(count as u64))
}

pub(super) fn url_encode(call: Call<'_>) -> Result<Json, String> {
    Ok(Json::Text(encode::component(&call.text())))
}

pub(super) fn url_decode(call: Call<'_>) -> Result<Json, String> {
    encode::decode(&call.text()).map(Json::Text).ok_or_else(|| "the decoded bytes are no UTF-8 text".to_owned())
}

pub(super) fn json_stringify(call: Call<'_>) -> Result<Json, String> {
    Ok(Json::Text(call.input.unwrap_or_default().to_string()))
}

pub(super) fn replace(call: Call<'_>) -> Result<Json, String> {
    let (from, to) = (call.arg(0).unwrap_or_default(), call.arg(1).unwrap_or_default());
    if from.is_empty() {
        return Err("the text to replace is empty".to_owned());
    }
    let text = call.text();
    let grown = text.matches(&from).count().saturating_mul(to.len().saturating_sub(from.len()));
    if text.len().saturating_add(grown) > MAX_RESULT {
        return Err(format!("the result is longer than {MAX_RESULT} bytes"));
    }
    Ok(Json::Text(text.replace(&from, &to)))
}

pub(super) fn first(call: Call<'_>) -> Result<Json, String> {
    match call.input.as_ref() {
        Some(Json::Array(items)) => items.first().cloned().ok_or_else(|| "the array is empty".to_owned()),
        _ => {
            call.text().chars().next().map(|c| Json::Text(c.to_string())).ok_or_else(|| "the text is empty".to_owned())
        }
    }
}

pub(super) fn last(call: Call<'_>) -> Result<Json, String> {
    match call.input.as_ref() {
        Some(Json::Array(items)) => items.last().cloned().ok_or_else(|| "the array is empty".to_owned()),
        _ => {
            call.text().chars().last().map(|c| Json::Text(c.to_string())).ok_or_else(|| "the text is empty".to_owned())
        }
    }
}

pub(super) fn index_of(call: Call<'_>) -> Result<Json, String> {
    let wanted = call.args.first().cloned().unwrap_or_default();
    let found = match call.input.as_ref() {
        Some(Json::Array(items)) => {
            items.iter().position(|item| item.same(&wanted) || item.render() == wanted.render())
        }
        _ => {
            let text = call.text();
            text.find(&wanted.render()).map(|at| text[..at].chars().count())
        }
    };
    Ok(found.map_or_else(|| Json::int(-1), |at| Json::int(at as u64)))
}

/// A group number for [`super::select::matches`].
pub(super) fn group(value: &Json) -> Option<usize> {
    whole(value).and_then(|number| usize::try_from(number).ok())
}
