//! Runs the real binary as a child process.

mod builder;
mod requests;

use std::{
    fs,
    net::SocketAddr,
    process::{Child, ExitStatus},
    sync::Arc,
    thread,
    time::Duration,
};

pub use rustix::process::Signal;
use rustix::process::{Pid, kill_process};
use tempfile::{NamedTempFile, TempDir};

pub use self::builder::Builder;
use crate::{http::Request, wait};

/// A running service. Dropping it stops it as an operator would, and asserts that it ended cleanly and left nothing
/// behind.
#[derive(Debug)]
pub struct Service {
    builder: Builder,
    child: Child,
    exit: Option<ExitStatus>,
    address: SocketAddr,
    log: NamedTempFile,
    /// Where the log of the current process starts.
    log_from: usize,
    /// The test has checked the exit status itself.
    forgiven: bool,
}

impl Service {
    /// A builder with the settings for tests.
    pub fn builder() -> Builder {
        Builder::for_tests()
    }

    /// Starts a service with the settings for tests.
    ///
    /// # Panics
    /// As [`Builder::start`].
    #[track_caller]
    pub fn start() -> Self {
        Self::builder().start()
    }

    fn spawn(builder: Builder) -> Self {
        let log = NamedTempFile::new().expect("a temporary file");
        let child = builder.command(log.path()).spawn().expect("setpriv and the service can be run");
        let address = SocketAddr::from(([127, 0, 0, 1], 0));
        Self { builder, child, exit: None, address, log, log_from: 0, forgiven: false }
    }

    /// The address it listens on.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The URL of a path.
    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// The folder that contains its data folder, `data`.
    pub fn data(&self) -> &Arc<TempDir> {
        self.builder.data_folder()
    }

    /// Everything it has written to standard output and error since the first start.
    ///
    /// # Panics
    /// The log cannot be read.
    pub fn log(&self) -> String {
        String::from_utf8_lossy(&fs::read(self.log.path()).expect("the log is there")).into_owned()
    }

    /// Its process id, for queries to the kernel.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// The number of open file descriptors.
    ///
    /// # Panics
    /// It is not running.
    pub fn open_files(&self) -> usize {
        fs::read_dir(format!("/proc/{}/fd", self.pid())).expect("it runs").count()
    }

    /// Bytes of anonymous resident memory.
    ///
    /// # Panics
    /// It is not running.
    pub fn resident_memory(&self) -> u64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.pid())).expect("it runs");
        let line = status.lines().find_map(|line| line.strip_prefix("RssAnon:")).expect("the kernel tells");
        line.trim().trim_end_matches(" kB").parse::<u64>().expect("a number") * 1024
    }

    /// Waits until it accepts jobs.
    ///
    /// # Panics
    /// It ends, or is not ready within [`wait::TIMEOUT`].
    #[track_caller]
    pub fn wait_until_ready(&mut self) {
        wait::until("the service to become ready", || {
            assert_eq!(self.poll_exit(), None, "the service ended at its start:\n{}", self.log());
            self.find_address()?;
            (Request::get("/health/ready").send(self.address).status() == 200).then_some(())
        });
    }

    /// Reads the address from its log, once it is there.
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

    /// Waits until it has ended.
    ///
    /// # Panics
    /// It is still running after `limit`.
    #[track_caller]
    pub fn wait_for_exit(&mut self, limit: Duration) -> ExitStatus {
        wait::until_within(limit, "the service to end", || self.poll_exit())
    }

    /// Sends a signal.
    ///
    /// # Panics
    /// It is not running.
    pub fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).expect("it runs");
    }

    /// Asks it to end, as an operator would.
    ///
    /// # Panics
    /// It is not running.
    pub fn sigterm(&self) {
        self.signal(Signal::TERM);
    }

    /// Kills it, as a power failure would.
    ///
    /// # Panics
    /// It is not running.
    pub fn kill9(&mut self) {
        self.signal(Signal::KILL);
        self.wait_for_exit(wait::TIMEOUT);
        self.forgiven = true;
    }

    /// Accepts any exit status, because the test checks it.
    pub fn forgive_exit(&mut self) {
        self.forgiven = true;
    }

    /// Stops it as an operator would, even if a signal has suspended it.
    ///
    /// # Panics
    /// It does not end successfully within [`wait::TIMEOUT`].
    #[track_caller]
    pub fn stop(&mut self) {
        self.sigterm();
        self.signal(Signal::CONT);
        let status = self.wait_for_exit(wait::TIMEOUT);
        assert_eq!(status.code(), Some(0), "the exit status after SIGTERM");
    }

    /// Sets an environment variable for the next start.
    pub fn set_env(&mut self, name: &str, value: &str) {
        self.builder.set_env(name, value);
    }

    /// Starts it again with the same data.
    ///
    /// # Panics
    /// It is still running, or as [`Builder::start`].
    #[track_caller]
    pub fn restart(&mut self) {
        assert!(self.poll_exit().is_some(), "it still runs");
        self.log_from = self.log().len();
        self.child = self.builder.command(self.log.path()).spawn().expect("it could be run before");
        (self.exit, self.forgiven) = (None, false);
        self.wait_until_ready();
    }

    #[expect(clippy::print_stderr, reason = "the log explains a failed test")]
    fn show_log(&self) {
        eprintln!("---- log of the service ----\n{}----", self.log());
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        if thread::panicking() {
            // A signal may have suspended it.
            let _gone = self.child.kill();
            let _reaped = self.child.wait();
            self.show_log();
            return;
        }
        let children = fs::read_to_string(format!("/proc/{0}/task/{0}/children", self.pid())).unwrap_or_default();
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
