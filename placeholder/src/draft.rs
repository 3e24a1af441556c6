//! A draft, from its beginning or from where an interrupted run left it.

use crate::{banks::Banks, composer::Composer, order::Order};

/// A part of a draft that is made in one go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Block {
    /// Where in the draft it stands.
    pub part: Part,
    /// Its text, which for all but the last ends in a blank line; empty if a resumed draft has all of it already.
    pub text: String,
}

/// What a block is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// Title, notice, premise and cast.
    Front,
    /// A scene.
    Scene,
    /// The last of several scenes.
    LastScene,
    /// The end, after the last scene.
    Ending,
}

/// The blocks of one draft, at most a few kilobytes each, made as they are asked for.
#[derive(Debug)]
pub struct Draft {
    composer: Composer,
    /// What an interrupted run has written; emptied once all of it has been passed.
    written: String,
    /// Bytes of the blocks so far.
    position: usize,
    state: State,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// The blocks so far are what was written.
    Following,
    /// Another version wrote what is there; the next whole block beyond its length is to come.
    Lost,
    /// Beyond what was written.
    Writing,
}

impl Draft {
    pub(crate) fn new(banks: &'static Banks, order: &Order<'_>) -> Self {
        Self::resumed(banks, order, String::new())
    }

    pub(crate) fn resumed(banks: &'static Banks, order: &Order<'_>, written: String) -> Self {
        Self { composer: Composer::new(banks, order), written, position: 0, state: State::Following }
    }

    /// How much of `text`, which stands at `before`, is to be written still.
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

    /// The next block. Passing a block that was written before costs as much as making it.
    fn next(&mut self) -> Option<Block> {
        let Block { part, text } = self.composer.next()?;
        let before = self.position;
        self.position += text.len();
        let text = if self.state == State::Writing { text } else { self.rest(before, text, part) };
        Some(Block { part, text })
    }
}
