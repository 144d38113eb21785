CREATE TABLE plans (
  id TEXT NOT NULL PRIMARY KEY,
  workspace_id TEXT NOT NULL REFERENCES workspaces (id),
  environment_id TEXT NOT NULL REFERENCES environments (id),
  name TEXT NOT NULL,
  description TEXT,
  author TEXT NOT NULL,
  author_kind TEXT NOT NULL,
  steps TEXT NOT NULL,
  run_config TEXT NOT NULL,
  paused BIGINT NOT NULL,
  pause_context TEXT,
  pause_user TEXT,
  pause_user_kind TEXT,
  pause_ms BIGINT,
  created_ms BIGINT NOT NULL,
  updated_ms BIGINT NOT NULL,
  UNIQUE (workspace_id, name)
)
;;
CREATE INDEX plans_by_environment ON plans (environment_id, name {bytes})
;;
CREATE TABLE plan_tasks (
  plan_id TEXT NOT NULL REFERENCES plans (id),
  task_id TEXT NOT NULL REFERENCES tasks (id),
  PRIMARY KEY (plan_id, task_id)
) {clustered}
;;
CREATE INDEX plan_tasks_by_task ON plan_tasks (task_id, plan_id)
;;
CREATE TABLE plan_handlers (
  plan_id TEXT NOT NULL REFERENCES plans (id),
  handler_id TEXT NOT NULL REFERENCES plans (id),
  PRIMARY KEY (plan_id, handler_id)
) {clustered}
;;
CREATE INDEX plan_handlers_by_handler ON plan_handlers (handler_id, plan_id)
;;
CREATE TABLE plan_runs (
  id TEXT NOT NULL PRIMARY KEY,
  plan_id TEXT NOT NULL,
  plan_name TEXT NOT NULL,
  workspace_id TEXT NOT NULL,
  environment_id TEXT NOT NULL,
  run_type TEXT NOT NULL,
  user_id TEXT NOT NULL,
  user_kind TEXT NOT NULL,
  api_version TEXT,
  parent_id TEXT,
  depth BIGINT NOT NULL,
  rerun_of TEXT,
  rerun_step TEXT,
  only_failed BIGINT NOT NULL,
  state TEXT NOT NULL,
  outcome TEXT,
  misfire_reason TEXT,
  stop_ms BIGINT,
  stop_user TEXT,
  planned BIGINT NOT NULL,
  start_ms BIGINT NOT NULL,
  finish_ms BIGINT
)
;;
CREATE INDEX plan_runs_by_plan ON plan_runs (plan_id, start_ms)
;;
CREATE INDEX plan_runs_by_workspace ON plan_runs (workspace_id, start_ms)
;;
CREATE INDEX plan_runs_by_start ON plan_runs (start_ms)
;;
CREATE INDEX plan_runs_by_parent ON plan_runs (parent_id) WHERE parent_id IS NOT NULL
;;
CREATE INDEX plan_runs_active ON plan_runs (plan_id) WHERE state <> 'finished'
;;
CREATE TABLE step_runs (
  id TEXT NOT NULL PRIMARY KEY,
  plan_run_id TEXT NOT NULL REFERENCES plan_runs (id),
  position BIGINT NOT NULL,
  kind TEXT NOT NULL,
  definition TEXT NOT NULL,
  state TEXT NOT NULL,
  outcome TEXT,
  start_ms BIGINT,
  finish_ms BIGINT,
  UNIQUE (plan_run_id, position, kind)
)
;;
CREATE INDEX step_runs_running ON step_runs (plan_run_id) WHERE state = 'running'
;;
CREATE TABLE step_items (
  step_run_id TEXT NOT NULL REFERENCES step_runs (id),
  number BIGINT NOT NULL,
  attempt BIGINT NOT NULL,
  plan_run_id TEXT NOT NULL,
  task_id TEXT,
  plan_id TEXT,
  run_id TEXT UNIQUE,
  child_id TEXT UNIQUE,
  refused TEXT,
  PRIMARY KEY (step_run_id, number, attempt)
) {clustered}
;;
CREATE INDEX step_items_by_plan_run ON step_items (plan_run_id)
;;
ALTER TABLE runs ADD COLUMN plan_run_id TEXT
;;
CREATE INDEX runs_by_plan_run ON runs (plan_run_id) WHERE plan_run_id IS NOT NULL
