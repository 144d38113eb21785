//! Health, and the engine archive for download.

use super::Answer;
use crate::App;
use crate::archive;
use crate::error::ApiError;
use crate::handlers::engine_link::file_body;
use axum::extract::State;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use std::io::{Seek, Write};
use std::path::Path;

/// `GET /health/live`: the process answers.
pub async fn live() -> Answer {
    Ok((StatusCode::OK, axum::Json(serde_json::json!({ "status": "UP" }))).into_response())
}

/// `GET /health/ready`: the database answers too.
pub async fn ready(State(app): State<App>) -> Answer {
    if app.service.ready().await {
        let database = app.service.database_kind();
        return Ok(
            (StatusCode::OK, axum::Json(serde_json::json!({ "status": "UP", "database": database }))).into_response()
        );
    }
    Err(ApiError::new(StatusCode::SERVICE_UNAVAILABLE, "the database does not answer"))
}

async fn download(app: App, kind: &'static str, build: fn(&Path, &std::fs::File) -> std::io::Result<()>) -> Answer {
    let program = app.engine_program.clone().ok_or_else(|| {
        let message =
            "the engine program was not found beside the server's; start the server with --engine-program FILE";
        ApiError::new(StatusCode::NOT_FOUND, message)
    })?;
    let file = tokio::task::spawn_blocking(move || {
        let mut file = temporary()?;
        build(&program, &file)?;
        file.flush()?;
        file.rewind()?;
        Ok::<_, std::io::Error>(file)
    })
    .await
    .map_err(stoker_service::Error::internal)?
    .map_err(stoker_service::Error::internal)?;
    let size = file.metadata().map_err(stoker_service::Error::internal)?.len();
    let mut response = Response::new(file_body(tokio::fs::File::from_std(file)));
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    response.headers_mut().insert(header::CONTENT_LENGTH, HeaderValue::from(size));
    Ok(response)
}

/// A file without a name in the folder for temporary files.
fn temporary() -> std::io::Result<std::fs::File> {
    tempfile::tempfile()
}

/// `GET /downloads/remote-engine.tar.gz`
pub async fn tar_gz(State(app): State<App>) -> Answer {
    download(app, "application/gzip", |program, file| archive::tar_gz(program, file)).await
}

/// `GET /downloads/remote-engine.zip`
pub async fn zip(State(app): State<App>) -> Answer {
    download(app, "application/zip", |program, file| archive::zip(program, file)).await
}
