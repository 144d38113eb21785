//! The files of the web console: what a browser gets at `/`, how long it may keep it, and what the page may do.

use crate::App;
use crate::error::ApiError;
use crate::extract::{RequestId, session_cookie};
use axum::body::Body;
use axum::extract::{Extension, State};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};

/// One built file with its packed forms.
#[derive(Clone, Copy, Debug)]
pub struct Asset {
    /// Path below `/`, without the slash.
    pub path: &'static str,
    /// Hash of the content, for `ETag`.
    pub hash: &'static str,
    /// The file as it is.
    pub plain: &'static [u8],
    /// The file packed with Brotli, where that is smaller.
    pub brotli: Option<&'static [u8]>,
    /// The file packed with gzip, where that is smaller.
    pub gzip: Option<&'static [u8]>,
}

/// The page that starts the console.
const INDEX: &str = "index.html";
/// Tells which files each page of the console begins with, by the pattern of its path.
const ROUTES: &str = "routes.json";
/// Ends the head of the page; what is to be fetched early goes before it.
const HEAD_END: &str = "</head>";
/// What a signed-in page asks for first, whichever it is.
const FIRST_CALLS: &[&str] = &["/stoker/v1/session", "/orchestration/environments", "/orchestration/workspaces"];
/// Stands in the page where the nonce of the answer goes.
const NONCE: &str = "__NONCE__";
/// First parts of the paths that are places inside the console. All others keep answering 404 in JSON.
const PLACES: &[&str] = &[
    "",
    "runs",
    "plan-runs",
    "tasks",
    "plans",
    "schedules",
    "artifacts",
    "engines",
    "clusters",
    "run-profiles",
    "gen2-engines",
    "dynamic-engines",
    "dynamic-environments",
    "manage",
    "profile",
    "tester",
];
/// Shown as long as no console was built into the program.
const NOT_BUILT: &str = "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><title>Stoker</title></head>\
<body><main><h1>Stoker is running</h1><p>This program was built without its console. Run <code>cargo xtask web</code> \
and build it again to get one here.</p><p>The API works without it.</p></main></body></html>";

/// What a page of the console may load and do: only what comes from here.
fn policy(nonce: &str) -> String {
    format!(
        "default-src 'none'; script-src 'self'; style-src 'self' 'nonce-{nonce}'; img-src 'self' data:; \
         font-src 'self'; connect-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'self'; \
         frame-ancestors 'none'"
    )
}

/// Whether a path, without its first slash, is a place inside the console.
pub fn is_place(path: &str) -> bool {
    PLACES.contains(&path.split('/').next().unwrap_or_default())
}

/// Answers paths that no route has: files and places of the console, else 404.
pub async fn answer(
    State(app): State<App>,
    Extension(request): Extension<RequestId>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let path = uri.path().trim_start_matches('/');
    let reads = method == Method::GET || method == Method::HEAD;
    if reads && path != INDEX {
        if let Some(asset) = app.console.iter().find(|asset| asset.path == path) {
            return Ok(file(asset, &headers));
        }
        if is_place(path) {
            let signed_in = session_cookie(&headers).is_some();
            return Ok(page(app.console, path, signed_in, &request.0));
        }
    }
    Err(ApiError::new(StatusCode::NOT_FOUND, "there is no such path"))
}

fn kind(path: &str) -> &'static str {
    match path.rsplit('.').next().unwrap_or_default() {
        "html" => "text/html; charset=utf-8",
        "js" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "ico" => "image/x-icon",
        "woff2" => "font/woff2",
        "json" | "webmanifest" => "application/json",
        "txt" => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}

/// Whether a path fits a pattern, of which the part `*` stands for any one part.
fn fits(pattern: &str, path: &str) -> bool {
    let (mut wanted, mut given) = (pattern.split('/'), path.split('/'));
    loop {
        match (wanted.next(), given.next()) {
            (None, None) => return true,
            (Some(one), Some(other)) if one == "*" || one == other => {}
            _ => return false,
        }
    }
}

