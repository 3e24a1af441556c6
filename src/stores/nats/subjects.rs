//! The names of everything the service has on the engine.

use std::fmt::Write as _;

use generation_actors::model::{JobId, NodeId};
use ring::digest::{SHA256, digest};

/// All jobs are in one shard for now. The level is there from the start, since stored subjects cannot be renamed.
const SHARD: &str = "0";

/// The names under one prefix, so that several services can share an engine.
#[derive(Debug, Clone)]
pub(super) struct Subjects {
    prefix: String,
}

impl Subjects {
    pub(super) fn new(prefix: impl Into<String>) -> Self {
        Self { prefix: prefix.into() }
    }

    /// The stream of the jobs.
    pub(super) fn stream(&self) -> String {
        self.prefix.to_uppercase()
    }

    /// What the stream of the jobs holds.
    pub(super) fn stored(&self) -> Vec<String> {
        vec![format!("{}.*.job.*.*", self.prefix), format!("{}.*.key.*", self.prefix)]
    }

    /// The one message that says what is known of a job without reading its text.
    pub(super) fn head(&self, job: JobId) -> String {
        format!("{}.{SHARD}.job.{job}.head", self.prefix)
    }

    /// The pieces of a job's text.
    pub(super) fn text(&self, job: JobId) -> String {
        format!("{}.{SHARD}.job.{job}.text", self.prefix)
    }

    /// Matches everything of a job.
    pub(super) fn tree(&self, job: JobId) -> String {
        format!("{}.{SHARD}.job.{job}.*", self.prefix)
    }

    /// Matches the heads of all jobs.
    pub(super) fn heads(&self) -> String {
        format!("{}.*.job.*.head", self.prefix)
    }

    /// Where an idempotency key leads. A key may have any visible character, a subject may not.
    pub(super) fn key(&self, key: &str) -> String {
        let mut subject = format!("{}.{SHARD}.key.", self.prefix);
        for byte in digest(&SHA256, key.as_bytes()).as_ref() {
            write!(subject, "{byte:02x}").expect("strings can be written");
        }
        subject
    }

    /// The stream of the nodes.
    pub(super) fn nodes_stream(&self) -> String {
        format!("{}_NODES", self.stream())
    }

    /// A node's sign of life.
    pub(super) fn beat(&self, node: NodeId) -> String {
        format!("{}.node.{node}", self.prefix)
    }

    /// Matches the beats of all nodes.
    pub(super) fn beats(&self) -> String {
        format!("{}.node.*", self.prefix)
    }

    /// What a job's owner publishes. Nothing stores it.
    pub(super) fn live(&self, job: JobId) -> String {
        format!("{}.live.{job}", self.prefix)
    }

    /// Where a node is asked about the jobs it owns.
    pub(super) fn own(&self, node: NodeId) -> String {
        format!("{}.own.{node}", self.prefix)
    }

    /// Where the engine repeats each head that it has stored.
    pub(super) fn news(&self) -> String {
        format!("{}.head.*", self.prefix)
    }

    /// From a stored head's subject to the one where it is repeated.
    pub(super) fn republish(&self) -> (String, String) {
        (self.heads(), format!("{}.head.{{{{wildcard(2)}}}}", self.prefix))
    }
}

/// Whether a subject is that of a head.
pub(super) fn is_head(subject: &str) -> bool {
    subject.ends_with(".head")
}

/// The job that a subject of its tree belongs to.
pub(super) fn job_of(subject: &str) -> Option<JobId> {
    subject.split('.').rev().nth(1)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_subject_leads_back_to_its_job() {
        let (subjects, job) = (Subjects::new("gen"), JobId::new());
        for subject in [subjects.head(job), subjects.text(job)] {
            assert_eq!(job_of(&subject), Some(job));
        }
        assert!(is_head(&subjects.head(job)) && !is_head(&subjects.text(job)));
        assert_eq!(job_of("gen.0.key.abc"), None);
    }

    #[test]
    fn any_key_becomes_one_token() {
        let subjects = Subjects::new("gen");
        let (one, other) = (subjects.key("a.b > *"), subjects.key("a.b > ?"));
        assert_eq!((one.split('.').count(), one.len()), (4, "gen.0.key.".len() + 64));
        assert_ne!(one, other);
    }
}
