//! The filters of the history as conditions on runs and on plan runs.

use crate::db::record::{Conditions, holds_text, like_escaped};
use crate::history::HistoryFilter;
use crate::{StoreError, Tx, Value};
use stoker_domain::run::Outcome;

/// Most artifacts of a publisher whose runs are looked for by them.
const PUBLISHED: i64 = 500;

/// Something that one of a list of values must be, or none of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Field {
    /// A published status, upper case.
    Status,
    /// Id of the workspace.
    Workspace,
    /// Id of the task.
    Task,
    /// Id of the plan.
    Plan,
    /// Id of the artifact.
    Artifact,
    /// Version of the artifact.
    ArtifactVersion,
    /// A label of the task.
    Tag,
    /// Who started it: a login, or the id of a service account.
    Operator,
    /// Who made it: publisher of the artifact version, author of the plan.
    Author,
    /// Version of the task.
    Version,
    /// Log level of the run.
    LogLevel,
    /// Id of the run or plan run.
    Id,
    /// Run profile.
    RunProfile,
    /// API version of the start call.
    ApiVersion,
}

/// Where a run runs or ran.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RuntimeField {
    /// Id of the engine.
    Engine,
    /// Id of the cluster it was bound to.
    Cluster,
    /// Kind of processor.
    Destination,
}

/// One condition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Clause {
    /// One of the values, or none of them.
    Among {
        /// Of what.
        field: Field,
        /// The values; at least one.
        values: Vec<String>,
        /// None of them.
        not: bool,
    },
    /// The name holds this text, upper and lower case alike, or does not.
    Name {
        /// The text.
        part: String,
        /// Does not.
        not: bool,
    },
    /// Ended within these instants, or was asked for before the second one and has not ended.
    Period {
        /// First instant, milliseconds.
        from_ms: i64,
        /// Last one.
        to_ms: i64,
    },
    /// Took longer or shorter than this.
    Duration {
        /// Longer.
        longer: bool,
        /// Milliseconds.
        ms: i64,
    },
    /// Where it ran: any or all of these, each with its values and whether none of them is wanted.
    Runtime {
        /// Any of them is enough.
        any: bool,
        /// What is wanted.
        parts: Vec<(RuntimeField, Vec<String>, bool)>,
    },
    /// Whether no API version is known, because it was not started by a call.
    NoApiVersion(bool),
}

/// The engine of a run, as the index has it.
const ENGINE: &str = "coalesce(engine_id, CASE WHEN runtime_type = 'REMOTE_ENGINE' THEN target_id ELSE '' END)";

/// A condition that an index answers.
pub(crate) struct Indexed {
    /// The condition.
    pub(crate) conditions: Conditions,
    /// The order of the index, when a plan for any value would not take it otherwise.
    pub(crate) order: &'static str,
    /// Whether the time of the end is the next column of the index.
    pub(crate) timed: bool,
}

impl Indexed {
    fn among(column: &str, values: &[String]) -> Self {
        let mut conditions = Conditions::default();
        // With one value the index gives the order, and is gone through no further than needed.
        let order = match values {
            [only] => {
                conditions.and(&format!("{column} = ?"), [Value::from(only)]);
                "ORDER BY finish_ms DESC"
            }
            _ => {
                conditions.among(column, values.to_vec());
                ""
            }
        };
        Self { conditions, order, timed: true }
    }

    fn duration(longer: bool, ms: i64) -> Self {
        let (sign, order) =
            if longer { (">", "ORDER BY finish_ms - start_ms DESC") } else { ("<", "ORDER BY finish_ms - start_ms") };
        let mut conditions = Conditions::default();
        conditions.and(&format!("start_ms IS NOT NULL AND finish_ms - start_ms {sign} ?"), [ms.into()]);
        Self { conditions, order, timed: false }
    }
}

