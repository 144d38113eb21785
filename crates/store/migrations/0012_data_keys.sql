CREATE TABLE data_keys (
  id TEXT NOT NULL PRIMARY KEY,
  state TEXT NOT NULL,
  made_ms BIGINT NOT NULL,
  done_ms BIGINT
)
;;
CREATE UNIQUE INDEX data_keys_current ON data_keys (state) WHERE state = 'current'
