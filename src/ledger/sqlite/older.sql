-- Shows a file of format 2 as one of format 3, to a connection that only reads. The views are the connection's own and
-- stand nowhere in the file.
CREATE TEMP VIEW owners AS SELECT id, id AS run, '' AS name, NULL AS until FROM main.runs;

CREATE TEMP VIEW starts AS
SELECT attempts.row AS id, attempts.number, 1 AS turn, attempts.run AS owner, rows.key, rows.row, rows.line,
       rows.operation, rows.lane, rows.digest, attempts.started_at AS at, attempts.remote_started_at AS remote_at
FROM main.attempts
CROSS JOIN main.rows ON rows.id = attempts.row;

CREATE TEMP VIEW ends AS
SELECT row AS id, number, run AS owner, ended_at AS at, outcome, status, code, NULL AS reason, NULL AS doubt, message,
       remote_id
FROM main.attempts
WHERE outcome IS NOT NULL OR ended_at IS NOT NULL;
