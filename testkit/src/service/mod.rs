//! The real binary as a child process.

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

/// A running service. Dropping it stops it as an operator would, and asserts that it ended well and left nothing behind.
#[derive(Debug)]
pub struct Service {
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
    /// The defaults of the tests.
    pub fn builder() -> Builder {
        Builder::for_tests()
    }

    /// Starts one with the defaults of the tests.
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

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The URL of a path.
    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// The folder around its data folder, which is called `data`.
    pub fn data(&self) -> &Arc<TempDir> {
        self.builder.data_folder()
    }

    /// Everything it has written to its standard output and error since the first start.
    ///
    /// # Panics
    /// The log cannot be read.
    pub fn log(&self) -> String {
        String::from_utf8_lossy(&fs::read(self.log.path()).expect("the log is there")).into_owned()
    }

    /// Its process, for what the kernel says about it.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// File descriptors that it holds.
    ///
    /// # Panics
    /// It does not run.
    pub fn open_files(&self) -> usize {
        fs::read_dir(format!("/proc/{}/fd", self.pid())).expect("it runs").count()
    }

    /// Bytes of memory that are its own.
    ///
    /// # Panics
    /// It does not run.
    pub fn resident_memory(&self) -> u64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.pid())).expect("it runs");
        let line = status.lines().find_map(|line| line.strip_prefix("RssAnon:")).expect("the kernel tells");
        line.trim().trim_end_matches(" kB").parse::<u64>().expect("a number") * 1024
    }

    /// Waits until it accepts jobs.
    ///
    /// # Panics
    /// It ends, or is not ready within [`wait::PATIENCE`].
    #[track_caller]
    pub fn wait_until_ready(&mut self) {
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

    /// Waits until it has ended.
    ///
    /// # Panics
    /// It has not within `limit`.
    #[track_caller]
    pub fn wait_for_exit(&mut self, limit: Duration) -> ExitStatus {
        wait::until_within(limit, "the service to end", || self.poll_exit())
    }

    /// Sends a signal.
    ///
    /// # Panics
    /// It does not run.
    pub fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).expect("it runs");
    }

    /// Asks it to end as an operator does.
    ///
    /// # Panics
    /// It does not run.
    pub fn sigterm(&self) {
        self.signal(Signal::TERM);
    }

    /// Ends it as a power cut would.
    ///
    /// # Panics
    /// It does not run.
    pub fn kill9(&mut self) {
        self.signal(Signal::KILL);
        self.wait_for_exit(wait::PATIENCE);
        self.forgiven = true;
    }

    /// Accepts any exit status: the test has judged it.
    pub fn forgive_exit(&mut self) {
        self.forgiven = true;
    }

    /// Ends it as an operator would, also one that a signal has stopped.
    ///
    /// # Panics
    /// It does not end with success within [`wait::PATIENCE`].
    #[track_caller]
    pub fn stop(&mut self) {
        self.sigterm();
        self.signal(Signal::CONT);
        let status = self.wait_for_exit(wait::PATIENCE);
        assert_eq!(status.code(), Some(0), "the exit status after SIGTERM");
    }

    /// Changes a variable for the next start.
    pub fn set_env(&mut self, name: &str, value: &str) {
        self.builder.set_env(name, value);
    }

    /// Starts it again on the same data.
    ///
    /// # Panics
    /// It still runs, or as [`Builder::start`].
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
            // It may also have been stopped.
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
