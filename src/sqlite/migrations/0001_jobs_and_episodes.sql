-- What was accepted. Never changed: a brief is long, and a checkpoint must not rewrite it.
CREATE TABLE jobs (
    job             INTEGER PRIMARY KEY, -- in the order of acceptance
    id              TEXT NOT NULL UNIQUE,
    brief           TEXT NOT NULL, -- JSON
    idempotency_key TEXT,
    body_digest     TEXT,
    created_at      TEXT NOT NULL
) STRICT;

-- How far each job is and how it ended (outcome NULL: it has not).
CREATE TABLE job_states (
    job               INTEGER PRIMARY KEY REFERENCES jobs (job) ON DELETE CASCADE,
    epoch             INTEGER NOT NULL,
    started_at        TEXT,
    progress          INTEGER NOT NULL,
    model_used        TEXT,
    completion_tokens INTEGER,
    tokens_measured   INTEGER,
    text_length       INTEGER NOT NULL, -- bytes
    text_complete     INTEGER NOT NULL,
    outcome           TEXT CHECK (outcome IN ('completed', 'failed', 'canceled')),
    failure           TEXT,
    ended_at          TEXT,
    event_seq         INTEGER,
    episode_id        TEXT,
    episode_number    INTEGER
) STRICT;

-- The scripts in pieces, as they were checkpointed; together they have no gap and no overlap.
CREATE TABLE job_texts (
    job   INTEGER NOT NULL REFERENCES jobs (job) ON DELETE CASCADE,
    start INTEGER NOT NULL, -- bytes
    text  TEXT NOT NULL,
    PRIMARY KEY (job, start)
) STRICT, WITHOUT ROWID;

-- The highest number each project ever gave out. It never goes down, so no number is given out twice.
CREATE TABLE episode_counters (
    project_id TEXT PRIMARY KEY,
    last       INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Narrow, so that a list reads few pages; the long texts stand apart.
CREATE TABLE episodes (
    episode    INTEGER PRIMARY KEY,
    id         TEXT NOT NULL UNIQUE,
    project_id TEXT NOT NULL,
    number     INTEGER NOT NULL,
    title      TEXT NOT NULL,
    tokens     INTEGER,
    model      TEXT,
    created_at TEXT NOT NULL,
    UNIQUE (project_id, number)
) STRICT;

CREATE TABLE episode_texts (
    episode         INTEGER PRIMARY KEY REFERENCES episodes (episode) ON DELETE CASCADE,
    markdown        TEXT NOT NULL,
    prompt_snapshot TEXT
) STRICT;

-- Which jobs and client's keys have had their episode. Outlives the episode: a deleted one is not saved again.
CREATE TABLE saved_episodes (
    project_id TEXT NOT NULL,
    identity   TEXT NOT NULL,
    number     INTEGER NOT NULL,
    created_at TEXT NOT NULL,
    PRIMARY KEY (project_id, identity)
) STRICT, WITHOUT ROWID;

-- Written to see whether writing works.
CREATE TABLE probe (
    probe      INTEGER PRIMARY KEY CHECK (probe = 1),
    written_at TEXT NOT NULL
) STRICT;
