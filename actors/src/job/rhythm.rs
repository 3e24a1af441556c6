//! When a job must show text, write checkpoints and time out while it generates, as plain data. It has no timer and no
//! clock; times are arguments.
//!
//! Three things fall due: showing readers what is new, making the text durable, and the job's deadline. The actor arms
//! one timer for the earliest. None of the three ever moves to an earlier time, so the timer is re-armed only after it
//! has fired. While there is text to make durable, more text delays only the next preview. So no model, however fast or
//! in step with the timer, can delay the other two.

use std::time::Duration;

use tokio::time::Instant;

/// A timer that fires less than this late counts as on time.
const SLACK: Duration = Duration::from_millis(5);

/// The due times of one job.
#[derive(Debug, Clone, Copy)]
pub(super) struct Rhythm {
    preview_interval: Duration,
    checkpoint_interval: Duration,
    /// New text may be shown from this time on.
    preview: Instant,
    /// When any change is shown, text or not; never before `preview`.
    show: Instant,
    checkpoint: Instant,
    deadline: Instant,
    /// Whether any text has been shown.
    written: bool,
}

/// What is due at a given time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Due {
    pub show: bool,
    pub checkpoint: bool,
    /// The job's deadline has passed.
    pub end: bool,
}

impl Rhythm {
    /// Creates the due times of a job that starts generating `now` and has `timeout` to finish. Its first text may be
    /// shown immediately.
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

    /// When the timer must fire; never earlier than an earlier call returned.
    pub(super) fn next(&self) -> Instant {
        self.show.min(self.checkpoint).min(self.deadline)
    }

    /// Whether new text may be shown without waiting for the timer. Otherwise each word of a model slower than the
    /// preview interval would be held back for half an interval.
    pub(super) fn may_show_text(&self, now: Instant) -> bool {
        self.preview <= now
    }

    /// Notes that readers were shown the current state; `with_text` if that included new text.
    pub(super) fn shown(&mut self, now: Instant, with_text: bool) {
        if with_text {
            // A job has nothing to make durable before its first text. From then on previews and checkpoints fall due
            // together where their intervals allow, and wake the job once.
            if !std::mem::replace(&mut self.written, true) {
                self.checkpoint = now + self.checkpoint_interval;
            }
            self.preview = following(self.preview, now, self.preview_interval);
            self.show = self.preview;
        } else {
            self.show = following(self.show, now, self.preview_interval);
        }
    }

    /// Returns what is due. A due checkpoint counts as made; report shown text with [`Rhythm::shown`].
    pub(super) fn due(&mut self, now: Instant) -> Due {
        let due = Due { show: self.show <= now, checkpoint: self.checkpoint <= now, end: self.deadline <= now };
        if due.checkpoint {
            self.checkpoint = following(self.checkpoint, now, self.checkpoint_interval);
        }
        due
    }
}

/// When something due at `due` and done `now` is due again. Timers fire late: counting from `now`, previews would fall
/// behind a model that writes at the same interval.
fn following(due: Instant, now: Instant, interval: Duration) -> Instant {
    let late = now.checked_duration_since(due);
    let in_time = late.is_some_and(|late| late < SLACK.min(interval / 4));
    if in_time { due + interval } else { now + interval }
}

#[cfg(test)]
#[path = "rhythm_tests.rs"]
mod tests;
