CREATE TABLE document (
    number      INTEGER PRIMARY KEY,
    unique_id   TEXT NOT NULL,
    object_key  TEXT NOT NULL,
    sha256      BLOB NOT NULL,
    sha1        BLOB NOT NULL,
    size        BIGINT NOT NULL,
    mime_type   TEXT NOT NULL,
    provided    BIGINT NOT NULL,
    registered  BIGINT NOT NULL
);
CREATE INDEX document_unique_id ON document (unique_id);
CREATE INDEX document_object_key ON document (object_key);
CREATE INDEX document_sha256 ON document (sha256);
CREATE INDEX document_pending ON document (provided) WHERE registered = 0;
CREATE TABLE condemned (
    object_key  TEXT NOT NULL PRIMARY KEY
);
