//! Counters over all feeds of the process, since it started.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// Shared by every feed; each figure only grows, except the open subscriptions.
#[derive(Debug, Default)]
pub struct Meter {
    pub(super) published: AtomicU64,
    pub(super) delivered: AtomicU64,
    pub(super) coalesced: AtomicU64,
    open: AtomicU64,
    peak: AtomicU64,
    opened: AtomicU64,
}

/// The counters at one moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reading {
    /// Events that jobs published.
    pub published: u64,
    /// Events handed to readers' connections.
    pub delivered: u64,
    /// Events that readers skipped because a newer one of the kind was there.
    pub coalesced: u64,
    /// Subscriptions open now.
    pub open: u64,
    /// The most that were open at once.
    pub peak: u64,
    /// All that were ever opened.
    pub opened: u64,
}

impl Meter {
    pub(super) fn subscribed(&self) {
        let open = self.open.fetch_add(1, Relaxed) + 1;
        self.peak.fetch_max(open, Relaxed);
        self.opened.fetch_add(1, Relaxed);
    }

    pub(super) fn unsubscribed(&self) {
        self.open.fetch_sub(1, Relaxed);
    }

    /// The counters now; they are read one after the other, so they may be apart by what happens meanwhile.
    pub fn read(&self) -> Reading {
        Reading {
            published: self.published.load(Relaxed),
            delivered: self.delivered.load(Relaxed),
            coalesced: self.coalesced.load(Relaxed),
            open: self.open.load(Relaxed),
            peak: self.peak.load(Relaxed),
            opened: self.opened.load(Relaxed),
        }
    }
}
