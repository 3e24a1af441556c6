-- Jobs and client's keys are named apart, so that a key that looks like a job's id is not taken for the job. Rows from before
-- do not say what their identity is; one that looks like a job's id counts as both, so that neither is saved twice.
CREATE TABLE identities (
    project_id TEXT NOT NULL,
    kind       TEXT NOT NULL CHECK (kind IN ('job', 'key')),
    identity   TEXT NOT NULL,
    episode_id TEXT, -- NULL: deleted before ids were kept here, when they were derived
    number     INTEGER NOT NULL,
    created_at TEXT NOT NULL,
    PRIMARY KEY (project_id, kind, identity)
) STRICT, WITHOUT ROWID;

INSERT INTO identities
SELECT project_id, kind, identity, episodes.id, number, saved.created_at
FROM saved_episodes AS saved
    CROSS JOIN (SELECT 'job' AS kind UNION ALL SELECT 'key')
    LEFT JOIN episodes USING (project_id, number)
WHERE kind = 'key' OR identity LIKE 'job~_%' ESCAPE '~';

DROP TABLE saved_episodes;
ALTER TABLE identities RENAME TO saved_episodes;

-- What search looks into. Its texts are not stored a second time; a row's number is its episode's.
--   project  the project's id in hex
--   letters  each character that occurs
--   pairs    each two neighbouring characters, word by word
-- The tokenizer splits at blanks alone, since everything else in ASCII is replaced before.
CREATE VIRTUAL TABLE episode_search USING fts5 (
    project, letters, pairs,
    content = '', contentless_delete = 1, tokenize = 'ascii'
);

-- Episodes that search has to read, until they are in the index.
CREATE TABLE episodes_to_index (
    episode INTEGER PRIMARY KEY REFERENCES episodes (episode) ON DELETE CASCADE
) STRICT;

INSERT INTO episodes_to_index SELECT episode FROM episodes;
