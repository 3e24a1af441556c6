//! Frames: the events of the present version as bytes, encoded once for all who want them.

use std::sync::{Arc, OnceLock};

use bytes::Bytes;

use super::event_id::EventId;
use crate::model::JobView;

/// Makes the bytes of an event. Called outside every lock, for one frame once, by whoever wants it first.
pub trait FrameEncoder: Send + Sync + 'static {
    /// How far the job is.
    fn progress(&self, id: EventId, view: &JobView) -> Bytes;

    /// What it has written.
    fn preview(&self, id: EventId, view: &JobView, text: PreviewText<'_>) -> Bytes;

    /// How it ended, with the whole text.
    fn terminal(&self, id: EventId, view: &JobView, text: &str) -> Bytes;
}

/// The text of a preview.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PreviewText<'a> {
    /// All of it.
    Full(&'a str),
    /// What follows an offset.
    Delta {
        /// The text from there on.
        text: &'a str,
        /// Where it begins, as JavaScript counts (UTF-16).
        offset: usize,
    },
}

/// Which frame of the present version.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Progress,
    Full,
    /// From this byte on, which is this UTF-16 unit.
    Delta {
        from: usize,
        offset: usize,
    },
    Terminal,
}

/// Readers far behind each need a frame of their own; past this many kinds the frames are not kept.
const KEPT: usize = 8;

type Cell = Arc<OnceLock<Bytes>>;

/// The frames of the present version that somebody has wanted.
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

    /// The cell of a frame; empty until somebody has encoded it.
    pub(super) fn cell(&mut self, kind: Kind, seq: u64) -> Cell {
        if let Some((.., cell)) = self.0.iter().find(|(kept, of, _)| (*kept, *of) == (kind, seq)) {
            return Arc::clone(cell);
        }
        let cell = Cell::default();
        if self.0.len() < KEPT {
            self.0.push((kind, seq, Arc::clone(&cell)));
        }
        cell
    }
}

/// A frame that a reader is due.
pub(super) enum Due {
    Encoded(Bytes),
    Draft(Draft),
}

/// All that a frame is made from, as it was under the lock. While one is held, the next text is written into a copy.
pub(super) struct Draft {
    pub cell: Cell,
    pub kind: Kind,
    pub id: EventId,
    pub view: Arc<JobView>,
    pub text: Arc<String>,
}

impl Due {
    /// The bytes; encodes them if nobody has yet. Whoever wants the same frame meanwhile waits for it.
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
