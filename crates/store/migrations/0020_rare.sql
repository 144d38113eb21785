CREATE INDEX runs_ended_by_engine ON runs ((coalesce(engine_id, CASE WHEN runtime_type = 'REMOTE_ENGINE' THEN target_id ELSE '' END)), finish_ms) WHERE state = 'finished'
;;
CREATE INDEX runs_ended_by_target ON runs (target_id, finish_ms) WHERE state = 'finished'
;;
CREATE INDEX runs_ended_by_user ON runs (user_id, finish_ms) WHERE state = 'finished'
;;
CREATE INDEX runs_ended_by_artifact ON runs (artifact_id, finish_ms) WHERE state = 'finished'
;;
CREATE INDEX runs_ended_by_profile ON runs (run_profile_id, finish_ms) WHERE state = 'finished' AND run_profile_id IS NOT NULL
;;
CREATE INDEX runs_ended_by_duration ON runs ((finish_ms - start_ms)) WHERE state = 'finished' AND start_ms IS NOT NULL
;;
CREATE INDEX runs_ended_by_artifact_version ON runs (artifact_version, finish_ms) WHERE state = 'finished'
;;
CREATE INDEX runs_ended_by_api_version ON runs (api_version, finish_ms) WHERE state = 'finished'
;;
CREATE INDEX runs_ended_by_runtime_type ON runs (runtime_type, finish_ms) WHERE state = 'finished'
