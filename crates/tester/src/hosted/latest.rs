//! The latest exchange of each request, as it is kept between runs: expressions of later runs refer to them.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::exchange::{Exchange, Exchanges, Response};
use crate::model::Drive;

/// Largest body that is kept, in bytes; of a larger one nothing is kept, so that nobody uses half of it.
const BODY_BYTES: usize = 256 * 1024;
/// Bytes of an entry beside its name and content: colon and comma.
const AROUND: usize = 2;

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
    /// Milliseconds to the headers and to the end; answers of before this have none.
    #[serde(default)]
    latency: u64,
    #[serde(default)]
    duration: u64,
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
        latency: exchange.response.latency_ms,
        duration: exchange.response.duration_ms,
    })
}

/// The exchanges of all requests of a drive as a text of at most so many bytes; what no longer fits is left out.
///
/// # Errors
/// The writer's; it does not happen.
pub fn write(drive: &Drive, exchanges: &Exchanges, most: usize) -> Result<String, serde_json::Error> {
    let (mut all, mut size) = (BTreeMap::new(), 2);
    for (_, entity) in drive.walk() {
        let Some(kept) = exchanges.get(&entity.id).and_then(|exchange| keep(&exchange)) else { continue };
        size += serde_json::to_string(&kept)?.len() + serde_json::to_string(&entity.id)?.len() + AROUND;
        if size > most {
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
            latency_ms: kept.latency,
            duration_ms: kept.duration,
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Entity, Kind};

    #[test]
    fn what_is_kept_comes_back_and_never_has_more_bytes_than_allowed() {
        let ids = ["a", "b\"", "c", "d"];
        let entity = |id: &&str| Entity::new((*id).to_owned(), "R", Kind::Request(Box::default()));
        let drive = Drive { entities: ids.iter().map(entity).collect(), ..Drive::default() };
        let exchanges = Exchanges::default();
        for id in ids {
            let response = Response { status: 200, body: vec![b'x'; 1000], duration_ms: 7, ..Response::default() };
            exchanges.put(id, Arc::new(Exchange { uri: "http://h/".into(), response, ..Exchange::default() }));
        }
        let all = write(&drive, &exchanges, usize::MAX).unwrap();
        let back = read(Some(&all)).unwrap();
        assert!(read(Some(&all.replace(",\"latency\":0,\"duration\":7", ""))).unwrap().get("a").is_some());
        assert!(ids.iter().all(|id| back.get(id) == exchanges.get(id)));
        for most in 0..all.len() + 10 {
            let some = write(&drive, &exchanges, most.max(2)).unwrap();
            assert!(some.len() <= most.max(2), "{} of {most}", some.len());
        }
        assert_eq!(write(&drive, &exchanges, all.len() + AROUND).unwrap(), all);
    }
}
