//! What a run was measured on.

use std::{fs, process::Command};

use anyhow::{Context, Result, ensure};
use generation_testkit::project_path;

use crate::results::Machine;

/// The machine that this runs on.
///
/// # Errors
/// It is no Linux.
pub fn describe() -> Result<Machine> {
    let cpuinfo = fs::read_to_string("/proc/cpuinfo")?;
    let meminfo = fs::read_to_string("/proc/meminfo")?;
    let release = fs::read_to_string("/proc/sys/kernel/osrelease")?;
    let kilobytes = after(&meminfo, "MemTotal").context("no MemTotal")?.trim_end_matches(" kB").parse::<u64>()?;
    Ok(Machine {
        processor: after(&cpuinfo, "model name").unwrap_or("unknown").to_owned(),
        cores: std::thread::available_parallelism()?.get(),
        memory: kilobytes * 1024,
        system: format!("Linux {}", release.trim()),
    })
}

/// The revision of the repository, with `+` if there are changes on top of it.
///
/// # Errors
/// There is no git.
pub fn revision() -> Result<String> {
    let output = Command::new("git")
        .args(["describe", "--always", "--dirty=+", "--exclude=*"])
        .current_dir(project_path(""))
        .output()
        .context("asking git for the revision")?;
    ensure!(output.status.success(), "git: {}", String::from_utf8_lossy(&output.stderr));
    Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

fn after<'a>(text: &'a str, key: &str) -> Option<&'a str> {
    let line = text.lines().find(|line| line.starts_with(key))?;
    Some(line.split_once(':')?.1.trim())
}