/// Lines that let a browser fetch what the page at this path begins with before any script of it runs.
fn early(assets: &[Asset], path: &str, signed_in: bool) -> String {
    let mut lines = String::new();
    // The answers are small and soon there: before the files, of which a browser fetches six at a time.
    if signed_in {
        let call = |path| format!("<link rel=\"preload\" as=\"fetch\" crossorigin href=\"{path}\">");
        lines.extend(FIRST_CALLS.iter().map(call));
    }
    let routes = assets.iter().find(|asset| asset.path == ROUTES);
    let routes: Vec<(String, Vec<String>)> =
        routes.and_then(|asset| serde_json::from_slice(asset.plain).ok()).unwrap_or_default();
    if let Some((_, files)) = routes.iter().find(|(pattern, _)| fits(pattern, path.trim_end_matches('/'))) {
        lines.extend(files.iter().map(|file| format!("<link rel=\"modulepreload\" crossorigin href=\"/{file}\">")));
    }
    lines
}

fn page(assets: &[Asset], path: &str, signed_in: bool, nonce: &str) -> Response {
    let index = assets.iter().find(|asset| asset.path == INDEX);
    let (status, text) = match index {
        Some(index) => {
            let early = early(assets, path, signed_in) + HEAD_END;
            let text = String::from_utf8_lossy(index.plain).replace(NONCE, nonce).replacen(HEAD_END, &early, 1);
            (StatusCode::OK, text)
        }
        None => (StatusCode::SERVICE_UNAVAILABLE, NOT_BUILT.to_owned()),
    };
    let mut response = (status, text).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    // The nonce is good for one answer only.
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if let Ok(value) = HeaderValue::from_str(&policy(nonce)) {
        headers.insert(header::CONTENT_SECURITY_POLICY, value);
    }
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("same-origin"));
    headers.insert(header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY"));
    headers.insert("cross-origin-opener-policy", HeaderValue::from_static("same-origin"));
    headers.insert("permissions-policy", HeaderValue::from_static("camera=(), microphone=(), geolocation=()"));
    response
}

/// Whether a list of names with optional `;q=` holds one that is wanted.
fn accepts(headers: &HeaderMap, coding: &str) -> bool {
    let values = headers.get_all(header::ACCEPT_ENCODING).into_iter().filter_map(|value| value.to_str().ok());
    values.flat_map(|value| value.split(',')).any(|part| {
        let (name, parameter) = part.split_once(';').unwrap_or((part, ""));
        let refused = parameter.trim().strip_prefix("q=").is_some_and(|q| q.trim().parse() == Ok(0.0f32));
        name.trim().eq_ignore_ascii_case(coding) && !refused
    })
}

fn file(asset: &Asset, headers: &HeaderMap) -> Response {
    let (bytes, coding) = match (asset.brotli, asset.gzip) {
        (Some(bytes), _) if accepts(headers, "br") => (bytes, Some("br")),
        (_, Some(bytes)) if accepts(headers, "gzip") => (bytes, Some("gzip")),
        _ => (asset.plain, None),
    };
    let tag = format!("\"{}{}\"", asset.hash, coding.map(|c| format!("-{c}")).unwrap_or_default());
    let known = headers.get(header::IF_NONE_MATCH).and_then(|value| value.to_str().ok());
    let fresh = known.is_some_and(|known| known.split(',').any(|one| one.trim().trim_start_matches("W/") == tag));
    let mut response = match fresh {
        true => StatusCode::NOT_MODIFIED.into_response(),
        false => Response::new(Body::from(bytes)),
    };
    let out = response.headers_mut();
    out.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind(asset.path)));
    // Names below assets/ hold a hash of the content: they never change.
    let cache = match asset.path.starts_with("assets/") {
        true => "public, max-age=31536000, immutable",
        false => "no-cache",
    };
    out.insert(header::CACHE_CONTROL, HeaderValue::from_static(cache));
    out.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
    if let Some(coding) = coding.filter(|_| !fresh) {
        out.insert(header::CONTENT_ENCODING, HeaderValue::from_static(coding));
    }
    if let Ok(tag) = HeaderValue::from_str(&tag) {
        out.insert(header::ETAG, tag);
    }
    response
}
