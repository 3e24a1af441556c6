//! A model server that does what a test tells it to, step by step.

use std::{
    io::{ErrorKind, Read, Write},
    net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream},
    sync::{
        Arc, Condvar, Mutex,
        atomic::{AtomicBool, Ordering::SeqCst},
    },
    thread,
    time::{Duration, Instant},
};

use serde_json::{Value, json};

use super::wait;

/// One thing to do on a connection.
#[derive(Debug, Clone)]
pub(crate) enum Step {
    /// 200 and the headers of an event stream.
    Head,
    /// [`Step::Head`] with another type of content.
    Labelled(&'static str),
    /// One piece of the script.
    Text(String),
    /// Any bytes of the body.
    Raw(Vec<u8>),
    /// The finish reason.
    Finish(&'static str),
    /// `[DONE]` and the final chunk.
    Done,
    /// An ordinary pause between pieces; a client that goes away ends it.
    Pause(Duration),
    /// Tokens without end, with such a pause between any two; a client that goes away ends it.
    Tokens(Duration),
    /// Waits until the test opens the gate; a client that goes away ends it.
    Hold(Gate),
    /// Says nothing more, and waits for the client to go away.
    Stall,
    /// Closes without the final chunk.
    Cut,
    /// A whole answer that is no stream: status, more headers, body.
    Refuse(u16, Vec<(&'static str, String)>, String),
}

/// What is done with one request.
pub(crate) type Script = Vec<Step>;

/// `pieces` as a stream that ends well.
pub(crate) fn complete<'a>(pieces: impl IntoIterator<Item = &'a str>) -> Script {
    let text = pieces.into_iter().map(|piece| Step::Text(piece.into()));
    [Step::Head].into_iter().chain(text).chain([Step::Finish("stop"), Step::Done]).collect()
}

/// An error as such servers send it.
pub(crate) fn refuse(status: u16, code: &str) -> Script {
    let body = json!({ "error": { "message": "upstream-detail", "type": "test", "param": null, "code": code } });
    vec![Step::Refuse(status, Vec::new(), body.to_string())]
}

/// Holds a script back until it is opened.
#[derive(Debug, Clone, Default)]
pub(crate) struct Gate(Arc<(Mutex<bool>, Condvar)>);

impl Gate {
    pub(crate) fn open(&self) {
        *self.0.0.lock().unwrap() = true;
        self.0.1.notify_all();
    }

    pub(crate) fn is_open(&self) -> bool {
        *self.0.0.lock().unwrap()
    }
}

/// What became of one request.
#[derive(Debug, Clone)]
pub(crate) struct Seen {
    pub(crate) headers: String,
    pub(crate) body: Value,
    pub(crate) at: Instant,
    /// When the client's side of the connection was seen to be closed before the script was at its end.
    pub(crate) left_at: Option<Instant>,
    pub(crate) finished: bool,
}

type Writer = dyn Fn(usize) -> Script + Send + Sync;

/// The server; its threads end with it.
pub(crate) struct Upstream {
    address: SocketAddr,
    seen: Arc<Mutex<Vec<Seen>>>,
    closing: Arc<AtomicBool>,
}

impl Upstream {
    /// Answers every request with what `script` says for its number, from 0.
    pub(crate) fn start(script: impl Fn(usize) -> Script + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("loopback has a free port");
        let address = listener.local_addr().unwrap();
        let (seen, closing) = (Arc::new(Mutex::new(Vec::new())), Arc::new(AtomicBool::new(false)));
        let (list, stop, script): (_, _, Arc<Writer>) = (Arc::clone(&seen), Arc::clone(&closing), Arc::new(script));
        thread::spawn(move || {
            for stream in listener.incoming() {
                if stop.load(SeqCst) {
                    return;
                }
                let connection =
                    Connection { stream: stream.unwrap(), seen: Arc::clone(&list), closing: Arc::clone(&stop) };
                let script = Arc::clone(&script);
                thread::spawn(move || connection.serve(&*script));
            }
        });
        Self { address, seen, closing }
    }

    /// Its base URL.
    pub(crate) fn url(&self) -> String {
        format!("http://{}/v1", self.address)
    }

    pub(crate) fn seen(&self) -> Vec<Seen> {
        self.seen.lock().unwrap().clone()
    }

    /// Waits until so many requests have come.
    pub(crate) fn wait_for_requests(&self, count: usize) {
        wait::until(&format!("request {count} at the upstream"), || (self.seen().len() >= count).then_some(()));
    }

    /// Waits until the client of that request has gone away, and says when.
    pub(crate) fn wait_until_left(&self, number: usize) -> Instant {
        wait::until("the client to leave the upstream", || self.seen().get(number)?.left_at)
    }
}

impl Drop for Upstream {
    fn drop(&mut self) {
        self.closing.store(true, SeqCst);
        // Wakes the thread that accepts.
        let _woken = TcpStream::connect(self.address);
    }
}

struct Connection {
    stream: TcpStream,
    seen: Arc<Mutex<Vec<Seen>>>,
    closing: Arc<AtomicBool>,
}

/// The client has gone.
struct Left;

impl Connection {
    fn serve(mut self, script: &Writer) {
        let Some((headers, body)) = self.read_request() else { return };
        let number = {
            let mut seen = self.seen.lock().unwrap();
            seen.push(Seen { headers, body, at: Instant::now(), left_at: None, finished: false });
            seen.len() - 1
        };
        let outcome = script(number).into_iter().try_for_each(|step| self.run(step));
        let mut seen = self.seen.lock().unwrap();
        match outcome {
            Ok(()) => seen[number].finished = true,
            Err(Left) => seen[number].left_at = Some(Instant::now()),
        }
    }

    fn read_request(&mut self) -> Option<(String, Value)> {
        self.stream.set_read_timeout(Some(wait::PATIENCE)).unwrap();
        let (mut bytes, mut buffer) = (Vec::new(), [0; 8192]);
        loop {
            let read = self.stream.read(&mut buffer).ok().filter(|read| *read > 0)?;
            bytes.extend_from_slice(&buffer[..read]);
            let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") else { continue };
            let headers = String::from_utf8_lossy(&bytes[..end]).to_lowercase();
            let length = headers.lines().find_map(|line| line.strip_prefix("content-length:"));
            let length: usize = length.map_or(0, |length| length.trim().parse().unwrap());
            if bytes.len() >= end + 4 + length {
                return Some((headers, serde_json::from_slice(&bytes[end + 4..]).unwrap_or_default()));
            }
        }
    }

    fn run(&mut self, step: Step) -> Result<(), Left> {
        match step {
            Step::Head => self.head("text/event-stream"),
            Step::Labelled(content_type) => self.head(content_type),
            Step::Text(text) => self.event(&json!({ "delta": { "content": text }, "finish_reason": null })),
            Step::Finish(reason) => self.event(&json!({ "delta": {}, "finish_reason": reason })),
            Step::Raw(bytes) => self.chunk(&bytes),
            Step::Done => {
                self.chunk(b"data: [DONE]\n\n")?;
                self.write(b"0\r\n\r\n")
            }
            Step::Pause(length) => {
                let end = Instant::now() + length;
                self.watch(|| Instant::now() >= end)
            }
            Step::Tokens(pause) => self.tokens(pause),
            Step::Hold(gate) => self.watch(|| gate.is_open()),
            Step::Stall => self.watch(|| false),
            Step::Cut => {
                let _closed = self.stream.shutdown(Shutdown::Both);
                Ok(())
            }
            Step::Refuse(status, headers, body) => self.refuse(status, &headers, &body),
        }
    }

    fn head(&mut self, content_type: &str) -> Result<(), Left> {
        let head = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n";
        self.write(format!("{head}content-type: {content_type}\r\n\r\n").as_bytes())
    }

    fn event(&mut self, choice: &Value) -> Result<(), Left> {
        let mut choice = choice.clone();
        choice["index"] = 0.into();
        let chunk = json!({ "id": "c", "object": "chat.completion.chunk", "created": 1, "model": "test-model-1", "choices": [choice] });
        self.chunk(format!("data: {chunk}\n\n").as_bytes())
    }

    /// Faster than [`Connection::watch`] looks: here a failed write tells that the client has gone.
    fn tokens(&mut self, pause: Duration) -> Result<(), Left> {
        for number in 0_u64.. {
            if self.closing.load(SeqCst) {
                return Err(Left);
            }
            self.event(&json!({ "delta": { "content": format!("{number} ") }, "finish_reason": null }))?;
            thread::sleep(pause);
        }
        Ok(())
    }

    fn chunk(&mut self, bytes: &[u8]) -> Result<(), Left> {
        let framed = [format!("{:x}\r\n", bytes.len()).as_bytes(), bytes, b"\r\n"].concat();
        self.write(&framed)
    }

    fn refuse(&mut self, status: u16, headers: &[(&str, String)], body: &str) -> Result<(), Left> {
        let more: String = headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
        let length = body.len();
        let head =
            format!("HTTP/1.1 {status} Scripted\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n");
        self.write(format!("{head}connection: close\r\n{more}\r\n{body}").as_bytes())
    }

    fn write(&mut self, bytes: &[u8]) -> Result<(), Left> {
        self.stream.write_all(bytes).map_err(|_| Left)
    }

    /// Waits for `over`, with an eye on the client.
    fn watch(&mut self, over: impl Fn() -> bool) -> Result<(), Left> {
        self.stream.set_read_timeout(Some(Duration::from_millis(5))).unwrap();
        while !over() {
            match self.stream.read(&mut [0; 64]) {
                Ok(0) => return Err(Left),
                Ok(_) => {}
                Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {}
                Err(_) => return Err(Left),
            }
            if self.closing.load(SeqCst) {
                return Err(Left);
            }
        }
        Ok(())
    }
}
