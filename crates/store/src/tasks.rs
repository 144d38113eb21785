//! Tasks and their run configuration.

use crate::connections::naming;
use crate::db::record::{Conditions, holds_text, record};
use crate::db::{Json, Record};
use crate::history_clauses::name_holds;
use crate::visible::Sight;
use crate::{StoreError, Tx, params};
use serde_json::{Map, Value as JsonValue};
use std::collections::HashMap;
use stoker_domain::PrincipalKind;
use stoker_domain::ids::{ArtifactId, ConnectionId, EnvironmentId, ResourceId, RunProfileId, TaskId, WorkspaceId};
use stoker_domain::runtime::{ArtifactType, LogLevel, RuntimeType};

record! {
    /// A task.
    Task in "tasks" {
        /// Its id.
        id: TaskId,
        /// Where it lies.
        workspace_id: WorkspaceId,
        /// Environment of that workspace.
        environment_id: EnvironmentId,
        /// Unique in the workspace.
        name: String,
        /// Free text.
        description: Option<String>,
        /// First part of the version; grows with the artifact version.
        version_major: i64,
        /// Second part; grows with every other change.
        version_minor: i64,
        /// What it runs.
        artifact_id: ArtifactId,
        /// In which version.
        artifact_version: String,
        /// Labels.
        tags: Json<Vec<String>>,
        /// Connection key to connection id.
        connections: Json<Map<String, JsonValue>>,
        /// Parameter name to value; secret ones are encrypted.
        parameters: Json<Map<String, JsonValue>>,
        /// Resource parameter to resource id.
        resources: Json<Map<String, JsonValue>>,
        /// Upgrade settings, as in the API.
        auto_upgrade: Option<Json<JsonValue>>,
        /// Whether new runs are refused.
        paused: bool,
        /// Why.
        pause_context: Option<String>,
        /// Who paused or resumed it last.
        pause_user: Option<String>,
        /// Which kind that was.
        pause_user_kind: Option<PrincipalKind>,
        /// When.
        pause_ms: Option<i64>,
        /// Kind of processor.
        runtime_type: RuntimeType,
        /// Engine or cluster.
        runtime_id: Option<String>,
        /// Run profile of it.
        run_profile_id: Option<RunProfileId>,
        /// The rest of the run configuration: trigger, parallelExecutionAllowed, logLevel, timeout ...
        run_config: Json<Map<String, JsonValue>>,
        /// When it was made.
        created_ms: i64,
        /// When it last changed.
        updated_ms: i64,
    }
}

impl Task {
    /// Whether several runs of it may be active at once (source: spec, default false).
    pub fn parallel_allowed(&self) -> bool {
        self.run_config.0.get("parallelExecutionAllowed").and_then(JsonValue::as_bool).unwrap_or(false)
    }

    /// Log level of its run configuration.
    pub fn log_level(&self) -> Option<LogLevel> {
        self.run_config.0.get("logLevel").and_then(JsonValue::as_str).and_then(LogLevel::from_id)
    }

    /// Time-out of its run configuration in minutes.
    pub fn timeout_minutes(&self) -> Option<i64> {
        self.run_config.0.get("timeout").and_then(JsonValue::as_i64)
    }
}

/// What starts a task.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TriggerFilter {
    /// Nothing.
    Nothing,
    /// Any trigger that time starts.
    Any,
    /// A trigger of this published type, or `WEBHOOK`.
    Kind(String),
}

/// What a list of tasks is narrowed to.
#[derive(Clone, Debug, Default)]
pub struct TaskFilter {
    /// Its environment.
    pub environment: Option<EnvironmentId>,
    /// Its workspace.
    pub workspace: Option<WorkspaceId>,
    /// Start of its name.
    pub name_prefix: Option<String>,
    /// Part of its name.
    pub name_contains: Option<String>,
    /// Its artifact.
    pub artifact: Option<String>,
    /// Its kind of processor.
    pub runtime_type: Option<RuntimeType>,
    /// Its engine or cluster.
    pub runtime_id: Option<String>,
    /// Its run profile.
    pub run_profile: Option<String>,
    /// A connection it uses.
    pub connection: Option<ConnectionId>,
    /// A resource it uses.
    pub resource: Option<ResourceId>,
    /// Labels it has, all of them.
    pub tags: Vec<String>,
    /// What starts it.
    pub trigger: Option<TriggerFilter>,
    /// Only workspaces on which this principal has a right of the mask.
    pub visible_to: (String, i64),
}

