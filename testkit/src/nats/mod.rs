//! Real NATS servers on loopback, alone or three as a cluster, that a test can kill, freeze and empty.

mod builder;
mod config;
mod credentials;
mod monitor;
mod ports;
#[cfg(test)]
mod raw;
#[cfg(test)]
mod tests;
mod tls;

use std::{ffi::OsString, fs, net::SocketAddr, path::PathBuf, time::Duration};

use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

pub use self::builder::Builder;
use self::{
    config::{Access, Addresses, name},
    ports::Ports,
};
use crate::{
    peer::{Peer, assert_not_quick},
    project_path, wait,
};

/// An election takes up to nine seconds, and one without a winner is followed by another.
const ELECTIONS: Duration = Duration::from_secs(40);

/// Running servers, numbered from 0. Dropping the value kills them and removes their data.
#[derive(Debug)]
pub struct Nats {
    servers: Vec<Server>,
    tls: bool,
    jetstream: bool,
    folder: TempDir,
    /// Last, so that the ports stay ours until the servers have ended.
    _ports: Ports,
}

#[derive(Debug)]
struct Server {
    at: Addresses,
    running: Option<Peer>,
    frozen: bool,
}

impl Nats {
    /// What to start.
    pub fn builder() -> Builder {
        Builder::new()
    }

    /// Starts one server that is open to everybody on this machine.
    ///
    /// # Panics
    /// As [`Builder::start`].
    #[track_caller]
    pub fn one() -> Self {
        Self::builder().start()
    }

    /// Starts three such servers as a cluster.
    ///
    /// # Panics
    /// As [`Builder::start`].
    #[track_caller]
    pub fn three() -> Self {
        Self::builder().servers(3).start()
    }

    #[track_caller]
    fn new(builder: Builder) -> Self {
        assert_not_quick();
        let (folder, ports) = (TempDir::new().expect("a temporary folder"), Ports::take());
        let three = |index: u16| Addresses {
            client: ports.get(3 * index),
            monitor: ports.get(3 * index + 1),
            route: ports.get(3 * index + 2),
        };
        let all: Vec<Addresses> = (0..3).take(builder.servers).map(three).collect();
        for index in 0..all.len() {
            let text = config::text(&builder, index, &all, folder.path());
            fs::write(folder.path().join(name(index)).with_extension("conf"), text).expect("it can be written");
        }
        if builder.tls {
            tls::make_certificates(folder.path());
        }
        if matches!(builder.access, Access::Credentials) {
            credentials::make(folder.path());
        }
        let servers = all.into_iter().map(|at| Server { at, running: None, frozen: false }).collect();
        Self { servers, tls: builder.tls, jetstream: builder.jetstream, folder, _ports: ports }
    }

    /// How many servers there are, running or not.
    pub fn count(&self) -> usize {
        self.servers.len()
    }

    /// The URLs of all servers, with commas between.
    pub fn urls(&self) -> String {
        (0..self.count()).map(|index| self.url(index)).collect::<Vec<_>>().join(",")
    }

    /// The URL of one server.
    pub fn url(&self, index: usize) -> String {
        format!("{}://{}", if self.tls { "tls" } else { "nats" }, self.servers[index].at.client)
    }

    /// The certificate of the authority that has signed the servers' own, if they were built with TLS.
    pub fn ca(&self) -> PathBuf {
        self.folder.path().join("ca.pem")
    }

    /// The file that lets a client in, if they were built with [`Builder::credentials`].
    pub fn credentials(&self) -> PathBuf {
        self.folder.path().join(credentials::FILE)
    }

    /// Kills a server, as a power cut would.
    pub fn kill(&mut self, index: usize) {
        let server = &mut self.servers[index];
        (server.running, server.frozen) = (None, false);
    }

    /// Stops a server without ending it; its connections stay open.
    ///
    /// # Panics
    /// It does not run.
    pub fn freeze(&mut self, index: usize) {
        self.signal(index, Signal::STOP);
        self.servers[index].frozen = true;
    }

    /// Lets a frozen server go on.
    ///
    /// # Panics
    /// It does not run.
    pub fn thaw(&mut self, index: usize) {
        self.signal(index, Signal::CONT);
        self.servers[index].frozen = false;
    }

