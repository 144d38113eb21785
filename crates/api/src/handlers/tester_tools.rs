//! Import, export, preview, code and checks of API tests: paths of our own.

use super::tester::{Unseen, read, written};
use super::{Answer, ok};
use crate::App;
use crate::error::ApiError;
use crate::extract::{Auth, Path, Query};
use crate::tester::{ServiceClock, ServiceEntropy, document, sample};
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;
use serde::Deserialize;
use serde_json::json;
use std::io::Write;
use stoker_tester::codegen::{self, Language};
use stoker_tester::effort::Effort;
use stoker_tester::expr::{Evaluator, Sources};
use stoker_tester::hosted::read_latest;
use stoker_tester::json::Json;
use stoker_tester::model::{Drive, Environment, Variables};
use stoker_tester::native::{self, ExportOptions, ImportOptions};
use stoker_tester::run::{MASK, NoFiles, judged, masked, prepare, with_values};
use stoker_tester::{Exchanges, folder, import};

/// Longest text of a preview, in characters.
const SHOWN: usize = 4_000;
/// What a preview may cost, in steps: it is made anew with every letter that is typed.
const PREVIEW_STEPS: u64 = 20_000_000;

/// Body of the call that takes in a file.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Import {
    /// Name of the project; the file's own when it is left out.
    name: Option<String>,
    /// `native`, `postman`, `openapi`, `har`, `curl`, `sample`; found out when it is left out.
    format: Option<String>,
    /// The file; none for the sample.
    #[serde(default)]
    text: String,
}

/// How an export is written.
#[derive(Deserialize)]
pub struct Export {
    format: Option<String>,
}

/// Body of the preview.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Preview {
    text: String,
    environment_id: Option<String>,
    /// Place of the cursor in characters; names that may stand there are told.
    at: Option<usize>,
    /// Variables in the place of those of the environment: what is typed and not kept yet.
    variables: Option<Vec<Pair>>,
}

/// A variable that is not kept yet.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pair {
    name: String,
    value: String,
}

/// Body of the call for code.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Code {
    request_id: String,
    environment_id: Option<String>,
    language: String,
    /// The request as it is typed and not kept yet; the kept one when it is left out.
    request: Option<Json>,
    /// As for the preview.
    variables: Option<Vec<Pair>>,
}

/// Body of the call that judges the latest response again.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Checks {
    /// The request as it is typed: its id, assertions and extractions count.
    request: Json,
    environment_id: Option<String>,
    /// As for the preview.
    variables: Option<Vec<Pair>>,
}

/// Most assertions and extractions that are judged in one call.
const JUDGED: usize = 1_000;

fn detected(text: &str) -> Option<&'static str> {
    let start = text.trim_start();
    if start.starts_with("curl") {
        return Some("curl");
    }
    match Json::parse(text) {
        Ok(file) => [("nodes", "native"), ("entities", "native"), ("item", "postman"), ("log", "har")]
            .into_iter()
            .chain([("openapi", "openapi"), ("swagger", "openapi")])
            .find(|(key, _)| file.get(key).is_some())
            .map(|(_, format)| format),
        Err(_) if start.starts_with('{') => Some("native"),
        Err(_) => {
            start.lines().any(|line| line.starts_with("openapi:") || line.starts_with("swagger:")).then_some("openapi")
        }
    }
}

fn imported(app: &App, body: &Import) -> Result<(Drive, Vec<String>), ApiError> {
    let format = body.format.as_deref().or_else(|| detected(&body.text)).ok_or_else(|| {
        ApiError::invalid(
            "text: this is no file that can be taken in; give format: native, postman, openapi, har or curl",
        )
    })?;
    let (clock, entropy) = (ServiceClock::new(&app.service), ServiceEntropy(app.service.clone()));
    let wrong = |error: &dyn std::fmt::Display| ApiError::invalid(format!("text: {error}"));
    let made = match format {
        "sample" => return Ok((sample::procedures(&app.service.public_url())?, Vec::new())),
        "native" => {
            let read = native::import(&body.text, ImportOptions::default()).map_err(|error| wrong(&error))?;
            return Ok((read.drive, read.warnings));
        }
        "postman" => import::postman(&body.text, &entropy),
        "openapi" => import::openapi(&body.text, &entropy),
        "har" => import::har(&body.text, &clock, &entropy),
        "curl" => import::curl(&body.text, &entropy),
        other => {
            let known = "native, postman, openapi, har, curl or sample";
            return Err(ApiError::invalid(format!("format: {other:?} is not known; use {known}")));
        }
    };
    let made = made.map_err(|error| wrong(&error))?;
    Ok((made.drive, made.warnings))
}

