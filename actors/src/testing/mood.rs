//! The behavior of a fake port, which the test can change at any time.

use std::{collections::HashMap, hash::Hash};

use tokio::sync::watch;

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Mood {
    #[default]
    Works,
    Fails,
    /// Refuses for good.
    Refuses,
    /// Fails until an operator fixes something.
    Misconfigured,
    /// Answers once the mood changes.
    Hangs,
    Panics,
}

/// A mood for each operation.
pub(crate) struct Moods<O>(watch::Sender<HashMap<O, Mood>>);

impl<O> Default for Moods<O> {
    fn default() -> Self {
        Self(watch::Sender::new(HashMap::new()))
    }
}

impl<O: Copy + Eq + Hash> Moods<O> {
    pub(crate) fn set(&self, operation: O, mood: Mood) {
        self.0.send_modify(|moods| {
            moods.insert(operation, mood);
        });
    }

    /// Waits for and returns the mood in which to answer `operation`.
    pub(crate) fn current(&self, operation: O) -> impl Future<Output = Mood> + use<O> {
        let mut moods = self.0.subscribe();
        async move {
            loop {
                match moods.borrow_and_update().get(&operation).copied().unwrap_or_default() {
                    Mood::Hangs => {}
                    Mood::Panics => panic!("this port panics because the test wants it to"),
                    mood => return mood,
                }
                // The sender is dropped when the test ends.
                if moods.changed().await.is_err() {
                    return Mood::Fails;
                }
            }
        }
    }
}
