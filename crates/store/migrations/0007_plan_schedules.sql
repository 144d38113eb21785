ALTER TABLE schedule_fires ADD COLUMN plan_run_id TEXT
;;
ALTER TABLE plan_runs ADD COLUMN due_ms BIGINT
;;
ALTER TABLE plan_runs ADD COLUMN timeout_minutes BIGINT
;;
ALTER TABLE plan_runs ADD COLUMN message TEXT
;;
CREATE TABLE plan_run_payloads (
  plan_run_id TEXT NOT NULL PRIMARY KEY REFERENCES plan_runs (id),
  payload TEXT NOT NULL
)
;;
CREATE TABLE start_minutes (
  minute BIGINT NOT NULL PRIMARY KEY,
  starts BIGINT NOT NULL
)
