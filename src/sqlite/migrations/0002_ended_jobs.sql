-- Ended jobs stay in the database until somebody asks for them: unfinished ones, pages of ended ones and the holders of
-- idempotency keys are found without reading all jobs. No row is rewritten, since briefs and texts are gigabytes.
CREATE INDEX job_states_unfinished ON job_states (job) WHERE outcome IS NULL;
CREATE INDEX job_states_ended ON job_states (ended_at, job) WHERE outcome IS NOT NULL;
CREATE INDEX jobs_idempotency_key ON jobs (idempotency_key) WHERE idempotency_key IS NOT NULL;
