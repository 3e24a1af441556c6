//! The readers waiting for a feed to change.

use std::task::{Context, Waker};

/// One slot per open subscription, reused after it closes. The cost of waking depends on the waiting readers, not on
/// how many are or were open.
#[derive(Debug, Default)]
pub(super) struct Readers {
    slots: Vec<Slot>,
    free: Vec<usize>,
    /// The listed slots, including those closed since.
    waiting: Vec<usize>,
}

#[derive(Debug, Default)]
struct Slot {
    waker: Option<Waker>,
    listed: bool,
}

impl Readers {
    pub(super) fn open(&mut self) -> usize {
        self.free.pop().unwrap_or_else(|| {
            self.slots.push(Slot::default());
            self.slots.len() - 1
        })
    }

    pub(super) fn close(&mut self, key: usize) {
        self.slots[key].waker = None;
        self.free.push(key);
        if self.free.len() == self.slots.len() {
            *self = Self::default();
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.slots.is_empty()
    }

    /// Registers this reader to be woken at the next change.
    pub(super) fn wait(&mut self, key: usize, context: &Context<'_>) {
        let slot = &mut self.slots[key];
        match &mut slot.waker {
            Some(waker) => waker.clone_from(context.waker()),
            none => *none = Some(context.waker().clone()),
        }
        if !slot.listed {
            slot.listed = true;
            self.waiting.push(key);
        }
    }

    /// Takes the wakers of all waiting readers, each once. A reader whose connection accepts no data is not woken again
    /// before it polls. Wake them after unlocking the feed: locking it is the first thing they do.
    pub(super) fn take_waiting(&mut self) -> Vec<Waker> {
        let slots = &mut self.slots;
        let wakers = self.waiting.drain(..).filter_map(|key| {
            slots[key].listed = false;
            slots[key].waker.take()
        });
        wakers.collect()
    }
}
