-- The ledger of noteferry, format 3. Times are unix milliseconds (UTC). Read it with: sqlite3 ledger.db
-- What a row did stands in `starts` and `ends`. Nothing is taken out of them; an owner who learns more of a request puts that
-- in the place of what it said before. People read `rows`, `attempts` and
-- `row_states`, which are views of them.

-- A job at a target. The same job against another address or account has done nothing yet.
CREATE TABLE jobs (
    id         INTEGER PRIMARY KEY,
    name       TEXT    NOT NULL,
    base_url   TEXT    NOT NULL,  -- 'sandbox' for rehearsals
    account    TEXT    NOT NULL,  -- '' where the connector names none
    created_at INTEGER NOT NULL,
    UNIQUE (name, base_url, account)
) STRICT;

-- Each time a job was run. A run without ended_at is under way, or was killed.
CREATE TABLE runs (
    id              INTEGER PRIMARY KEY,
    job             INTEGER NOT NULL REFERENCES jobs (id),
    keyed_by        TEXT    NOT NULL,  -- the job's key as written; '' for rows that are known by their content
    started_at      INTEGER NOT NULL,
    ended_at        INTEGER,
    exit            INTEGER,
    rows            INTEGER,
    succeeded       INTEGER,
    already_done    INTEGER,
    failed          INTEGER,
    invalid         INTEGER,
    in_doubt        INTEGER,
    not_started     INTEGER,
    requests        INTEGER,
    reason          TEXT,              -- why it stopped before its end: deadline, outage ...; older files may not have it
    uncounted       INTEGER            -- lanes that it left to be counted; NULL where it has not said; likewise
) STRICT;

-- Lanes that a run has left to the next one to be counted once more. Older files may not have it.
CREATE TABLE uncounted (
    run       INTEGER NOT NULL REFERENCES runs (id),
    operation TEXT    NOT NULL,
    lane      TEXT    NOT NULL,
    copies    TEXT    NOT NULL,  -- JSON: of each row that was there more than once the names of what was there, its own first
    PRIMARY KEY (run, operation, lane)
) STRICT, WITHOUT ROWID;

-- What a run carries out, where that is a saved plan, and who has approved it. Most runs have no entry, and older files no
-- such table.
CREATE TABLE mandates (
    run         INTEGER PRIMARY KEY REFERENCES runs (id),
    plan        BLOB,  -- the SHA-256 of the plan's file; NULL where the run made its plan itself
    approved_by TEXT,  -- as --approved-by says
    comment     TEXT
) STRICT;

-- Who starts requests in a run: on one machine the process that runs it. Whoever takes the right to send anew gets a
-- new and greater id.
CREATE TABLE owners (
    id    INTEGER PRIMARY KEY,
    run   INTEGER NOT NULL REFERENCES runs (id),
    name  TEXT    NOT NULL,  -- as others are told, such as 'process 4711'; '' where an older version wrote it
    until INTEGER            -- what it has started is in its hands until then; NULL: while it holds the job's lock
) STRICT;

-- The next id that is no row's. They are set aside by the thousand, so that a start waits for no answer.
CREATE TABLE ids (
    next INTEGER NOT NULL
) STRICT;

-- A request of a row, before it leaves. A job has one row for a key: its one writer sees to that. An index over keys in
-- no order would cost more than all other writes of a run together.
CREATE TABLE starts (
    id        INTEGER NOT NULL,  -- the row's, the same for all its requests
    number    INTEGER NOT NULL,  -- counts from 1 over all requests of the row
    turn      INTEGER NOT NULL,  -- the row's operation that it is of: 1, say, creates it and 2 changes it
    owner     INTEGER NOT NULL REFERENCES owners (id),
    key       TEXT    NOT NULL,  -- the job's key, or the digest of the content and its occurrence; of a corrected row those
                                 -- that it had in the source
    row       INTEGER NOT NULL,  -- where it stood in the source; counts from 1
    line      INTEGER NOT NULL,
    operation TEXT    NOT NULL,
    lane      TEXT    NOT NULL,
    digest    BLOB    NOT NULL,  -- names the content
    at        INTEGER NOT NULL,
    remote_at INTEGER,           -- the same by the other side's clock, once it had told it
    print     INTEGER,           -- fingerprint of what it leaves there, as lists are compared; older files may not have it
    PRIMARY KEY (id, number)
) STRICT, WITHOUT ROWID;