/// A condition which an index answers and which all ended runs that fit the clause fulfil; nothing when there is no index
/// for it.
pub(crate) fn indexed(tx: &mut Tx<'_>, clause: &Clause) -> Result<Option<Indexed>, StoreError> {
    let among = Indexed::among;
    Ok(match clause {
        Clause::Among { field, values, not: false } => match field {
            Field::Operator => Some(among("user_id", values)),
            Field::Artifact => Some(among("artifact_id", values)),
            Field::ArtifactVersion => Some(among("artifact_version", values)),
            Field::ApiVersion => Some(among("api_version", values)),
            Field::Author => published_by(tx, values)?.map(|artifacts| among("artifact_id", &artifacts)),
            Field::RunProfile => {
                let mut found = among("run_profile_id", values);
                found.conditions.and("run_profile_id IS NOT NULL", []);
                Some(found)
            }
            _ => None,
        },
        Clause::NoApiVersion(none) => {
            let mut conditions = Conditions::default();
            conditions.and(if *none { "api_version IS NULL" } else { "api_version > ''" }, []);
            Some(Indexed { conditions, order: "", timed: true })
        }
        Clause::Duration { longer, ms } => Some(Indexed::duration(*longer, *ms)),
        Clause::Runtime { any, parts } if !any || parts.len() == 1 => {
            let by = |(field, values, not): &(RuntimeField, Vec<String>, bool)| match (field, not) {
                (RuntimeField::Engine, false) => Some(among(ENGINE, values)),
                (RuntimeField::Cluster, false) => Some(among("target_id", values)),
                (RuntimeField::Destination, false) => Some(among("runtime_type", values)),
                _ => None,
            };
            parts.iter().find_map(by)
        }
        _ => None,
    })
}

/// The artifacts of which these published a version, when they are not too many.
fn published_by(tx: &mut Tx<'_>, publishers: &[String]) -> Result<Option<Vec<String>>, StoreError> {
    let mut conditions = Conditions::default();
    conditions.among("publisher", publishers.to_vec());
    let (page, values) = conditions.paged(PUBLISHED + 1, 0);
    let sql = format!("SELECT DISTINCT artifact_id FROM artifact_versions {} {page}", conditions.text());
    let found: Vec<String> = tx.query(&sql, &values)?.iter().map(|row| row.text(0)).collect::<Result<_, _>>()?;
    Ok(i64::try_from(found.len()).is_ok_and(|found| found <= PUBLISHED).then_some(found))
}

/// One of the two tables of the history.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Table {
    Runs,
    PlanRuns,
}

impl Table {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Table::Runs => "runs",
            Table::PlanRuns => "plan_runs",
        }
    }

    /// The workspace, written so that no index over workspaces is taken.
    pub(crate) fn workspace(self) -> &'static str {
        match self {
            Table::Runs => "coalesce(runs.workspace_id, '')",
            Table::PlanRuns => "coalesce(plan_runs.workspace_id, '')",
        }
    }

    /// The column with the time of the request.
    pub(crate) fn trigger(self) -> &'static str {
        match self {
            Table::Runs => "trigger_ms",
            Table::PlanRuns => "start_ms",
        }
    }

    /// An expression for a field with one place for a list of values; nothing when entries of the table have no such thing.
    fn expression(self, field: Field) -> Option<&'static str> {
        Some(match (self, field) {
            // Expressions: an index is wanted only where the caller asks for it.
            (_, Field::Workspace) => "coalesce(workspace_id, '') {any_of}?{any_end}",
            (_, Field::Operator) => "coalesce(user_id, '') {any_of}?{any_end}",
            (_, Field::ApiVersion) => "coalesce(api_version, '') {any_of}?{any_end}",
            (_, Field::Id) => "id {any_of}?{any_end}",
            (Table::Runs, Field::Task) => "task_id {any_of}?{any_end}",
            (Table::Runs, Field::Plan) => {
                "coalesce(plan_run_id, '') IN (SELECT p.id FROM plan_runs p WHERE p.plan_id {any_of}?{any_end})"
            }
            (Table::Runs, Field::Artifact) => "coalesce(artifact_id, '') {any_of}?{any_end}",
            (Table::Runs, Field::ArtifactVersion) => "coalesce(artifact_version, '') {any_of}?{any_end}",
            (Table::Runs, Field::Version) => "task_version {any_of}?{any_end}",
            (Table::Runs, Field::LogLevel) => "log_level {any_of}?{any_end}",
            (Table::Runs, Field::RunProfile) => "coalesce(run_profile_id, '') {any_of}?{any_end}",
            (Table::Runs, Field::Author) => {
                "EXISTS (SELECT 1 FROM artifact_versions v WHERE v.artifact_id = runs.artifact_id \
                 AND v.version = runs.artifact_version AND v.publisher {any_of}?{any_end})"
            }
            (Table::PlanRuns, Field::Plan) => "plan_id {any_of}?{any_end}",
            (Table::PlanRuns, Field::Author) => {
                "EXISTS (SELECT 1 FROM plans p WHERE p.id = plan_runs.plan_id AND p.author {any_of}?{any_end})"
            }
            _ => return None,
        })
    }

    /// The condition that an entry, ended or not, shows this status; nothing when none can.
    fn status(self, status: &str, ended: bool) -> Option<&'static str> {
        Some(match (self, ended, status) {
            (Table::Runs, true, "EXECUTION_SUCCESS") => "outcome = 'success'",
            (Table::Runs, true, "EXECUTION_REJECTED") => "outcome = 'rejected'",
            (Table::Runs, true, "EXECUTION_FAILED") => "outcome = 'failed'",
            (Table::Runs, true, "DEPLOY_FAILED") => "outcome = 'deploy_failed'",
            (Table::Runs, true, "EXECUTION_TERMINATED") => "outcome IN ('terminated', 'terminated_shutdown')",
            (Table::Runs, true, "EXECUTION_TERMINATED_TIMEOUT") => "outcome = 'terminated_timeout'",
            (Table::Runs, false, "EXECUTION_EVENT_RECEIVED") => "state = 'queued'",
            (Table::Runs, false, "DISPATCHING_FLOW") => "(state = 'offered' AND unknown_ms IS NULL)",
            (Table::Runs, false, "STARTING_FLOW_EXECUTION") => {
                "(state = 'running' AND stop_ms IS NULL AND unknown_ms IS NULL)"
            }
            (Table::Runs, false, "STOPPING_FLOW_EXECUTION") => {
                "(state = 'running' AND stop_ms IS NOT NULL AND unknown_ms IS NULL)"
            }
            (Table::Runs, false, "UNKNOWN") => "unknown_ms IS NOT NULL",
            (Table::PlanRuns, true, "EXECUTION_SUCCESS") => "outcome = 'success'",
            (Table::PlanRuns, true, "EXECUTION_FAILED") => "outcome = 'failed'",
            (Table::PlanRuns, true, "EXECUTION_MISFIRED") => "outcome = 'misfired'",
            (Table::PlanRuns, false, "STARTING_FLOW_EXECUTION") => "state = 'running'",
            _ => return None,
        })
    }
}

