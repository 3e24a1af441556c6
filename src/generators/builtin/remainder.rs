//! What is left to write of a draft that was begun before.

use generation_actors::model::Step;

use super::composer::{Block, Composer};

/// The blocks of a draft after what is written already.
///
/// What a draft of this same brief had written is the beginning of its text, and the rest follows to the character. A
/// text that is no such beginning (another version wrote it) goes on with the first whole scene beyond its length, and
/// always gets the ending.
pub(super) struct Remainder {
    composer: Composer,
    next: Option<Block>,
    written: String,
    /// Bytes of the blocks so far.
    position: usize,
    is_ours: bool,
    is_begun: bool,
}

/// One step towards the next block.
pub(super) enum Found {
    /// To be written next; not empty.
    Block(Step, String),
    /// That much was written before; ask again.
    Skipped,
    /// All is written.
    Nothing,
}

impl Remainder {
    pub(super) fn new(mut composer: Composer, written: String) -> Self {
        let next = composer.next();
        Self { composer, next, written, position: 0, is_ours: true, is_begun: false }
    }

    /// Makes one block at most, so that whoever resumes a long draft need not make all of it in one go.
    pub(super) fn find(&mut self) -> Found {
        let Some(Block { step, text }) = self.next.take() else { return Found::Nothing };
        self.next = self.composer.next();
        let is_last = self.next.is_none();
        let before = self.position;
        self.position += text.len();
        if before >= self.written.len() && (self.is_ours || self.is_begun) {
            return Found::Block(step, text);
        }
        let rest = self.written.get(before..).unwrap_or_default();
        if self.is_ours && text.starts_with(rest) {
            let more = &text[rest.len()..];
            return if more.is_empty() { Found::Skipped } else { Found::Block(step, more.to_owned()) };
        }
        if self.is_ours && rest.starts_with(&text) {
            return Found::Skipped;
        }
        self.is_ours = false;
        if before < self.written.len() && !is_last {
            return Found::Skipped;
        }
        self.is_begun = true;
        Found::Block(step, format!("{}{text}", separator(&self.written)))
    }
}

/// What makes a blank line after `text`.
fn separator(text: &str) -> &'static str {
    match (text.ends_with("\n\n"), text.ends_with('\n')) {
        (true, _) => "",
        (false, true) => "\n",
        (false, false) => "\n\n",
    }
}
