//! The token usage of a model run.

/// The token usage of one run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Usage {
    /// Tokens in the script.
    pub completion_tokens: u64,
    /// False if the provider sent no count and this is an estimate.
    pub measured: bool,
}
