//! A server that answers with any bytes, request by request, on connections that it keeps: as rude as a test needs it.

use std::{
    io::{ErrorKind, Read as _, Write as _},
    net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering::SeqCst},
    },
    thread,
    time::Duration,
};

use super::{upstream::Gate, wait};

/// One thing to do with a request; afterwards the next one on the same connection is read.
#[derive(Debug, Clone)]
pub(crate) enum Act {
    Send(Vec<u8>),
    /// Sends the same again and again until the client leaves.
    Flood(Vec<u8>),
    /// Waits until the test opens the gate, or the client leaves.
    Hold(Gate),
    /// Waits until the client leaves.
    Stall,
    Close,
}

pub(crate) fn send(text: impl AsRef<[u8]>) -> Act {
    Act::Send(text.as_ref().to_vec())
}

/// An ordinary answer.
pub(crate) fn answer(status: &str, kind: &str, body: &str) -> String {
    format!("HTTP/1.1 {status}\r\ncontent-type: {kind}\r\ncontent-length: {}\r\n\r\n{body}", body.len())
}

/// A request as it came.
#[derive(Debug, Clone)]
pub(crate) struct Asked {
    /// From 0, in the order in which connections were opened.
    pub(crate) connection: usize,
    pub(crate) head: String,
    pub(crate) body: String,
}

impl Asked {
    /// Method and target.
    pub(crate) fn line(&self) -> &str {
        self.head.lines().next().unwrap_or_default().trim_end_matches(" HTTP/1.1")
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let mut fields = self.head.lines().skip(1).filter_map(|line| line.split_once(':'));
        fields.find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim())
    }
}

type Script = dyn Fn(&Asked) -> Vec<Act> + Send + Sync;

/// The server; its threads end with it.
pub(crate) struct RawServer {
    address: SocketAddr,
    state: Arc<State>,
}

struct State {
    script: Box<Script>,
    asked: Mutex<Vec<Asked>>,
    /// Connections that the client has closed.
    left: Mutex<Vec<usize>>,
    closing: AtomicBool,
}

impl RawServer {
    pub(crate) fn start(script: impl Fn(&Asked) -> Vec<Act> + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("loopback has a free port");
        let address = listener.local_addr().expect("it is bound");
        let state = Arc::new(State {
            script: Box::new(script),
            asked: Mutex::default(),
            left: Mutex::default(),
            closing: AtomicBool::new(false),
        });
        let shared = Arc::clone(&state);
        thread::spawn(move || {
            for (number, stream) in listener.incoming().map_while(Result::ok).enumerate() {
                if shared.closing.load(SeqCst) {
                    return;
                }
                let state = Arc::clone(&shared);
                thread::spawn(move || Connection { number, stream, unread: Vec::new(), state }.serve());
            }
        });
        Self { address, state }
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    pub(crate) fn asked(&self) -> Vec<Asked> {
        self.state.asked.lock().unwrap().clone()
    }

    /// Whether the client was seen to have closed that connection.
    pub(crate) fn has_left(&self, connection: usize) -> bool {
        self.state.left.lock().unwrap().contains(&connection)
    }

    /// Waits until the client has closed that connection, holding up this thread.
    pub(crate) fn wait_until_left(&self, connection: usize) {
        wait::until("the client to close its connection", || self.has_left(connection).then_some(()));
    }
}

impl Drop for RawServer {
    fn drop(&mut self) {
        self.state.closing.store(true, SeqCst);
        // Wakes the thread that accepts.
        let _woken = TcpStream::connect(self.address);
    }
}

struct Connection {
    number: usize,
    stream: TcpStream,
    /// What came beyond the last request.
    unread: Vec<u8>,
    state: Arc<State>,
}

/// Nothing more will happen on the connection.
struct Over;

impl Connection {
    fn serve(mut self) {
        // A client that waits is looked after every few milliseconds.
        self.stream.set_read_timeout(Some(Duration::from_millis(5))).expect("an open socket");
        self.stream.set_nodelay(true).expect("an open socket");
        while let Ok(asked) = self.read_request() {
            self.state.asked.lock().unwrap().push(asked.clone());
            if (self.state.script)(&asked).into_iter().try_for_each(|act| self.perform(act)).is_err() {
                break;
            }
        }
        let _closed = self.stream.shutdown(Shutdown::Both);
    }

    fn read_request(&mut self) -> Result<Asked, Over> {
        loop {
            if let Some(end) = self.unread.windows(4).position(|window| window == b"\r\n\r\n") {
                let head = String::from_utf8_lossy(&self.unread[..end]).into_owned();
                let mut asked = Asked { connection: self.number, head, body: String::new() };
                let length = asked.header("content-length").map_or(0, |length| length.parse().expect("a length"));
                if self.unread.len() >= end + 4 + length {
                    let body = self.unread.drain(..end + 4 + length).skip(end + 4).collect::<Vec<u8>>();
                    asked.body = String::from_utf8_lossy(&body).into_owned();
                    return Ok(asked);
                }
            }
            self.read()?;
        }
    }

    /// Reads if there is something to read.
    fn read(&mut self) -> Result<(), Over> {
        let mut buffer = [0; 8192];
        match self.stream.read(&mut buffer) {
            Ok(read @ 1..) => self.unread.extend_from_slice(&buffer[..read]),
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {}
            Ok(_) | Err(_) => {
                self.state.left.lock().unwrap().push(self.number);
                return Err(Over);
            }
        }
        if self.state.closing.load(SeqCst) { Err(Over) } else { Ok(()) }
    }

    fn perform(&mut self, act: Act) -> Result<(), Over> {
        match act {
            Act::Send(bytes) => self.stream.write_all(&bytes).map_err(|_| Over),
            Act::Flood(bytes) => loop {
                self.stream.write_all(&bytes).map_err(|_| {
                    self.state.left.lock().unwrap().push(self.number);
                    Over
                })?;
            },
            Act::Hold(gate) => {
                while !gate.is_open() {
                    self.read()?;
                }
                Ok(())
            }
            Act::Stall => loop {
                self.read()?;
            },
            Act::Close => Err(Over),
        }
    }
}
