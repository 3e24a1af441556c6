//! The blocks that a draft consists of.

/// A piece of a draft that is generated as a whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Block {
    /// Its place in the draft.
    pub part: Part,
    /// Its text, which ends in a blank line except in the last block. Empty if a resumed draft already has all of it.
    pub text: String,
}

/// The place of a block in its draft.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// Title, notice, premise and cast.
    Front,
    /// A scene.
    Scene,
    /// The last of several scenes.
    LastScene,
    /// The closing text after the last scene.
    Ending,
}
