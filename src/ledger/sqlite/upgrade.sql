-- Brings the entries of format 2 into the tables of format 3. It stands between the renaming of the old tables and their
-- end, in one transaction with both. Nothing is left out: a request without an outcome stays one.
INSERT INTO jobs SELECT id, name, base_url, account, created_at FROM old_jobs;

INSERT INTO runs (
    id, job, keyed_by, started_at, ended_at, exit, rows, succeeded, already_done, failed, invalid, in_doubt, not_started,
    requests
)
SELECT id, job, keyed_by, started_at, ended_at, exit, rows, succeeded, already_done, failed, invalid, in_doubt,
       not_started, requests
FROM old_runs;

-- A run had one owner, the process that ran it.
INSERT INTO owners SELECT id, id, '', NULL FROM runs;

INSERT INTO starts (id, number, turn, owner, key, row, line, operation, lane, digest, at, remote_at)
SELECT attempts.row, attempts.number, 1, attempts.run, rows.key, rows.row, rows.line, rows.operation, rows.lane,
       rows.digest, attempts.started_at, attempts.remote_started_at
FROM old_attempts AS attempts
CROSS JOIN old_rows AS rows ON rows.id = attempts.row
ORDER BY attempts.row, attempts.number;

INSERT INTO ends (id, number, owner, at, outcome, status, code, message, remote_id)
SELECT row, number, run, coalesce(ended_at, started_at), outcome, status, code, message, remote_id
FROM old_attempts
WHERE outcome IS NOT NULL
ORDER BY row, number;

UPDATE ids SET next = (SELECT coalesce(max(id), 0) + 1 FROM old_rows);

DROP TABLE old_attempts;
DROP TABLE old_rows;
DROP TABLE old_runs;
DROP TABLE old_jobs;
