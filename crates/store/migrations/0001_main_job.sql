CREATE TABLE settings (
  name TEXT NOT NULL PRIMARY KEY,
  value TEXT NOT NULL
)
;;
CREATE TABLE users (
  id TEXT NOT NULL PRIMARY KEY,
  login TEXT NOT NULL UNIQUE,
  password_hash TEXT,
  first_name TEXT NOT NULL,
  last_name TEXT NOT NULL,
  email TEXT NOT NULL,
  permissions TEXT NOT NULL,
  active BIGINT NOT NULL,
  created_ms BIGINT NOT NULL
)
;;
CREATE TABLE personal_tokens (
  id TEXT NOT NULL PRIMARY KEY,
  user_id TEXT NOT NULL REFERENCES users (id),
  name TEXT NOT NULL,
  hash TEXT NOT NULL UNIQUE,
  created_ms BIGINT NOT NULL,
  expires_ms BIGINT
)
;;
CREATE TABLE service_accounts (
  id TEXT NOT NULL PRIMARY KEY,
  name TEXT NOT NULL UNIQUE,
  secret_hash TEXT NOT NULL,
  permissions TEXT NOT NULL,
  created_ms BIGINT NOT NULL,
  modified_ms BIGINT NOT NULL,
  used_ms BIGINT,
  used_api TEXT
)
;;
CREATE TABLE environments (
  id TEXT NOT NULL PRIMARY KEY,
  name TEXT NOT NULL UNIQUE,
  description TEXT,
  is_default BIGINT NOT NULL,
  max_cloud_containers BIGINT NOT NULL,
  created_ms BIGINT NOT NULL
)
;;
CREATE TABLE workspaces (
  id TEXT NOT NULL PRIMARY KEY,
  environment_id TEXT NOT NULL REFERENCES environments (id),
  name TEXT NOT NULL,
  description TEXT,
  owner TEXT NOT NULL,
  kind TEXT NOT NULL,
  protected_artifact_update BIGINT NOT NULL,
  created_ms BIGINT NOT NULL,
  updated_ms BIGINT NOT NULL,
  UNIQUE (environment_id, name)
)
;;
CREATE TABLE workspace_rights (
  principal_id TEXT NOT NULL,
  workspace_id TEXT NOT NULL REFERENCES workspaces (id),
  principal_kind TEXT NOT NULL,
  rights BIGINT NOT NULL,
  PRIMARY KEY (principal_id, workspace_id)
) {clustered}
;;
CREATE INDEX workspace_rights_by_workspace ON workspace_rights (workspace_id, principal_id)
;;
CREATE TABLE artifacts (
  id TEXT NOT NULL PRIMARY KEY,
  workspace_id TEXT NOT NULL REFERENCES workspaces (id),
  name TEXT NOT NULL,
  kind TEXT NOT NULL,
  created_ms BIGINT NOT NULL,
  UNIQUE (workspace_id, name)
)
;;
CREATE TABLE artifact_versions (
  artifact_id TEXT NOT NULL REFERENCES artifacts (id),
  version TEXT NOT NULL,
  number BIGINT NOT NULL,
  sha256 TEXT NOT NULL,
  size BIGINT NOT NULL,
  publisher TEXT NOT NULL,
  publisher_kind TEXT NOT NULL,
  description TEXT,
  manifest TEXT NOT NULL,
  created_ms BIGINT NOT NULL,
  PRIMARY KEY (artifact_id, version)
)
;;
CREATE INDEX artifact_versions_by_sha256 ON artifact_versions (sha256)
;;
CREATE TABLE clusters (
  id TEXT NOT NULL PRIMARY KEY,
  environment_id TEXT NOT NULL REFERENCES environments (id),
  workspace_id TEXT REFERENCES workspaces (id),
  name TEXT NOT NULL,
  description TEXT,
  runtime_id TEXT NOT NULL UNIQUE,
  created_ms BIGINT NOT NULL,
  updated_ms BIGINT NOT NULL,
  UNIQUE (environment_id, name)
)
;;
CREATE TABLE engines (
  id TEXT NOT NULL PRIMARY KEY,
  environment_id TEXT NOT NULL REFERENCES environments (id),
  workspace_id TEXT REFERENCES workspaces (id),
  cluster_id TEXT REFERENCES clusters (id),
  name TEXT NOT NULL,
  description TEXT,
  runtime_id TEXT NOT NULL UNIQUE,
  run_profiles TEXT NOT NULL,
  esb_version TEXT,
  debug_host TEXT,
  status TEXT NOT NULL,
  key_sealed TEXT,
  key_hash TEXT UNIQUE,
  signing_key TEXT,
  sealing_key TEXT,
  session_id TEXT,
  max_runs BIGINT NOT NULL,
  seen_ms BIGINT,
  served_ms BIGINT NOT NULL,
  stopped_ms BIGINT,
  engine_version TEXT,
  host TEXT,
  paired_ms BIGINT,
  created_ms BIGINT NOT NULL,
  updated_ms BIGINT NOT NULL,
  UNIQUE (environment_id, name)
)
;;
CREATE INDEX engines_by_cluster ON engines (cluster_id)
;;
CREATE TABLE run_profiles (
  id TEXT NOT NULL PRIMARY KEY,
  processor_kind TEXT NOT NULL,
  processor_id TEXT NOT NULL,
  environment_id TEXT NOT NULL REFERENCES environments (id),
  name TEXT NOT NULL,
  description TEXT,
  kind TEXT NOT NULL,
  jvm_arguments TEXT NOT NULL,
  version BIGINT NOT NULL,
  created_ms BIGINT NOT NULL,
  updated_ms BIGINT NOT NULL,
  UNIQUE (processor_id, name)
)
;;
CREATE TABLE tasks (
  id TEXT NOT NULL PRIMARY KEY,
  workspace_id TEXT NOT NULL REFERENCES workspaces (id),
  environment_id TEXT NOT NULL REFERENCES environments (id),
  name TEXT NOT NULL,
  description TEXT,
  version_major BIGINT NOT NULL,
  version_minor BIGINT NOT NULL,
  artifact_id TEXT NOT NULL REFERENCES artifacts (id),
  artifact_version TEXT NOT NULL,
  tags TEXT NOT NULL,
  connections TEXT NOT NULL,
  parameters TEXT NOT NULL,
  resources TEXT NOT NULL,
  auto_upgrade TEXT,
  paused BIGINT NOT NULL,
  pause_context TEXT,
  pause_user TEXT,
  pause_user_kind TEXT,
  pause_ms BIGINT,
  runtime_type TEXT NOT NULL,
  runtime_id TEXT,
  run_profile_id TEXT REFERENCES run_profiles (id),
  run_config TEXT NOT NULL,
  created_ms BIGINT NOT NULL,
  updated_ms BIGINT NOT NULL,
  UNIQUE (workspace_id, name)
)
;;
CREATE INDEX tasks_by_artifact ON tasks (artifact_id, artifact_version)
;;
CREATE INDEX tasks_by_runtime ON tasks (runtime_id)
;;
CREATE INDEX tasks_by_environment ON tasks (environment_id, name {bytes})
;;
CREATE TABLE runs (
  id TEXT NOT NULL PRIMARY KEY,
  task_id TEXT NOT NULL,
  task_name TEXT NOT NULL,
  task_version TEXT NOT NULL,
  workspace_id TEXT NOT NULL,
  environment_id TEXT NOT NULL,
  artifact_id TEXT NOT NULL,
  artifact_name TEXT NOT NULL,
  artifact_version TEXT NOT NULL,
  artifact_sha256 TEXT NOT NULL,
  artifact_size BIGINT NOT NULL,
  runtime_type TEXT NOT NULL,
  target_id TEXT NOT NULL,
  engine_id TEXT,
  run_profile_id TEXT,
  jvm_arguments TEXT,
  run_type TEXT NOT NULL,
  user_id TEXT NOT NULL,
  user_kind TEXT NOT NULL,
  api_version TEXT,
  parallel BIGINT NOT NULL,
  context TEXT,
  log_level TEXT NOT NULL,
  timeout_minutes BIGINT,
  parameters TEXT NOT NULL,
  secrets TEXT,
  state TEXT NOT NULL,
  outcome TEXT,
  stop_ms BIGINT,
  stop_sent TEXT,
  trigger_ms BIGINT NOT NULL,
  start_ms BIGINT,
  finish_ms BIGINT,
  epoch BIGINT NOT NULL,
  lease_ms BIGINT,
  unknown_ms BIGINT,
  deploy_until_ms BIGINT NOT NULL,
  exit_code BIGINT,
  exit_signal BIGINT,
  error_type TEXT,
  error_message TEXT,
  misfire_reason TEXT,
  log_lines BIGINT NOT NULL,
  log_chunks BIGINT NOT NULL,
  wait_reason TEXT
)
;;
CREATE INDEX runs_by_task ON runs (task_id, trigger_ms)
;;
CREATE INDEX runs_by_workspace ON runs (workspace_id, trigger_ms)
;;
CREATE INDEX runs_by_trigger ON runs (trigger_ms)
;;
CREATE INDEX runs_queued ON runs (target_id, trigger_ms, id) WHERE state = 'queued'
;;
CREATE INDEX runs_leased ON runs (engine_id) WHERE state IN ('offered', 'running')
;;
CREATE INDEX runs_waiting ON runs (deploy_until_ms) WHERE state = 'queued'
;;
CREATE INDEX runs_unknown ON runs (unknown_ms) WHERE unknown_ms IS NOT NULL
;;
CREATE INDEX runs_active_by_task ON runs (task_id) WHERE state <> 'finished'
;;
CREATE TABLE run_events (
  run_id TEXT NOT NULL,
  number BIGINT NOT NULL,
  at_ms BIGINT NOT NULL,
  kind TEXT NOT NULL,
  detail TEXT,
  PRIMARY KEY (run_id, number)
) {clustered}
;;
CREATE TABLE log_chunks (
  run_id TEXT NOT NULL,
  epoch BIGINT NOT NULL,
  number BIGINT NOT NULL,
  first_line BIGINT NOT NULL,
  lines BIGINT NOT NULL,
  first_ms BIGINT NOT NULL,
  last_ms BIGINT NOT NULL,
  data {blob} NOT NULL,
  PRIMARY KEY (run_id, epoch, number)
)
;;
CREATE TABLE audit_events (
  id TEXT NOT NULL PRIMARY KEY,
  at_ms BIGINT NOT NULL,
  actor_id TEXT NOT NULL,
  actor_kind TEXT NOT NULL,
  action TEXT NOT NULL,
  object_type TEXT NOT NULL,
  object_id TEXT NOT NULL,
  workspace_id TEXT,
  request_id TEXT,
  detail TEXT
) {clustered}
