//! The OpenAPI documents, and Swagger UI to look at them. Everything comes from this server.

use super::Answer;
use crate::documents;
use crate::error::ApiError;
use crate::extract::Path;
use axum::body::Body;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::Response;
use stoker_service::Error;

/// What the pages may load: files of this server, and the small pictures inside of the style sheet. The hash is the one
/// style that Swagger UI writes into the page.
const POLICY: &str = "default-src 'none'; script-src 'self'; \
                      style-src 'self' 'sha256-RL3ie0nH+Lzz2YNqQN83mnU0J1ot4QL7b99vMdIX99w='; img-src 'self' data:; \
                      connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

const PAGE: &str = r#"<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Stoker: APIs</title>
<link rel="stylesheet" href="/openapi/swagger-ui.css">
</head>
<body>
<div id="ui" data-document="@document" data-documents="@documents"></div>
<script src="/openapi/swagger-ui-bundle.js"></script>
<script src="/openapi/swagger-ui-standalone-preset.js"></script>
<script src="/openapi/start.js"></script>
</body>
</html>
"#;

/// Starts Swagger UI with what the page says. Without `validatorUrl` it would send the document to a stranger.
const START: &str = r##"const place = document.getElementById("ui");
const names = place.dataset.documents.split(" ");
window.ui = SwaggerUIBundle({
  dom_id: "#ui",
  urls: names.map((name) => ({ name, url: `/openapi/${name}.json` })),
  "urls.primaryName": place.dataset.document,
  presets: [SwaggerUIBundle.presets.apis, SwaggerUIStandalonePreset],
  layout: "StandaloneLayout",
  deepLinking: true,
  docExpansion: "none",
  validatorUrl: null,
});
"##;

fn answer(kind: &'static str, body: impl Into<Body>) -> Response {
    let mut response = Response::new(body.into());
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    response
}

fn shown(document: &str) -> Answer {
    let names: Vec<&str> = documents::names().collect();
    let page = PAGE.replace("@documents", &names.join(" ")).replace("@document", document);
    let mut response = answer("text/html; charset=utf-8", page);
    response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
    Ok(response)
}

/// `GET /tmc` and `GET /openapi`: Swagger UI, where the older generation has its pages.
pub async fn page() -> Answer {
    shown("tmc")
}

/// `GET /openapi/{file}`: a document (`core.json`), Swagger UI for one (`core`), or a file of Swagger UI.
pub async fn file(headers: HeaderMap, Path(name): Path<String>) -> Answer {
    if name == "start.js" {
        return Ok(answer("text/javascript; charset=utf-8", START));
    }
    if let Some(document) = documents::names().find(|document| *document == name) {
        return shown(document);
    }
    let file = documents::file(&name).ok_or_else(|| {
        let names: Vec<&str> = documents::names().collect();
        let message = format!("there is no such document; there are {}, each with .json", names.join(", "));
        ApiError::new(StatusCode::NOT_FOUND, message)
    })?;
    let accepted = headers.get(header::ACCEPT_ENCODING).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let mut response = if accepted.contains("gzip") {
        let mut response = answer(file.kind, file.packed);
        response.headers_mut().insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
        response
    } else {
        answer(file.kind, file.bytes().map_err(Error::internal)?)
    };
    response.headers_mut().insert(header::VARY, HeaderValue::from_static("accept-encoding"));
    Ok(response)
}
