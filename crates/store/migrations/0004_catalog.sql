CREATE TABLE connections (
  id TEXT NOT NULL PRIMARY KEY,
  workspace_id TEXT NOT NULL REFERENCES workspaces (id),
  name TEXT NOT NULL,
  app TEXT NOT NULL,
  parameters TEXT NOT NULL,
  created_ms BIGINT NOT NULL,
  updated_ms BIGINT NOT NULL,
  UNIQUE (workspace_id, name)
)
;;
CREATE TABLE resources (
  id TEXT NOT NULL PRIMARY KEY,
  workspace_id TEXT NOT NULL REFERENCES workspaces (id),
  name TEXT NOT NULL,
  description TEXT,
  is_file BIGINT NOT NULL,
  file_name TEXT,
  sha256 TEXT NOT NULL,
  size BIGINT NOT NULL,
  created_ms BIGINT NOT NULL,
  updated_ms BIGINT NOT NULL,
  UNIQUE (workspace_id, name)
)
;;
CREATE INDEX resources_by_sha256 ON resources (sha256)
;;
ALTER TABLE runs ADD COLUMN resources TEXT
;;
CREATE TABLE leftover_blobs (
  sha256 TEXT NOT NULL PRIMARY KEY
)
;;
CREATE TABLE projects (
  id TEXT NOT NULL PRIMARY KEY,
  name TEXT NOT NULL UNIQUE,
  technical_label TEXT NOT NULL UNIQUE,
  description TEXT,
  url TEXT NOT NULL,
  author TEXT NOT NULL,
  owner TEXT NOT NULL,
  created_ms BIGINT NOT NULL,
  updated_ms BIGINT NOT NULL
)
;;
CREATE TABLE project_members (
  project_id TEXT NOT NULL REFERENCES projects (id),
  kind TEXT NOT NULL,
  member_id TEXT NOT NULL,
  created_ms BIGINT NOT NULL,
  PRIMARY KEY (project_id, kind, member_id)
) {clustered}
