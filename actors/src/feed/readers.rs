//! Who is waiting for a feed to change.

use std::task::{Context, Waker};

/// One slot per open subscription, reused after it closes. Waking costs what is waiting, not what is or was open.
#[derive(Debug, Default)]
pub(super) struct Readers {
    slots: Vec<Slot>,
    free: Vec<usize>,
    /// The slots that are listed; those that have closed since among them.
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

    /// Wakes this reader at the next change.
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

    /// Who is to be woken, once each: a reader whose connection takes nothing is not woken again before it has looked. To be
    /// woken when the feed is not locked any more, for that is what they want first.
    pub(super) fn take_waiting(&mut self) -> Vec<Waker> {
        let slots = &mut self.slots;
        let wakers = self.waiting.drain(..).filter_map(|key| {
            slots[key].listed = false;
            slots[key].waker.take()
        });
        wakers.collect()
    }
}
