//! Counters over all feeds since the process started.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// Shared by all feeds. Every counter only grows, except the open subscriptions.
#[derive(Debug, Default)]
pub struct Meter {
    pub(super) published: AtomicU64,
    pub(super) delivered: AtomicU64,
    pub(super) coalesced: AtomicU64,
    open: AtomicU64,
    peak: AtomicU64,
    opened: AtomicU64,
}

/// A snapshot of the counters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reading {
    /// Events published by jobs.
    pub published: u64,
    /// Events handed to readers' connections.
    pub delivered: u64,
    /// Events that readers skipped because a newer one of the same kind replaced them.
    pub coalesced: u64,
    /// Subscriptions open now.
    pub open: u64,
    /// The most subscriptions open at once.
    pub peak: u64,
    /// Subscriptions opened in total.
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

    /// Reads the counters. They are read one after another, so they may differ by what happens in between.
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