impl TaskFilter {
    /// Whether it asks for more than a place.
    fn is_narrow(&self) -> bool {
        let texts = [&self.name_prefix, &self.name_contains, &self.artifact, &self.runtime_id, &self.run_profile];
        self.workspace.is_some()
            || texts.iter().any(|text| text.is_some())
            || self.runtime_type.is_some()
            || self.connection.is_some()
            || self.resource.is_some()
            || self.trigger.is_some()
            || !self.tags.is_empty()
    }
}

/// The task with this id.
pub fn get(tx: &mut Tx<'_>, id: &TaskId) -> Result<Option<Task>, StoreError> {
    Task::select_opt(tx, "WHERE id = $1", params![id])
}

/// The task with this id, locked until the end of the transaction.
pub fn lock(tx: &mut Tx<'_>, id: &TaskId) -> Result<Option<Task>, StoreError> {
    Task::select_opt(tx, "WHERE id = $1 {lock}", params![id])
}

/// Those of the tasks that nobody has locked, locked until the end of the transaction.
pub fn lock_free(tx: &mut Tx<'_>, ids: Vec<String>) -> Result<Vec<Task>, StoreError> {
    Task::select(tx, "WHERE id {any_of}$1{any_end} {skip_locked}", params![ids])
}

/// The tasks that run with a run profile, by id, locked until the end of the transaction.
pub fn with_profile(tx: &mut Tx<'_>, id: &RunProfileId) -> Result<Vec<Task>, StoreError> {
    Task::select(tx, "WHERE run_profile_id = $1 ORDER BY id {lock}", params![id])
}

/// The tasks of an environment that follow artifacts of this name and kind, locked until the end of the transaction.
pub fn lock_followers(
    tx: &mut Tx<'_>,
    environment: &EnvironmentId,
    name: &str,
    kind: ArtifactType,
) -> Result<Vec<Task>, StoreError> {
    // The flags are written without blanks.
    let rest = "WHERE environment_id = $1 AND auto_upgrade LIKE '%\"autoUpgradable\":true%' \
                AND artifact_id IN (SELECT id FROM artifacts WHERE name = $2 AND kind = $3) ORDER BY id {lock}";
    Task::select(tx, rest, params![environment, name, kind.id()])
}

/// With more matches than this, a page is filled soonest by going through all tasks by name.
const MANY: i64 = 5_000;

/// A page of tasks by name, and how many there are in all.
pub fn list(tx: &mut Tx<'_>, filter: &TaskFilter, limit: i64, offset: i64) -> Result<(Vec<Task>, i64), StoreError> {
    let sight = Sight::of(tx, &filter.visible_to, filter.environment.as_ref(), filter.workspace.as_ref())?;
    let named = match &filter.name_contains {
        Some(part) => with_name(tx, &sight, part)?,
        None => None,
    };
    let counted = conditions(filter, &sight, named.as_deref(), false);
    if filter.is_narrow() {
        // One look at all tasks tells their number and the page.
        let (most, values) = counted.paged(MANY + 1, 0);
        let sql = format!("SELECT id FROM tasks {} ORDER BY name {{bytes}}, id {most}", counted.text());
        let found = tx.query(&sql, &values)?.iter().map(|row| row.text(0)).collect::<Result<Vec<_>, _>>()?;
        let total = i64::try_from(found.len()).unwrap_or(i64::MAX);
        if total <= MANY {
            let size = |number: i64| usize::try_from(number).unwrap_or_default();
            let page: Vec<String> = found.into_iter().skip(size(offset)).take(size(limit)).collect();
            let mut rows: HashMap<String, Task> =
                Task::with_keys(tx, page.clone())?.into_iter().map(|task| (task.id.to_string(), task)).collect();
            return Ok((page.iter().filter_map(|id| rows.remove(id)).collect(), total));
        }
    }
    let total = tx.query_int(&format!("SELECT count(*) FROM tasks {}", counted.text()), counted.values())?;
    let conditions = if total > MANY { conditions(filter, &sight, named.as_deref(), true) } else { counted };
    let (page, values) = conditions.paged(limit, offset);
    let items = Task::select(tx, &format!("{} ORDER BY name {{bytes}}, id {page}", conditions.text()), &values)?;
    Ok((items, total))
}

