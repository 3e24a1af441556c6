//! What is wrong with a configuration: each fault with its key, its value, where it was written, and why it is wrong.

use std::fmt;

use derive_more::{Display, Error};

/// Where a value was written.
#[derive(Debug, Clone, PartialEq, Eq, Display)]
pub enum Origin {
    /// The defaults that are built in.
    #[display("default")]
    Default,
    /// A line of the configuration file, counted from 1.
    #[display("{path}:{line}")]
    File {
        /// The file's path as it was given.
        path: String,
        /// Counted from 1.
        line: usize,
    },
    /// An environment variable, by name.
    #[display("environment variable {_0}")]
    Variable(String),
    /// A command line flag, by name.
    #[display("flag {_0}")]
    Flag(&'static str),
}

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// The key's full name, such as `sse.heartbeat` or `providers[0].base_url`.
    pub key: String,
    /// The value as it was written, shortened; `None` when there is none or it might be a secret.
    pub found: Option<String>,
    /// Where it was written.
    pub origin: Origin,
    /// What is wrong with it and what would be right.
    pub reason: String,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.key)?;
        if let Some(found) = &self.found {
            write!(f, " = {found}")?;
        }
        write!(f, " ({}): {}", self.origin, self.reason)
    }
}

/// All faults of one configuration. Never empty when returned as an error. `Display` prints one per line.
#[derive(Debug, Clone, PartialEq, Eq, Default, Error)]
pub struct Faults(#[error(not(source))] pub(super) Vec<Fault>);

impl Faults {
    /// The faults in the order they were found.
    pub fn iter(&self) -> std::slice::Iter<'_, Fault> {
        self.0.iter()
    }

    /// Whether a fault concerns `key` or something below it.
    pub(super) fn concern(&self, key: &str) -> bool {
        self.iter()
            .any(|fault| fault.key.strip_prefix(key).is_some_and(|rest| !rest.starts_with(char::is_alphanumeric)))
    }

    pub(super) fn push(&mut self, fault: Fault) {
        self.0.push(fault);
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl<'a> IntoIterator for &'a Faults {
    type Item = &'a Fault;
    type IntoIter = std::slice::Iter<'a, Fault>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl fmt::Display for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.len() {
            1 => f.write_str("the configuration has an error:")?,
            n => write!(f, "the configuration has {n} errors:")?,
        }
        self.iter().try_for_each(|fault| write!(f, "\n  {fault}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn list_has_one_fault_a_line_with_key_value_origin_and_reason() {
        let faults = Faults(vec![
            Fault {
                key: "server.port".into(),
                found: Some("70000".into()),
                origin: Origin::Flag("--port"),
                reason: "too big".into(),
            },
            Fault {
                key: "sse.beat".into(),
                found: None,
                origin: Origin::File { path: "a.toml".into(), line: 3 },
                reason: "unknown key".into(),
            },
        ]);
        assert_eq!(
            faults.to_string(),
            "the configuration has 2 errors:\n  server.port = 70000 (flag --port): too big\n  sse.beat (a.toml:3): unknown key"
        );
    }
}
