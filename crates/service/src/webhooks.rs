//! Webhooks: a URL that anybody who knows it may call. Calls are collected; enough of them, or enough time after the
//! first, start the task or plan once with all of them as one parameter (source: doc).

use crate::actor::{Actor, Allowed};
use crate::app::Service;
use crate::batch::Batch;
use crate::due_starts::{DueStart, Started, principal};
use crate::environments::description;
use crate::error::{Error, taken};
use crate::runs::GivenParameter;
use crate::schedules::checked_timeout;
use crate::schedules::links::{Executable, Owner};
use crate::triggers::{ExecutableId, SEE, Startable};
use crate::webhook_terms;
use serde_json::{Map, Value, json};
use stoker_domain::ids::{ScheduleId, TriggerId};
use stoker_domain::run::RunType;
use stoker_domain::schedule::{ExecutableKind, FireResult};
use stoker_domain::{PrincipalKind, Right, crash, limits, names};
use stoker_secrets::token;
use stoker_store::db::Record;
use stoker_store::plans::Plan;
use stoker_store::schedules::{self, Fire};
use stoker_store::tasks::Task;
pub use stoker_store::webhooks::Webhook;
use stoker_store::webhooks::{self, WebhookCall};
use stoker_store::{Tx, artifacts, tasks, workspaces};

/// The parameter that gets the calls (source: doc).
const PAYLOAD: &str = "resource_webhook_payload";
/// Where webhooks are called; ours, because the published URL is only shown.
const PATH: &str = "/stoker/v1/webhooks/";
/// Media types that are taken (source: doc).
pub const MEDIA_TYPES: [&str; 5] =
    ["application/json", "application/xml", "application/x-www-form-urlencoded", "text/plain", "text/xml"];
/// Webhooks one pass looks at.
const BATCH: i64 = 200;

/// A webhook as a run configuration asks for it (source: spec).
#[derive(Clone, Debug, Default, PartialEq)]
pub struct WebhookRequest {
    /// What people call it.
    pub name: String,
    /// Free text.
    pub description: Option<String>,
    /// So many calls start the task, 1 to 1000; 1 when absent.
    pub trigger_calls: Option<i64>,
    /// Milliseconds after the first call that start it with fewer calls, from a second to a day.
    pub trigger_timeout: Option<i64>,
    /// In whose name it is started: a login or a service-account id; the caller's when absent.
    pub run_as_user: Option<String>,
    /// Which of the two; a person when absent.
    pub run_as_kind: Option<PrincipalKind>,
    /// Whether it gets another URL.
    pub new_url: bool,
    /// Minutes after which a run of it is stopped, at least 1.
    pub execution_timeout: Option<i64>,
}

impl WebhookRequest {
    /// Checks the values; the message names the field.
    pub(crate) fn checked(mut self) -> Result<Self, Error> {
        let place = |error: &dyn std::fmt::Display| Error::invalid(format!("trigger.webhook.{error}"));
        self.name = names::checked("name", &self.name, limits::NAME_CHARS).map_err(|error| place(&error))?;
        self.description = description(self.description).map_err(|error| place(&error))?;
        checked_timeout("trigger.webhook.executionTimeout", self.execution_timeout)?;
        if self.trigger_calls.is_some_and(|calls| !(1..=limits::WEBHOOK_CALLS).contains(&calls)) {
            return Err(place(&format!("triggerCalls: must be from 1 to {}", limits::WEBHOOK_CALLS)));
        }
        if self.trigger_timeout.is_some_and(|ms| !(1_000..=limits::WEBHOOK_WAIT_MS).contains(&ms)) {
            return Err(place(&format!(
                "triggerTimeout: must be from 1000 to {} milliseconds",
                limits::WEBHOOK_WAIT_MS
            )));
        }
        Ok(self)
    }

    /// What the run configuration shows of it, without the URL.
    pub(crate) fn shown(&self) -> Value {
        let mut webhook = Map::new();
        webhook.insert("name".to_owned(), json!(self.name));
        webhook.insert("triggerCalls".to_owned(), json!(self.trigger_calls.unwrap_or(1)));
        for (field, value) in [
            ("description", self.description.as_ref().map(|text| json!(text))),
            ("triggerTimeout", self.trigger_timeout.map(|ms| json!(ms))),
            ("runAsUser", self.run_as_user.as_ref().map(|user| json!(user))),
            ("runAsUserType", self.run_as_kind.map(|kind| json!(kind.id()))),
            ("executionTimeout", self.execution_timeout.map(|minutes| json!(minutes))),
        ] {
            if let Some(value) = value {
                webhook.insert(field.to_owned(), value);
            }
        }
        json!({ "type": "WEBHOOK", "webhook": webhook })
    }