/// `POST /stoker/v1/tester/imports`
pub async fn import(State(app): State<App>, Auth(actor): Auth, Unseen(body): Unseen<Import>) -> Answer {
    let (drive, warnings) = imported(&app, &body)?;
    let first = drive.entities.first().map(|entity| entity.name.trim()).filter(|name| !name.is_empty());
    let own: String = first.unwrap_or("Imported").chars().filter(|c| !c.is_control()).take(200).collect();
    let name = body.name.filter(|name| !name.trim().is_empty()).unwrap_or(own);
    // Read back as it is kept: ids that the file lacks are made then.
    let request = document::to_keep(name, &drive)?;
    let kept = document::kept(&request.document)?;
    let made = app.service.create_test_project(&actor, request).await?;
    written(StatusCode::CREATED, &made, &kept, warnings)
}

/// The files of the tester's own form, as an archive.
fn archive(drive: &Drive) -> Result<Vec<u8>, ApiError> {
    let internal = |error: &dyn std::fmt::Display| ApiError::from(stoker_service::Error::internal(error.to_string()));
    let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    let options = zip::write::SimpleFileOptions::default();
    for (path, text) in folder::write(drive) {
        zip.start_file(path, options).map_err(|error| internal(&error))?;
        zip.write_all(text.as_bytes()).map_err(|error| internal(&error))?;
    }
    zip.finish().map(std::io::Cursor::into_inner).map_err(|error| internal(&error))
}

/// `GET /stoker/v1/tester/projects/{id}/export`
pub async fn export(
    State(app): State<App>,
    Auth(actor): Auth,
    Path(id): Path<String>,
    Query(query): Query<Export>,
) -> Answer {
    let format = query.format.as_deref().unwrap_or("v6");
    if !["v3", "v6", "own"].contains(&format) {
        return Err(ApiError::invalid("format: must be v3, v6 or own"));
    }
    let (view, mut drive) = read(&app, &actor, &id).await?;
    document::without_secrets(&mut drive);
    let (kind, ending, bytes) = match format {
        "v3" => ("application/json", "json", native::export_flat(&drive, ExportOptions::default()).into_bytes()),
        "v6" => ("application/json", "json", native::export_tree(&drive, ExportOptions::default()).into_bytes()),
        _ => ("application/zip", "zip", archive(&drive)?),
    };
    let plain = |c: char| if c.is_ascii_alphanumeric() || c == '-' { c } else { '-' };
    let name: String = view.line.name.chars().take(60).map(plain).collect();
    let named = format!("attachment; filename=\"{name}.{ending}\"");
    Ok(([(header::CONTENT_TYPE, kind.to_owned()), (header::CONTENT_DISPOSITION, named)], bytes).into_response())
}

/// The environment that a request names.
pub(super) fn chosen<'a>(drive: &'a Drive, id: Option<&str>) -> Result<Option<&'a Environment>, ApiError> {
    let Some(id) = id.filter(|id| !id.is_empty()) else { return Ok(None) };
    let found = drive.environments.iter().find(|environment| environment.id == id);
    found
        .map(Some)
        .ok_or_else(|| ApiError::invalid("environmentId: the project has no such environment; read it again"))
}

/// Variables of an environment with a mark in the place of every secret; those that are typed over it are taken instead.
fn shown(environment: Option<&Environment>, typed: Option<&[Pair]>) -> Variables {
    if let Some(typed) = typed {
        let mut variables = Variables::default();
        typed.iter().for_each(|pair| variables.set(&pair.name, pair.value.as_str()));
        return variables;
    }
    let mut variables = environment.map(Variables::of).unwrap_or_default();
    let all = environment.into_iter().flat_map(|environment| &environment.variables);
    for variable in all.filter(|variable| variable.is_on() && variable.is_private()) {
        variables.set(&variable.name, MASK);
    }
    variables
}

