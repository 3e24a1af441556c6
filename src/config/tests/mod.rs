//! Loading as a whole; what concerns one module alone is tested beside it.

mod defaults;
mod episodes;
mod faults;
mod precedence;
mod providers;
mod robustness;
mod secrets;

use super::cli::Cli;
use super::fault::{Fault, Faults, Origin};
use super::layers::File;
use super::settings::Settings;
use super::variables::Environment;

fn environment(variables: &[(&str, &str)]) -> Environment {
    variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

fn file(content: impl Into<Vec<u8>>) -> File {
    File { path: "test.toml".into(), named_by: Origin::Flag("--config"), content: Ok(content.into()) }
}

fn load(content: &str, variables: &[(&str, &str)]) -> Result<Settings, Faults> {
    Settings::from_layers(&Cli::default(), Some(file(content)), &environment(variables))
}

/// The faults as text without the heading, one a line.
fn faults(content: &str, variables: &[(&str, &str)]) -> Vec<String> {
    load(content, variables).unwrap_err().iter().map(Fault::to_string).collect()
}
