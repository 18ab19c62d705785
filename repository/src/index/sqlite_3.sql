-- One document holds an object, with share 0; those of the same bytes have a share of their own. Whoever condemns an
-- object holds it, and `registered` is 2: so the one cannot be filed that the other condemns.
ALTER TABLE document ADD COLUMN share BIGINT NOT NULL DEFAULT 0;
UPDATE document SET share = number WHERE EXISTS
    (SELECT 1 FROM document AS first WHERE first.object_key = document.object_key AND first.number < document.number);
DROP INDEX document_object_key;
CREATE UNIQUE INDEX document_object ON document (object_key, share);
INSERT INTO document (unique_id, object_key, sha256, sha1, size, mime_type, provided, registered)
    SELECT '', object_key, x'', x'', 0, '', 0, 2 FROM condemned WHERE true ON CONFLICT DO NOTHING;
DROP TABLE condemned;
