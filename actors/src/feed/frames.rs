//! Frames: the events of the current version as bytes, each encoded once and shared by all readers.

use std::sync::{Arc, OnceLock};

use bytes::Bytes;

use super::event_id::EventId;
use crate::model::JobView;

/// Encodes events. Called without any lock held, once per frame, by the first reader that needs it.
pub trait FrameEncoder: Send + Sync + 'static {
    /// Encodes a progress event.
    fn progress(&self, id: EventId, view: &JobView) -> Bytes;

    /// Encodes a preview event.
    fn preview(&self, id: EventId, view: &JobView, text: PreviewText<'_>) -> Bytes;

    /// Encodes the terminal event, with the whole text.
    fn terminal(&self, id: EventId, view: &JobView, text: &str) -> Bytes;
}

/// The text of a preview.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PreviewText<'a> {
    /// The whole text.
    Full(&'a str),
    /// The text after an offset.
    Delta {
        /// The text from `offset` on.
        text: &'a str,
        /// Where the text begins, in UTF-16 units, as JavaScript counts.
        offset: usize,
    },
}

/// A kind of frame of the current version.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Progress,
    Full,
    /// The text from byte `from` on, which is UTF-16 unit `offset`.
    Delta {
        from: usize,
        offset: usize,
    },
    Terminal,
}

/// The most frames kept per version. Readers far behind each need a frame of their own; those are not kept.
const MAX_FRAMES: usize = 8;

type Cell = Arc<OnceLock<Bytes>>;

/// The frames of the current version that readers have requested.
#[derive(Debug, Default)]
pub(super) struct Frames(Vec<(Kind, u64, Cell)>);

impl Frames {
    pub(super) fn clear(&mut self) {
        self.0.clear();
    }

    pub(super) fn release(&mut self) {
        self.0 = Vec::new();
    }

    #[cfg(test)]
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// A frame that somebody has encoded already: what almost every reader finds.
    pub(super) fn encoded(&self, kind: Kind, seq: u64) -> Option<Bytes> {
        let (.., cell) = self.0.iter().find(|(kept, of, _)| (*kept, *of) == (kind, seq))?;
        cell.get().cloned()
    }

    /// Returns the cell of a frame; it is empty until a reader encodes the frame.
    pub(super) fn cell(&mut self, kind: Kind, seq: u64) -> Cell {
        if let Some((.., cell)) = self.0.iter().find(|(kept, of, _)| (*kept, *of) == (kind, seq)) {
            return Arc::clone(cell);
        }
        let cell = Cell::default();
        if self.0.len() < MAX_FRAMES {
            self.0.push((kind, seq, Arc::clone(&cell)));
        }
        cell
    }
}

/// A frame that is due to a reader.
pub(super) enum Due {
    Encoded(Bytes),
    Draft(Box<Draft>),
}

/// Everything needed to encode a frame, as it was under the lock. While a draft is alive, new text is appended to a
/// copy.
pub(super) struct Draft {
    pub cell: Cell,
    pub kind: Kind,
    pub id: EventId,
    pub view: Arc<JobView>,
    pub text: Arc<String>,
}

impl Due {
    /// Returns the bytes, encoding them if no reader has done so. Concurrent callers for the same frame wait for the
    /// first.
    pub(super) fn bytes(self, encoder: &dyn FrameEncoder) -> Bytes {
        match self {
            Self::Encoded(bytes) => bytes,
            Self::Draft(draft) => draft.cell.get_or_init(|| draft.encode(encoder)).clone(),
        }
    }
}

impl Draft {
    fn encode(&self, encoder: &dyn FrameEncoder) -> Bytes {
        let Self { id, view, text, .. } = self;
        match self.kind {
            Kind::Progress => encoder.progress(*id, view),
            Kind::Full => encoder.preview(*id, view, PreviewText::Full(text)),
            Kind::Delta { from, offset } => {
                encoder.preview(*id, view, PreviewText::Delta { text: &text[from..], offset })
            }
            Kind::Terminal => encoder.terminal(*id, view, text),
        }
    }
}
