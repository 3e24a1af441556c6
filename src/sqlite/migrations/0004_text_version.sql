-- The version of the feed in which a job's text last changed, counted as event_seq is (three numbers a version); 0: never.
ALTER TABLE job_states ADD COLUMN text_version INTEGER;

-- For jobs that ended before this was recorded: the last version in which it can have changed. Their readers may be sent once
-- more what they have, and miss nothing.
UPDATE job_states SET text_version = CASE WHEN text_length = 0 AND epoch = 1 THEN 0 ELSE event_seq / 3 - 1 END
WHERE outcome IS NOT NULL;
