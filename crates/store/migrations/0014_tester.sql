CREATE TABLE tester_projects (
  id TEXT NOT NULL PRIMARY KEY,
  owner_id TEXT NOT NULL,
  name TEXT NOT NULL,
  requests BIGINT NOT NULL,
  version BIGINT NOT NULL,
  created_ms BIGINT NOT NULL,
  updated_ms BIGINT NOT NULL,
  document TEXT NOT NULL,
  responses TEXT
)
;;
CREATE INDEX tester_projects_by_owner ON tester_projects (owner_id, name)
;;
CREATE TABLE tester_runs (
  id TEXT NOT NULL PRIMARY KEY,
  owner_id TEXT NOT NULL,
  project_id TEXT NOT NULL,
  project_name TEXT NOT NULL,
  target_id TEXT NOT NULL,
  target_name TEXT NOT NULL,
  environment TEXT,
  state TEXT NOT NULL,
  outcome TEXT,
  requests BIGINT NOT NULL,
  bad BIGINT NOT NULL,
  started_ms BIGINT NOT NULL,
  beat_ms BIGINT NOT NULL,
  finish_ms BIGINT,
  cancelled BIGINT NOT NULL,
  problem TEXT,
  report TEXT
)
;;
CREATE INDEX tester_runs_by_owner ON tester_runs (owner_id, started_ms)
