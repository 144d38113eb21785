//! Pages by number: query parameters in, a bare array and six headers out (source: spec).

use super::{Answer, lenient_int, ok};
use crate::error::ApiError;
use axum::http::{HeaderName, HeaderValue};
use serde::{Deserialize, Serialize};
use stoker_domain::limits;
use stoker_service::{Listed, PageNumber};

/// `page` and `size`, and the narrowing parameters of account lists.
#[derive(Deserialize)]
pub struct Paging {
    #[serde(default, deserialize_with = "lenient_int")]
    page: Option<i64>,
    #[serde(default, deserialize_with = "lenient_int")]
    size: Option<i64>,
    #[serde(rename = "nameFilter")]
    name_filter: Option<String>,
    #[serde(rename = "workspace_id")]
    pub(crate) workspace_id: Option<String>,
    #[serde(rename = "environment_id")]
    pub(crate) environment_id: Option<String>,
}

impl Paging {
    /// The page of an account list: 1 to 100 items, 100 without a wish.
    pub(crate) fn page(&self) -> Result<PageNumber, ApiError> {
        Ok(PageNumber::checked(self.page, self.size, limits::PAGE_LIMIT, limits::PAGE_LIMIT)?)
    }

    /// What a name must hold; an empty text is no wish.
    pub(crate) fn name_part(&self) -> Result<Option<String>, ApiError> {
        let text = self.name_filter.clone().filter(|text| !text.is_empty());
        if text.as_ref().is_some_and(|text| text.chars().count() > limits::NAME_CHARS) {
            return Err(ApiError::invalid(format!("nameFilter: must have at most {} characters", limits::NAME_CHARS)));
        }
        Ok(text)
    }
}

/// A bare array with the page data in headers.
pub(crate) fn listed<T, B: Serialize>(list: Listed<T>, each: impl Fn(T) -> B) -> Answer {
    let pages = list.pages();
    let headers = [
        ("page-first", (list.page.number == 1).to_string()),
        ("page-last", (list.page.number >= pages).to_string()),
        ("page-number", list.page.number.to_string()),
        ("page-total-elements", list.items.len().to_string()),
        ("total-elements", list.total.to_string()),
        ("total-pages", pages.to_string()),
    ];
    let mut response = ok(&list.items.into_iter().map(each).collect::<Vec<_>>())?;
    for (name, value) in headers {
        let value = HeaderValue::from_str(&value).map_err(stoker_service::Error::internal)?;
        response.headers_mut().insert(HeaderName::from_static(name), value);
    }
    Ok(response)
}
