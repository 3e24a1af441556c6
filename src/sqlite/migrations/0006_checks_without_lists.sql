-- SQLite builds and drops a temporary table for every row that it checks against a list of three values or more, which cost a
-- third of accepting a job. The rows are small: briefs and texts are in other tables.
CREATE TABLE states (
    job               INTEGER PRIMARY KEY REFERENCES jobs (job) ON DELETE CASCADE,
    epoch             INTEGER NOT NULL,
    started_at        TEXT,
    progress          INTEGER NOT NULL,
    model_used        TEXT,
    completion_tokens INTEGER,
    tokens_measured   INTEGER,
    text_length       INTEGER NOT NULL, -- bytes of all parts
    text_complete     INTEGER NOT NULL,
    outcome           TEXT CHECK (outcome = 'completed' OR outcome = 'failed' OR outcome = 'canceled'),
    failure           TEXT,
    ended_at          TEXT,
    event_seq         INTEGER,
    text_version      INTEGER,
    episode_state     TEXT CHECK (episode_state = 'owed' OR episode_state = 'saved' OR episode_state = 'refused'),
    episode_id        TEXT,
    episode_number    INTEGER
) STRICT;

INSERT INTO states (
    job, epoch, started_at, progress, model_used, completion_tokens, tokens_measured, text_length, text_complete,
    outcome, failure, ended_at, event_seq, text_version, episode_state, episode_id, episode_number
)
SELECT
    job, epoch, started_at, progress, model_used, completion_tokens, tokens_measured, text_length, text_complete,
    outcome, failure, ended_at, event_seq, text_version, episode_state, episode_id, episode_number
FROM job_states;

DROP TABLE job_states;
ALTER TABLE states RENAME TO job_states;
CREATE INDEX job_states_unfinished ON job_states (job) WHERE outcome IS NULL;
CREATE INDEX job_states_ended ON job_states (ended_at, job) WHERE outcome IS NOT NULL;
