//! The writer that needs no model: placeholder scripts from phrase banks.
//!
//! An [`Order`] becomes a [`Draft`]: a laid-out script, made block by block, that says in its first lines that it is a
//! placeholder. It quotes the order's title and the sentences of its description whole and never takes them apart. People
//! have the names that the order clearly gives, else names from the bank. Audio drama has sounds and a narrator in place of
//! pictures.
//!
//! - **Language**: Korean if the description is mostly Hangul, else English.
//! - **Length**: within 10 % of the words ordered, from 50 words up. A shorter draft is as short as a title, the notice, one
//!   heading and an ending allow.
//! - **Determinism**: the same order gives the same text to the byte, on every platform. Every field of the order
//!   counts. The text changes when code or banks change; [`Draft::resumed`] copes with that.
//! - **Cost**: the banks are read once a process. A draft holds one block and costs microseconds a scene.
//!
//! The crate does no I/O and knows no clock; how the words are paced is the caller's.

mod banks;
mod block;
mod cast;
mod chance;
mod composer;
mod draft;
mod front;
mod language;
mod mention;
mod names;
mod order;
mod page;
mod particle;
mod pieces;
mod quote;
mod scene;
mod stock;
mod template;
#[cfg(test)]
mod tests;

pub use banks::BankError;
pub use block::{Block, Part};
pub use draft::Draft;
pub use order::Order;
pub use pieces::piece_len;

/// Writes drafts; there is one set of banks for all writers of a process.
#[derive(Debug, Clone, Copy)]
pub struct Writer(&'static banks::Banks);

impl Writer {
    /// A writer with the embedded banks, which are read on the first call.
    ///
    /// # Errors
    /// A bank is malformed; the error names the file and the line of text.
    pub fn new() -> Result<Self, &'static BankError> {
        banks::embedded().map(Self)
    }

    /// The whole draft of an order.
    pub fn draft(self, order: &Order<'_>) -> Draft {
        Draft::new(self.0, order)
    }

    /// What is left of an order's draft after `written`, which an interrupted run of the same order wrote.
    ///
    /// If `written` is the beginning of the draft, the rest follows to the character. If it is not (another version wrote
    /// it), the draft continues after a blank line with the first whole block beyond its length, and always gets the ending.
    pub fn resume(self, order: &Order<'_>, written: String) -> Draft {
        Draft::resumed(self.0, order, written)
    }
}
