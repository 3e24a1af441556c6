//! What a job has to do by the clock while it generates, as plain data: no timer and no clock in here, times are arguments.
//!
//! Three things fall due: readers are shown what is new, the text is made durable, the job's own time is over. The shell arms
//! one timer for the earliest. None of the three ever moves to an earlier time, so the timer has to be armed again only once
//! it has fired; and while there is text to be made durable, more of it moves nothing but the time to show, so no model,
//! however fast or however much in step, keeps the other two from falling due.

use std::time::Duration;

use tokio::time::Instant;

/// What comes so late still counts as in time.
const SLACK: Duration = Duration::from_millis(5);

/// The due times of one job.
#[derive(Debug, Clone, Copy)]
pub(super) struct Rhythm {
    preview_interval: Duration,
    checkpoint_interval: Duration,
    /// From here on text is shown as soon as there is some.
    preview: Instant,
    /// Whatever has changed is shown here, text or not; never before `preview`.
    show: Instant,
    checkpoint: Instant,
    deadline: Instant,
    /// Whether there has been text to show.
    written: bool,
}

/// What is due at one moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Due {
    pub show: bool,
    pub checkpoint: bool,
    /// The job's time is over.
    pub end: bool,
}

impl Rhythm {
    /// Of a job that begins to generate `now` and has `timeout` for it. Its first text may be shown at once.
    pub(super) fn new(
        now: Instant,
        preview_interval: Duration,
        checkpoint_interval: Duration,
        timeout: Duration,
    ) -> Self {
        Self {
            preview_interval,
            checkpoint_interval,
            preview: now,
            show: now + preview_interval,
            checkpoint: now + checkpoint_interval,
            deadline: now + timeout,
            written: false,
        }
    }

    /// When the timer has to fire; never earlier than what this said before.
    pub(super) fn next(&self) -> Instant {
        self.show.min(self.checkpoint).min(self.deadline)
    }

    /// Whether new text may be shown without waiting for the timer: a model that is slower than the preview interval would
    /// have each of its words held back for half an interval.
    pub(super) fn may_show_text(&self, now: Instant) -> bool {
        self.preview <= now
    }

    /// Readers have been shown the present state, `with_text` if there was new text in it.
    pub(super) fn shown(&mut self, now: Instant, with_text: bool) {
        if with_text {
            // Before its first text a job has nothing to make durable. From there on the two rhythms are one where their
            // intervals allow it, and wake the job together.
            if !std::mem::replace(&mut self.written, true) {
                self.checkpoint = now + self.checkpoint_interval;
            }
            self.preview = following(self.preview, now, self.preview_interval);
            self.show = self.preview;
        } else {
            self.show = following(self.show, now, self.preview_interval);
        }
    }

    /// What is due. A checkpoint that is due counts as made; what is shown is reported with [`Rhythm::shown`].
    pub(super) fn due(&mut self, now: Instant) -> Due {
        let due = Due { show: self.show <= now, checkpoint: self.checkpoint <= now, end: self.deadline <= now };
        if due.checkpoint {
            self.checkpoint = following(self.checkpoint, now, self.checkpoint_interval);
        }
        due
    }
}

/// When something is due again that was due at `due` and is done `now`. Timers fire late: counting from there, a rhythm would
/// fall behind a model that writes in the same one.
fn following(due: Instant, now: Instant, interval: Duration) -> Instant {
    let late = now.checked_duration_since(due);
    let in_time = late.is_some_and(|late| late < SLACK.min(interval / 4));
    if in_time { due + interval } else { now + interval }
}

#[cfg(test)]
#[path = "rhythm_tests.rs"]
mod tests;
