CREATE TABLE promotions (
  id TEXT NOT NULL PRIMARY KEY,
  source_id TEXT NOT NULL REFERENCES environments (id),
  target_id TEXT NOT NULL REFERENCES environments (id),
  description TEXT,
  created_ms BIGINT NOT NULL,
  updated_ms BIGINT NOT NULL,
  UNIQUE (source_id, target_id)
)
;;
CREATE INDEX promotions_by_target ON promotions (target_id)
;;
CREATE TABLE promotion_executors (
  promotion_id TEXT NOT NULL REFERENCES promotions (id),
  principal_id TEXT NOT NULL,
  principal_kind TEXT NOT NULL,
  PRIMARY KEY (promotion_id, principal_id)
) {clustered}
;;
CREATE INDEX promotion_executors_by_principal ON promotion_executors (principal_id)
;;
CREATE TABLE promotion_runs (
  id TEXT NOT NULL PRIMARY KEY,
  promotion_id TEXT NOT NULL,
  user_id TEXT NOT NULL,
  user_kind TEXT NOT NULL,
  principal_id TEXT NOT NULL,
  keep_resources BIGINT,
  keep_profiles BIGINT,
  scope_kind TEXT,
  scope_id TEXT,
  context TEXT,
  status TEXT NOT NULL,
  message TEXT,
  report TEXT NOT NULL,
  trigger_ms BIGINT NOT NULL,
  start_ms BIGINT NOT NULL,
  finish_ms BIGINT
)
;;
CREATE INDEX promotion_runs_by_promotion ON promotion_runs (promotion_id, start_ms)
;;
CREATE UNIQUE INDEX promotion_runs_active ON promotion_runs (promotion_id) WHERE status = 'PROMOTION_STARTED'
