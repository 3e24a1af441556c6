//! Runs other programs beside the service, each under `tests/peers/leash.py`, so that none outlives the program that
//! started it.

use std::{
    env,
    ffi::OsString,
    fs::{self, File},
    net::{SocketAddr, TcpStream},
    path::Path,
    process::{Child, Command, Stdio},
    thread,
};

use tempfile::TempDir;

use crate::{project_path, wait};

/// The most bytes of a log that are shown.
const SHOWN: usize = 4000;

/// Asserts that this is not one of the quick tests, which must pass on a machine without any other program.
///
/// # Panics
/// It is: `.config/nextest.toml` has to name the test.
#[track_caller]
pub fn assert_not_quick() {
    let profile = env::var("NEXTEST_PROFILE").unwrap_or_default();
    assert_ne!(profile, "quick", "a test that starts another program is left out in .config/nextest.toml");
}

/// A program in its own folder. Dropping it kills the program and everything the program has started.
#[derive(Debug)]
pub struct Peer {
    leash: Child,
    /// Its working folder, which also holds its log.
    folder: TempDir,
}

impl Peer {
    /// Starts a program with its arguments.
    ///
    /// # Panics
    /// Python 3, which runs the leash, is missing.
    pub fn start<A: Into<OsString>>(command: impl IntoIterator<Item = A>) -> Self {
        let folder = TempDir::new().expect("a temporary folder");
        let log = File::create(folder.path().join("log")).expect("it can be written");
        let leash = Command::new("python3")
            .arg(project_path("tests/peers/leash.py"))
            .args(command.into_iter().map(Into::into))
            .current_dir(folder.path())
            .stdin(Stdio::piped())
            .stdout(log.try_clone().expect("one more handle"))
            .stderr(log)
            .spawn()
            .expect("Python runs; tests/run sets it up");
        Self { leash, folder }
    }

    /// Waits until it accepts connections at `address`.
    ///
    /// # Panics
    /// It ends, or does not listen within [`wait::TIMEOUT`].
    pub fn wait_for(&mut self, address: SocketAddr) {
        wait::until("a peer to listen", || {
            let ended = self.leash.try_wait().expect("it is our child");
            assert!(
                ended.is_none(),
                "a peer ended ({ended:?}), is the setup complete (tests/run --setup)?\n{}",
                self.log()
            );
            TcpStream::connect(address).ok()
        });
    }

    /// Its working folder.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// The process of the program itself, the parent of everything it starts.
    ///
    /// # Panics
    /// It has ended.
    pub fn pid(&self) -> u32 {
        let leash = self.leash.id();
        let children = fs::read_to_string(format!("/proc/{leash}/task/{leash}/children")).unwrap_or_default();
        // Orphans become children of the leash too, listed after the program itself.
        let first = children.split_whitespace().next().and_then(|pid| pid.parse().ok());
        first.unwrap_or_else(|| panic!("the peer has ended:\n{}", self.log()))
    }

    fn log(&self) -> String {
        let log = fs::read(self.folder().join("log")).unwrap_or_default();
        String::from_utf8_lossy(&log[log.len().saturating_sub(SHOWN)..]).into_owned()
    }

    #[expect(clippy::print_stderr, reason = "the log explains a failed test")]
    fn show_log(&self) {
        eprintln!("---- end of the log of a peer ----\n{}----", self.log());
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        let ended_by_itself = !matches!(self.leash.try_wait(), Ok(None));
        // When this pipe closes, the leash kills everything.
        drop(self.leash.stdin.take());
        let _reaped = self.leash.wait();
        if ended_by_itself || thread::panicking() {
            self.show_log();
        }
    }
}
