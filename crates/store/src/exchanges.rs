//! Requests and answers behind audit records: written after the answer, so beside the records and not sealed with them.

use crate::db::Record;
use crate::db::record::record;
use crate::{StoreError, Tx, Value, params};

record! {
    /// What was asked and answered.
    Exchange in "audit_exchanges" {
        /// Id of the request.
        request_id: String,
        /// Status of the answer.
        status: i64,
        /// Body of the request, without secrets, cut at a length.
        request_body: Option<String>,
        /// Body of the answer, likewise.
        response_body: Option<String>,
    }
}

/// Adds one, unless the request has one.
pub fn add(tx: &mut Tx<'_>, exchange: &Exchange) -> Result<(), StoreError> {
    let sql = "INSERT INTO audit_exchanges (request_id, status, request_body, response_body) VALUES ($1, $2, $3, $4) \
               ON CONFLICT DO NOTHING";
    let (request, response) = (exchange.request_body.as_deref(), exchange.response_body.as_deref());
    let text = |body: Option<&str>| body.map_or(Value::Null, |text| Value::Text(text.to_owned()));
    tx.execute(sql, params![exchange.request_id.as_str(), exchange.status, text(request), text(response)])?;
    Ok(())
}

/// Those of these requests that are known.
pub fn of_requests(tx: &mut Tx<'_>, ids: &[String]) -> Result<Vec<Exchange>, StoreError> {
    Exchange::select(tx, "WHERE request_id {any_of}$1{any_end}", &[Value::Texts(ids.to_vec())])
}