/// The variables that a preview sees. An environment that is not kept yet is known by what is typed alone.
fn seen(drive: &Drive, environment: Option<&str>, typed: Option<&[Pair]>) -> Result<Variables, ApiError> {
    let environment = if typed.is_some() { None } else { chosen(drive, environment)? };
    Ok(shown(environment, typed))
}

/// The request of a body, read as one that is kept.
fn typed_request(entity: &Json) -> Result<Drive, ApiError> {
    let drive = document::alone(entity)?;
    if drive.entities.first().is_some_and(|entity| entity.request().is_some()) {
        return Ok(drive);
    }
    Err(ApiError::invalid("request: must be an entity of type Request"))
}

fn exchanges(text: Option<&str>) -> Result<Exchanges, ApiError> {
    read_latest(text).map_err(|error| ApiError::from(stoker_service::Error::internal(error)))
}

/// `POST /stoker/v1/tester/projects/{id}/preview`
pub async fn preview(
    State(app): State<App>,
    Auth(actor): Auth,
    Path(id): Path<String>,
    Unseen(body): Unseen<Preview>,
) -> Answer {
    let (view, drive) = read(&app, &actor, &id).await?;
    let mut variables = seen(&drive, body.environment_id.as_deref(), body.variables.as_deref())?;
    let later = stand_ins(&drive, &mut variables);
    let exchanges = exchanges(view.responses.as_deref())?;
    let (clock, entropy) = (ServiceClock::new(&app.service), ServiceEntropy(app.service.clone()));
    let sources =
        Sources { variables: &variables, drive: &drive, exchanges: &exchanges, clock: &clock, entropy: &entropy };
    let evaluator = Evaluator::within(sources, Effort::of(PREVIEW_STEPS));
    let secrets = document::secret_values(&drive);
    let mut answer = match evaluator.text(&body.text) {
        Ok(text) => {
            let text = masked(&text, &secrets);
            let cut: String = text.chars().take(SHOWN).collect();
            json!({ "value": cut, "cut": cut.len() < text.len() })
        }
        Err(error) => {
            let mut problem = json!({
                "message": masked(&error.problem, &secrets), "line": error.line, "column": error.column,
            });
            if let Some(suggestion) = error.suggestion {
                problem["suggestion"] = json!(masked(&suggestion, &secrets));
            }
            json!({ "problem": problem })
        }
    };
    let mut warnings = evaluator.take_warnings();
    let named = later.iter().filter(|name| body.text.contains(name.as_str()));
    warnings.extend(named.map(|name| format!("`{name}` gets its value in a run; here ‹{name}› stands for it")));
    answer["warnings"] = json!(warnings);
    if let Some(found) = body.at.and_then(|at| evaluator.complete(&body.text, at)) {
        let candidates =
            found.candidates.iter().map(|one| json!({ "insert": one.insert, "kind": one.kind, "help": one.help }));
        answer["completion"] = json!({ "from": found.from, "candidates": candidates.collect::<Vec<_>>() });
    }
    ok(&answer)
}

/// Puts texts in the place of variables that have values only in a run; answers their names.
fn stand_ins(drive: &Drive, variables: &mut Variables) -> Vec<String> {
    let mut names = stoker_tester::run::bound_names(drive);
    names.retain(|name| variables.get(name).is_none());
    names.iter().for_each(|name| variables.set(name, format!("‹{name}›")));
    names
}

