--sqlite
ALTER TABLE runs ADD COLUMN lines_end_ms BIGINT GENERATED ALWAYS AS (CASE WHEN state = 'finished' AND log_lines > 0 THEN finish_ms END) VIRTUAL
;;
--postgres
ALTER TABLE runs ADD COLUMN lines_end_ms BIGINT GENERATED ALWAYS AS (CASE WHEN state = 'finished' AND log_lines > 0 THEN finish_ms END) STORED
;;
CREATE INDEX runs_with_lines ON runs (lines_end_ms) WHERE lines_end_ms IS NOT NULL
