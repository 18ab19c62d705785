-- Patients that the registry knows. One that was merged names the survivor, which is never merged itself.
CREATE TABLE patient (
    no INTEGER PRIMARY KEY,
    authority TEXT NOT NULL,
    id TEXT NOT NULL,
    merged_into BIGINT,
    objects BIGINT NOT NULL DEFAULT 0,
    UNIQUE (authority, id)
);
CREATE INDEX patient_merged_into ON patient (merged_into) WHERE merged_into IS NOT NULL;

-- Registry objects. The key is the number of the patient shifted left by 24 bits plus an ordinal, so that
-- the rows of one patient lie together. An association names the keys of its ends.
CREATE TABLE object (
    key INTEGER PRIMARY KEY,
    uuid BLOB NOT NULL,
    kind BIGINT NOT NULL,
    status BIGINT NOT NULL,
    version BIGINT NOT NULL,
    lid BLOB NOT NULL,
    unique_id TEXT,
    time BIGINT,
    service_start BIGINT,
    service_stop BIGINT,
    source BIGINT,
    target BIGINT,
    facets TEXT NOT NULL,
    dictionary BIGINT NOT NULL,
    fragment BLOB NOT NULL
);
CREATE INDEX object_unique_id ON object (unique_id) WHERE unique_id IS NOT NULL;
CREATE INDEX object_source ON object (source) WHERE source IS NOT NULL;
CREATE INDEX object_target ON object (target) WHERE target IS NOT NULL;

-- Which ids are taken: what two submissions at once must not both take.
CREATE TABLE entry_uuid (
    uuid BLOB PRIMARY KEY,
    object BIGINT NOT NULL
) WITHOUT ROWID;
CREATE TABLE unique_id (
    value TEXT PRIMARY KEY,
    kind BIGINT NOT NULL,
    hash BLOB,
    size BIGINT
) WITHOUT ROWID;
