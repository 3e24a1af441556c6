//! The supported languages.

use derive_more::Display;

/// The language of the sentences about a job (not of its script).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Display)]
pub enum Locale {
    /// Korean, the default, as in the original.
    #[default]
    #[display("ko")]
    Ko,
    /// English, for creators who ask for it with `Accept-Language: en`.
    #[display("en")]
    En,
}
