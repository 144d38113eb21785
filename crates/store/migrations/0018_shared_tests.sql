ALTER TABLE tester_projects ADD COLUMN workspace_id TEXT
;;
CREATE INDEX tester_projects_by_workspace ON tester_projects (workspace_id, name)
;;
CREATE TABLE tester_own (
  id TEXT NOT NULL PRIMARY KEY,
  project_id TEXT NOT NULL,
  user_id TEXT NOT NULL,
  secrets TEXT,
  responses TEXT
)
;;
CREATE INDEX tester_own_by_project ON tester_own (project_id)
;;
CREATE INDEX tester_own_by_user ON tester_own (user_id)
