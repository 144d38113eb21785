CREATE TABLE task_names (
  task_id TEXT NOT NULL,
  name TEXT NOT NULL,
  PRIMARY KEY (task_id, name)
) {clustered}
;;
INSERT INTO task_names (task_id, name)
SELECT id, lower(name) FROM tasks UNION SELECT task_id, lower(task_name) FROM runs
;;
CREATE INDEX tasks_by_name ON tasks (name {bytes}, id)
;;
CREATE INDEX tasks_tagged ON tasks (workspace_id, name {bytes}) WHERE tags <> '[]'
