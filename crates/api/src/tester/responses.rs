//! The latest exchange of each request, as it is kept between runs: expressions of later runs refer to them.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::Arc;
use stoker_tester::model::Drive;
use stoker_tester::{Exchange, Exchanges, Response};

/// Largest body that is kept, in bytes; of a larger one nothing is kept, so that nobody uses half of it.
const BODY_BYTES: usize = 256 * 1024;
/// Largest text of all of them, in bytes.
const ALL_BYTES: usize = 1024 * 1024;

#[derive(Serialize, Deserialize)]
struct Kept {
    method: String,
    uri: String,
    sent: Vec<(String, String)>,
    body: String,
    status: u16,
    message: String,
    headers: Vec<(String, String)>,
    answer: String,
}

fn keep(exchange: &Exchange) -> Option<Kept> {
    let text = |bytes: &[u8]| {
        (bytes.len() <= BODY_BYTES).then(|| std::str::from_utf8(bytes).ok().map(str::to_owned)).flatten()
    };
    Some(Kept {
        method: exchange.method.clone(),
        uri: exchange.uri.clone(),
        sent: exchange.request_headers.clone(),
        body: text(&exchange.request_body).unwrap_or_default(),
        status: exchange.response.status,
        message: exchange.response.message.clone(),
        headers: exchange.response.headers.clone(),
        answer: text(&exchange.response.body)?,
    })
}

/// The exchanges of all requests of a drive as a text; what no longer fits is left out.
pub(super) fn write(drive: &Drive, exchanges: &Exchanges) -> Result<String, serde_json::Error> {
    let (mut all, mut size) = (BTreeMap::new(), 0);
    for (_, entity) in drive.walk() {
        let Some(kept) = exchanges.get(&entity.id).and_then(|exchange| keep(&exchange)) else { continue };
        size += serde_json::to_string(&kept)?.len() + entity.id.len();
        if size > ALL_BYTES {
            break;
        }
        all.insert(entity.id.as_str(), kept);
    }
    serde_json::to_string(&all)
}

/// Reads what [`write`] wrote.
///
/// # Errors
/// It was not written by it.
pub fn read(text: Option<&str>) -> Result<Exchanges, serde_json::Error> {
    let exchanges = Exchanges::default();
    let all: BTreeMap<String, Kept> = text.map_or(Ok(BTreeMap::new()), serde_json::from_str)?;
    for (id, kept) in all {
        let response = Response {
            status: kept.status,
            message: kept.message,
            headers: kept.headers,
            body: kept.answer.into_bytes(),
            ..Response::default()
        };
        let exchange = Exchange {
            method: kept.method,
            uri: kept.uri,
            request_headers: kept.sent,
            request_body: kept.body.into_bytes(),
            response,
            redirects: Vec::new(),
        };
        exchanges.put(&id, Arc::new(exchange));
    }
    Ok(exchanges)
}
