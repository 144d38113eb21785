ALTER TABLE engines ADD COLUMN tests_most BIGINT
;;
ALTER TABLE tester_runs ADD COLUMN credential TEXT
;;
ALTER TABLE tester_runs ADD COLUMN engine_id TEXT
;;
ALTER TABLE tester_runs ADD COLUMN engine_name TEXT
;;
ALTER TABLE tester_runs ADD COLUMN taken BIGINT NOT NULL DEFAULT 0
;;
ALTER TABLE tester_runs ADD COLUMN told_session TEXT
;;
ALTER TABLE tester_runs ADD COLUMN work TEXT
;;
CREATE INDEX tester_runs_going_on ON tester_runs (beat_ms) WHERE state = 'running'
;;
CREATE INDEX tester_runs_by_engine ON tester_runs (engine_id) WHERE state = 'running'