/// The outcomes that the wanted statuses leave for ended runs.
pub(crate) fn ended_outcomes(filter: &HistoryFilter) -> Vec<Outcome> {
    let mut found = Outcome::ALL.to_vec();
    for clause in &filter.clauses {
        if let Clause::Among { field: Field::Status, values, not } = clause {
            let texts: Vec<&str> = values.iter().filter_map(|value| Table::Runs.status(value, true)).collect();
            found.retain(|outcome| texts.iter().any(|text| text.contains(&format!("'{}'", outcome.id()))) != *not);
        }
    }
    found
}

/// First and last instant of the wanted ends.
pub(crate) fn period(filter: &HistoryFilter) -> (i64, i64) {
    let periods = filter.clauses.iter().filter_map(|clause| match clause {
        Clause::Period { from_ms, to_ms } => Some((*from_ms, *to_ms)),
        _ => None,
    });
    periods.fold((i64::MIN, i64::MAX), |known, next| (known.0.max(next.0), known.1.min(next.1)))
}

fn any_tag(values: &[String]) -> (String, Vec<Value>) {
    let (mut clauses, mut texts) = (Vec::new(), Vec::new());
    for value in values {
        let (clause, values) = holds_text("tags", value);
        clauses.push(clause);
        texts.extend(values);
    }
    (format!("tags <> '[]' AND ({})", clauses.join(" OR ")), texts)
}

fn holding(part: &str) -> Value {
    Value::Text(format!("%{}%", like_escaped(&part.to_lowercase())))
}

/// The condition that tasks have one of these labels.
pub(crate) fn with_any_tag(values: &[String]) -> Conditions {
    let (text, values) = any_tag(values);
    let mut conditions = Conditions::default();
    conditions.and(&text, values);
    conditions
}

/// The condition that a noted name holds this text.
pub(crate) fn name_holds(part: &str) -> Conditions {
    let mut conditions = Conditions::default();
    conditions.and("name LIKE ? ESCAPE '\\'", [holding(part)]);
    conditions
}

