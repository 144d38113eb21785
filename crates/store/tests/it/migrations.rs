//! Bringing the tables up to date.

use stoker_store::{StoreError, params};

use crate::support::{Backend, both, open};

both! {
    /// The second start of a server finds its tables as they are and its rows in them.
    async fn opening_again_keeps_everything(place: Place) {
        place.put("kept", "1").await.expect("a row");
        let again = open(&place.database).await.expect("open again");
        let found = again.read(|tx| stoker_store::settings::get(tx, "kept")).await.expect("read");
        assert_eq!(found.as_deref(), Some("1"));
        let applied = again
            .read::<_, StoreError, _>(|tx| tx.query_int("SELECT count(*) FROM schema_migrations", params![]))
            .await
            .expect("count");
        assert!(applied >= 1, "{applied}");
    }

    /// Two programs of an installation may start in the same moment.
    async fn programs_that_start_at_once_migrate_once(place: Place) {
        let backend = place.backend;
        let wipe = move |tx: &mut stoker_store::Tx<'_>| -> Result<(), StoreError> {
            // As on the day before the installation: no table at all.
            let tables = [
                "server_settings",
                "sign_in_tries",
                "tester_runs",
                "tester_own",
                "task_names",
                "tester_projects",
                "preferences",
                "data_keys",
                "audit_exchanges",
                "user_identities",
                "recovery_codes",
                "user_totp",
                "console_sessions",
                "audit_chain",
                "ip_entries",
                "ip_allowlist",
                "role_mappings",
                "group_users",
                "user_groups",
                "user_roles",
                "roles",
                "locks",
                "run_totals",
                "run_days",
                "component_metrics",
                "run_rows",
                "promotion_runs",
                "promotion_executors",
                "promotions",
                "dynamic_environments",
                "dynamic_engines",
                "pipeline_engines",
                "leftover_blobs",
                "project_members",
                "projects",
                "resources",
                "connections",
                "webhook_calls",
                "webhooks",
                "schedule_fires",
                "schedule_triggers",
                "schedule_links",
                "schedules",
                "start_minutes",
                "plan_run_payloads",
                "step_items",
                "step_runs",
                "plan_runs",
                "plan_handlers",
                "plan_tasks",
                "plans",
                "log_chunks",
                "run_events",
                "runs",
                "audit_open",
                "audit_events",
                "tasks",
                "run_profiles",
                "engines",
                "clusters",
                "artifact_versions",
                "artifacts",
                "workspace_rights",
                "workspaces",
                "environments",
                "service_accounts",
                "personal_tokens",
                "users",
                "settings",
                "schema_migrations",
            ];
            for table in tables {
                tx.execute(&format!("DROP TABLE {table}"), params![])?;
            }
            if backend == Backend::Postgres {
                tx.execute("DROP FUNCTION audit_is_append_only", params![])?;
                tx.execute("DROP FUNCTION audit_opens", params![])?;
            }
            Ok(())
        };
        place.store.write(wipe).await.expect("drop the tables");
        let openings: Vec<_> = (0..4)
            .map(|_| {
                tokio::spawn({
                    let database = place.database.clone();
                    async move { open(&database).await }
                })
            })
            .collect();
        for opening in openings {
            let store = opening.await.expect("join").expect("every one opens");
            store.read(|tx| stoker_store::settings::get(tx, "x")).await.expect("and works");
        }
    }

    /// A database that a newer program has migrated is left alone, and the message says what to do.
    async fn a_newer_database_is_refused(place: Place) {
        place
            .store
            .write(|tx| tx.execute("INSERT INTO schema_migrations (name) VALUES ('9999_tomorrow')", params![]))
            .await
            .expect("a migration of tomorrow");
        let refused = open(&place.database).await.err().expect("refused");
        let text = refused.to_string();
        assert!(matches!(refused, StoreError::Open(_)), "{refused:?}");
        assert!(text.contains("newer version") && text.contains("9999_tomorrow") && text.contains("backup"), "{text}");
    }
}

/// An address that leads nowhere is an error with the reason and not a panic.
#[test]
fn a_database_that_is_not_there_is_an_error() {
    let folder = tempfile::tempdir().expect("make a folder");
    let nowhere = stoker_store::Database::Sqlite(folder.path().join("missing").join("stoker.db"));
    let text = stoker_store::Store::open(&nowhere).err().expect("refused").to_string();
    assert!(text.contains("missing"), "{text}");
    let nowhere = stoker_store::Database::Postgres(format!("postgresql:///x?host={}", folder.path().display()));
    assert!(matches!(stoker_store::Store::open(&nowhere), Err(StoreError::Open(_))));
    let garbage = stoker_store::Database::Postgres("no url".to_owned());
    assert!(matches!(stoker_store::Store::open(&garbage), Err(StoreError::Open(_))));
}
