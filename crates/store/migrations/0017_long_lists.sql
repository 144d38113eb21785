--postgres
CREATE INDEX runs_ended_at ON runs (finish_ms, workspace_id, outcome, trigger_ms) WHERE state = 'finished'
;;
ALTER TABLE task_names RENAME TO task_names_before
;;
CREATE TABLE task_names (
  workspace_id TEXT NOT NULL,
  task_id TEXT NOT NULL,
  name TEXT NOT NULL,
  PRIMARY KEY (workspace_id, task_id, name)
) {clustered}
;;
INSERT INTO task_names (workspace_id, task_id, name)
SELECT workspace_id, id, lower(name) FROM tasks UNION SELECT workspace_id, task_id, lower(task_name) FROM runs
;;
DROP TABLE task_names_before