/// Conditions on the entries of a table that have ended, or have not; nothing when none of them can fit. The workspace is
/// left to the caller, and so are periods of what has ended. The clause with the number `answered` is left out.
pub(crate) fn narrowed(
    table: Table,
    filter: &HistoryFilter,
    ended: bool,
    answered: Option<usize>,
) -> Option<Conditions> {
    let mut conditions = Conditions::default();
    if table == Table::Runs {
        let services = "(SELECT id FROM artifacts WHERE kind IN ('route', 'data_service'))";
        let not = if filter.services { "" } else { "NOT " };
        conditions.and(&format!("artifact_id {not}IN {services}"), []);
        if !filter.of_plans {
            conditions.and("run_type <> 'PLAN'", []);
        }
    }
    for (number, clause) in filter.clauses.iter().enumerate() {
        if Some(number) != answered && !add(&mut conditions, table, clause, ended) {
            return None;
        }
    }
    Some(conditions)
}

/// Adds a clause; false when nothing can fit it.
fn add(conditions: &mut Conditions, table: Table, clause: &Clause, ended: bool) -> bool {
    match clause {
        Clause::Among { field: Field::Status, values, not } => {
            let parts: Vec<&str> = values.iter().filter_map(|value| table.status(value, ended)).collect();
            match (parts.is_empty(), not) {
                (true, not) => return *not,
                (false, true) => conditions.and(&format!("NOT ({})", parts.join(" OR ")), []),
                (false, false) => conditions.and(&format!("({})", parts.join(" OR ")), []),
            }
        }
        Clause::Among { field: Field::Tag, values, not } => {
            if table == Table::PlanRuns {
                return *not;
            }
            let (clauses, texts) = any_tag(values);
            let no = if *not { "NOT " } else { "" };
            conditions.and(&format!("task_id {no}IN (SELECT id FROM tasks WHERE {clauses})"), texts);
        }
        Clause::Among { field, values, not } => {
            let Some(expression) = table.expression(*field) else { return *not };
            let no = if *not { "NOT " } else { "" };
            conditions.and(&format!("{no}({expression})"), [Value::Texts(values.clone())]);
        }
        Clause::Name { part, not } => {
            let column = if table == Table::Runs { "task_name" } else { "plan_name" };
            let no = if *not { "NOT " } else { "" };
            conditions.and(&format!("lower({column}) {no}LIKE ? ESCAPE '\\'"), [holding(part)]);
        }
        // The caller looks back within it.
        Clause::Period { .. } if ended => {}
        Clause::Period { to_ms, .. } => {
            conditions.and(&format!("coalesce({}, 0) <= ?", table.trigger()), [(*to_ms).into()]);
        }
        // How long it takes is known at the end.
        Clause::Duration { .. } if !ended => return false,
        Clause::Duration { longer, ms } => {
            let sign = if *longer { ">" } else { "<" };
            conditions.and(&format!("start_ms IS NOT NULL AND (finish_ms - start_ms) + 0 {sign} ?"), [(*ms).into()]);
        }
        Clause::Runtime { .. } if table == Table::PlanRuns => return false,
        Clause::Runtime { any, parts } => runtime(conditions, *any, parts),
        Clause::NoApiVersion(none) => {
            let known = "coalesce(api_version, '') <> ''";
            conditions.and(&if *none { format!("NOT ({known})") } else { known.to_owned() }, []);
        }
    }
    true
}

fn runtime(conditions: &mut Conditions, any: bool, parts: &[(RuntimeField, Vec<String>, bool)]) {
    let (mut texts, mut given) = (Vec::new(), Vec::new());
    for (field, values, not) in parts {
        let text = match field {
            RuntimeField::Engine => format!("coalesce({ENGINE}, '') {{any_of}}?{{any_end}}"),
            RuntimeField::Cluster => {
                "(runtime_type = 'REMOTE_ENGINE_CLUSTER' AND coalesce(target_id, '') {any_of}?{any_end})".to_owned()
            }
            RuntimeField::Destination => "coalesce(runtime_type, '') {any_of}?{any_end}".to_owned(),
        };
        let no = if *not { "NOT " } else { "" };
        texts.push(format!("{no}({text})"));
        given.push(Value::Texts(values.clone()));
    }
    conditions.and(&format!("({})", texts.join(if any { " OR " } else { " AND " })), given);
}
