CREATE TABLE console_sessions (
  id TEXT NOT NULL PRIMARY KEY,
  hash TEXT NOT NULL UNIQUE,
  user_id TEXT NOT NULL,
  token_id TEXT,
  created_ms BIGINT NOT NULL,
  seen_ms BIGINT NOT NULL,
  expires_ms BIGINT NOT NULL
)
;;
CREATE INDEX console_sessions_by_user ON console_sessions (user_id, created_ms)
;;
CREATE INDEX console_sessions_by_end ON console_sessions (expires_ms)
