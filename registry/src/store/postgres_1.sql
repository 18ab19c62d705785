-- Patients that the registry knows. One that was merged names the survivor, which is never merged itself.
-- A number is four random bits, which choose the partition of the patient's objects, before 34 that count. The
-- count begins where the clock is, so that numbers that come from another database are rarely met.
CREATE SEQUENCE patient_count;
SELECT setval('patient_count', (extract(epoch FROM now()) * 4)::bigint);
CREATE TABLE patient (
    no BIGINT PRIMARY KEY
        DEFAULT ((floor(random() * 16)::bigint << 34) | (nextval('patient_count') & ((1::bigint << 34) - 1))),
    authority TEXT COLLATE "C" NOT NULL,
    id TEXT COLLATE "C" NOT NULL,
    merged_into BIGINT,
    objects BIGINT NOT NULL DEFAULT 0,
    UNIQUE (authority, id)
);
CREATE INDEX patient_merged_into ON patient (merged_into) WHERE merged_into IS NOT NULL;

-- Registry objects. The key is the number of the patient shifted left by 24 bits plus an ordinal, so that
-- the rows of one patient lie in one partition. An association names the keys of its ends.
CREATE TABLE object (
    key BIGINT PRIMARY KEY,
    uuid BYTEA NOT NULL,
    kind BIGINT NOT NULL,
    status BIGINT NOT NULL,
    version BIGINT NOT NULL,
    lid BYTEA NOT NULL,
    unique_id TEXT COLLATE "C",
    time BIGINT,
    service_start BIGINT,
    service_stop BIGINT,
    source BIGINT,
    target BIGINT,
    facets TEXT COLLATE "C" NOT NULL,
    dictionary BIGINT NOT NULL,
    fragment BYTEA NOT NULL
) PARTITION BY RANGE (key);
CREATE TABLE object_0 PARTITION OF object FOR VALUES FROM (MINVALUE) TO (288230376151711744);
CREATE TABLE object_1 PARTITION OF object FOR VALUES FROM (288230376151711744) TO (576460752303423488);
CREATE TABLE object_2 PARTITION OF object FOR VALUES FROM (576460752303423488) TO (864691128455135232);
CREATE TABLE object_3 PARTITION OF object FOR VALUES FROM (864691128455135232) TO (1152921504606846976);
CREATE TABLE object_4 PARTITION OF object FOR VALUES FROM (1152921504606846976) TO (1441151880758558720);
CREATE TABLE object_5 PARTITION OF object FOR VALUES FROM (1441151880758558720) TO (1729382256910270464);
CREATE TABLE object_6 PARTITION OF object FOR VALUES FROM (1729382256910270464) TO (2017612633061982208);
CREATE TABLE object_7 PARTITION OF object FOR VALUES FROM (2017612633061982208) TO (2305843009213693952);
CREATE TABLE object_8 PARTITION OF object FOR VALUES FROM (2305843009213693952) TO (2594073385365405696);
CREATE TABLE object_9 PARTITION OF object FOR VALUES FROM (2594073385365405696) TO (2882303761517117440);
CREATE TABLE object_10 PARTITION OF object FOR VALUES FROM (2882303761517117440) TO (3170534137668829184);
CREATE TABLE object_11 PARTITION OF object FOR VALUES FROM (3170534137668829184) TO (3458764513820540928);
CREATE TABLE object_12 PARTITION OF object FOR VALUES FROM (3458764513820540928) TO (3746994889972252672);
CREATE TABLE object_13 PARTITION OF object FOR VALUES FROM (3746994889972252672) TO (4035225266123964416);
CREATE TABLE object_14 PARTITION OF object FOR VALUES FROM (4035225266123964416) TO (4323455642275676160);
CREATE TABLE object_15 PARTITION OF object FOR VALUES FROM (4323455642275676160) TO (MAXVALUE);
-- Fragments are compressed already.
ALTER TABLE object ALTER COLUMN fragment SET STORAGE EXTERNAL;
CREATE INDEX object_unique_id ON object (unique_id) WHERE unique_id IS NOT NULL;
CREATE INDEX object_source ON object (source) WHERE source IS NOT NULL;
CREATE INDEX object_target ON object (target) WHERE target IS NOT NULL;

-- Which ids are taken: what two submissions at once must not both take.
CREATE TABLE entry_uuid (
    uuid BYTEA PRIMARY KEY,
    object BIGINT NOT NULL
);
CREATE TABLE unique_id (
    value TEXT COLLATE "C" PRIMARY KEY,
    kind BIGINT NOT NULL,
    hash BYTEA,
    size BIGINT
);
