//! A server that does with every request what a test scripts, act by act, on connections that it keeps: as rude as a test
//! needs it.

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

/// One thing to do with a request; after the last one the next request on the same connection is read.
#[derive(Debug, Clone)]
pub enum Act {
    /// Sends these bytes.
    Send(Vec<u8>),
    /// Sends the same again and again until the client leaves.
    Flood(Vec<u8>),
    /// Sends what the function makes of 0, 1, 2, …, with such a pause after each, until the client leaves.
    Repeat(Duration, fn(u64) -> Vec<u8>),
    /// An ordinary pause; a client that leaves ends it.
    Pause(Duration),
    /// Waits until the test opens the gate; a client that leaves ends it.
    Hold(Gate),
    /// Waits until the client leaves.
    Stall,
    /// Tells the test when it gets here.
    Tell(Sender<Instant>),
    /// Gives the connection to the test, which does with it what it likes.
    HandOver(Sender<TcpStream>),
    /// Closes the connection.
    Close,
}

/// Sends text.
pub fn send(text: impl AsRef<[u8]>) -> Act {
    Act::Send(text.as_ref().to_vec())
}

/// An ordinary response: status line's end, media type, body.
pub fn answer(status: &str, kind: &str, body: &str) -> String {
    format!("HTTP/1.1 {status}\r\ncontent-type: {kind}\r\ncontent-length: {}\r\n\r\n{body}", body.len())
}

/// Holds a script back until it is opened; all clones are the same.
#[derive(Debug, Clone, Default)]
pub struct Gate(Arc<AtomicBool>);

impl Gate {
    /// Lets the script go on.
    pub fn open(&self) {
        self.0.store(true, SeqCst);
    }

    /// Whether it has been opened.
    pub fn is_open(&self) -> bool {
        self.0.load(SeqCst)
    }
}

/// A request as it came, and what became of it.
#[derive(Debug, Clone)]
pub struct Asked {
    /// From 0, in the order in which requests came.
    pub number: usize,
    /// From 0, in the order in which connections were opened.
    pub connection: usize,
    /// Request line and headers.
    pub head: String,
    /// The body.
    pub body: String,
    /// When it had arrived.
    pub at: Instant,
    /// When the client was seen to have left before the script was at its end.
    pub left_at: Option<Instant>,
    /// The script is at its end.
    pub finished: bool,
}

impl Asked {
    /// Method and target.
    pub fn line(&self) -> &str {
        self.head.lines().next().unwrap_or_default().trim_end_matches(" HTTP/1.1")
    }

    /// A header's value.
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut fields = self.head.lines().skip(1).filter_map(|line| line.split_once(':'));
        fields.find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim())
    }
}

/// Acts are made when their turn comes: a script may be long, and its first act must not wait for its last.
type Acts = Box<dyn Iterator<Item = Act>>;
type Script = dyn Fn(&Asked) -> Acts + Send + Sync;

/// The server. Its threads, one a connection, end when it is dropped.
pub struct Server {
    address: SocketAddr,
    state: Arc<State>,
}

struct State {
    script: Box<Script>,
    asked: Mutex<Vec<Asked>>,
    /// Connections that the client has closed.
    left: Mutex<Vec<usize>>,
    open: AtomicUsize,
    closing: AtomicBool,
}

impl Server {
    /// Does with every request what `script` says.
    ///
    /// # Panics
    /// There is no port left.
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

    /// Where it listens.
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

    /// Waits until so many requests have come.
    ///
    /// # Panics
    /// They do not within [`wait::PATIENCE`].
    #[track_caller]
    pub fn wait_for_requests(&self, count: usize) {
        wait::until(&format!("request {count}"), || (lock(&self.state.asked).len() >= count).then_some(()));
    }

    /// Connections that are open and have not been handed over.
    pub fn open_connections(&self) -> usize {
        self.state.open.load(SeqCst)
    }

    /// Whether the client was seen to have closed that connection.
    pub fn has_left(&self, connection: usize) -> bool {
        lock(&self.state.left).contains(&connection)
    }

    /// Waits until the client has closed that connection, holding up this thread.
    ///
    /// # Panics
    /// It has not within [`wait::PATIENCE`].
    #[track_caller]
    pub fn wait_until_left(&self, connection: usize) {
        wait::until("the client to close its connection", || self.has_left(connection).then_some(()));
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.state.closing.store(true, SeqCst);
        // Wakes the thread that accepts.
        let _woken = TcpStream::connect(self.address);
    }
}

/// A script that panics fails its own test only.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests;
