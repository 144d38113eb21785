CREATE TABLE user_totp (
  user_id TEXT NOT NULL PRIMARY KEY,
  secret TEXT NOT NULL,
  made_ms BIGINT NOT NULL,
  confirmed_ms BIGINT,
  last_step BIGINT NOT NULL
) {clustered}
;;
CREATE TABLE recovery_codes (
  user_id TEXT NOT NULL,
  hash TEXT NOT NULL,
  PRIMARY KEY (user_id, hash)
) {clustered}
;;
CREATE TABLE user_identities (
  issuer TEXT NOT NULL,
  subject TEXT NOT NULL,
  user_id TEXT NOT NULL,
  made_ms BIGINT NOT NULL,
  PRIMARY KEY (issuer, subject)
) {clustered}
;;
CREATE INDEX user_identities_by_user ON user_identities (user_id)
;;
ALTER TABLE console_sessions ADD COLUMN way TEXT NOT NULL DEFAULT 'password'
;;
UPDATE console_sessions SET way = 'token' WHERE token_id IS NOT NULL
;;
ALTER TABLE console_sessions ADD COLUMN address TEXT
;;
ALTER TABLE console_sessions ADD COLUMN agent TEXT
;;
CREATE TABLE audit_exchanges (
  request_id TEXT NOT NULL PRIMARY KEY,
  status BIGINT NOT NULL,
  request_body TEXT,
  response_body TEXT
) {clustered}
