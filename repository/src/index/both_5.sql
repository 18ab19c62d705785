-- Objects that no document names: `registered` is 2 while one is kept, and 3 when it was removed; since `provided`.
CREATE INDEX document_condemned ON document (provided) WHERE registered >= 2;
-- How many documents there were when they were last counted, and when that was: counting many takes long.
ALTER TABLE chore ADD COLUMN documents BIGINT NOT NULL DEFAULT 0;
ALTER TABLE chore ADD COLUMN counted BIGINT NOT NULL DEFAULT 0;