/// `POST /stoker/v1/tester/projects/{id}/code`
pub async fn code(
    State(app): State<App>,
    Auth(actor): Auth,
    Path(id): Path<String>,
    Unseen(body): Unseen<Code>,
) -> Answer {
    let language = Language::ALL.into_iter().find(|language| language.name() == body.language).ok_or_else(|| {
        let names: Vec<&str> = Language::ALL.iter().map(|language| language.name()).collect();
        ApiError::invalid(format!("language: {:?} is not known; use {}", body.language, names.join(", ")))
    })?;
    let (view, drive) = read(&app, &actor, &id).await?;
    let typed = body.request.as_ref().map(typed_request).transpose()?;
    let entity = match &typed {
        Some(typed) => typed.entities.first(),
        None => drive.by_id(&body.request_id),
    };
    let request = entity.and_then(|entity| entity.request());
    let request =
        request.ok_or_else(|| ApiError::invalid("requestId: the project has no such request; save it first"))?;
    let mut variables = seen(&drive, body.environment_id.as_deref(), body.variables.as_deref())?;
    let _ = stand_ins(&drive, &mut variables);
    let exchanges = exchanges(view.responses.as_deref())?;
    let (clock, entropy) = (ServiceClock::new(&app.service), ServiceEntropy(app.service.clone()));
    let sources =
        Sources { variables: &variables, drive: &drive, exchanges: &exchanges, clock: &clock, entropy: &entropy };
    let variables = with_values(request, sources, PREVIEW_STEPS).map_err(ApiError::invalid)?;
    let sources = Sources { variables: &variables, ..sources };
    let prepared = prepare(request, &Evaluator::within(sources, Effort::of(PREVIEW_STEPS)), &NoFiles)
        .map_err(ApiError::invalid)?;
    let text = codegen::generate(&prepared, language).map_err(|error| ApiError::invalid(error.to_string()))?;
    ok(&json!({ "language": language.name(), "text": masked(&text, &document::secret_values(&drive)) }))
}

/// `POST /stoker/v1/tester/projects/{id}/checks`: what the assertions and extractions of a request, as they are typed, say
/// of its latest response. Nothing is sent, and nothing is kept.
pub async fn checks(
    State(app): State<App>,
    Auth(actor): Auth,
    Path(id): Path<String>,
    Unseen(body): Unseen<Checks>,
) -> Answer {
    let (view, drive) = read(&app, &actor, &id).await?;
    let typed = typed_request(&body.request)?;
    let entity = typed.entities.first();
    let (Some(entity), Some(request)) = (entity, entity.and_then(|entity| entity.request())) else {
        return Err(ApiError::invalid("request: must be an entity of type Request"));
    };
    if request.assertions.len() + request.additions.extract.len() > JUDGED {
        return Err(ApiError::invalid(format!("request: at most {JUDGED} assertions and values are judged at once")));
    }
    let mut variables = seen(&drive, body.environment_id.as_deref(), body.variables.as_deref())?;
    let _ = stand_ins(&drive, &mut variables);
    let exchanges = exchanges(view.responses.as_deref())?;
    let Some(latest) = exchanges.get(&entity.id) else {
        return ok(&json!({ "known": false, "checks": [], "extracted": [] }));
    };
    let (clock, entropy) = (ServiceClock::new(&app.service), ServiceEntropy(app.service.clone()));
    let sources =
        Sources { variables: &variables, drive: &drive, exchanges: &exchanges, clock: &clock, entropy: &entropy };
    let evaluator = Evaluator::within(sources, Effort::of(PREVIEW_STEPS));
    let said = judged(request, &latest.response, &evaluator, &Effort::of(PREVIEW_STEPS));
    let secrets = document::secret_values(&drive);
    let hidden = |text: &str| masked(text, &secrets);
    let checks = said.checks.iter().map(|check| {
        json!({
            "subject": check.subject, "path": check.path, "comparison": check.comparison,
            "expected": check.expected.as_deref().map(hidden), "received": check.received.as_deref().map(hidden),
            "outcome": check.outcome.name(), "message": hidden(&check.message),
        })
    });
    let taken = said.extracted.iter().map(|taken| match taken {
        Ok(value) => json!({ "value": hidden(value).chars().take(SHOWN).collect::<String>() }),
        Err(problem) => json!({ "problem": hidden(problem) }),
    });
    ok(&json!({
        "known": true, "checks": checks.collect::<Vec<_>>(), "extracted": taken.collect::<Vec<_>>(),
    }))
}
