//! A server that follows a test's script for each request, act by act, on persistent connections. It can misbehave as
//! badly as the test needs.

mod connection;

use std::{
    net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst},
        mpsc::Sender,
    },
    thread,
    time::{Duration, Instant},
};

use self::connection::Connection;
use crate::wait;

/// One action for a request. After the last act, the server reads the next request on the same connection.
#[derive(Debug, Clone)]
pub enum Act {
    /// Sends these bytes.
    Send(Vec<u8>),
    /// Sends these bytes repeatedly until the client leaves.
    Flood(Vec<u8>),
    /// Sends the function's results for 0, 1, 2, … until the client leaves, with this pause after each.
    Repeat(Duration, fn(u64) -> Vec<u8>),
    /// Pauses; ends early if the client leaves.
    Pause(Duration),
    /// Waits until the test opens the gate; ends early if the client leaves.
    Hold(Gate),
    /// Waits until the client leaves.
    Stall,
    /// Sends the test the time at which the script gets here.
    Tell(Sender<Instant>),
    /// Hands the connection over to the test.
    HandOver(Sender<TcpStream>),
    /// Closes the connection.
    Close,
}

/// Sends text.
pub fn send(text: impl AsRef<[u8]>) -> Act {
    Act::Send(text.as_ref().to_vec())
}

/// An ordinary response: status code and reason, media type, body.
pub fn answer(status: &str, kind: &str, body: &str) -> String {
    format!("HTTP/1.1 {status}\r\ncontent-type: {kind}\r\ncontent-length: {}\r\n\r\n{body}", body.len())
}

/// Holds a script back until it is opened. All clones are the same gate.
#[derive(Debug, Clone, Default)]
pub struct Gate(Arc<AtomicBool>);

impl Gate {
    /// Lets the script continue.
    pub fn open(&self) {
        self.0.store(true, SeqCst);
    }

    /// Whether it is open.
    pub fn is_open(&self) -> bool {
        self.0.load(SeqCst)
    }
}

/// A request as it arrived, and what has become of it.
#[derive(Debug, Clone)]
pub struct Asked {
    /// From 0, in the order in which requests arrived.
    pub number: usize,
    /// From 0, in the order in which connections were opened.
    pub connection: usize,
    /// Request line and headers.
    pub head: String,
    /// The body.
    pub body: String,
    /// When it had arrived completely.
    pub at: Instant,
    /// When the server noticed that the client had left before the end of the script.
    pub left_at: Option<Instant>,
    /// Whether the script has reached its end.
    pub finished: bool,
}

impl Asked {
    /// Method and target.
    pub fn line(&self) -> &str {
        self.head.lines().next().unwrap_or_default().trim_end_matches(" HTTP/1.1")
    }

    /// The value of a header.
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut fields = self.head.lines().skip(1).filter_map(|line| line.split_once(':'));
        fields.find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim())
    }
}

/// Acts are made lazily: a script may be long, and its first act must not wait for its last.
type Acts = Box<dyn Iterator<Item = Act>>;
type Script = dyn Fn(&Asked) -> Acts + Send + Sync;

/// The server. It has one thread per connection; dropping it ends them.
pub struct Server {
    address: SocketAddr,
    state: Arc<State>,
}

struct State {
    script: Box<Script>,
    asked: Mutex<Vec<Asked>>,
    /// Connections closed by the client.
    left: Mutex<Vec<usize>>,
    open: AtomicUsize,
    closing: AtomicBool,
}

impl Server {
    /// Starts a server that follows `script` for every request.
    ///
    /// # Panics
    /// No port is free.
    pub fn start<A>(script: impl Fn(&Asked) -> A + Send + Sync + 'static) -> Self
    where
        A: IntoIterator<Item = Act>,
        A::IntoIter: 'static,
    {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("loopback has a free port");
        let address = listener.local_addr().expect("it is bound");
        let state = Arc::new(State {
            script: Box::new(move |asked| Box::new(script(asked).into_iter())),
            asked: Mutex::default(),
            left: Mutex::default(),
            open: AtomicUsize::new(0),
            closing: AtomicBool::new(false),
        });
        let shared = Arc::clone(&state);
        thread::spawn(move || {
            for (number, stream) in listener.incoming().map_while(Result::ok).enumerate() {
                if shared.closing.load(SeqCst) {
                    return;
                }
                shared.open.fetch_add(1, SeqCst);
                let state = Arc::clone(&shared);
                thread::spawn(move || Connection::new(number, stream, state).serve());
            }
        });
        Self { address, state }
    }

    /// The address it listens on.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Its URL, without a path.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// All requests so far.
    pub fn asked(&self) -> Vec<Asked> {
        lock(&self.state.asked).clone()
    }

    /// Waits until `count` requests have arrived.
    ///
    /// # Panics
    /// They do not arrive within [`wait::TIMEOUT`].
    #[track_caller]
    pub fn wait_for_requests(&self, count: usize) {
        wait::until(&format!("request {count}"), || (lock(&self.state.asked).len() >= count).then_some(()));
    }

    /// The number of connections that are open and not handed over.
    pub fn open_connections(&self) -> usize {
        self.state.open.load(SeqCst)
    }

    /// Whether the server has noticed that the client closed this connection.
    pub fn has_left(&self, connection: usize) -> bool {
        lock(&self.state.left).contains(&connection)
    }

    /// Waits until the client has closed this connection. Blocks the thread.
    ///
    /// # Panics
    /// It is still open after [`wait::TIMEOUT`].
    #[track_caller]
    pub fn wait_until_left(&self, connection: usize) {
        wait::until("the client to close its connection", || self.has_left(connection).then_some(()));
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.state.closing.store(true, SeqCst);
        // Wakes the accepting thread.
        let _woken = TcpStream::connect(self.address);
    }
}

/// Ignores poisoning: a panicking script fails only its own test.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests;
