//! A model server that writes what and when the benchmark wants.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    sync::{
        Arc, Condvar, Mutex, MutexGuard, PoisonError,
        mpsc::{Receiver, Sender, channel},
    },
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, ensure};
use serde_json::json;

/// How long a request for text may take to come, and a write to be taken.
const PATIENCE: Duration = Duration::from_secs(30);

/// Speaks OpenAI's `/chat/completions`, streamed. Every request is given `first` as its text at once; more comes with
/// [`Upstream::write`]. It never ends a text.
#[derive(Debug, Clone)]
pub struct Upstream {
    shared: Arc<Shared>,
    address: SocketAddr,
}

#[derive(Debug, Default)]
struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    first: String,
    silent: bool,
    writers: Vec<TcpStream>,
    /// Tells when the first text of each request was written.
    first_written: Option<Sender<Instant>>,
}

impl Upstream {
    /// Listens on a free port; its threads end with the process.
    ///
    /// # Errors
    /// The system has no port or no thread left.
    pub fn start() -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let upstream = Self { shared: Arc::default(), address: listener.local_addr()? };
        let accepting = upstream.clone();
        thread::Builder::new().name("upstream".into()).spawn(move || {
            for connection in listener.incoming().flatten() {
                let serving = accepting.clone();
                // A client that goes away in the middle of its request is no fault of the upstream.
                thread::spawn(move || drop(serving.serve(connection)));
            }
        })?;
        Ok(upstream)
    }

    /// What `/chat/completions` is appended to.
    pub fn url(&self) -> String {
        format!("http://{}/v1", self.address)
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The text that each later request is given at once.
    pub fn begin_with(&self, first: String) {
        self.lock().first = first;
    }

    /// Later requests are never answered.
    pub fn fall_silent(&self) {
        self.lock().silent = true;
    }

    /// When the first text of each later request is written.
    pub fn first_texts(&self) -> Receiver<Instant> {
        let (sender, receiver) = channel();
        self.lock().first_written = Some(sender);
        receiver
    }

    /// Waits until so many requests are being answered.
    ///
    /// # Errors
    /// They do not come within half a minute.
    pub fn wait_for(&self, requests: usize) -> Result<()> {
        let waiting =
            self.shared.changed.wait_timeout_while(self.lock(), PATIENCE, |state| state.writers.len() < requests);
        let (state, timeout) = waiting.unwrap_or_else(PoisonError::into_inner);
        ensure!(!timeout.timed_out(), "{} of {requests} jobs have reached the model", state.writers.len());
        Ok(())
    }

    /// Writes `text` to every request that is being answered.
    ///
    /// # Errors
    /// The service has hung up.
    pub fn write(&self, text: &str) -> Result<()> {
        let chunk = chunk(text);
        for writer in &mut self.lock().writers {
            writer.write_all(chunk.as_bytes()).context("the service no longer reads its model")?;
        }
        Ok(())
    }

    fn serve(&self, mut connection: TcpStream) -> Result<()> {
        connection.set_nodelay(true)?;
        connection.set_read_timeout(Some(PATIENCE))?;
        connection.set_write_timeout(Some(PATIENCE))?;
        read_request(&connection)?;
        let mut state = self.lock();
        if state.silent {
            state.writers.push(connection);
            return Ok(());
        }
        let head = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n";
        let response = format!("{head}{}", chunk(&state.first));
        let at = Instant::now();
        connection.write_all(response.as_bytes())?;
        if let Some(first_written) = &state.first_written {
            // Nobody asks any more once the measuring is over.
            let _unheard = first_written.send(at);
        }
        state.writers.push(connection);
        self.shared.changed.notify_all();
        Ok(())
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.shared.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A piece of text as OpenAI sends it, in a chunk of HTTP.
fn chunk(text: &str) -> String {
    let data = json!({
        "id": "bench", "object": "chat.completion.chunk", "created": 0, "model": "bench",
        "choices": [{ "index": 0, "delta": { "content": text }, "finish_reason": null }],
    });
    let event = format!("data: {data}\n\n");
    format!("{:x}\r\n{event}\r\n", event.len())
}

fn read_request(connection: &TcpStream) -> Result<()> {
    let mut reader = BufReader::new(connection);
    let mut length = 0;
    loop {
        let mut line = String::new();
        ensure!(reader.read_line(&mut line)? > 0, "the request is cut off");
        let line = line.trim_end().to_ascii_lowercase();
        if line.is_empty() {
            break;
        }
        if let Some(value) = line.strip_prefix("content-length:") {
            length = value.trim().parse()?;
        }
    }
    reader.read_exact(&mut vec![0; length])?;
    Ok(())
}
