ALTER TABLE users ADD COLUMN name_key TEXT
;;
ALTER TABLE user_groups ADD COLUMN name_key TEXT
;;
ALTER TABLE roles ADD COLUMN name_key TEXT
;;
ALTER TABLE service_accounts ADD COLUMN name_key TEXT
;;
ALTER TABLE environments ADD COLUMN name_key TEXT
;;
CREATE UNIQUE INDEX users_by_name_key ON users (name_key)
;;
CREATE UNIQUE INDEX user_groups_by_name_key ON user_groups (name_key)
;;
CREATE UNIQUE INDEX roles_by_name_key ON roles (name_key)
;;
CREATE UNIQUE INDEX service_accounts_by_name_key ON service_accounts (name_key)
;;
CREATE UNIQUE INDEX environments_by_name_key ON environments (name_key)
;;
ALTER TABLE users ADD COLUMN external_id TEXT
;;
ALTER TABLE user_groups ADD COLUMN external_id TEXT
;;
ALTER TABLE roles ADD COLUMN external_id TEXT
;;
CREATE TABLE sign_in_tries (
  place TEXT NOT NULL PRIMARY KEY,
  failed BIGINT NOT NULL,
  wait_until_ms BIGINT NOT NULL
) {clustered}
;;
CREATE INDEX sign_in_tries_by_end ON sign_in_tries (wait_until_ms)
