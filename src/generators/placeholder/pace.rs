//! How fast words come.

use std::{
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use tokio::time::{Instant, Sleep, sleep_until};

/// Timers cost more than words: whatever falls due within this time comes at once.
const TICK: Duration = Duration::from_millis(10);

/// Lets so many words pass in a second. All are due by the moment of the first, so that delays never add up.
pub(super) struct Pace {
    words_per_second: u32,
    start: Option<Instant>,
    passed: u64,
    due: u64,
    timer: Option<Pin<Box<Sleep>>>,
}

impl Pace {
    /// 0 is as fast as they are asked for.
    pub(super) fn new(words_per_second: u32) -> Self {
        Self { words_per_second, start: None, passed: 0, due: 0, timer: None }
    }

    /// Ready once the next word is due; it is counted with [`Pace::passed`].
    pub(super) fn poll_due(&mut self, context: &mut Context<'_>) -> Poll<()> {
        if self.words_per_second == 0 || self.passed < self.due {
            return Poll::Ready(());
        }
        loop {
            let now = Instant::now();
            let start = *self.start.get_or_insert(now);
            self.due = 1 + due_after(now - start, self.words_per_second);
            if self.passed < self.due {
                return Poll::Ready(());
            }
            let at = (start + time_of(self.passed, self.words_per_second)).max(now + TICK);
            let timer = self.timer.get_or_insert_with(|| Box::pin(sleep_until(at)));
            timer.as_mut().reset(at);
            if timer.as_mut().poll(context).is_pending() {
                return Poll::Pending;
            }
        }
    }

    /// A word has been let through.
    pub(super) fn passed(&mut self) {
        self.passed += 1;
    }
}

fn due_after(elapsed: Duration, words_per_second: u32) -> u64 {
    (elapsed.as_nanos() * u128::from(words_per_second) / 1_000_000_000) as u64
}

/// When word `index` is due. Rounded up: a moment too early it would not be due yet.
fn time_of(index: u64, words_per_second: u32) -> Duration {
    let nanos = (u128::from(index) * 1_000_000_000).div_ceil(u128::from(words_per_second));
    Duration::from_nanos(nanos as u64)
}
