//! Names of jobs, of their epochs and of the processes that run them.

use std::str::FromStr;

use derive_more::{Display, Error};
use uuid::Uuid;

/// `job_` and a random UUID in hex: unguessable and never reused, so that knowing it is the right to read it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Display)]
#[display("job_{}", _0.simple())]
pub struct JobId(Uuid);

/// The text is not a job id as this service writes them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Display, Error)]
#[display("not a job id: expected `job_` and 32 lower-case hex digits")]
pub struct InvalidJobId;

impl JobId {
    /// A new id, never given out before.
    #[expect(clippy::new_without_default, reason = "two defaults would differ")]
    pub fn new() -> Self {
        Self(Uuid::new_v4())
    }
}

impl FromStr for JobId {
    type Err = InvalidJobId;

    /// Accepts the one canonical spelling only: an id has one URL.
    fn from_str(text: &str) -> Result<Self, InvalidJobId> {
        let hex = text.strip_prefix("job_").ok_or(InvalidJobId)?;
        let canonical = hex.len() == 32 && hex.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
        if !canonical {
            return Err(InvalidJobId);
        }
        Uuid::try_parse(hex).map(Self).map_err(|_| InvalidJobId)
    }
}

/// Counts the owners that a job has had: 1 at first, one more after every restart or hand-over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Display)]
pub struct Epoch(pub u32);

impl Epoch {
    /// The epoch of a job that has just been accepted.
    pub const FIRST: Self = Self(1);
}

/// One run of one process; a restarted process is another node.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Display)]
#[display("{}", _0.simple())]
pub struct NodeId(pub Uuid);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_reads_back_as_itself() {
        let id = JobId::new();
        assert_eq!(id.to_string().parse(), Ok(id));
        assert_eq!(id.to_string().len(), "job_".len() + 32);
    }

    #[test]
    fn other_spellings_of_an_id_are_refused() {
        let id = JobId::new().to_string();
        for wrong in [
            "",
            "job_",
            "active",
            "_stats",
            "job_123",
            &id.to_uppercase(),
            &id.replace("job_", "job-"),
            &format!("{id}0"),
            &format!("job_{}", Uuid::nil().hyphenated()),
        ] {
            assert_eq!(wrong.parse::<JobId>(), Err(InvalidJobId), "{wrong}");
        }
    }
}