    /// In whose name it is started; somebody else must be allowed to start things there.
    fn runner(&self, tx: &mut Tx<'_>, executable: &Executable, owner: &Owner) -> Result<Owner, Error> {
        let Some(name) = self.run_as_user.as_ref().filter(|name| **name != owner.name) else {
            return Ok(Owner { name: owner.name.clone(), kind: owner.kind });
        };
        let kind = self.run_as_kind.unwrap_or(PrincipalKind::Human);
        let principal = principal(tx, kind, name)?;
        let principal =
            principal.ok_or_else(|| Error::invalid(format!("trigger.webhook.runAsUser: there is no {name:?}")))?;
        if !workspaces::rights(tx, &principal, &executable.workspace)?.has_any([Right::Execute].into_iter().collect()) {
            let noun = executable.kind.noun();
            let message = format!("trigger.webhook.runAsUser: needs the right EXECUTE on the workspace of the {noun}");
            return Err(Error::invalid(message));
        }
        Ok(Owner { name: name.clone(), kind })
    }
}

/// What became of a call.
enum Taken {
    /// It waits for more.
    Waits,
    /// It made the start due.
    Begun(Box<Started>),
    /// It was not taken, because the webhook ended at this instant.
    TooLate(i64),
}

/// The calls of a webhook as a parameter.
pub(crate) fn payload_parameter(payload: &str) -> GivenParameter {
    GivenParameter { name: PAYLOAD.to_owned(), value: payload.to_owned(), encrypted: false }
}

pub(crate) fn sealing(id: &TriggerId) -> String {
    format!("webhook {id}")
}

impl Service {
    /// Gives an executable a webhook, or changes the one it has; the URL stays unless another is asked for.
    pub(crate) fn set_webhook(
        &self,
        tx: &mut Tx<'_>,
        executable: &Executable,
        request: &WebhookRequest,
        owner: &Owner,
        now: i64,
    ) -> Result<(), Error> {
        let runner = request.runner(tx, executable, owner)?;
        let before = webhooks::lock_of(tx, executable.kind, &executable.id)?;
        let known = before.is_some();
        let mut hook = before.unwrap_or_else(|| Webhook {
            id: TriggerId::generate(now, self.random()),
            executable_kind: executable.kind,
            executable_id: executable.id.clone(),
            workspace_id: executable.workspace.clone(),
            name: String::new(),
            token_hash: String::new(),
            token_sealed: String::new(),
            trigger_calls: 1,
            trigger_timeout_ms: None,
            timeout_minutes: None,
            user_id: String::new(),
            user_kind: runner.kind,
            fires: 0,
            waiting: 0,
            waiting_bytes: 0,
            fire_ms: None,
            used_ms: None,
            expires_ms: None,
            term_ms: None,
            refused_ms: None,
        });
        if !known || request.new_url {
            let secret = stoker_domain::ids::alphanumeric(43, self.random());
            hook.token_hash = token::hash(&secret);
            hook.token_sealed = self.inner.keys.encrypt(&sealing(&hook.id), secret.as_bytes(), self.random());
            hook.used_ms = None;
            webhook_terms::begin(&mut hook, self.settings().webhook_ms, now);
        }
        hook.name.clone_from(&request.name);
        hook.trigger_calls = request.trigger_calls.unwrap_or(1);
        hook.trigger_timeout_ms = request.trigger_timeout;
        hook.timeout_minutes = request.execution_timeout;
        hook.user_id = runner.name;
        hook.user_kind = runner.kind;
        // Calls that wait go on waiting by the new rule.
        hook.fire_ms = match (hook.waiting, hook.trigger_timeout_ms) {
            (0, _) => None,
            (waiting, _) if waiting >= hook.trigger_calls => Some(now),
            (_, wait) => wait.map(|wait| now + wait),
        };
        if known {
            hook.update(tx)?;
        } else {
            hook.insert(tx).map_err(taken("trigger: it was changed at the same moment; try again"))?;
        }
        Ok(())
    }

