//! How a service is started.

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

/// The environment, the arguments and the data folder of a service. Clones share the data folder.
#[derive(Debug, Clone)]
pub struct Builder {
    env: BTreeMap<String, String>,
    args: Vec<String>,
    data: Arc<TempDir>,
}

impl Builder {
    /// A service as an operator has it who sets nothing: on a free port and a data folder of its own, with none of the
    /// variables of whoever runs this.
    ///
    /// # Panics
    /// There can be no temporary folder.
    pub fn plain() -> Self {
        let data = Arc::new(TempDir::new().expect("a temporary folder"));
        Self { env: BTreeMap::new(), args: Vec::new(), data }
    }

    /// [`Builder::plain`] with what tests want: two workers, no delay at the end, a model that writes as fast as it can.
    pub(super) fn for_tests() -> Self {
        Self::plain()
            .env("GENERATION__SERVER__WORKERS", "2")
            .env("GENERATION__SERVER__DRAIN_DELAY", "0s")
            .words_per_second(0)
    }

    /// Sets a variable.
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

    /// The built-in generator alone, writing so many words a second; 0 is as fast as it can, which is how tests start.
    #[must_use]
    pub fn words_per_second(self, words: u32) -> Self {
        self.providers(&format!(
            r#"[{{ name = "builtin", kind = "builtin", models = ["*"], words_per_second = {words} }}]"#
        ))
    }

    /// A list of providers, in TOML.
    #[must_use]
    pub fn providers(self, toml: &str) -> Self {
        self.env("GENERATION__PROVIDERS", toml)
    }

    /// A prompt template in place of the embedded default.
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

    /// `upstream` alone, for all models; `more` is TOML for further keys of its provider, with a leading comma.
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

    /// Episodes in the Chroma at this URL.
    #[must_use]
    pub fn chroma(self, url: &str) -> Self {
        self.env("GENERATION__EPISODES__KIND", "chroma").env("GENERATION__EPISODES__URL", url)
    }

    /// Episodes behind the Episode API at this URL.
    #[must_use]
    pub fn remote(self, url: &str) -> Self {
        self.env("GENERATION__EPISODES__KIND", "remote").env("GENERATION__EPISODES__URL", url)
    }

    /// How long a job waits for its episode to be saved, such as `500ms`.
    #[must_use]
    pub fn save_timeout(self, duration: &str) -> Self {
        self.env("GENERATION__EPISODES__SAVE_TIMEOUT", duration)
    }

    /// Another data folder than one of its own.
    #[must_use]
    pub fn data(mut self, data: &Arc<TempDir>) -> Self {
        self.data = Arc::clone(data);
        self
    }

    pub(super) fn data_folder(&self) -> &Arc<TempDir> {
        &self.data
    }

    /// Starts it, and waits until it is ready.
    ///
    /// # Panics
    /// It ends, or is not ready within [`wait::PATIENCE`].
    #[track_caller]
    pub fn start(self) -> Service {
        let mut service = self.spawn();
        service.wait_until_ready();
        service
    }

    /// Starts one that must refuse to run; returns its exit status and all that it wrote.
    ///
    /// # Panics
    /// It runs on for [`wait::PATIENCE`].
    #[track_caller]
    pub fn start_in_vain(self) -> (ExitStatus, String) {
        let mut service = self.spawn();
        let status = service.wait_for_exit(wait::PATIENCE);
        service.forgive_exit();
        (status, service.log())
    }

    /// Starts it and waits for nothing.
    ///
    /// # Panics
    /// It is not built, or there is no `setpriv`.
    pub fn spawn(self) -> Service {
        Service::spawn(self)
    }

    pub(super) fn command(&self, log: &Path) -> Command {
        let log = File::options().append(true).open(log).expect("the log can be written");
        // However its starter ends, the service ends with it.
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
