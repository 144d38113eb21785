CREATE TABLE audit_open (id TEXT NOT NULL PRIMARY KEY)
;;
--sqlite
CREATE TRIGGER audit_events_open AFTER INSERT ON audit_events
BEGIN INSERT INTO audit_open (id) VALUES (NEW.id); END
;;
--postgres
CREATE FUNCTION audit_opens() RETURNS trigger LANGUAGE plpgsql AS
'BEGIN INSERT INTO audit_open (id) SELECT id FROM fresh; RETURN NULL; END'
;;
--postgres
CREATE TRIGGER audit_events_open AFTER INSERT ON audit_events
REFERENCING NEW TABLE AS fresh FOR EACH STATEMENT EXECUTE FUNCTION audit_opens()
;;
INSERT INTO audit_open (id) SELECT id FROM audit_events
WHERE id > (SELECT coalesce(max(until_id), '') FROM audit_chain)
OR id IN (SELECT id FROM audit_events ORDER BY id {bytes} DESC LIMIT 5000)
;;
ALTER TABLE webhooks ADD COLUMN expires_ms BIGINT
;;
ALTER TABLE webhooks ADD COLUMN refused_ms BIGINT
;;
ALTER TABLE webhooks ADD COLUMN term_ms BIGINT
