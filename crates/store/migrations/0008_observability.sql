CREATE TABLE run_rows (
  run_id TEXT NOT NULL PRIMARY KEY,
  processed BIGINT,
  rejected BIGINT,
  jobs TEXT NOT NULL
) {clustered}
;;
CREATE TABLE component_metrics (
  run_id TEXT NOT NULL,
  number BIGINT NOT NULL,
  environment_id TEXT NOT NULL,
  workspace_id TEXT NOT NULL,
  task_id TEXT NOT NULL,
  engine_id TEXT NOT NULL,
  user_id TEXT NOT NULL,
  user_kind TEXT NOT NULL,
  process_id TEXT NOT NULL,
  job_name TEXT NOT NULL,
  pid TEXT NOT NULL,
  father_pid TEXT NOT NULL,
  root_pid TEXT NOT NULL,
  connection_name TEXT NOT NULL,
  connection_type TEXT,
  source_id TEXT NOT NULL,
  source_kind TEXT NOT NULL,
  source_label TEXT NOT NULL,
  target_id TEXT,
  target_kind TEXT,
  target_label TEXT,
  start_ms BIGINT NOT NULL,
  rows_total BIGINT NOT NULL,
  duration_ms BIGINT NOT NULL,
  PRIMARY KEY (run_id, number)
) {clustered}
;;
CREATE INDEX component_metrics_by_start ON component_metrics (environment_id, start_ms)
;;
CREATE INDEX runs_ended ON runs (workspace_id, outcome, finish_ms, trigger_ms) WHERE state = 'finished'
;;
CREATE INDEX runs_ended_by_task ON runs (task_id, outcome, finish_ms, trigger_ms) WHERE state = 'finished'
;;
DROP INDEX runs_by_trigger
;;
CREATE INDEX plan_runs_ended ON plan_runs (workspace_id, finish_ms, start_ms) WHERE state = 'finished'
;;
CREATE TABLE run_days (
  day BIGINT NOT NULL PRIMARY KEY,
  longest_ms BIGINT NOT NULL
)
;;
CREATE TABLE run_totals (
  workspace_id TEXT NOT NULL,
  outcome TEXT NOT NULL,
  day BIGINT NOT NULL,
  runs BIGINT NOT NULL,
  PRIMARY KEY (workspace_id, outcome, day)
) {clustered}
;;
CREATE TABLE locks (
  name TEXT NOT NULL PRIMARY KEY
)
;;
INSERT INTO locks (name) VALUES ('run_totals')
