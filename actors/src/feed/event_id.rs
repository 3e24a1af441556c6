//! Event ids: `{epoch}-{seq}`, `{epoch}-end`, `gone`.
//!
//! `seq` is `3 × version + part`. A version is one update of the feed. The part says how much of that version a reader
//! has once it has seen the event. A reader that is cut *between* two events of one version can therefore resume
//! without missing the second or receiving the first twice.

use std::str::FromStr;

use derive_more::Display;

use crate::model::Epoch;

/// How much of its version a reader has after an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Part {
    /// The progress of the version, but no text: the first event of a fresh start.
    ProgressOnly,
    /// The preview of the version, but not its progress.
    PreviewOnly,
    /// Everything up to and including the version.
    All,
}

/// A point within an epoch. The order is the sending order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Point {
    pub version: u64,
    pub part: Part,
}

impl Point {
    pub(super) fn all(version: u64) -> Self {
        Self { version, part: Part::All }
    }

    /// Returns the number used in the event id.
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

/// An event's id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Display)]
#[display("{epoch}-{seq}")]
pub struct EventId {
    /// The epoch the event belongs to.
    pub epoch: Epoch,
    /// Its number within the epoch.
    pub seq: u64,
}

/// The last id a reader has seen, as it reports it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LastEventId {
    /// An event of the job's stream.
    Event {
        /// The epoch the event belongs to.
        epoch: Epoch,
        /// Its number within the epoch.
        seq: u64,
    },
    /// The end mark, sent after the terminal event: the reader has everything.
    End(Epoch),
    /// The job was unknown when the reader last asked.
    Gone,
    /// Not an id of this service: the reader starts from the current state.
    Unreadable,
}

impl LastEventId {
    /// Parses an id sent by a client. Anything unknown is [`LastEventId::Unreadable`].
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

/// Accepts decimal digits only: `u64::from_str` alone would also accept a `+`.
fn number<T: FromStr>(text: &str) -> Option<T> {
    text.bytes().all(|b| b.is_ascii_digit()).then(|| text.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn ids_are_parsed_strictly() {
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
        fn parsing_any_text_does_not_panic(text in "\\PC*") {
            LastEventId::parse(&text);
        }

        #[test]
        fn points_have_the_order_of_their_numbers(a in 0u64..3000, b in 0u64..3000) {
            prop_assert_eq!(a.cmp(&b), Point::from_seq(a).cmp(&Point::from_seq(b)));
            prop_assert_eq!(Point::from_seq(a).seq(), a);
        }
    }
}
