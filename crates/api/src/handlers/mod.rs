//! Handlers, one module per resource. They unpack, call one use case, and pack the answer.

pub mod accounts;
pub mod artifacts;
pub mod audit;
pub mod audit_search;
pub mod connections;
pub mod docs;
pub mod dynamic_engines;
pub mod dynamic_environments;
pub mod engine_link;
pub mod engines;
pub mod engines_at_work;
pub mod environments;
pub mod events;
pub mod executions;
pub mod history;
mod history_filters;
pub mod logs;
pub mod observability;
pub mod open_id;
pub mod operator;
pub mod paged;
pub mod people;
pub mod pipeline_engines;
pub mod pipeline_profiles;
pub mod plan_executions;
pub mod plans;
pub mod preferences;
pub mod projects;
pub mod promotions;
pub mod resources;
pub mod rights;
pub mod run_profile_search;
pub mod run_profiles;
pub mod schedule_preview;
pub mod schedules;
pub mod scim;
pub mod second_factors;
pub mod security;
pub mod session;
pub mod settings;
pub mod standings;
pub mod tasks;
pub mod tester;
pub mod tester_runs;
pub mod tester_tools;
pub mod tokens;
pub mod triggers;
pub mod webhooks;
pub mod workspaces;

use crate::error::ApiError;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Deserializer};

/// What a handler answers.
pub(crate) type Answer = Result<Response, ApiError>;

/// A JSON answer.
pub(crate) fn json(status: StatusCode, body: &impl serde::Serialize) -> Answer {
    Ok((status, axum::Json(body)).into_response())
}

/// 200 with a JSON body.
pub(crate) fn ok(body: &impl serde::Serialize) -> Answer {
    json(StatusCode::OK, body)
}

/// An answer without a body.
pub(crate) fn empty(status: StatusCode) -> Answer {
    Ok(status.into_response())
}

/// A FIQL filter: `query`, or `_s` for clusters and promotions.
#[derive(Deserialize)]
pub struct Filter {
    pub(crate) query: Option<String>,
    #[serde(rename = "_s")]
    pub(crate) search: Option<String>,
}

impl Filter {
    /// Whichever was given.
    pub(crate) fn text(&self) -> Option<&str> {
        self.query.as_deref().or(self.search.as_deref())
    }
}

/// Reads a number that some clients send as text, in a query or a body.
pub(crate) fn lenient_int<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<i64>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged, expecting = "must be a whole number")]
    enum Either {
        Number(i64),
        Text(String),
    }
    match Option::<Either>::deserialize(deserializer)? {
        None => Ok(None),
        Some(Either::Number(number)) => Ok(Some(number)),
        Some(Either::Text(text)) => text
            .trim()
            .parse()
            .map(Some)
            .map_err(|_| serde::de::Error::custom(format!("{text:?} is not a whole number"))),
    }
}

/// Reads a list: an array in a body, a text with commas in a query.
pub(crate) fn lenient_list<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged, expecting = "must be a list of strings")]
    enum Either {
        List(Vec<String>),
        Text(String),
    }
    Ok(match Option::<Either>::deserialize(deserializer)? {
        None => Vec::new(),
        Some(Either::List(list)) => list,
        Some(Either::Text(text)) => text.split(',').filter(|part| !part.is_empty()).map(str::to_owned).collect(),
    })
}

/// Reads a truth value that some clients send as text (source: spec example of remote debugging).
pub(crate) fn lenient_bool<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<bool>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged, expecting = "must be true or false")]
    enum Either {
        Flag(bool),
        Text(String),
    }
    match Option::<Either>::deserialize(deserializer)? {
        None => Ok(None),
        Some(Either::Flag(flag)) => Ok(Some(flag)),
        Some(Either::Text(text)) => match text.trim().to_ascii_lowercase().as_str() {
            "true" => Ok(Some(true)),
            "false" => Ok(Some(false)),
            _ => Err(serde::de::Error::custom(format!("{text:?} is neither true nor false"))),
        },
    }
}