/// The tasks inside that have or had a name with this part, when they are not too many. Their names stand close together,
/// in lower case, which is sooner gone through than the tasks.
pub(crate) fn with_name(tx: &mut Tx<'_>, sight: &Sight, part: &str) -> Result<Option<Vec<String>>, StoreError> {
    sight.listed(tx, "DISTINCT task_id FROM task_names", name_holds(part))
}

/// `named` are the only tasks that may have the wanted part in their name now. `by_name` keeps the indexes over workspaces
/// out, by an expression in the place of their column.
fn conditions(filter: &TaskFilter, sight: &Sight, named: Option<&[String]>, by_name: bool) -> Conditions {
    let workspace = if by_name { "coalesce(workspace_id, '')" } else { "workspace_id" };
    let mut conditions = Conditions::default();
    sight.inside(&mut conditions, workspace);
    if let Some(named) = named {
        conditions.among("id", named.to_vec());
    }
    conditions.named(filter.name_prefix.as_deref(), filter.name_contains.as_deref());
    for (column, value) in
        [("artifact_id", &filter.artifact), ("runtime_id", &filter.runtime_id), ("run_profile_id", &filter.run_profile)]
    {
        if let Some(value) = value {
            conditions.and(&format!("{column} = ?"), [value.into()]);
        }
    }
    if let Some(kind) = filter.runtime_type {
        conditions.and("runtime_type = ?", [kind.id().into()]);
    }
    let used = [
        ("connections", filter.connection.as_ref().map(ConnectionId::as_str)),
        ("resources", filter.resource.as_ref().map(ResourceId::as_str)),
    ];
    for (column, id) in used {
        if let Some(id) = id {
            let (clause, values) = naming(column, id);
            conditions.and(&clause, values);
        }
    }
    const LINKED: &str = "(SELECT executable_id FROM schedule_links WHERE executable_kind = 'TASK')";
    const HOOKED: &str = "(SELECT executable_id FROM webhooks WHERE executable_kind = 'TASK')";
    match &filter.trigger {
        None => {}
        Some(TriggerFilter::Nothing) => {
            conditions.and(&format!("id NOT IN {LINKED} AND id NOT IN {HOOKED}"), []);
        }
        Some(TriggerFilter::Any) => conditions.and(&format!("id IN {LINKED}"), []),
        Some(TriggerFilter::Kind(kind)) if kind == "WEBHOOK" => conditions.and(&format!("id IN {HOOKED}"), []),
        Some(TriggerFilter::Kind(kind)) => conditions.and(
            "id IN (SELECT executable_id FROM schedule_links WHERE executable_kind = 'TASK' AND schedule_id IN \
             (SELECT schedule_id FROM schedule_triggers WHERE kind = ?))",
            [kind.into()],
        ),
    }
    for tag in &filter.tags {
        let (clause, values) = holds_text("tags", tag);
        conditions.and(&clause, values);
    }
    conditions
}

/// Notes the name of a task that is made or renamed: runs keep the name of their time, and are searched by it.
pub fn note_name(tx: &mut Tx<'_>, task: &Task) -> Result<(), StoreError> {
    tx.execute(
        "INSERT INTO task_names (workspace_id, task_id, name) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING",
        params![&task.workspace_id, &task.id, task.name.to_lowercase()],
    )?;
    Ok(())
}

/// Removes a task; its runs stay as history.
pub fn delete(tx: &mut Tx<'_>, id: &TaskId) -> Result<u64, StoreError> {
    tx.execute("DELETE FROM tasks WHERE id = $1", params![id])
}
