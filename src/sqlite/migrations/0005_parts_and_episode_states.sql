-- A text belongs to a part of its script. Texts are gigabytes, so none is read or rewritten: the primary key stays as it is, and
-- `place` is the number of the part times 2^32 plus the byte within the part. What was written before is part 0.
-- `text_length` stays the length of all parts together.
ALTER TABLE job_texts RENAME COLUMN start TO place;

-- What became of the script of a completed job; NULL: it has not completed.
ALTER TABLE job_states ADD COLUMN episode_state TEXT CHECK (episode_state IN ('owed', 'saved', 'refused'));

UPDATE job_states SET episode_state = CASE WHEN episode_id IS NULL THEN 'owed' ELSE 'saved' END
WHERE outcome = 'completed';
