//! A draft, from the beginning or from where an interrupted run stopped.

use crate::{
    banks::Banks,
    block::{Block, Part},
    composer::Composer,
    order::Order,
};

/// The blocks of one draft, at most a few kilobytes each, generated on demand.
#[derive(Debug)]
pub struct Draft {
    composer: Composer,
    /// What an interrupted run has written; emptied once the draft has passed the end of it.
    written: String,
    /// Total bytes of the blocks so far.
    position: usize,
    state: State,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// The blocks so far match the written text.
    Following,
    /// Another version wrote the text. The draft continues with the first whole block past its length.
    Lost,
    /// Past the written text.
    Writing,
}

impl Draft {
    pub(crate) fn new(banks: &'static Banks, order: &Order<'_>) -> Self {
        Self::resumed(banks, order, String::new())
    }

    pub(crate) fn resumed(banks: &'static Banks, order: &Order<'_>, written: String) -> Self {
        Self { composer: Composer::new(banks, order), written, position: 0, state: State::Following }
    }

    /// The part of `text`, which starts at byte `before`, that is still to be written.
    fn rest(&mut self, before: usize, text: String, part: Part) -> String {
        let rest = self.written.get(before..).unwrap_or_default();
        if self.state == State::Following && rest.starts_with(&text) {
            return String::new();
        }
        if self.state == State::Following && text.starts_with(rest) {
            let more = text[rest.len()..].to_owned();
            self.begin();
            return more;
        }
        self.state = State::Lost;
        if before < self.written.len() && part != Part::Ending {
            return String::new();
        }
        let separator = match (self.written.ends_with("\n\n"), self.written.ends_with('\n')) {
            (true, _) => "",
            (false, true) => "\n",
            (false, false) => "\n\n",
        };
        self.begin();
        format!("{separator}{text}")
    }

    fn begin(&mut self) {
        self.state = State::Writing;
        self.written = String::new();
    }
}

impl Iterator for Draft {
    type Item = Block;

    /// The next block. Skipping a block that was written before costs as much as generating it.
    fn next(&mut self) -> Option<Block> {
        let Block { part, text } = self.composer.next()?;
        let before = self.position;
        self.position += text.len();
        let text = if self.state == State::Writing { text } else { self.rest(before, text, part) };
        Some(Block { part, text })
    }
}
