ALTER TABLE users ADD COLUMN phone TEXT
;;
ALTER TABLE users ADD COLUMN title TEXT
;;
ALTER TABLE users ADD COLUMN preferred_language TEXT NOT NULL DEFAULT 'en'
;;
ALTER TABLE users ADD COLUMN timezone TEXT NOT NULL DEFAULT 'Etc/UTC'
;;
ALTER TABLE users ADD COLUMN applications TEXT NOT NULL DEFAULT '["TMC"]'
;;
ALTER TABLE users ADD COLUMN modified_ms BIGINT NOT NULL DEFAULT 0
;;
ALTER TABLE users ADD COLUMN password_set_ms BIGINT
;;
ALTER TABLE users ADD COLUMN attempt_ms BIGINT
;;
UPDATE users SET modified_ms = created_ms
;;
ALTER TABLE personal_tokens ADD COLUMN used_ms BIGINT
;;
CREATE INDEX personal_tokens_by_user ON personal_tokens (user_id, created_ms)
;;
CREATE TABLE roles (
  id TEXT NOT NULL PRIMARY KEY,
  name TEXT NOT NULL UNIQUE,
  permissions TEXT NOT NULL,
  predefined TEXT UNIQUE,
  created_ms BIGINT NOT NULL,
  modified_ms BIGINT NOT NULL
)
;;
CREATE TABLE user_roles (
  user_id TEXT NOT NULL REFERENCES users (id),
  role_id TEXT NOT NULL REFERENCES roles (id),
  PRIMARY KEY (user_id, role_id)
) {clustered}
;;
CREATE INDEX user_roles_by_role ON user_roles (role_id, user_id)
;;
CREATE TABLE user_groups (
  id TEXT NOT NULL PRIMARY KEY,
  name TEXT NOT NULL UNIQUE,
  created_ms BIGINT NOT NULL,
  modified_ms BIGINT NOT NULL
)
;;
CREATE TABLE group_users (
  group_id TEXT NOT NULL REFERENCES user_groups (id),
  user_id TEXT NOT NULL REFERENCES users (id),
  PRIMARY KEY (group_id, user_id)
) {clustered}
;;
CREATE INDEX group_users_by_user ON group_users (user_id, group_id)
;;
CREATE TABLE role_mappings (
  name TEXT NOT NULL PRIMARY KEY,
  role_ids TEXT NOT NULL
) {clustered}
;;
CREATE TABLE ip_allowlist (
  id TEXT NOT NULL PRIMARY KEY,
  enabled BIGINT NOT NULL,
  description TEXT
)
;;
CREATE TABLE ip_entries (
  id TEXT NOT NULL PRIMARY KEY,
  ip TEXT NOT NULL UNIQUE,
  description TEXT NOT NULL,
  position BIGINT NOT NULL
)
;;
ALTER TABLE audit_events ADD COLUMN origin TEXT
;;
CREATE TABLE audit_chain (
  seq BIGINT NOT NULL PRIMARY KEY,
  until_id TEXT NOT NULL,
  made_ms BIGINT NOT NULL,
  entries TEXT NOT NULL,
  hash TEXT NOT NULL
)
;;
CREATE INDEX audit_chain_by_id ON audit_chain (until_id)
;;
--sqlite
CREATE TRIGGER audit_events_stay BEFORE UPDATE ON audit_events
BEGIN SELECT RAISE(ABORT, 'audit records cannot be changed'); END
;;
--sqlite
CREATE TRIGGER audit_events_remain BEFORE DELETE ON audit_events
BEGIN SELECT RAISE(ABORT, 'audit records cannot be removed'); END
;;
--sqlite
CREATE TRIGGER audit_chain_stays BEFORE UPDATE ON audit_chain
BEGIN SELECT RAISE(ABORT, 'audit records cannot be changed'); END
;;
--sqlite
CREATE TRIGGER audit_chain_remains BEFORE DELETE ON audit_chain
BEGIN SELECT RAISE(ABORT, 'audit records cannot be removed'); END
;;
--postgres
CREATE FUNCTION audit_is_append_only() RETURNS trigger LANGUAGE plpgsql AS
'BEGIN RAISE EXCEPTION ''audit records cannot be changed or removed''; END'
;;
--postgres
CREATE TRIGGER audit_events_stay BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_events
FOR EACH STATEMENT EXECUTE FUNCTION audit_is_append_only()
;;
--postgres
CREATE TRIGGER audit_chain_stays BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_chain
FOR EACH STATEMENT EXECUTE FUNCTION audit_is_append_only()