    /// The URL of an executable's webhook.
    pub(crate) fn webhook_url(&self, tx: &mut Tx<'_>, kind: ExecutableKind, id: &str) -> Result<Option<String>, Error> {
        let Some(hook) = webhooks::of(tx, kind, id)? else { return Ok(None) };
        let secret = self.inner.keys.decrypt(&sealing(&hook.id), &hook.token_sealed)?;
        let secret = String::from_utf8(secret).map_err(Error::internal)?;
        Ok(Some(format!("{}{PATH}{secret}", self.public_url())))
    }

    /// The URL of the webhook for whoever may start the task or plan; none for others who may look at it, because whoever
    /// knows the URL can start it.
    pub(crate) fn webhook_url_for(
        &self,
        tx: &mut Tx<'_>,
        allowed: &Allowed,
        startable: &Startable,
    ) -> Result<Option<String>, Error> {
        match startable.may_arm(tx, allowed) {
            Ok(()) => {
                let executable = startable.executable();
                self.webhook_url(tx, executable.kind, &executable.id)
            }
            Err(Error::Forbidden(_)) => Ok(None),
            Err(other) => Err(other),
        }
    }

    /// The webhook of a task or plan, without its URL.
    pub async fn webhook(&self, actor: &Actor, id: &ExecutableId) -> Result<Webhook, Error> {
        let allowed = actor.allow(id.watchers())?;
        let (id, proof) = (id.clone(), allowed.clone());
        self.read(&allowed, move |tx| {
            let startable = id.get(tx)?;
            proof.right(tx, startable.workspace(), SEE)?;
            let none = || Error::not_found(format!("The {} has no webhook.", id.kind().noun()));
            webhooks::of(tx, id.kind(), id.as_str())?.ok_or_else(none)
        })
        .await
    }

    /// A call of a webhook. When this returns, the call is on disk, and the run too when this call made it due. One that
    /// comes after the end of the webhook's term is refused, and leaves a trace.
    pub async fn call_webhook(&self, secret: &str, media_type: &str, body: String) -> Result<(), Error> {
        let (service, hash, now) = (self.clone(), token::hash(secret), self.now());
        let media_type = media_type.to_owned();
        let work = tokio::spawn(async move {
            let inner = service.clone();
            let taken = service
                .write::<_, Error, _>(&Allowed::system(), move |tx| inner.take_call(tx, &hash, media_type, body, now))
                .await?;
            crash::point("webhook.after-commit");
            match taken {
                Taken::Waits => Ok(()),
                Taken::Begun(begun) => {
                    service.follow_up(*begun).await;
                    Ok(())
                }
                Taken::TooLate(at) => Err(webhook_terms::too_late(at)),
            }
        });
        work.await.map_err(Error::internal)?
    }

    fn take_call(
        &self,
        tx: &mut Tx<'_>,
        hash: &str,
        media_type: String,
        body: String,
        now: i64,
    ) -> Result<Taken, Error> {
        let unknown = || Error::not_found("There is no such webhook.");
        let mut hook = webhooks::lock_by_hash(tx, hash)?.ok_or_else(unknown)?;
        if let Some(at) = webhook_terms::expired(&hook, now) {
            webhook_terms::note_late_call(tx, &mut hook, at, now)?;
            return Ok(Taken::TooLate(at));
        }
        let bytes = body.len() as i64;
        if hook.waiting_bytes + bytes > limits::WEBHOOK_BYTES {
            let message =
                format!("the calls that wait have more than {} bytes: try again later", limits::WEBHOOK_BYTES);
            return Err(Error::TooLarge(message));
        }
        // The row is written anyway.
        hook.used_ms = Some(now);
        hook.waiting += 1;
        hook.waiting_bytes += bytes;
        let number = hook.waiting;
        WebhookCall { webhook_id: hook.id.clone(), number, at_ms: now, media_type, body }.insert(tx)?;
        if hook.fire_ms.is_none() {
            hook.fire_ms = hook.trigger_timeout_ms.map(|wait| now + wait);
        }
        let begun = if hook.waiting >= hook.trigger_calls { self.fire_webhook(tx, &mut hook, now)? } else { None };
        hook.update(tx)?;
        crash::point("webhook.before-commit");
        Ok(begun.map_or(Taken::Waits, |begun| Taken::Begun(Box::new(begun))))
    }

