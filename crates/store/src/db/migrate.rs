//! The one migration history. A migration never changes once it has been released; a breaking change is split into
//! expand, move and contract, because an older server may still be serving.

use super::{Link, StoreError, Value};

/// All migrations in order: name and statements, which are separated by lines that hold only `;;`. A statement whose first
/// line is `--sqlite` or `--postgres` runs only there.
const MIGRATIONS: &[(&str, &str)] = &[
    ("0001_main_job", include_str!("../../migrations/0001_main_job.sql")),
    ("0002_schedules", include_str!("../../migrations/0002_schedules.sql")),
    ("0003_plans", include_str!("../../migrations/0003_plans.sql")),
    ("0004_catalog", include_str!("../../migrations/0004_catalog.sql")),
    ("0005_promotions", include_str!("../../migrations/0005_promotions.sql")),
    ("0006_engine_kinds", include_str!("../../migrations/0006_engine_kinds.sql")),
    ("0007_plan_schedules", include_str!("../../migrations/0007_plan_schedules.sql")),
    ("0008_observability", include_str!("../../migrations/0008_observability.sql")),
    ("0009_accounts", include_str!("../../migrations/0009_accounts.sql")),
    ("0010_sessions", include_str!("../../migrations/0010_sessions.sql")),
    ("0011_login", include_str!("../../migrations/0011_login.sql")),
    ("0012_data_keys", include_str!("../../migrations/0012_data_keys.sql")),
    ("0013_preferences", include_str!("../../migrations/0013_preferences.sql")),
    ("0014_tester", include_str!("../../migrations/0014_tester.sql")),
    ("0015_search", include_str!("../../migrations/0015_search.sql")),
    ("0016_names", include_str!("../../migrations/0016_names.sql")),
    ("0017_long_lists", include_str!("../../migrations/0017_long_lists.sql")),
    ("0018_shared_tests", include_str!("../../migrations/0018_shared_tests.sql")),
    ("0019_webhook_use", include_str!("../../migrations/0019_webhook_use.sql")),
    ("0020_rare", include_str!("../../migrations/0020_rare.sql")),
    ("0021_log_age", include_str!("../../migrations/0021_log_age.sql")),
    ("0022_tests_by_engines", include_str!("../../migrations/0022_tests_by_engines.sql")),
    ("0023_drain", include_str!("../../migrations/0023_drain.sql")),
    ("0024_audit_open", include_str!("../../migrations/0024_audit_open.sql")),
    // Totals over runs are read from indexes alone where PostgreSQL has noted that all sees a page.
    ("0025_fresh_pages", include_str!("../../migrations/0025_fresh_pages.sql")),
    ("0026_server_settings", include_str!("../../migrations/0026_server_settings.sql")),
];

/// Names of all migrations of this program.
pub(crate) fn known_migrations() -> Vec<&'static str> {
    MIGRATIONS.iter().map(|migration| migration.0).collect()
}

/// The statement, unless it is meant for the other database.
fn for_this_database<'a>(statement: &'a str, kind: &str) -> Option<&'a str> {
    match statement.split_once('\n') {
        Some(("--sqlite", rest)) => (kind == "sqlite").then_some(rest),
        Some(("--postgres", rest)) => (kind == "postgres").then_some(rest),
        _ => Some(statement),
    }
}

/// Brings the tables up to date. Refuses a database that a newer program has migrated further.
pub(super) fn run(link: &mut dyn Link) -> Result<(), StoreError> {
    link.execute("CREATE TABLE IF NOT EXISTS schema_migrations (name TEXT NOT NULL PRIMARY KEY)", &[])?;
    let applied: Vec<String> = link
        .query("SELECT name FROM schema_migrations ORDER BY name {bytes}", &[])?
        .iter()
        .map(|row| row.text(0))
        .collect::<Result<_, _>>()?;
    if let Some(unknown) = applied.iter().find(|name| !MIGRATIONS.iter().any(|m| m.0 == name.as_str())) {
        return Err(StoreError::Open(format!(
            "it was written by a newer version (migration {unknown}); start that version or restore a backup"
        )));
    }
    for (name, text) in MIGRATIONS.iter().filter(|m| !applied.iter().any(|a| a == m.0)) {
        for statement in text.split("\n;;\n").map(str::trim).filter(|s| !s.is_empty()) {
            if let Some(rest) = for_this_database(statement, link.kind()) {
                link.execute(rest, &[])?;
            }
        }
        link.execute("INSERT INTO schema_migrations (name) VALUES ($1)", &[Value::from(*name)])?;
    }
    crate::look_alikes::refresh(&mut super::Tx::new(link))
}
