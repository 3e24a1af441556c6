//! `sse.max_connections`: how many event streams may be open at once.

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// One slot for each event stream that may be open, shared by all workers.
#[derive(Debug, Clone)]
pub struct StreamSlots(Arc<Semaphore>);

/// Permission to keep one event stream open. The stream owns it, and dropping it frees the slot.
pub(super) type StreamSlot = OwnedSemaphorePermit;

impl StreamSlots {
    /// Creates `limit` slots; 0 means no limit.
    pub fn new(limit: usize) -> Self {
        let slots = if limit == 0 { Semaphore::MAX_PERMITS } else { limit.min(Semaphore::MAX_PERMITS) };
        Self(Arc::new(Semaphore::new(slots)))
    }

    /// A slot, or `None` if all are taken.
    pub(super) fn take(&self) -> Option<StreamSlot> {
        Arc::clone(&self.0).try_acquire_owned().ok()
    }
}

#[cfg(test)]
mod tests {
    use std::panic::{AssertUnwindSafe, catch_unwind};

    use super::*;

    #[test]
    fn a_slot_is_free_again_once_its_holder_is_dropped_or_has_panicked() {
        let slots = StreamSlots::new(2);
        let (first, _second) = (slots.take().expect("a slot"), slots.take().expect("another"));
        assert!(slots.take().is_none(), "both are taken");
        drop(first);
        let third = slots.take().expect("the first one's");
        let panicked = catch_unwind(AssertUnwindSafe(move || {
            let _held = third;
            panic!("a fault for this test");
        }));
        assert!(panicked.is_err());
        assert!(slots.take().is_some());
    }

    #[test]
    fn without_a_limit_a_slot_is_always_free() {
        let slots = StreamSlots::new(0);
        let held: Vec<_> = (0..1000).map_while(|_| slots.take()).collect();
        assert_eq!(held.len(), 1000);
    }
}
