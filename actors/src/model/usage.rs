//! What a run of a model cost.

/// Tokens of one run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Usage {
    /// Tokens of the script.
    pub completion_tokens: u64,
    /// False when the provider sent none and this is an estimate.
    pub measured: bool,
}
