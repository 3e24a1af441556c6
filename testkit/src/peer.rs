//! Other programs beside the service, each on a leash: none outlives whoever started it.

use std::{
    ffi::OsString,
    fs::{self, File},
    net::{SocketAddr, TcpStream},
    path::Path,
    process::{Child, Command, Stdio},
    thread,
};

use tempfile::TempDir;

use crate::{project_path, wait};

/// How much of a log is shown.
const SHOWN: usize = 4000;

/// A program in a folder of its own. Dropping it kills the program and everything that it started.
#[derive(Debug)]
pub struct Peer {
    leash: Child,
    /// Its working folder, with its log.
    folder: TempDir,
}

impl Peer {
    /// Starts a program with its arguments.
    ///
    /// # Panics
    /// There is no Python 3 for the leash.
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

    /// Waits until it accepts connections.
    ///
    /// # Panics
    /// It ends, or does not listen within [`wait::PATIENCE`].
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

    /// Where it runs.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// The process of the program itself, the parent of all that it starts.
    ///
    /// # Panics
    /// It has ended.
    pub fn pid(&self) -> u32 {
        let leash = self.leash.id();
        let children = fs::read_to_string(format!("/proc/{leash}/task/{leash}/children")).unwrap_or_default();
        // Orphans come to the leash too, after the program itself.
        let first = children.split_whitespace().next().and_then(|pid| pid.parse().ok());
        first.unwrap_or_else(|| panic!("a peer has ended:\n{}", self.log()))
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
        // The closed pipe is what makes the leash kill everything.
        drop(self.leash.stdin.take());
        let _reaped = self.leash.wait();
        if ended_by_itself || thread::panicking() {
            self.show_log();
        }
    }
}