    /// Sends a signal to a server. The one for lame duck mode is `Signal::USR2`.
    ///
    /// # Panics
    /// It does not run.
    pub fn signal(&self, index: usize, signal: Signal) {
        let peer = self.servers[index].running.as_ref().expect("it runs");
        let pid = i32::try_from(peer.pid()).ok().and_then(Pid::from_raw).expect("a process id");
        kill_process(pid, signal).expect("it runs");
    }

    /// Starts a server again on its port and what it has stored. It accepts connections afterwards; [`Nats::wait_ready`] waits for more.
    ///
    /// # Panics
    /// It still runs, or does not listen within [`wait::TIMEOUT`].
    #[track_caller]
    pub fn restart(&mut self, index: usize) {
        self.spawn(index);
        self.wait_for(index);
    }

    /// Starts all servers that do not run, at the same time.
    ///
    /// # Panics
    /// One does not listen within [`wait::TIMEOUT`].
    #[track_caller]
    pub fn start_all(&mut self) {
        let down: Vec<usize> = (0..self.count()).filter(|index| self.servers[*index].running.is_none()).collect();
        for index in &down {
            self.spawn(*index);
        }
        for index in down {
            self.wait_for(index);
        }
    }

    /// Kills all servers and removes everything they have stored.
    ///
    /// # Panics
    /// It cannot be removed.
    pub fn empty(&mut self) {
        for index in 0..self.count() {
            self.kill(index);
            let store = self.folder.path().join(name(index));
            if store.exists() {
                fs::remove_dir_all(store).expect("a store can be removed");
            }
        }
    }

    /// Waits until every server that runs is healthy and, in a cluster, follows one leader. A stream can be created at once then.
    ///
    /// # Panics
    /// They are not ready within 40 s, or fewer than half of a cluster run.
    #[track_caller]
    pub fn wait_ready(&self) {
        let running = self.running();
        assert!(2 * running.len() > self.count(), "a minority is never ready");
        wait::until_within(ELECTIONS, "the NATS servers to be ready", || {
            let healthy = running.iter().all(|(_, monitor)| monitor::is_healthy(*monitor));
            let led = self.count() == 1 || !self.jetstream || monitor::is_cluster_ready(&running, self.count());
            (healthy && led).then_some(())
        });
    }

    /// The server that leads the replicas of a stream; waits until there is one.
    ///
    /// # Panics
    /// There is none within 40 s.
    #[track_caller]
    pub fn leader(&self, stream: &str) -> usize {
        if self.count() == 1 {
            return 0;
        }
        let running = self.running();
        let leader = wait::until_within(ELECTIONS, "a stream's leader", || {
            let mut leaders = running.iter().filter_map(|(_, monitor)| monitor::leader(*monitor, stream));
            // Those who have not noticed yet name a leader that is gone.
            leaders.find(|leader| running.iter().any(|(name, _)| name == leader))
        });
        (0..self.count()).find(|index| name(*index) == leader).expect("it is one of ours")
    }

    /// Names and monitoring addresses of those that can answer.
    fn running(&self) -> Vec<(String, SocketAddr)> {
        let servers = self.servers.iter().enumerate();
        let running = servers.filter(|(_, server)| server.running.is_some() && !server.frozen);
        running.map(|(index, server)| (name(index), server.at.monitor)).collect()
    }

    fn spawn(&mut self, index: usize) {
        let server = &mut self.servers[index];
        assert!(server.running.is_none(), "it still runs");
        let config = self.folder.path().join(name(index)).with_extension("conf");
        server.running = Some(Peer::start([OsString::from(program()), "-c".into(), config.into()]));
    }

    #[track_caller]
    fn wait_for(&mut self, index: usize) {
        let server = &mut self.servers[index];
        let address = server.at.client;
        server.running.as_mut().expect("it was started").wait_for(address);
    }
}

fn program() -> PathBuf {
    let program = project_path(".cache/tools/bin/nats-server");
    assert!(program.is_file(), "{} is missing; tests/run --setup installs it", program.display());
    program
}
