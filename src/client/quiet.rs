//! A waker for two futures that are polled together and wake each other.
//!
//! When a connection hands a chunk to its body, it wakes the body's reader. When the reader takes the chunk, it wakes
//! the connection. Both run in the task that is already running, so each chunk would poll that task once more for
//! nothing, at about a microsecond of CPU.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU8, Ordering::AcqRel, Ordering::Acquire, Ordering::Release},
    },
    task::{Context, Poll, Wake, Waker},
};

use futures_util::task::AtomicWaker;

const IDLE: u8 = 0;
const POLLING: u8 = 1;
/// Woken while being polled.
const WOKEN: u8 = 2;

/// Forwards wakes, except those that arrive while its own task polls and makes progress: that task polls again anyway.
#[derive(Debug)]
pub(super) struct Quiet {
    wakes: Arc<Wakes>,
    waker: Waker,
}

#[derive(Debug, Default)]
struct Wakes {
    task: AtomicWaker,
    state: AtomicU8,
}

impl Default for Quiet {
    fn default() -> Self {
        let wakes = Arc::<Wakes>::default();
        Self { waker: Arc::clone(&wakes).into(), wakes }
    }
}

impl Quiet {
    /// Polls once. A caller that gets `Ready` must poll again before it waits, as with streams.
    pub(super) fn poll<T>(&self, cx: &mut Context<'_>, poll: impl FnOnce(&mut Context<'_>) -> Poll<T>) -> Poll<T> {
        self.wakes.task.register(cx.waker());
        self.wakes.state.store(POLLING, Release);
        let polled = poll(&mut Context::from_waker(&self.waker));
        let woken = self.wakes.state.swap(IDLE, AcqRel) == WOKEN;
        if woken && polled.is_pending() {
            cx.waker().wake_by_ref();
        }
        polled
    }
}

impl Wake for Wakes {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        // One atomic step, so that a wake from another thread is seen either by the poll that is ending or by the task.
        if let Err(IDLE) = self.state.compare_exchange(POLLING, WOKEN, AcqRel, Acquire) {
            self.task.wake();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicUsize;

    use super::*;

    #[derive(Default)]
    struct Count(AtomicUsize);

    impl Wake for Count {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, AcqRel);
        }
    }

    #[test]
    fn only_wakes_that_no_poll_handles_are_forwarded() {
        let (quiet, count) = (Quiet::default(), Arc::<Count>::default());
        let waker = Waker::from(Arc::clone(&count));
        let mut cx = Context::from_waker(&waker);
        let mut kept = None;
        let mut poll = |wakes: bool, outcome: Poll<()>| {
            let polled = quiet.poll(&mut cx, |cx| {
                if wakes {
                    cx.waker().wake_by_ref();
                }
                kept = Some(cx.waker().clone());
                outcome
            });
            (polled, count.0.load(Acquire))
        };
        assert_eq!(poll(true, Poll::Ready(())), (Poll::Ready(()), 0));
        assert_eq!(poll(false, Poll::Pending), (Poll::Pending, 0), "the earlier wake is forgotten");
        assert_eq!(poll(true, Poll::Pending), (Poll::Pending, 1));
        kept.expect("a waker").wake();
        assert_eq!(count.0.load(Acquire), 2, "a wake between two polls");
    }
}
