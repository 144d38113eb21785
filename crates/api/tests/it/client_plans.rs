//! The typed client against the server: plans, schedules and what starts next, as the command line uses them.

use serde_json::json;
use stoker_client::{Client, Extra, Linked, NewPlan, NewStep, StartPlan, Token, Trigger};

use crate::support::{MINUTE, START_MS, both};

both! {
    async fn the_client_makes_starts_and_schedules_plans(server: TestServer) {
        let (task, _engine) = server.ready_task("t").await;
        let client = Client::new(&server.url, Token::new(&server.bootstrap.personal_access_token)).expect("a client");
        let step = NewStep {
            name: "one".to_owned(), condition: "ALL_SUCCEEDED".to_owned(), task_ids: vec![task.clone()], extra: Extra::new(),
        };
        let new = NewPlan {
            workspace_id: server.workspace().to_owned(), name: "nightly".to_owned(), description: String::new(), steps: vec![step],
        };
        let plan = client.create_plan(&new).await.expect("a plan").id;
        let listed = client.plans(Some(server.workspace()), Some("night"), 0).await.expect("plans");
        assert_eq!((listed.total, listed.items[0].executable.as_str(), listed.items[0].name.as_str()), (1, plan.as_str(), "nightly"));
        assert_eq!(client.plan(&plan).await.expect("the plan").workspace.name, "Shared");

        let started = client.start_plan(&StartPlan { executable: plan.clone(), ..StartPlan::default() }).await.expect("a run");
        let run = client.plan_run(&started.execution_id).await.expect("the run");
        assert!(!run.is_over() && run.planned_executable_count == 1, "{run:?}");
        let steps = client.plan_run_steps(&started.execution_id).await.expect("steps");
        assert_eq!(steps[0].execution_status, "STARTED");
        client.stop_plan_run(&started.execution_id).await.expect("stopped");
        let run = client.plan_run(&started.execution_id).await.expect("the run");
        assert_eq!((run.status.as_str(), run.is_over()), ("execution_failed", true));
        let again = StartPlan {
            executable: plan.clone(), execution_plan_id: Some(run.execution_id), step_id: Some(steps[0].execution_id.clone()),
            rerun_only_failed_tasks: Some(true),
        };
        let repeated = client.start_plan(&again).await.expect("a repetition");
        assert_eq!(client.plan_runs(Some(&plan), 0, Some(10)).await.expect("runs").total, 2);
        assert_eq!(client.plan_runs(None, 0, None).await.expect("runs").total, 2);
        client.stop_plan_run(&repeated.execution_id).await.expect("stopped");

        let trigger = Trigger::cron("first", "30 9 * * ?", "UTC");
        let schedule = client.create_schedule(server.environment(), "mornings", &trigger).await.expect("a schedule").id;
        client.add_trigger(&schedule, &Trigger::cron("second", "40 9 * * ?", "UTC")).await.expect("a trigger");
        client.link_schedule(&schedule, &Linked::Plan(plan.clone())).await.expect("linked");
        let shown = client.schedule(&schedule).await.expect("the schedule");
        assert_eq!((shown.executable_type.as_deref(), shown.triggers.len()), (Some("Plan"), 2));
        assert_eq!(client.schedules(Some(server.environment()), 0).await.expect("schedules").items, [shown]);
        let next = client.upcoming_starts(server.environment(), START_MS + 60 * MINUTE, 0).await.expect("starts");
        let told: Vec<_> = next.items.iter().map(|one| (one.kind.as_deref(), one.source_trigger_name.as_deref())).collect();
        assert_eq!(told, [(Some("PLAN"), Some("first")), (Some("PLAN"), Some("second"))]);
        client.remove_trigger(&schedule, "second").await.expect("removed");
        client.unlink_schedule(&Linked::Plan(plan.clone())).await.expect("unlinked");
        client.link_schedule(&schedule, &Linked::Task(task.clone())).await.expect("linked");
        client.unlink_schedule(&Linked::Task(task)).await.expect("unlinked");
        client.delete_schedule(&schedule).await.expect("removed");

        let mut config = client.plan_run_config(&plan).await.expect("the configuration");
        assert_eq!(config["trigger"], json!({ "type": "MANUAL" }));
        config["trigger"] = json!({ "type": "WEBHOOK", "webhook": { "name": "orders" } });
        let set = client.set_plan_run_config(&plan, &config).await.expect("set");
        assert!(set["trigger"]["webhook"]["url"].as_str().is_some_and(|url| url.starts_with(&server.url)), "{set}");
        assert!(client.pause_plan(&plan, true, Some("stock-taking")).await.expect("paused"));
        assert!(!client.pause_plan(&plan, true, None).await.expect("as before"));
        assert!(client.start_plan(&StartPlan { executable: plan.clone(), ..StartPlan::default() }).await.is_err());
        client.delete_plan(&plan).await.expect("removed");
    }
}
