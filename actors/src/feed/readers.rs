//! Who is waiting for a feed to change.

use std::task::{Context, Waker};

/// One slot per open subscription, reused after it closes.
#[derive(Debug, Default)]
pub(super) struct Readers {
    slots: Vec<Slot>,
    free: Vec<usize>,
}

#[derive(Debug)]
enum Slot {
    Free,
    Open(Option<Waker>),
}

impl Readers {
    pub(super) fn open(&mut self) -> usize {
        let slot = Slot::Open(None);
        match self.free.pop() {
            Some(key) => {
                self.slots[key] = slot;
                key
            }
            None => {
                self.slots.push(slot);
                self.slots.len() - 1
            }
        }
    }

    pub(super) fn close(&mut self, key: usize) {
        self.slots[key] = Slot::Free;
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
        if let Slot::Open(waker) = &mut self.slots[key] {
            match waker {
                Some(waker) => waker.clone_from(context.waker()),
                None => *waker = Some(context.waker().clone()),
            }
        }
    }

    pub(super) fn wake_all(&self) {
        for slot in &self.slots {
            if let Slot::Open(Some(waker)) = slot {
                waker.wake_by_ref();
            }
        }
    }
}
