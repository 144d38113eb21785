//! Functions that pick something out of a text.

use super::{Call, text};
use crate::json::Json;
use crate::path::JsonPath;
use crate::regex::Regex;
use crate::xpath;

pub(super) fn json_path(call: Call<'_>) -> Result<Json, String> {
    let path = JsonPath::parse(&call.arg(0).unwrap_or_default()).map_err(|error| error.to_string())?;
    let document = match call.input {
        Some(Json::Text(text)) => Json::parse(&text).map_err(|error| format!("the value is {error}"))?,
        other => other.unwrap_or_default(),
    };
    let found = path.select(&document, call.effort).map_err(|error| error.to_string())?;
    found.into_json().ok_or_else(|| format!("`{path}` selects nothing"))
}

pub(super) fn x_path(call: Call<'_>) -> Result<Json, String> {
    let selector = call.arg(0).unwrap_or_default();
    let document = xpath::Document::parse(&call.text()).map_err(|error| error.to_string())?;
    let found = xpath::evaluate(&document, &selector, call.effort).map_err(|error| error.to_string())?;
    found.print(&document, call.effort).map(Json::Text)
}

pub(super) fn matches(call: Call<'_>) -> Result<Json, String> {
    let regex = Regex::parse(&call.arg(0).unwrap_or_default()).map_err(|error| error.to_string())?;
    let text = call.text();
    let Some(group) = call.args.get(1) else {
        return regex.is_match(&text, call.effort).map(Json::Bool).map_err(|error| error.to_string());
    };
    let number = text::group(group).ok_or("group must be a number from 0")?;
    let groups =
        regex.groups(&text, call.effort).map_err(|error| error.to_string())?.ok_or("the value does not match")?;
    match groups.into_iter().nth(number) {
        Some(Some(found)) => Ok(Json::Text(found)),
        _ => Err(format!("the match has no group {number}")),
    }
}
