-- Which index this is: what the place of its documents is marked with. A copy of the rows elsewhere is another index.
CREATE TABLE index_id (
    id  TEXT NOT NULL PRIMARY KEY
);
INSERT INTO index_id (id) VALUES (lower(hex(randomblob(16))));
