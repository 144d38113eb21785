CREATE TABLE server_settings (
  name TEXT NOT NULL PRIMARY KEY,
  value TEXT,
  version BIGINT NOT NULL,
  changed_ms BIGINT NOT NULL,
  changed_by TEXT NOT NULL
)
