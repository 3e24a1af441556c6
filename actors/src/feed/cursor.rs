//! Where a reader is, and what it still needs.

use super::event_id::{LastEventId, Part, Point};
use crate::model::Epoch;

/// How a reader wants its previews.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum PreviewMode {
    /// The whole text each time, as the original has it.
    #[default]
    Full,
    /// What is new, with its offset.
    Delta,
}

/// Where a subscription starts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Resume {
    /// From the present state.
    Fresh,
    /// After the event with this number in the feed's own epoch.
    After(u64),
}

/// How a connection to a known job begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Opening {
    /// With events.
    Subscribe(Resume),
    /// The reader has the terminal event: one heartbeat with the end mark, then a clean end.
    MarkEnd,
    /// The reader has the end mark: 204, which makes every client stop.
    Stop,
}

impl Opening {
    /// Decides by what the reader saw last; `newest` is the number of the newest event, `ended` whether that is terminal.
    pub(super) fn decide(last: Option<LastEventId>, epoch: Epoch, newest: u64, ended: bool) -> Self {
        match last {
            Some(LastEventId::Event { epoch: seen, seq }) if seen == epoch && seq <= newest => {
                if ended && seq == newest { Self::MarkEnd } else { Self::Subscribe(Resume::After(seq)) }
            }
            Some(LastEventId::End(seen)) if seen == epoch && ended => Self::Stop,
            _ => Self::Subscribe(Resume::Fresh),
        }
    }
}

/// What a reader has: the versions of progress and preview it has seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Cursor {
    /// Nothing has been sent or seen yet.
    pub fresh: bool,
    /// The newest version whose progress it has.
    pub progress: u64,
    /// The newest version whose preview it has.
    pub preview: u64,
}

impl Cursor {
    pub(super) const FRESH: Self = Self { fresh: true, progress: 0, preview: 0 };

    pub(super) fn after(seq: u64) -> Self {
        let Point { version, part } = Point::from_seq(seq);
        match part {
            Part::ProgressOnly => Self { fresh: false, progress: version, preview: 0 },
            // It was due a progress event as well, whichever is the newest now.
            Part::PreviewOnly => Self { fresh: false, progress: 0, preview: version },
            Part::All => Self { fresh: false, progress: version, preview: version },
        }
    }

    /// Everything there was at `version` has been seen.
    pub(super) fn caught_up(version: u64) -> Self {
        Self { fresh: false, progress: version, preview: version }
    }
}
