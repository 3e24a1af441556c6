//! What is counted and measured of the events that arrive.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant, SystemTime},
};

use super::{frames::Frame, samples::Samples};

/// Totals since the load began.
#[derive(Debug, Clone, Default)]
pub struct Counts {
    /// Streams that are open and have had an event.
    pub open: usize,
    /// Streams that ever were.
    pub opened: u64,
    /// Preview events.
    pub previews: u64,
    /// All of the responses, heads and chunk sizes too.
    pub bytes: u64,
    /// Streams that the server has ended.
    pub ended: u64,
    /// The newest id seen.
    pub last_id: Option<String>,
}

/// When each mark was published; all clones are the same.
#[derive(Debug, Clone, Default)]
pub struct Marks(Arc<Mutex<Vec<SystemTime>>>);

impl Marks {
    /// Notes that the next mark, counted from 0, is published now.
    pub fn publish(&self) -> u64 {
        let mut published = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        published.push(SystemTime::now());
        published.len() as u64 - 1
    }

    fn age(&self, mark: u64, arrived: SystemTime) -> Option<Duration> {
        let published = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        // A clock that was set back in between spoils the sample.
        arrived.duration_since(*published.get(usize::try_from(mark).ok()?)?).ok()
    }
}

/// What is measured of each event, besides being counted. Take what is there to begin anew.
#[derive(Debug, Default)]
pub struct Watch {
    /// From asking for a stream until its first event.
    pub openings: Samples,
    /// Between two previews of the same reader; only if it is there.
    pub gaps: Option<Samples>,
    /// From the publishing of a mark until the kernel has it for a reader; only if it is there, see [`super::Load::stamped`].
    pub latencies: Option<Samples>,
    /// The marks that are measured.
    pub marks: Marks,
}

/// What one reader has had.
#[derive(Debug)]
pub(super) struct Seen {
    asked: Instant,
    opened: bool,
    previewed: Option<Instant>,
    /// Of the newest preview.
    mark: Option<u64>,
}

impl Seen {
    pub(super) fn nothing_since(asked: Instant) -> Self {
        Self { asked, opened: false, previewed: None, mark: None }
    }

    /// Whether there has been an event.
    pub(super) fn is_open(&self) -> bool {
        self.opened
    }

    /// Counts an event that has arrived `now`.
    pub(super) fn take(&mut self, frame: &Frame<'_>, now: Instant, counts: &mut Counts, watch: &mut Watch) {
        if !self.opened {
            self.opened = true;
            counts.open += 1;
            counts.opened += 1;
            watch.openings.push(now.duration_since(self.asked));
        }
        if frame.name == "preview" {
            counts.previews += 1;
            let before = self.previewed.replace(now);
            if let (Some(gaps), Some(before)) = (&mut watch.gaps, before) {
                gaps.push(now.duration_since(before));
            }
            self.mark = frame.mark;
        }
        if let Some(id) = frame.id.filter(|id| counts.last_id.as_deref() != Some(id)) {
            counts.last_id = Some(id.to_owned());
        }
    }

    /// Measures the newest preview, whose last byte had `arrived` then; of those that were read with it that is not known.
    pub(super) fn measure(&mut self, arrived: Option<SystemTime>, watch: &mut Watch) {
        if let (Some(latencies), Some(mark), Some(arrived)) = (&mut watch.latencies, self.mark.take(), arrived) {
            watch.marks.age(mark, arrived).into_iter().for_each(|age| latencies.push(age));
        }
    }
}
