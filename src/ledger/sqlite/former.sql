-- Views as earlier versions of this format made them: no damage, and made anew by whoever writes.
CREATE VIEW row_states AS
SELECT
    starts.id, jobs.name AS job, jobs.base_url, jobs.account, starts.key, starts.row, starts.line, starts.operation,
    starts.lane,
    CASE ends.outcome
        WHEN 'succeeded' THEN 'succeeded'
        WHEN 'found' THEN 'succeeded'
        WHEN 'refused' THEN 'failed'
        WHEN 'given_up' THEN 'failed'
        WHEN 'deferred' THEN 'not_started'
        WHEN 'not_found' THEN 'not_started'
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
