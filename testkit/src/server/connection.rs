//! One connection of a scripted server, on its own thread.

use std::{
    io::{ErrorKind, Read as _, Write as _},
    net::{Shutdown, TcpStream},
    sync::{Arc, atomic::Ordering::SeqCst},
    thread,
    time::{Duration, Instant},
};

use super::{Act, Asked, State, lock};

/// How often a waiting connection checks whether its client has left or the script may continue.
const POLL_INTERVAL: Duration = Duration::from_millis(5);

pub(super) struct Connection {
    number: usize,
    stream: TcpStream,
    /// Bytes received after the last request.
    unread: Vec<u8>,
    state: Arc<State>,
}

/// Why the connection is finished.
enum Over {
    /// The client has closed it, or the server is shutting down.
    Left,
    /// The script has closed it, or handed it over.
    Done,
}

impl Connection {
    pub(super) fn new(number: usize, stream: TcpStream, state: Arc<State>) -> Self {
        Self { number, stream, unread: Vec::new(), state }
    }

    pub(super) fn serve(mut self) {
        self.stream.set_read_timeout(Some(POLL_INTERVAL)).expect("an open socket");
        self.stream.set_nodelay(true).expect("an open socket");
        while let Ok(asked) = self.read_request() {
            let mut acts = (self.state.script)(&asked);
            let outcome = acts.try_for_each(|act| self.perform(act));
            let mut all = lock(&self.state.asked);
            match outcome {
                Err(Over::Left) => all[asked.number].left_at = Some(Instant::now()),
                Ok(()) | Err(Over::Done) => all[asked.number].finished = true,
            }
            if outcome.is_err() {
                break;
            }
        }
    }

    fn read_request(&mut self) -> Result<Asked, Over> {
        loop {
            if let Some((head, body)) = self.take_request() {
                let mut all = lock(&self.state.asked);
                let (number, connection, at) = (all.len(), self.number, Instant::now());
                all.push(Asked { number, connection, head, body, at, left_at: None, finished: false });
                return Ok(all[number].clone());
            }
            self.read()?;
        }
    }

    /// The next request, once it has arrived completely.
    fn take_request(&mut self) -> Option<(String, String)> {
        let end = memchr::memmem::find(&self.unread, b"\r\n\r\n")?;
        let head = String::from_utf8_lossy(&self.unread[..end]).into_owned();
        let mut fields = head.lines().filter_map(|line| line.split_once(':'));
        let length = fields.find(|(name, _)| name.eq_ignore_ascii_case("content-length"));
        let length: usize = length.map_or(0, |(_, length)| length.trim().parse().expect("a length"));
        if self.unread.len() < end + 4 + length {
            return None;
        }
        let body: Vec<u8> = self.unread.drain(..end + 4 + length).skip(end + 4).collect();
        Some((head, String::from_utf8_lossy(&body).into_owned()))
    }

    /// Reads what has arrived, waiting briefly if nothing has.
    fn read(&mut self) -> Result<(), Over> {
        let mut buffer = [0; 8192];
        match self.stream.read(&mut buffer) {
            Ok(read @ 1..) => self.unread.extend_from_slice(&buffer[..read]),
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {}
            Ok(_) | Err(_) => return Err(self.left()),
        }
        if self.state.closing.load(SeqCst) { Err(Over::Left) } else { Ok(()) }
    }

    fn left(&self) -> Over {
        lock(&self.state.left).push(self.number);
        Over::Left
    }

    fn write(&mut self, bytes: &[u8]) -> Result<(), Over> {
        self.stream.write_all(bytes).map_err(|_| self.left())
    }

    /// Waits until `over` is true, and watches the client meanwhile.
    fn wait_until(&mut self, over: impl Fn() -> bool) -> Result<(), Over> {
        while !over() {
            self.read()?;
        }
        Ok(())
    }

    /// Writes the pieces, with `pause` after each. The client need not be watched: a failed write shows that it has left.
    fn write_all_of(&mut self, pieces: impl Iterator<Item = Vec<u8>>, pause: Duration) -> Result<(), Over> {
        for piece in pieces {
            if self.state.closing.load(SeqCst) {
                return Err(Over::Left);
            }
            self.write(&piece)?;
            thread::sleep(pause);
        }
        Ok(())
    }

    fn perform(&mut self, act: Act) -> Result<(), Over> {
        match act {
            Act::Send(bytes) => self.write(&bytes),
            Act::Flood(bytes) => self.write_all_of(std::iter::repeat(bytes), Duration::ZERO),
            Act::Repeat(pause, next) => self.write_all_of((0..).map(next), pause),
            Act::Pause(length) => {
                let end = Instant::now() + length;
                self.wait_until(|| Instant::now() >= end)
            }
            Act::Hold(gate) => self.wait_until(|| gate.is_open()),
            Act::Stall => self.wait_until(|| false),
            Act::Tell(test) => {
                // The test may no longer be listening.
                let _unheard = test.send(Instant::now());
                Ok(())
            }
            Act::HandOver(test) => {
                let _unwanted = test.send(self.stream.try_clone().expect("one more handle"));
                Err(Over::Done)
            }
            Act::Close => {
                let _closed = self.stream.shutdown(Shutdown::Both);
                Err(Over::Done)
            }
        }
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.state.open.fetch_sub(1, SeqCst);
    }
}
