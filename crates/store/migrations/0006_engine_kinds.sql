CREATE TABLE pipeline_engines (
  id TEXT NOT NULL PRIMARY KEY,
  environment_id TEXT NOT NULL REFERENCES environments (id),
  workspace_id TEXT REFERENCES workspaces (id),
  name TEXT NOT NULL,
  description TEXT,
  runtime_id TEXT NOT NULL UNIQUE,
  status TEXT NOT NULL,
  key_sealed TEXT NOT NULL,
  created_ms BIGINT NOT NULL,
  updated_ms BIGINT NOT NULL,
  UNIQUE (environment_id, name)
)
;;
CREATE TABLE dynamic_engines (
  id TEXT NOT NULL PRIMARY KEY,
  name TEXT NOT NULL,
  description TEXT,
  created_by TEXT NOT NULL,
  modified_by TEXT NOT NULL,
  state_ms BIGINT NOT NULL,
  created_ms BIGINT NOT NULL,
  updated_ms BIGINT NOT NULL
)
;;
CREATE TABLE dynamic_environments (
  environment_id TEXT NOT NULL PRIMARY KEY REFERENCES environments (id),
  engine_id TEXT REFERENCES dynamic_engines (id),
  link_id TEXT,
  log_strategy TEXT NOT NULL,
  metrics_strategy TEXT NOT NULL,
  created_by TEXT NOT NULL,
  creator_kind TEXT NOT NULL,
  modified_by TEXT NOT NULL,
  modifier_kind TEXT NOT NULL,
  updated_ms BIGINT NOT NULL
)
;;
CREATE INDEX dynamic_environments_by_engine ON dynamic_environments (engine_id)
;;
ALTER TABLE run_profiles ADD COLUMN settings TEXT
;;
ALTER TABLE run_profiles ADD COLUMN secret TEXT
;;
CREATE INDEX run_profiles_by_environment ON run_profiles (environment_id, name {bytes})
