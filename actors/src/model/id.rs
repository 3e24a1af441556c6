//! Ids of jobs, epochs and nodes.

use std::str::FromStr;

use derive_more::{Display, Error};
use uuid::Uuid;

/// `job_` and a random UUID in hex. Ids are unguessable and never reused, so knowing one grants the right to read its
/// job.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Display)]
#[display("job_{}", _0.simple())]
pub struct JobId(Uuid);

/// The text is not a job id in canonical form.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Display, Error)]
#[display("not a job id: expected `job_` and 32 lower-case hex digits")]
pub struct InvalidJobId;

impl JobId {
    /// Creates a new random id.
    #[expect(clippy::new_without_default, reason = "two defaults would differ")]
    pub fn new() -> Self {
        Self(Uuid::new_v4())
    }
}

impl FromStr for JobId {
    type Err = InvalidJobId;

    /// Accepts the canonical spelling only, so that each job has one URL.
    fn from_str(text: &str) -> Result<Self, InvalidJobId> {
        let hex = text.strip_prefix("job_").ok_or(InvalidJobId)?;
        let canonical = hex.len() == 32 && hex.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
        if !canonical {
            return Err(InvalidJobId);
        }
        Uuid::try_parse(hex).map(Self).map_err(|_| InvalidJobId)
    }
}

/// Counts a job's owners: 1 at first, one more after every restart or takeover.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Display)]
pub struct Epoch(pub u32);

impl Epoch {
    /// The epoch of a newly accepted job.
    pub const FIRST: Self = Self(1);
}

/// One run of one process. A restarted process is a new node.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Display)]
#[display("{}", _0.simple())]
pub struct NodeId(pub Uuid);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_displayed_id_parses_back() {
        let id = JobId::new();
        assert_eq!(id.to_string().parse(), Ok(id));
        assert_eq!(id.to_string().len(), "job_".len() + 32);
    }

    #[test]
    fn non_canonical_spellings_of_an_id_are_rejected() {
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
