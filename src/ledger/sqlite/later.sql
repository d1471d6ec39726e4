-- Tables of a ledger of format 3 that are made when there is first something to write into them: most files have none. They are
-- documented here as the others are in schema.sql.

-- Rows that have come back corrected (run --from). Where the source still has the cells that were wrong, they stand for the row
-- of this key.
CREATE TABLE corrections (
    job      INTEGER NOT NULL REFERENCES jobs (id),
    key      TEXT    NOT NULL,  -- as in starts
    original BLOB    NOT NULL,  -- names the cells that the row has in the source
    run      INTEGER NOT NULL REFERENCES runs (id),  -- the first that was to send it so
    PRIMARY KEY (job, key, original)
) STRICT;

-- Rows that were invalid when a run began, as the last run that began found them; not all of very many.
CREATE TABLE invalid_rows (
    job     INTEGER NOT NULL REFERENCES jobs (id),
    run     INTEGER NOT NULL REFERENCES runs (id),
    row     INTEGER NOT NULL,  -- where it stands in the source
    line    INTEGER NOT NULL,
    "column" TEXT,             -- of the first that is wrong in it; NULL where it is the row as a whole
    code    TEXT    NOT NULL,  -- as `noteferry explain` knows it
    message TEXT    NOT NULL   -- its words, cut where they are long
) STRICT;
