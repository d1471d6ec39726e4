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

-- What `verify` has found of a job when its tickets were read back.
CREATE TABLE verifications (
    id         INTEGER PRIMARY KEY,
    job        INTEGER NOT NULL REFERENCES jobs (id),
    began_at   INTEGER NOT NULL,
    ended_at   INTEGER NOT NULL,
    by         TEXT    NOT NULL,  -- who verified, and by which process
    sample     TEXT,              -- which lists were a sample; NULL where all were asked for
    lists      INTEGER NOT NULL,  -- lists, as those of tickets, that were to be read
    lists_read INTEGER NOT NULL,  -- those that were read to their end
    rows       INTEGER NOT NULL,  -- rows that were compared
    there      INTEGER NOT NULL,  -- those of them that are as they were sent
    found      TEXT    NOT NULL,  -- JSON: what was found of the others, with how many rows: missing_there, twice, altered ...
    strange    INTEGER NOT NULL,  -- things in the lists that no row has made
    requests   INTEGER NOT NULL,
    exit       INTEGER NOT NULL
) STRICT;

-- What was there before a request changed or deleted it, as a list has shown it right before: what `undo` gives back. The only
-- texts of things in a ledger; `snapshot: false` in a job keeps none, and `ledger prune` takes them out with their job.
CREATE TABLE snapshots (
    id        INTEGER NOT NULL,  -- the start's
    number    INTEGER NOT NULL,
    remote_id TEXT    NOT NULL,  -- what the other side calls it
    maker     TEXT    NOT NULL,  -- the operation that makes such things
    fields    TEXT    NOT NULL,  -- JSON: what was shown, by that operation's fields
    made_at   INTEGER,           -- when it was made, as the list says
    read_at   INTEGER NOT NULL,  -- when the list was read
    PRIMARY KEY (id, number)
) STRICT;

-- Files that runs of a job have read rows from, each as it was when all rows that had been sent were last accounted for: one that
-- is not there any more, or is read otherwise, is noticed by it, and its rows are not taken for rows that are gone. One that is
-- gone on purpose (run --gone) is taken out.
CREATE TABLE source_files (
    job     INTEGER NOT NULL REFERENCES jobs (id),
    name    TEXT    NOT NULL,  -- as the job has it; of a pattern as it was found, from the job's folder
    manner  TEXT    NOT NULL,  -- how it is read, as far as the job says it: its encoding, say
    rows    INTEGER NOT NULL,  -- in it
    read_at INTEGER NOT NULL,
    PRIMARY KEY (job, name)
) STRICT;

-- What a run has read, as it began: how much it had to do is known though it was killed.
CREATE TABLE run_sources (
    run       INTEGER PRIMARY KEY REFERENCES runs (id),
    source    TEXT    NOT NULL,  -- as the job names it
    came_back INTEGER NOT NULL,  -- 1 for rows of the job that came back corrected (run --from), in the place of its source
    rows      INTEGER NOT NULL,  -- those that the job wants
    invalid   INTEGER NOT NULL
) STRICT;