-- What came of a request, or became known of it later. Of several the last is what holds, but that it was done holds
-- whoever denies it. A request without one is under way, or
-- its run was killed, so it may have acted.
CREATE TABLE ends (
    id        INTEGER NOT NULL,  -- the start's
    number    INTEGER NOT NULL,
    owner     INTEGER NOT NULL REFERENCES owners (id),  -- who found out
    at        INTEGER NOT NULL,
    -- succeeded, refused. deferred: surely did not act. given_up: likewise, and it was one too many. lost: it, or one
    -- before it, may have acted. found, not_found: settled by looking. confirmed, denied: a person says that it is there, or
    -- not; dismissed: a person wants no more of the row. What a person says holds until another owner says something.
    outcome   TEXT    NOT NULL,
    status    INTEGER,           -- HTTP status of the answer
    code      TEXT,              -- the API's own code
    reason    TEXT,              -- why it did not succeed: answered, answer_timeout, too_late ...
    doubt     TEXT,              -- why looking did not settle it: list_refused answered 500 ...
    message   TEXT,              -- the words of the other side or the system, or of a connection what broke it, such as
                                 -- connection_refused; older versions wrote sentences of their own as well
    remote_id TEXT,              -- what the other side calls what was made
    PRIMARY KEY (id, number, owner),
    FOREIGN KEY (id, number) REFERENCES starts (id, number)
) STRICT, WITHOUT ROWID;

-- Each row as it was last sent.
CREATE VIEW rows AS
SELECT
    starts.id, runs.job, starts.key, starts.row, starts.line, starts.operation, starts.lane, starts.digest
FROM starts
JOIN owners ON owners.id = starts.owner
JOIN runs ON runs.id = owners.run
WHERE starts.number = (SELECT max(number) FROM starts AS last WHERE last.id = starts.id);

-- Each request with what is known of it in the end. `row` is the row's id.
CREATE VIEW attempts AS
SELECT
    starts.id AS row, starts.number, owners.run, starts.at AS started_at, starts.remote_at AS remote_started_at,
    ends.at AS ended_at, ends.outcome, ends.status, ends.code, ends.reason, ends.doubt, ends.message, ends.remote_id,
    starts.turn, starts.operation, starts.lane, starts.digest
FROM starts
JOIN owners ON owners.id = starts.owner
LEFT JOIN ends ON ends.id = starts.id AND ends.number = starts.number AND ends.owner = (
    SELECT owner FROM ends AS last WHERE last.id = starts.id AND last.number = starts.number
    ORDER BY last.outcome IN ('succeeded', 'found') DESC, last.owner DESC LIMIT 1
);

-- Where each row stands, in the words of the output: its last request.
CREATE VIEW row_states AS
SELECT
    starts.id, jobs.name AS job, jobs.base_url, jobs.account, starts.key, starts.row, starts.line, starts.operation,
    starts.lane,
    CASE ends.outcome
        WHEN 'succeeded' THEN 'succeeded'
        WHEN 'found' THEN 'succeeded'
        WHEN 'confirmed' THEN 'succeeded'
        WHEN 'refused' THEN 'failed'
        WHEN 'given_up' THEN 'failed'
        WHEN 'deferred' THEN 'not_started'
        WHEN 'not_found' THEN 'not_started'
        WHEN 'denied' THEN 'not_started'
        WHEN 'dismissed' THEN 'dismissed'
        ELSE 'in_doubt'
    END AS state,
    starts.number AS attempts, starts.at AS started_at, ends.at AS ended_at,
    ends.status, ends.code, ends.message, ends.remote_id, ends.reason, ends.doubt
FROM starts
JOIN owners ON owners.id = starts.owner
JOIN runs ON runs.id = owners.run
JOIN jobs ON jobs.id = runs.job
LEFT JOIN ends ON ends.id = starts.id AND ends.number = starts.number AND ends.owner = (
    SELECT owner FROM ends AS last WHERE last.id = starts.id AND last.number = starts.number
    ORDER BY last.outcome IN ('succeeded', 'found') DESC, last.owner DESC LIMIT 1
)
WHERE starts.number = (SELECT max(number) FROM starts AS last WHERE last.id = starts.id);

INSERT INTO ids VALUES (1);

PRAGMA application_id = 0x4e464c44;
PRAGMA user_version = 3;
