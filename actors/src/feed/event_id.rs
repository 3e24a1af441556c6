//! Event ids: `{epoch}-{seq}`, `{epoch}-end`, `gone`.
//!
//! `seq` is `3 × version + part`. A version is one update of the feed; the part says how much of that version
//! a reader has once it has seen the event. With it a reader that is cut *between* two events of one version resumes
//! without missing the other and without seeing the first again.

use std::str::FromStr;

use derive_more::Display;

use crate::model::Epoch;

/// How much of its version an event completes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Part {
    /// The progress of that version and no text at all: the first event of a fresh start.
    ProgressOnly,
    /// The preview of that version, but not its progress.
    PreviewOnly,
    /// Everything there was at that version.
    All,
}

/// A point within an epoch, ordered as events are sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Point {
    pub version: u64,
    pub part: Part,
}

impl Point {
    pub(super) fn all(version: u64) -> Self {
        Self { version, part: Part::All }
    }

    /// The number in the event's id.
    pub(super) fn seq(self) -> u64 {
        self.version * 3 + self.part as u64
    }

    pub(super) fn from_seq(seq: u64) -> Self {
        let part = match seq % 3 {
            0 => Part::ProgressOnly,
            1 => Part::PreviewOnly,
            _ => Part::All,
        };
        Self { version: seq / 3, part }
    }
}

/// The id of an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Display)]
#[display("{epoch}-{seq}")]
pub struct EventId {
    /// The epoch it belongs to.
    pub epoch: Epoch,
    /// Its number there.
    pub seq: u64,
}

/// What a reader says it saw last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LastEventId {
    /// An event of the job's stream.
    Event {
        /// The epoch it belongs to.
        epoch: Epoch,
        /// Its number there.
        seq: u64,
    },
    /// The mark after the terminal event: the reader has everything.
    End(Epoch),
    /// The job was unknown when the reader last asked.
    Gone,
    /// Not an id of this service: the reader starts afresh.
    Unreadable,
}

impl LastEventId {
    /// Reads an id as a client sends it back; anything unknown is [`LastEventId::Unreadable`].
    pub fn parse(text: &str) -> Self {
        if text == "gone" {
            return Self::Gone;
        }
        let Some((epoch, rest)) = text.split_once('-') else {
            return Self::Unreadable;
        };
        match (number::<u32>(epoch).map(Epoch), rest, number::<u64>(rest)) {
            (Some(epoch), "end", _) => Self::End(epoch),
            (Some(epoch), _, Some(seq)) => Self::Event { epoch, seq },
            _ => Self::Unreadable,
        }
    }
}

/// Decimal digits only: `u64::from_str` alone would take a `+`.
fn number<T: FromStr>(text: &str) -> Option<T> {
    text.bytes().all(|b| b.is_ascii_digit()).then(|| text.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn ids_are_read_strictly() {
        assert_eq!(LastEventId::parse("2-17"), LastEventId::Event { epoch: Epoch(2), seq: 17 });
        assert_eq!(LastEventId::parse("2-end"), LastEventId::End(Epoch(2)));
        assert_eq!(LastEventId::parse("gone"), LastEventId::Gone);
        for other in
            ["", "-", "2-", "-3", "+2-3", "2-+3", "a-end", "2-3-4", " 2-3", "99999999999-1", "2-99999999999999999999"]
        {
            assert_eq!(LastEventId::parse(other), LastEventId::Unreadable, "{other}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_read_without_panic(text in "\\PC*") {
            LastEventId::parse(&text);
        }

        #[test]
        fn points_are_ordered_as_their_numbers(a in 0u64..3000, b in 0u64..3000) {
            prop_assert_eq!(a.cmp(&b), Point::from_seq(a).cmp(&Point::from_seq(b)));
            prop_assert_eq!(Point::from_seq(a).seq(), a);
        }
    }
}
