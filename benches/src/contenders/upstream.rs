//! The scripted model server, as the benchmark drives it: one text for every job, written to all of them at once.

use std::{
    io::Write,
    net::{SocketAddr, TcpStream},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        mpsc::{Receiver, Sender, channel},
    },
    time::{Duration, Instant},
};

use anyhow::{Context, Result};
use generation_testkit::model_server::{ModelServer, Step, piece};

/// How long to wait for the expected requests to arrive.
const ARRIVAL_TIMEOUT: Duration = Duration::from_secs(30);
/// How long the service may take to read what was written.
const WRITE_TIMEOUT: Duration = Duration::from_secs(30);

/// Every request is given the same first text at once; more comes with [`Upstream::write`]. No text ever ends.
///
/// Once it has its first text, each connection is handed over by the model server. From then on the caller's own thread
/// writes to all of them, so that between a mark and the kernel there is no other thread to be woken, and ten thousand
/// jobs need no threads.
pub struct Upstream {
    server: ModelServer,
    script: Arc<Mutex<Script>>,
    writers: Mutex<Writers>,
}

#[derive(Debug, Default)]
struct Script {
    first: String,
    silent: bool,
    /// Is told when the first text of each request is about to be written.
    first_written: Option<Sender<Instant>>,
}

/// The requests that are being answered.
#[derive(Debug)]
struct Writers {
    arriving: Receiver<TcpStream>,
    connections: Vec<TcpStream>,
}

impl Upstream {
    /// Starts with an empty first text.
    pub fn start() -> Self {
        let script = Arc::new(Mutex::new(Script::default()));
        let shared = Arc::clone(&script);
        let (given, arriving) = channel();
        let server = ModelServer::start(move |_| steps(&lock(&shared), given.clone()));
        Self { server, script, writers: Mutex::new(Writers { arriving, connections: Vec::new() }) }
    }

    /// What `/chat/completions` is appended to.
    pub fn url(&self) -> String {
        self.server.url()
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.server.address()
    }

    /// The text that each later request is given at once.
    pub fn begin_with(&self, first: String) {
        lock(&self.script).first = first;
    }

    /// Later requests are never answered.
    pub fn fall_silent(&self) {
        lock(&self.script).silent = true;
    }

    /// When the first text of each later request is written.
    pub fn first_texts(&self) -> Receiver<Instant> {
        let (sender, receiver) = channel();
        lock(&self.script).first_written = Some(sender);
        receiver
    }

    /// Waits until `requests` requests are being answered.
    ///
    /// # Errors
    /// They do not arrive within half a minute.
    pub fn wait_for(&self, requests: usize) -> Result<()> {
        let deadline = Instant::now() + ARRIVAL_TIMEOUT;
        let mut writers = lock(&self.writers);
        while writers.connections.len() < requests {
            let left = deadline.saturating_duration_since(Instant::now());
            let arrived = writers.arriving.recv_timeout(left);
            let connection = arrived
                .with_context(|| format!("{} of {requests} jobs have reached the model", writers.connections.len()))?;
            writers.add(connection)?;
        }
        Ok(())
    }

    /// Writes `text` to every request that is being answered.
    ///
    /// # Errors
    /// The service has hung up.
    pub fn write(&self, text: &str) -> Result<()> {
        let piece = piece(text);
        let mut writers = lock(&self.writers);
        while let Ok(connection) = writers.arriving.try_recv() {
            writers.add(connection)?;
        }
        for writer in &mut writers.connections {
            writer.write_all(&piece).context("the service no longer reads its model")?;
        }
        Ok(())
    }
}

impl Writers {
    fn add(&mut self, connection: TcpStream) -> Result<()> {
        connection.set_write_timeout(Some(WRITE_TIMEOUT))?;
        self.connections.push(connection);
        Ok(())
    }
}

fn steps(script: &Script, given: Sender<TcpStream>) -> Vec<Step> {
    if script.silent {
        return vec![Step::HandOver(given)];
    }
    let told = script.first_written.clone().map(Step::Tell);
    let answered = [Step::Head, Step::Text(script.first.clone()), Step::HandOver(given)];
    told.into_iter().chain(answered).collect()
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
