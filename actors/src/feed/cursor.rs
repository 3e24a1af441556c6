//! A reader's position in a feed, and how a connection starts from it.

use super::event_id::{LastEventId, Part, Point};
use crate::model::Epoch;

/// The form of a reader's previews.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum PreviewMode {
    /// The whole text each time, as in the original service.
    #[default]
    Full,
    /// Only the new text, with its offset.
    Delta,
}

/// Where a subscription starts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Resume {
    /// From the current state.
    Fresh,
    /// After the event with this number in the feed's own epoch.
    After(u64),
    /// After this event of a later epoch, which the feed does not show yet: from its successor.
    Ahead(LastEventId),
}

/// How a connection to a known job starts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Opening {
    /// Send events.
    Subscribe(Resume),
    /// The reader has the terminal event: send one heartbeat with the end mark, then end cleanly.
    MarkEnd,
    /// The reader has the end mark: answer 204, which makes every client stop.
    Stop,
}

impl Opening {
    /// Decides by the last id the reader saw. `newest` is the number of the newest event; `ended` says whether that
    /// event is terminal. A feed that `lags` repeats another node's: what a reader saw there may still come, and must not be
    /// sent again.
    pub(super) fn decide(last: Option<LastEventId>, epoch: Epoch, newest: u64, ended: bool, lags: bool) -> Self {
        match last {
            Some(ahead @ LastEventId::Event { epoch: seen, .. }) if lags && seen > epoch => {
                Self::Subscribe(Resume::Ahead(ahead))
            }
            Some(LastEventId::Event { epoch: seen, seq }) if seen == epoch && (lags || seq <= newest) => {
                if ended && seq == newest { Self::MarkEnd } else { Self::Subscribe(Resume::After(seq)) }
            }
            Some(LastEventId::End(seen)) if seen == epoch && ended => Self::Stop,
            _ => Self::Subscribe(Resume::Fresh),
        }
    }
}

/// The versions of progress and preview that a reader has seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Cursor {
    /// The reader has seen nothing yet.
    pub fresh: bool,
    /// The newest version whose progress the reader has seen.
    pub progress: u64,
    /// The newest version whose preview the reader has seen.
    pub preview: u64,
}

impl Cursor {
    pub(super) const FRESH: Self = Self { fresh: true, progress: 0, preview: 0 };

    pub(super) fn after(seq: u64) -> Self {
        let Point { version, part } = Point::from_seq(seq);
        match part {
            Part::ProgressOnly => Self { fresh: false, progress: version, preview: 0 },
            // The reader was also due a progress event; send the newest one, whichever that is now.
            Part::PreviewOnly => Self { fresh: false, progress: 0, preview: version },
            Part::All => Self { fresh: false, progress: version, preview: version },
        }
    }

    /// The reader has seen everything up to `version`.
    pub(super) fn caught_up(version: u64) -> Self {
        Self { fresh: false, progress: version, preview: version }
    }
}
