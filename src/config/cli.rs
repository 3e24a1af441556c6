//! The command line.

use clap::Parser;

const ENVIRONMENT_HELP: &str = "\
Settings are read in this order; later ones win:
  1. the defaults (config/default.toml in the source tree documents every key)
  2. the TOML file named by --config or the variable GENERATION_CONFIG
  3. environment variables named GENERATION__SECTION__KEY
  4. the flags above

Examples:
  GENERATION__SSE__HEARTBEAT=15s generation-service --port 9000
  GENERATION__CORS__ALLOWED_ORIGINS='[\"https://app.example.com\"]' generation-service
  OPENAI_API_KEY=... generation-service --config /etc/generation-service.toml --check

Lists (and GENERATION__PROVIDERS, the whole list of providers) are written as in TOML; durations carry a unit
(500ms, 30s, 1h); an empty variable counts as unset. If anything is invalid, startup fails and lists every error.";

/// Runs script-generation jobs on language models and streams them to browsers over Server-Sent Events.
///
/// Needs no configuration to start: without a provider's key a built-in generator writes placeholder drafts.
#[derive(Debug, Clone, Default, Parser)]
#[command(name = "generation-service", version, after_help = ENVIRONMENT_HELP)]
pub struct Cli {
    /// Read settings from this TOML file (instead of the one GENERATION_CONFIG names)
    #[arg(long, value_name = "FILE")]
    pub config: Option<String>,

    /// Listen on this address or host name [server.host, default 127.0.0.1]
    #[arg(long, value_name = "H")]
    pub host: Option<String>,

    /// Listen on this TCP port; 0 picks a free one [server.port, default 8000]
    // Text, not a number, so that a bad port is listed together with all other errors.
    #[arg(long, value_name = "P")]
    pub port: Option<String>,

    /// Keep jobs and episodes in this folder [server.data_dir, default `data`]
    #[arg(long, value_name = "D")]
    pub data_dir: Option<String>,

    /// Check the configuration, list its errors and exit
    #[arg(long)]
    pub check: bool,
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn flags_are_understood() {
        let cli = Cli::try_parse_from([
            "generation-service",
            "--config",
            "a.toml",
            "--host",
            "::1",
            "--port",
            "1",
            "--data-dir",
            "/var/lib/g",
            "--check",
        ])
        .unwrap();
        assert_eq!(cli.config.as_deref(), Some("a.toml"));
        assert_eq!(cli.host.as_deref(), Some("::1"));
        assert_eq!(cli.port.as_deref(), Some("1"));
        assert_eq!(cli.data_dir.as_deref(), Some("/var/lib/g"));
        assert!(cli.check);
    }

    #[test]
    fn help_names_the_environment_scheme() {
        let help = Cli::command().render_long_help().to_string();
        assert!(help.contains("GENERATION__SECTION__KEY"), "{help}");
        assert!(help.contains("GENERATION_CONFIG"), "{help}");
    }
}
