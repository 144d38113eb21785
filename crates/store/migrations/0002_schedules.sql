CREATE TABLE schedules (
  id TEXT NOT NULL PRIMARY KEY,
  environment_id TEXT NOT NULL REFERENCES environments (id),
  description TEXT NOT NULL,
  own BIGINT NOT NULL,
  version BIGINT NOT NULL,
  next_ms BIGINT,
  created_ms BIGINT NOT NULL,
  updated_ms BIGINT NOT NULL
)
;;
CREATE INDEX schedules_by_environment ON schedules (environment_id, created_ms)
;;
CREATE INDEX schedules_due ON schedules (next_ms) WHERE next_ms IS NOT NULL
;;
CREATE TABLE schedule_links (
  schedule_id TEXT NOT NULL PRIMARY KEY REFERENCES schedules (id),
  executable_kind TEXT NOT NULL,
  executable_id TEXT NOT NULL,
  workspace_id TEXT NOT NULL REFERENCES workspaces (id),
  user_id TEXT NOT NULL,
  user_kind TEXT NOT NULL,
  linked_ms BIGINT NOT NULL,
  UNIQUE (executable_kind, executable_id)
)
;;
CREATE INDEX schedule_links_by_workspace ON schedule_links (workspace_id)
;;
CREATE TABLE schedule_triggers (
  id TEXT NOT NULL PRIMARY KEY,
  schedule_id TEXT NOT NULL REFERENCES schedules (id),
  number BIGINT NOT NULL,
  name TEXT NOT NULL,
  kind TEXT NOT NULL,
  definition TEXT NOT NULL,
  timeout_minutes BIGINT,
  version BIGINT NOT NULL,
  next_ms BIGINT,
  UNIQUE (schedule_id, name)
)
;;
CREATE TABLE schedule_fires (
  trigger_id TEXT NOT NULL,
  version BIGINT NOT NULL,
  due_ms BIGINT NOT NULL,
  schedule_id TEXT NOT NULL,
  trigger_name TEXT NOT NULL,
  executable_kind TEXT NOT NULL,
  executable_id TEXT NOT NULL,
  workspace_id TEXT NOT NULL,
  at_ms BIGINT NOT NULL,
  result TEXT NOT NULL,
  reason TEXT,
  message TEXT,
  missed BIGINT NOT NULL,
  run_id TEXT,
  PRIMARY KEY (trigger_id, version, due_ms)
) {clustered}
;;
CREATE INDEX schedule_fires_by_executable ON schedule_fires (executable_kind, executable_id, due_ms)
;;
CREATE INDEX schedule_fires_by_time ON schedule_fires (at_ms)
;;
CREATE TABLE webhooks (
  id TEXT NOT NULL PRIMARY KEY,
  executable_kind TEXT NOT NULL,
  executable_id TEXT NOT NULL,
  workspace_id TEXT NOT NULL REFERENCES workspaces (id),
  name TEXT NOT NULL,
  token_hash TEXT NOT NULL UNIQUE,
  token_sealed TEXT NOT NULL,
  trigger_calls BIGINT NOT NULL,
  trigger_timeout_ms BIGINT,
  timeout_minutes BIGINT,
  user_id TEXT NOT NULL,
  user_kind TEXT NOT NULL,
  fires BIGINT NOT NULL,
  waiting BIGINT NOT NULL,
  waiting_bytes BIGINT NOT NULL,
  fire_ms BIGINT,
  UNIQUE (executable_kind, executable_id)
)
;;
CREATE INDEX webhooks_due ON webhooks (fire_ms) WHERE fire_ms IS NOT NULL
;;
CREATE TABLE webhook_calls (
  webhook_id TEXT NOT NULL REFERENCES webhooks (id),
  number BIGINT NOT NULL,
  at_ms BIGINT NOT NULL,
  media_type TEXT NOT NULL,
  body TEXT NOT NULL,
  PRIMARY KEY (webhook_id, number)
)
