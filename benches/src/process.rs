//! What a server costs, as the operating system accounts for it.

use std::{fs, time::Duration};

use anyhow::{Context, Result};

/// A clock tick of `/proc/PID/stat`: `USER_HZ` is 100 on every Linux that Rust runs on.
const TICK: Duration = Duration::from_millis(10);

/// A server's process and all that it has started.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Process(u32);

impl Process {
    /// By the id of the process that started all others.
    pub fn new(pid: u32) -> Self {
        Self(pid)
    }

    /// The CPU time that all its processes have had, in user and kernel, in steps of 10 ms.
    ///
    /// # Errors
    /// It has ended.
    pub fn cpu(self) -> Result<Duration> {
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
    pub fn memory(self) -> Result<u64> {
        let mut kilobytes = 0;
        for pid in self.pids()? {
            let rollup = fs::read_to_string(format!("/proc/{pid}/smaps_rollup"))?;
            let line = rollup.lines().find_map(|line| line.strip_prefix("Pss:")).context("smaps_rollup without Pss")?;
            kilobytes += line.trim().trim_end_matches(" kB").parse::<u64>()?;
        }
        Ok(kilobytes * 1024)
    }

    fn pids(self) -> Result<Vec<u32>> {
        let mut pids = vec![self.0];
        let mut next = 0;
        while next < pids.len() {
            pids.extend(children(pids[next]).context("the server has ended")?);
            next += 1;
        }
        Ok(pids)
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
