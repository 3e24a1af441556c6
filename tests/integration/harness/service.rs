//! The real binary as a child process.

use std::{
    collections::BTreeMap,
    fs::{self, File},
    net::SocketAddr,
    path::Path,
    process::{Child, Command, ExitStatus, Stdio},
    rc::Rc,
    thread,
    time::Duration,
};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use tempfile::{NamedTempFile, TempDir};

use super::{
    http::{Request, Response},
    reader::Reader,
    sse::Stream,
    upstream::Upstream,
    wait,
};

/// How a service is started.
#[derive(Debug, Clone)]
pub(crate) struct Builder {
    env: BTreeMap<String, String>,
    args: Vec<String>,
    data: Rc<TempDir>,
}

impl Builder {
    fn new() -> Self {
        let data = Rc::new(TempDir::new().expect("a temporary folder"));
        Self { env: BTreeMap::new(), args: Vec::new(), data }
            .env("GENERATION__SERVER__WORKERS", "2")
            .env("GENERATION__SERVER__DRAIN_DELAY", "0s")
            .words_per_second(0)
    }

    /// Sets a variable.
    pub(crate) fn env(mut self, name: &str, value: &str) -> Self {
        self.env.insert(name.into(), value.into());
        self
    }

    /// Adds an argument.
    pub(crate) fn arg(mut self, arg: &str) -> Self {
        self.args.push(arg.into());
        self
    }

    /// The built-in generator alone, writing that fast; 0 is as fast as it can, which is how tests start.
    pub(crate) fn words_per_second(self, words: u32) -> Self {
        self.providers(&format!(
            r#"[{{ name = "builtin", kind = "builtin", models = ["*"], words_per_second = {words} }}]"#
        ))
    }

    /// A list of providers, in TOML.
    pub(crate) fn providers(self, toml: &str) -> Self {
        self.env("GENERATION__PROVIDERS", toml)
    }

    /// A prompt template in place of the embedded default.
    pub(crate) fn prompt(self, template: &str) -> Self {
        let folder = self.data.path().join("prompts");
        fs::create_dir_all(&folder).expect("a folder for prompts");
        fs::write(folder.join("default.jinja"), template).expect("it can be written");
        self.env("GENERATION__MODELS__PROMPTS_DIR", folder.to_str().expect("a path in UTF-8"))
    }

    /// `upstream` alone, for all models; `more` is TOML for further keys of its provider, with a leading comma.
    pub(crate) fn upstream_with(self, upstream: &Upstream, more: &str) -> Self {
        let url = upstream.url();
        self.providers(&format!(
            r#"[{{ name = "upstream", kind = "openai", models = ["*"], base_url = "{url}", api_key_env = "TEST_KEY"{more} }}]"#
        ))
        .env("TEST_KEY", "sk-test-secret")
        .env("GENERATION__MODELS__DEFAULT", "test-model")
    }

    pub(crate) fn upstream(self, upstream: &Upstream) -> Self {
        self.upstream_with(upstream, "")
    }

    /// Another data folder than one of its own.
    pub(crate) fn data(mut self, data: &Rc<TempDir>) -> Self {
        self.data = Rc::clone(data);
        self
    }

    /// Starts it, and waits until it says that it is ready.
    pub(crate) fn start(self) -> Service {
        let mut service = self.spawn();
        service.wait_until_ready();
        service
    }

    /// Starts one that must refuse to run; its exit status and all it said.
    pub(crate) fn start_in_vain(self) -> (ExitStatus, String) {
        let mut service = self.spawn();
        let status = service.wait_for_exit(wait::PATIENCE);
        service.forgiven = true;
        (status, service.log())
    }

    /// Starts it and waits for nothing.
    pub(crate) fn spawn(self) -> Service {
        let log = NamedTempFile::new().expect("a temporary file");
        let child = self.command(log.path()).spawn().expect("setpriv and the service can be run");
        let address = SocketAddr::from(([127, 0, 0, 1], 0));
        Service { builder: self, child, exit: None, address, log, log_from: 0, forgiven: false }
    }

