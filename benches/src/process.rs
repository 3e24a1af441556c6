//! A server's processes: started, accounted for by the operating system, and ended.

use std::{
    fs,
    io::{Read, Seek, SeekFrom},
    net::{SocketAddr, TcpListener, TcpStream},
    path::PathBuf,
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail};

/// How long a server may take to listen.
const START: Duration = Duration::from_secs(30);
/// A clock tick of `/proc/PID/stat`: `USER_HZ` is 100 on every Linux that Rust runs on.
const TICK: Duration = Duration::from_millis(10);

/// A command and everything it starts; all of it is killed when this value is dropped or its owner dies.
#[derive(Debug)]
pub struct Process {
    leash: Child,
    log: fs::File,
    name: String,
}

impl Process {
    /// Starts `command`, with its output in a file that only errors show.
    ///
    /// # Errors
    /// There is no Python 3 for the leash, or no space for the log.
    pub fn start(command: &Command) -> Result<Self> {
        let name = command.get_program().to_string_lossy().into_owned();
        let log = tempfile::tempfile().context("a file for a server's output")?;
        let mut leashed = Command::new("python3");
        leashed.arg(repository().join("tests/peers/leash.py")).arg(command.get_program()).args(command.get_args());
        for (key, value) in command.get_envs() {
            match value {
                Some(value) => leashed.env(key, value),
                None => leashed.env_remove(key),
            };
        }
        if let Some(folder) = command.get_current_dir() {
            leashed.current_dir(folder);
        }
        let leash = leashed
            .stdin(Stdio::piped())
            .stdout(log.try_clone()?)
            .stderr(log.try_clone()?)
            .spawn()
            .with_context(|| format!("starting {name} with python3"))?;
        Ok(Self { leash, log, name })
    }

    /// Waits until it takes connections.
    ///
    /// # Errors
    /// It ends or does not listen within half a minute; its output is in the error.
    pub fn wait_for(&mut self, address: SocketAddr) -> Result<()> {
        let deadline = Instant::now() + START;
        while TcpStream::connect(address).is_err() {
            if let Some(status) = self.leash.try_wait()? {
                bail!("{} ended with {status}:\n{}", self.name, self.output());
            }
            if Instant::now() > deadline {
                bail!("{} does not listen on {address}:\n{}", self.name, self.output());
            }
            thread::sleep(Duration::from_millis(5));
        }
        Ok(())
    }

    /// What it has written to its standard output and error.
    pub fn output(&self) -> String {
        let mut text = Vec::new();
        let mut log = &self.log;
        let _unreadable = log.seek(SeekFrom::Start(0)).and_then(|_| log.read_to_end(&mut text));
        String::from_utf8_lossy(&text).into_owned()
    }

    /// The CPU time that all its processes have had, in user and kernel, in steps of 10 ms.
    ///
    /// # Errors
    /// It has ended.
    pub fn cpu(&self) -> Result<Duration> {
        let mut ticks = 0;
        for pid in self.pids()? {
            // The command's name, in parentheses, may hold blanks; the numbers follow it.
            let stat = fs::read_to_string(format!("/proc/{pid}/stat"))?;
            let fields = stat.rsplit(')').next().unwrap_or_default().split_whitespace();
            let times = fields.skip(11).take(2).map(str::parse::<u32>).collect::<Result<Vec<_>, _>>()?;
            ticks += times.iter().sum::<u32>();
        }
        Ok(TICK * ticks)
    }

    /// The memory of all its processes in bytes; what they share counts once.
    ///
    /// # Errors
    /// It has ended.
    pub fn memory(&self) -> Result<u64> {
        let mut kilobytes = 0;
        for pid in self.pids()? {
            let rollup = fs::read_to_string(format!("/proc/{pid}/smaps_rollup"))?;
            let line = rollup.lines().find_map(|line| line.strip_prefix("Pss:")).context("smaps_rollup without Pss")?;
            kilobytes += line.trim().trim_end_matches(" kB").parse::<u64>()?;
        }
        Ok(kilobytes * 1024)
    }

    /// The processes, without the leash.
    fn pids(&self) -> Result<Vec<u32>> {
        let mut pids = children(self.leash.id())?;
        if pids.is_empty() {
            bail!("{} has ended:\n{}", self.name, self.output());
        }
        let mut next = 0;
        while next < pids.len() {
            pids.extend(children(pids[next])?);
            next += 1;
        }
        Ok(pids)
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // The closed pipe is what makes the leash end everything.
        drop(self.leash.stdin.take());
        let _reaped = self.leash.wait();
    }
}

fn children(pid: u32) -> Result<Vec<u32>> {
    let mut found = Vec::new();
    for thread in fs::read_dir(format!("/proc/{pid}/task"))? {
        let children = fs::read_to_string(thread?.path().join("children"))?;
        for child in children.split_whitespace() {
            found.push(child.parse()?);
        }
    }
    Ok(found)
}

/// The root of the repository.
pub fn repository() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
}

/// A loopback address that nobody listens on.
///
/// # Errors
/// The system has no port left.
pub fn free_address() -> Result<SocketAddr> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?)
}
