-- The ledger of noteferry, format 2. Times are unix milliseconds (UTC). Read it with: sqlite3 ledger.db

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
    requests        INTEGER
) STRICT;

-- A row of the source for which a request has left, or was about to. A job has one entry for a key: its one writer sees
-- to that. An index over keys in no order would cost more than all other writes of a run together.
CREATE TABLE rows (
    id        INTEGER PRIMARY KEY,
    job       INTEGER NOT NULL REFERENCES jobs (id),
    key       TEXT    NOT NULL,  -- the job's key, or the digest of the content and its occurrence
    row       INTEGER NOT NULL,  -- where it stood when it was last sent; counts from 1
    line      INTEGER NOT NULL,
    operation TEXT    NOT NULL,
    lane      TEXT    NOT NULL,
    digest    BLOB    NOT NULL   -- names the content that was last sent
) STRICT;

-- A request of a row. It is written before the request leaves, and completed by what came of it.
CREATE TABLE attempts (
    row        INTEGER NOT NULL REFERENCES rows (id),
    number     INTEGER NOT NULL,  -- counts from 1
    run        INTEGER NOT NULL REFERENCES runs (id),
    started_at INTEGER NOT NULL,
    remote_started_at INTEGER,    -- the same by the other side's clock, once it had told it
    ended_at   INTEGER,
    -- NULL: under way, or its run was killed, so it may have acted. succeeded, refused. deferred: surely did
    -- not act. given_up: likewise, and it was one too many. lost: it, or one before it, may have acted. found,
    -- not_found: settled by looking.
    outcome    TEXT CHECK (outcome IN ('succeeded', 'refused', 'deferred', 'given_up', 'lost', 'found', 'not_found')),
    status     INTEGER,           -- HTTP status of the answer
    code       TEXT,              -- the API's own code
    message    TEXT,              -- the API's words, or what went wrong
    remote_id  TEXT,              -- what the other side calls what was made
    PRIMARY KEY (row, number)
) STRICT, WITHOUT ROWID;

-- Where each row stands: its last attempt, in the words of the output.
CREATE VIEW row_states AS
SELECT
    rows.id, jobs.name AS job, jobs.base_url, jobs.account, rows.key, rows.row, rows.line, rows.operation, rows.lane,
    CASE attempts.outcome
        WHEN 'succeeded' THEN 'succeeded'
        WHEN 'found' THEN 'succeeded'
        WHEN 'refused' THEN 'failed'
        WHEN 'given_up' THEN 'failed'
        WHEN 'deferred' THEN 'not_started'
        WHEN 'not_found' THEN 'not_started'
        ELSE 'in_doubt'
    END AS state,
    attempts.number AS attempts, attempts.started_at, attempts.ended_at,
    attempts.status, attempts.code, attempts.message, attempts.remote_id
FROM rows
JOIN jobs ON jobs.id = rows.job
JOIN attempts ON attempts.row = rows.id
    AND attempts.number = (SELECT max(number) FROM attempts AS last WHERE last.row = rows.id);

PRAGMA application_id = 0x4e464c44;
PRAGMA user_version = 2;
