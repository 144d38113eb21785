ALTER TABLE engines ADD COLUMN drain_ms BIGINT
;;
ALTER TABLE engines ADD COLUMN drain_by TEXT
;;
ALTER TABLE engines ADD COLUMN drain_reason TEXT
