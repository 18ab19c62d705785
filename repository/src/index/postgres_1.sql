-- One document holds an object, with share 0; those of the same bytes have a share of their own. Whoever condemns an
-- object holds it, and `registered` is 2: so the one cannot be filed that the other condemns.
-- Numbers begin where the clock is, so that those that come from another database are never met.
CREATE SEQUENCE document_count;
SELECT setval('document_count', (extract(epoch FROM now()) * 1000000)::bigint);
CREATE TABLE document (
    number      BIGINT PRIMARY KEY DEFAULT nextval('document_count'),
    unique_id   TEXT COLLATE "C" NOT NULL,
    object_key  TEXT COLLATE "C" NOT NULL,
    sha256      BYTEA NOT NULL,
    sha1        BYTEA NOT NULL,
    size        BIGINT NOT NULL,
    mime_type   TEXT COLLATE "C" NOT NULL,
    provided    BIGINT NOT NULL,
    registered  BIGINT NOT NULL,
    share       BIGINT NOT NULL DEFAULT 0
);
CREATE INDEX document_unique_id ON document (unique_id);
CREATE INDEX document_sha256 ON document (sha256);
CREATE INDEX document_pending ON document (provided) WHERE registered = 0;
CREATE UNIQUE INDEX document_object ON document (object_key, share);
