CREATE TABLE preferences (
  user_id TEXT NOT NULL PRIMARY KEY,
  document TEXT NOT NULL,
  version BIGINT NOT NULL,
  updated_ms BIGINT NOT NULL
)
