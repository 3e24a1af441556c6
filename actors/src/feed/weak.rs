//! Feeds that are held by nobody but their readers.

use std::sync::{Arc, Weak};

use super::{Feed, publisher::Shared};

/// A feed that goes when nobody else holds it.
pub struct WeakFeed(Weak<Shared>);

impl WeakFeed {
    /// The feed, while somebody holds it.
    pub fn upgrade(&self) -> Option<Feed> {
        self.0.upgrade().map(Feed)
    }

    /// Whether somebody still holds it.
    pub fn is_held(&self) -> bool {
        self.0.strong_count() > 0
    }
}

impl Feed {
    /// The same feed, without keeping it.
    pub fn downgrade(&self) -> WeakFeed {
        WeakFeed(Arc::downgrade(&self.0))
    }
}