    fn command(&self, log: &Path) -> Command {
        let log = File::options().append(true).open(log).expect("the log can be written");
        // However this test ends, the service ends with it.
        let mut command = Command::new("setpriv");
        command
            .args(["--pdeathsig", "KILL", "--", env!("CARGO_BIN_EXE_generation-service")])
            .args(&self.args)
            .env_clear()
            .env("GENERATION__SERVER__PORT", "0")
            .env("GENERATION__SERVER__DATA_DIR", self.data.path().join("data"))
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .envs(&self.env)
            .current_dir(self.data.path())
            .stdin(Stdio::null())
            .stdout(log.try_clone().expect("one more handle"))
            .stderr(log);
        command
    }
}

/// A running service. Dropping it asserts that it went down as it should and left nothing behind.
#[derive(Debug)]
pub(crate) struct Service {
    builder: Builder,
    child: Child,
    exit: Option<ExitStatus>,
    address: SocketAddr,
    log: NamedTempFile,
    /// Where the log of the present process begins.
    log_from: usize,
    /// Its exit has been judged by the test itself.
    forgiven: bool,
}

impl Service {
    pub(crate) fn builder() -> Builder {
        Builder::new()
    }

    /// A service with the defaults of the tests.
    pub(crate) fn start() -> Self {
        Self::builder().start()
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    pub(crate) fn data(&self) -> &Rc<TempDir> {
        &self.builder.data
    }

    /// All it said, since the first start.
    pub(crate) fn log(&self) -> String {
        String::from_utf8_lossy(&fs::read(self.log.path()).expect("the log is there")).into_owned()
    }

    fn pid(&self) -> Pid {
        Pid::from_child(&self.child)
    }

    /// File descriptors that it holds.
    pub(crate) fn open_files(&self) -> usize {
        fs::read_dir(format!("/proc/{}/fd", self.child.id())).expect("it runs").count()
    }

    /// Bytes of memory that are its own.
    pub(crate) fn resident_memory(&self) -> u64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id())).expect("it runs");
        let line = status.lines().find_map(|line| line.strip_prefix("RssAnon:")).expect("the kernel tells");
        line.trim().trim_end_matches(" kB").parse::<u64>().expect("a number") * 1024
    }

    // Its life.

    pub(crate) fn wait_until_ready(&mut self) {
        wait::until("the service to become ready", || {
            assert_eq!(self.poll_exit(), None, "the service ended at its start:\n{}", self.log());
            self.find_address()?;
            (Request::get("/health/ready").send(self.address).status() == 200).then_some(())
        });
    }

    /// Where it says that it listens, once it does.
    fn find_address(&mut self) -> Option<()> {
        let log = self.log();
        let (_, rest) = log[self.log_from..].split_once("listens on http://127.0.0.1:")?;
        let end = rest.find(|c: char| !c.is_ascii_digit())?;
        self.address.set_port(rest[..end].parse().ok()?);
        Some(())
    }

    fn poll_exit(&mut self) -> Option<ExitStatus> {
        if self.exit.is_none() {
            self.exit = self.child.try_wait().expect("it is our child");
        }
        self.exit
    }

    pub(crate) fn wait_for_exit(&mut self, limit: Duration) -> ExitStatus {
        wait::until_within(limit, "the service to end", || self.poll_exit())
    }

    pub(crate) fn signal(&self, signal: Signal) {
        kill_process(self.pid(), signal).expect("it runs");
    }

    pub(crate) fn sigterm(&self) {
        self.signal(Signal::TERM);
    }

    /// Ends it as a power cut would.
    pub(crate) fn kill9(&mut self) {
        self.signal(Signal::KILL);
        self.wait_for_exit(wait::PATIENCE);
        self.forgiven = true;
    }

    /// Takes any exit status for right: the test has judged it.
    pub(crate) fn forgive_exit(&mut self) {
        self.forgiven = true;
    }

    /// Ends it as an operator would, and asserts that it obeys.
    pub(crate) fn stop(&mut self) {
        self.sigterm();
        let status = self.wait_for_exit(wait::PATIENCE);
        assert_eq!(status.code(), Some(0), "the exit status after SIGTERM");
    }

    /// Changes a variable for the next start.
    pub(crate) fn set_env(&mut self, name: &str, value: &str) {
        self.builder.env.insert(name.into(), value.into());
    }

    /// Starts it again on the same data.
    pub(crate) fn restart(&mut self) {
        assert!(self.poll_exit().is_some(), "it still runs");
        self.log_from = self.log().len();
        self.child = self.builder.command(self.log.path()).spawn().expect("it could be run before");
        (self.exit, self.forgiven) = (None, false);
        self.wait_until_ready();
    }

    // What is asked of it.

    pub(crate) fn send(&self, request: &Request) -> Response {
        request.send(self.address)
    }

    pub(crate) fn get(&self, path: &str) -> Response {
        self.send(&Request::get(path))
    }

    pub(crate) fn post(&self, body: &Value) -> Response {
        self.send(&Request::new("POST", "/api/v1/generations").json(body))
    }

    /// Creates a job, and returns its id.
    #[track_caller]
    pub(crate) fn create(&self, body: &Value) -> String {
        self.post(body).expect(201).json()["jobId"].as_str().expect("a jobId").to_owned()
    }

    /// The status object of a job.
    #[track_caller]
    pub(crate) fn job(&self, id: &str) -> Value {
        self.get(&format!("/api/v1/generations/{id}")).expect(200).json()
    }

    /// Waits until a job is in that state; it must not end in another.
    #[track_caller]
    pub(crate) fn wait_for(&self, id: &str, status: &str) -> Value {
        wait::until(&format!("{id} to be {status}"), || {
            let job = self.job(id);
            let now = job["status"].as_str().expect("a status").to_owned();
            assert!(now == status || matches!(&*now, "queued" | "streaming"), "wanted {status}: {job}");
            (now == status).then_some(job)
        })
    }

    /// Waits until some text has been written.
    pub(crate) fn wait_for_text(&self, id: &str) {
        wait::until("the first text", || (self.job(id)["wordCount"].as_u64()? > 0).then_some(()));
    }

    pub(crate) fn script(&self, id: &str) -> String {
        self.get(&format!("/api/v1/generations/{id}/script")).expect(200).text().to_owned()
    }

    pub(crate) fn cancel(&self, id: &str) {
        self.send(&Request::new("DELETE", &format!("/api/v1/generations/{id}"))).expect(204);
    }

    pub(crate) fn stats(&self) -> Value {
        self.get("/api/v1/generations/_stats").expect(200).json()
    }

    /// The saved episodes of a project.
    pub(crate) fn episodes(&self, project: &str) -> Vec<Value> {
        let body = self.get(&format!("/api/v1/projects/{project}/episodes")).expect(200).json();
        body["episodes"].as_array().expect("a list of episodes").clone()
    }

    /// Opens an event stream; `query` begins with `?` or is empty.
    #[track_caller]
    pub(crate) fn events(&self, id: &str, query: &str) -> Stream {
        Stream::open(self.address, &Request::get(&format!("/api/v1/generations/{id}/events{query}")))
    }

    /// Opens an event stream as a client does that saw `last`.
    #[track_caller]
    pub(crate) fn resume(&self, id: &str, query: &str, last: &str) -> Stream {
        let request = Request::get(&format!("/api/v1/generations/{id}/events{query}"));
        Stream::open(self.address, &request.header("Last-Event-ID", last))
    }

    /// A client that reconnects.
    pub(crate) fn reader(&self, id: &str, query: &str) -> Reader {
        Reader::new(self.address, id, query)
    }

    #[expect(clippy::print_stderr, reason = "the log explains a failed test")]
    fn show_log(&self) {
        eprintln!("---- log of the service ----\n{}----", self.log());
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        if thread::panicking() {
            // It may also have been stopped.
            let _gone = self.child.kill();
            let _reaped = self.child.wait();
            self.show_log();
            return;
        }
        let children = fs::read_to_string(format!("/proc/{0}/task/{0}/children", self.child.id())).unwrap_or_default();
        if self.poll_exit().is_none() {
            self.stop();
        }
        let log = self.log();
        if children.trim().is_empty()
            && !log.contains("panicked at")
            && (self.forgiven || self.exit.is_some_and(|exit| exit.success()))
        {
            return;
        }
        self.show_log();
        panic!("the service left children [{}], panicked or ended with {:?}", children.trim(), self.exit);
    }
}
