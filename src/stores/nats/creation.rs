//! Creates jobs, at most one under a key. A key and the head of its job are stored together, so a key without its head means
//! that the job has been forgotten.

use std::time::Duration;

use generation_actors::{
    model::{Epoch, JobId, NewJob},
    ports::{Created, KeyHolder, StoreError},
};
use tokio::time::Instant;

use super::{
    engine::Write,
    format::Key,
    tree::Stored,
    writer::{PATIENCE, Refusal, Writer, contradiction, full},
};

/// How long a key is held at least.
const KEY_LIFETIME: Duration = Duration::from_secs(25 * 60 * 60);

impl Writer {
    pub(super) async fn create(&self, job: NewJob, here: bool) -> Result<Created, StoreError> {
        if self.room.get() == 0 {
            return Err(full());
        }
        let subjects = &self.engine.subjects;
        let owner = here.then_some(self.node);
        let mut stored = Stored { record: job.record(Epoch::FIRST), owner, first: None, wrote: false, newest: 0 };
        let head = stored.head(subjects).map_err(contradiction)?.expects(subjects.tree(job.id), 0);
        let Some(key) = &job.idempotency else {
            return match self.write(&[head]).await {
                Ok(newest) => Ok(self.created(stored, newest)),
                Err(Refusal::Moved { unsure: true }) => self.created_or_taken(stored).await,
                Err(Refusal::Moved { unsure: false }) => Err(taken(job.id)),
                Err(Refusal::Failed(error)) => Err(error),
            };
        };
        let payload = Key::new(job.id, &key.body_digest).write().map_err(contradiction)?;
        let subject = subjects.key(&key.key);
        let mut expected = 0;
        let deadline = Instant::now() + PATIENCE;
        while Instant::now() < deadline {
            let mut write = Write::new(subject.clone(), payload.clone()).expects(subject.clone(), expected);
            write.lifetime = Some(KEY_LIFETIME + self.retention);
            match self.write(&[write, head.clone()]).await {
                Ok(newest) => return Ok(self.created(stored, newest)),
                Err(Refusal::Failed(error)) => return Err(error),
                Err(Refusal::Moved { unsure }) => match self.holder(&key.key).await? {
                    Some((holder, _, _)) if holder.job == job.id && unsure => {
                        return self.created_or_taken(stored).await;
                    }
                    Some((holder, _, true)) if holder.body_digest == key.body_digest => {
                        return Ok(Created::Existing(holder.job));
                    }
                    Some((holder, _, true)) => return Ok(Created::KeyConflict(holder.job)),
                    // Key and head are stored together, so the job of this key has been forgotten.
                    Some((_, sequence, false)) => expected = sequence,
                    None if self.newest(job.id).await?.is_some() => return Err(taken(job.id)),
                    None => expected = 0,
                },
            }
            stored.newest = 0;
        }
        Err(StoreError::timed_out(PATIENCE))
    }

    pub(super) async fn key_holder(&self, key: &str) -> Result<Option<KeyHolder>, StoreError> {
        Ok(self.holder(key).await?.and_then(|(holder, _, exists)| exists.then_some(holder)))
    }

    /// The holder of a key, the sequence of that message, and whether the job still exists.
    async fn holder(&self, key: &str) -> Result<Option<(KeyHolder, u64, bool)>, StoreError> {
        let subject = self.engine.subjects.key(key);
        let Some(message) = self.persist(|| self.engine.newest(&subject)).await? else { return Ok(None) };
        let (job, body_digest) = Key::read(&message.payload).map_err(StoreError::contradiction)?;
        let exists = self.newest(job).await?.is_some();
        Ok(Some((KeyHolder { job, body_digest }, message.sequence, exists)))
    }

    fn created(&self, mut stored: Stored, newest: u64) -> Created {
        (stored.newest, stored.first) = (newest, Some(newest));
        if stored.owner.is_none() { Created::Queued } else { Created::Mine(self.claimed(stored).0) }
    }

    /// After an attempt without an answer a job of this id exists: it is that attempt's. Others may have claimed it
    /// meanwhile.
    async fn created_or_taken(&self, stored: Stored) -> Result<Created, StoreError> {
        let Some(found) = self.read(stored.record.head.id).await? else { return Ok(Created::Queued) };
        let ours = found.owner.is_some() && found.owner == stored.owner && found.record == stored.record;
        Ok(if ours { Created::Mine(self.claimed(found).0) } else { Created::Queued })
    }
}

fn taken(id: JobId) -> StoreError {
    StoreError::contradiction(format!("{id} exists already"))
}
