//! Configures and starts a service.

use std::{
    collections::BTreeMap,
    env,
    fs::{self, File},
    path::Path,
    process::{Command, ExitStatus, Stdio},
    sync::Arc,
};

use tempfile::TempDir;

use super::Service;
use crate::{model_server::ModelServer, program, wait};

/// A service's environment, arguments and data folder. Clones share the data folder.
#[derive(Debug, Clone)]
pub struct Builder {
    env: BTreeMap<String, String>,
    args: Vec<String>,
    data: Arc<TempDir>,
}

impl Builder {
    /// A service with default settings, on a free port, with its own data folder and none of the caller's environment
    /// variables.
    ///
    /// # Panics
    /// The temporary folder cannot be created.
    pub fn plain() -> Self {
        let data = Arc::new(TempDir::new().expect("a temporary folder"));
        Self { env: BTreeMap::new(), args: Vec::new(), data }
    }

    /// [`Builder::plain`] with the settings for tests: two workers, no drain delay, a model that writes as fast as it
    /// can.
    pub(super) fn for_tests() -> Self {
        Self::plain()
            .env("GENERATION__SERVER__WORKERS", "2")
            .env("GENERATION__SERVER__DRAIN_DELAY", "0s")
            .words_per_second(0)
    }

    /// Sets an environment variable.
    #[must_use]
    pub fn env(mut self, name: &str, value: &str) -> Self {
        self.set_env(name, value);
        self
    }

    pub(super) fn set_env(&mut self, name: &str, value: &str) {
        self.env.insert(name.into(), value.into());
    }

    /// Adds an argument.
    #[must_use]
    pub fn arg(mut self, arg: &str) -> Self {
        self.args.push(arg.into());
        self
    }

    /// The built-in generator alone, at this many words per second. 0, the default of tests, is as fast as it can.
    #[must_use]
    pub fn words_per_second(self, words: u32) -> Self {
        self.providers(&format!(
            r#"[{{ name = "builtin", kind = "builtin", models = ["*"], words_per_second = {words} }}]"#
        ))
    }

    /// Sets the list of providers, in TOML.
    #[must_use]
    pub fn providers(self, toml: &str) -> Self {
        self.env("GENERATION__PROVIDERS", toml)
    }

    /// Sets a prompt template in place of the embedded default.
    ///
    /// # Panics
    /// It cannot be written.
    #[must_use]
    pub fn prompt(self, template: &str) -> Self {
        let folder = self.data.path().join("prompts");
        fs::create_dir_all(&folder).expect("a folder for prompts");
        fs::write(folder.join("default.jinja"), template).expect("it can be written");
        self.env("GENERATION__MODELS__PROMPTS_DIR", folder.to_str().expect("a path in UTF-8"))
    }

    /// `upstream` alone, for all models. `more` is TOML for further keys of its provider and starts with a comma.
    #[must_use]
    pub fn upstream_with(self, upstream: &ModelServer, more: &str) -> Self {
        let url = upstream.url();
        self.providers(&format!(
            r#"[{{ name = "upstream", kind = "openai", models = ["*"], base_url = "{url}", api_key_env = "TEST_KEY"{more} }}]"#
        ))
        .env("TEST_KEY", "sk-test-secret")
        .env("GENERATION__MODELS__DEFAULT", "test-model")
    }

    /// `upstream` alone, for all models.
    #[must_use]
    pub fn upstream(self, upstream: &ModelServer) -> Self {
        self.upstream_with(upstream, "")
    }

    /// Saves episodes in the Chroma server at this URL.
    #[must_use]
    pub fn chroma(self, url: &str) -> Self {
        self.env("GENERATION__EPISODES__KIND", "chroma").env("GENERATION__EPISODES__URL", url)
    }

    /// Saves episodes through the Episode API at this URL.
    #[must_use]
    pub fn remote(self, url: &str) -> Self {
        self.env("GENERATION__EPISODES__KIND", "remote").env("GENERATION__EPISODES__URL", url)
    }

    /// Sets how long a job waits for its episode to be saved, such as `500ms`.
    #[must_use]
    pub fn save_timeout(self, duration: &str) -> Self {
        self.env("GENERATION__EPISODES__SAVE_TIMEOUT", duration)
    }

    /// Uses this data folder instead of its own.
    #[must_use]
    pub fn data(mut self, data: &Arc<TempDir>) -> Self {
        self.data = Arc::clone(data);
        self
    }

    pub(super) fn data_folder(&self) -> &Arc<TempDir> {
        &self.data
    }

    /// Starts the service and waits until it is ready.
    ///
    /// # Panics
    /// It ends, or is not ready within [`wait::TIMEOUT`].
    #[track_caller]
    pub fn start(self) -> Service {
        let mut service = self.spawn();
        service.wait_until_ready();
        service
    }

    /// Starts a service that must refuse to run. Returns its exit status and all of its output.
    ///
    /// # Panics
    /// It is still running after [`wait::TIMEOUT`].
    #[track_caller]
    pub fn start_in_vain(self) -> (ExitStatus, String) {
        let mut service = self.spawn();
        let status = service.wait_for_exit(wait::TIMEOUT);
        service.forgive_exit();
        (status, service.log())
    }

    /// Starts the service without waiting for anything.
    ///
    /// # Panics
    /// The service is not built, or `setpriv` is missing.
    pub fn spawn(self) -> Service {
        Service::spawn(self)
    }

    pub(super) fn command(&self, log: &Path) -> Command {
        let log = File::options().append(true).open(log).expect("the log can be written");
        // The service is killed when its parent ends, for whatever reason.
        let mut command = Command::new("setpriv");
        command
            .args(["--pdeathsig", "KILL", "--"])
            .arg(program("generation-service"))
            .args(&self.args)
            .env_clear()
            .env("GENERATION__SERVER__PORT", "0")
            .env("GENERATION__SERVER__DATA_DIR", self.data.path().join("data"))
            .env("PATH", env::var_os("PATH").unwrap_or_default())
            .envs(&self.env)
            .current_dir(self.data.path())
            .stdin(Stdio::null())
            .stdout(log.try_clone().expect("one more handle"))
            .stderr(log);
        command
    }
}
