//! Names of models, and what they begin with.

use super::document::Refusal;
use super::parse::{self, text_of};
use super::value::Located;

/// A model's name, or what names begin with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ModelPattern {
    /// This very name.
    Exact(String),
    /// Every name that begins so; every name at all if empty.
    Prefix(String),
}

impl ModelPattern {
    /// Whether `model` is meant.
    pub fn matches(&self, model: &str) -> bool {
        match self {
            Self::Exact(name) => name == model,
            Self::Prefix(prefix) => model.starts_with(prefix.as_str()),
        }
    }

    /// The name, if the pattern matches only one.
    pub fn exact(&self) -> Option<&str> {
        match self {
            Self::Exact(name) => Some(name),
            Self::Prefix(_) => None,
        }
    }
}

/// As it is written: `name`, `prefix*`.
impl std::fmt::Display for ModelPattern {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Exact(name) => f.write_str(name),
            Self::Prefix(prefix) => write!(f, "{prefix}*"),
        }
    }
}

/// One or more patterns.
pub(super) fn patterns(located: &Located) -> Result<Vec<ModelPattern>, Refusal> {
    let patterns = parse::list(pattern)(located)?;
    if patterns.is_empty() {
        return Err(Refusal::of(located, "must name a model, or \"*\" for all"));
    }
    Ok(patterns)
}

fn pattern(located: &Located) -> Result<ModelPattern, Refusal> {
    let text = text_of(1..=128)(located)?;
    match text.split_once('*') {
        None => Ok(ModelPattern::Exact(text)),
        Some((prefix, "")) => Ok(ModelPattern::Prefix(prefix.into())),
        Some(_) => Err(Refusal::of(located, "'*' may stand only at the end")),
    }
}
