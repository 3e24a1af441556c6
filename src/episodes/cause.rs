//! Error causes that say what was being done.

use std::error::Error;

use derive_more::{Display, Error};
use generation_actors::model::Cause;

/// An error, and what was being done when it occurred.
#[derive(Debug, Display, Error)]
#[display("{doing}")]
struct While {
    doing: String,
    #[error(source)]
    source: Box<dyn Error + Send + Sync>,
}

/// Wraps `source` with what was being done. Its display shows both.
pub(super) fn cause(doing: impl Into<String>, source: impl Into<Box<dyn Error + Send + Sync>>) -> Cause {
    Cause::new(While { doing: doing.into(), source: source.into() })
}

#[cfg(test)]
mod tests {
    use generation_actors::ports::EpisodeError;

    use super::*;

    #[test]
    fn an_error_keeps_its_sources_and_displays_all_of_them() {
        let error = EpisodeError::Unavailable(cause("http://store/x", std::io::Error::other("broken pipe")));
        assert_eq!(error.to_string(), "episode store unavailable: http://store/x: broken pipe");
        let mut sources = std::iter::successors(error.source(), |&error| error.source());
        assert!(sources.any(|source| source.is::<std::io::Error>()));
    }
}