    /// Starts what a webhook starts with the calls that wait.
    fn fire_webhook(&self, tx: &mut Tx<'_>, hook: &mut Webhook, now: i64) -> Result<Option<Started>, Error> {
        let calls = webhooks::calls(tx, &hook.id)?;
        let payload: Vec<Value> =
            calls.into_iter().map(|call| json!({ "type": call.media_type, "data": call.body })).collect();
        let value = serde_json::to_string(&payload).map_err(Error::internal)?;
        webhooks::clear(tx, &hook.id)?;
        hook.fires += 1;
        (hook.waiting, hook.waiting_bytes, hook.fire_ms) = (0, 0, None);
        let mut fire = fire_of(hook, now);
        let start = DueStart {
            owner: (hook.user_kind, &hook.user_id),
            run_type: RunType::Webhook,
            due_ms: now,
            late: None,
            timeout_minutes: hook.timeout_minutes,
            payload: Some(value),
            detail: json!({ "webhook": hook.name, "calls": payload.len() }),
        };
        let mut batch = Batch::new(now, self.settings());
        let started = self.start_due(tx, start, &mut fire, &mut batch)?;
        schedules::insert_fires(tx, &[fire])?;
        batch.write(tx)?;
        Ok(started)
    }

    /// Whether a task takes the calls of a webhook: its job has the parameter, or names no parameters at all.
    pub(crate) fn takes_payload(&self, tx: &mut Tx<'_>, task: &Task) -> Result<bool, Error> {
        let Some(file) = artifacts::version_file(tx, &task.artifact_id, &task.artifact_version)? else {
            return Ok(false);
        };
        let manifest = self.inner.manifests.get(tx, task, &file.sha256)?;
        Ok(manifest.parameters.is_empty() || manifest.parameters.iter().any(|parameter| parameter.name == PAYLOAD))
    }

    /// Refuses a webhook for a plan of whose first step no task takes the calls (source: doc).
    pub(crate) fn check_takes_payload(&self, tx: &mut Tx<'_>, plan: &Plan) -> Result<(), Error> {
        for id in plan.steps.0.first().map(|step| step.tasks.as_slice()).unwrap_or_default() {
            if let Some(task) = tasks::get(tx, id)?
                && self.takes_payload(tx, &task)?
            {
                return Ok(());
            }
        }
        let message = format!("trigger.webhook: a task of the first step must have the parameter {PAYLOAD}");
        Err(Error::invalid(message))
    }

    /// Starts what has waited long enough for more calls.
    pub(crate) async fn fire_webhooks(&self) -> Result<usize, Error> {
        let now = self.now();
        let ids = self.read::<_, Error, _>(&Allowed::system(), move |tx| Ok(webhooks::due(tx, now, BATCH)?)).await?;
        let mut fired = 0;
        for id in ids {
            let (service, wanted) = (self.clone(), id.clone());
            let work = tokio::spawn(async move {
                let inner = service.clone();
                let (count, begun) = service
                    .write::<_, Error, _>(&Allowed::system(), move |tx| {
                        let Some(mut hook) = webhooks::claim(tx, &wanted, now)? else { return Ok((0, None)) };
                        let begun = inner.fire_webhook(tx, &mut hook, now)?;
                        hook.update(tx)?;
                        Ok((1, begun))
                    })
                    .await?;
                if let Some(begun) = begun {
                    service.follow_up(begun).await;
                }
                Ok::<usize, Error>(count)
            });
            match work.await.map_err(Error::internal)? {
                Ok(count) => fired += count,
                Err(error) => {
                    tracing::error!(webhook.id = %id, error = &error as &dyn std::error::Error, "cannot act on a webhook");
                }
            }
        }
        Ok(fired)
    }
}

pub(crate) fn fire_of(hook: &Webhook, now: i64) -> Fire {
    Fire {
        trigger_id: hook.id.clone(),
        version: hook.fires,
        due_ms: now,
        schedule_id: ScheduleId::trusted(hook.id.as_str()),
        trigger_name: hook.name.clone(),
        executable_kind: hook.executable_kind,
        executable_id: hook.executable_id.clone(),
        workspace_id: hook.workspace_id.clone(),
        at_ms: now,
        result: FireResult::Started,
        reason: None,
        message: None,
        missed: 0,
        run_id: None,
        plan_run_id: None,
    }
}
