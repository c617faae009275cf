-- Jobs of pgAgent, one row for each of their steps; where a step connects elsewhere is left out, as it may hold a password.
SELECT
    'pgagent job ' || CAST(j.jobid AS text) || ' ' || j.jobname || ': ' || s.jstname AS path,
    'job' AS kind,
    'postgres' AS dialect,
    CASE s.jstkind WHEN 's' THEN 'sql' ELSE 'shell' END AS language,
    s.jstcode AS definition
FROM pgagent.pga_job AS j
JOIN pgagent.pga_jobstep AS s ON s.jstjobid = j.jobid
