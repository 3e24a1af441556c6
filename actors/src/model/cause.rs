//! The cause of an error, for the log.

use std::{
    error::Error,
    fmt::{self, Display, Formatter},
    sync::Arc,
};

/// An error from outside with all its sources. It is for operators and never leaves the service: it may quote what
/// another server sent. Clones share it.
#[derive(Debug, Clone)]
pub struct Cause(Arc<dyn Error + Send + Sync>);

impl Cause {
    /// Wraps an error, or a text where there is no error value.
    pub fn new(error: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self(Arc::from(error.into()))
    }
}

/// Prints the error and its sources, outermost first. A source that the error before it already quotes is left out.
impl Display for Cause {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        let mut said = self.0.to_string();
        formatter.write_str(&said)?;
        let mut source = self.0.source();
        while let Some(error) = source {
            let text = error.to_string();
            if !said.contains(&text) {
                write!(formatter, ": {text}")?;
            }
            said = text;
            source = error.source();
        }
        Ok(())
    }
}

impl Error for Cause {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&*self.0)
    }
}

impl From<&str> for Cause {
    fn from(text: &str) -> Self {
        Self::new(text)
    }
}

impl From<String> for Cause {
    fn from(text: String) -> Self {
        Self::new(text)
    }
}

/// Compares the printed texts.
impl PartialEq for Cause {
    fn eq(&self, other: &Self) -> bool {
        self.to_string() == other.to_string()
    }
}

impl Eq for Cause {}

#[cfg(test)]
mod tests {
    use derive_more::{Display, Error};

    use super::*;

    #[derive(Debug, Display, Error)]
    #[display("cannot save")]
    struct Outer(#[error(source)] std::io::Error);

    #[derive(Debug, Display, Error)]
    #[display("cannot save: {_0}")]
    struct Quoting(#[error(source)] std::io::Error);

    #[test]
    fn a_cause_prints_each_of_its_sources_once() {
        let disk = || std::io::Error::other("disk full");
        assert_eq!(Cause::new(Outer(disk())).to_string(), "cannot save: disk full");
        assert_eq!(Cause::new(Quoting(disk())).to_string(), "cannot save: disk full");
        assert_eq!(Cause::from("plain").to_string(), "plain");
    }
}
