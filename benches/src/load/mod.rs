//! The load: thousands of readers of event streams on one thread, none of which ever blocks.

mod frames;
mod reader;
mod requests;
mod samples;
mod watch;

use std::{
    collections::VecDeque,
    mem,
    net::SocketAddr,
    time::{Duration, Instant},
};

use anyhow::{Result, bail};
use mio::{Events, Interest, Poll, Token};

use self::{
    reader::{Reader, Reading},
    watch::Seen,
};
pub use self::{
    requests::{Answers, repeat},
    samples::Samples,
    watch::{Counts, Marks, Watch},
};

/// Connections that are being opened at once; the kernel's queue of those that wait to be accepted has 4096 places.
const OPENING: usize = 1024;
/// What one reading takes at most.
const BUFFER: usize = 256 * 1024;
/// Between two looks at a condition.
const TURN: Duration = Duration::from_millis(20);

/// Readers of one server, and what they have received.
#[derive(Debug)]
pub struct Load {
    poll: Poll,
    events: Events,
    address: SocketAddr,
    slots: Vec<Option<(Reader, Seen)>>,
    free: Vec<usize>,
    queue: VecDeque<Request>,
    /// Connections that have not had their first event.
    opening: usize,
    buffer: Vec<u8>,
    counts: Counts,
    watch: Watch,
    stamped: bool,
}

#[derive(Debug)]
struct Request {
    path: String,
    last_id: Option<String>,
    asked: Instant,
}

impl Load {
    /// No readers yet, of the server at `address`.
    ///
    /// # Errors
    /// The system has no file descriptor left.
    pub fn on(address: SocketAddr) -> Result<Self> {
        Ok(Self {
            poll: Poll::new()?,
            events: Events::with_capacity(4096),
            address,
            slots: Vec::new(),
            free: Vec::new(),
            queue: VecDeque::new(),
            opening: 0,
            buffer: vec![0; BUFFER],
            counts: Counts::default(),
            watch: Watch::default(),
            stamped: false,
        })
    }

    /// Lets the kernel say of all events when they arrived, so that it does not matter how late they are read: readers in
    /// real life have processors of their own.
    #[must_use]
    pub fn stamped(mut self) -> Self {
        self.stamped = true;
        self
    }

    /// What has been received so far.
    pub fn counts(&self) -> &Counts {
        &self.counts
    }

    /// What has been measured so far.
    pub fn watch(&mut self) -> &mut Watch {
        &mut self.watch
    }

    /// Lets one more reader connect to `path`, which has seen `last_id`.
    pub fn add(&mut self, path: &str, last_id: Option<&str>) {
        let last_id = last_id.map(str::to_owned);
        self.queue.push_back(Request { path: path.to_owned(), last_id, asked: Instant::now() });
    }

    /// Lets `readers` more connect, spread over `paths`, and waits until each has had its first event.
    ///
    /// # Errors
    /// As [`Load::wait`].
    pub fn open(&mut self, paths: &[String], readers: usize, limit: Duration) -> Result<()> {
        let open = self.counts.open + readers;
        for path in paths.iter().cycle().take(readers) {
            self.add(path, None);
        }
        self.wait("every stream's first event", limit, |counts| counts.open >= open)
    }

    /// Drops the connections of `readers` of the open streams.
    pub fn close(&mut self, readers: usize) {
        for slot in self.open_slots(readers) {
            self.remove(slot);
        }
    }

    /// Drops all connections, and those that wait to be made.
    pub fn close_all(&mut self) {
        self.queue.clear();
        (0..self.slots.len()).for_each(|slot| self.remove(slot));
    }

    /// Never again reads from `readers` of the open streams; their connections stay.
    ///
    /// # Errors
    /// The system refuses.
    pub fn stall(&mut self, readers: usize) -> Result<()> {
        for slot in self.open_slots(readers) {
            if let Some((reader, _)) = &mut self.slots[slot] {
                self.poll.registry().deregister(&mut reader.socket)?;
            }
        }
        Ok(())
    }

    /// Receives until `done`.
    ///
    /// # Errors
    /// Not within `limit`, or a connection fails.
    pub fn wait(&mut self, what: &str, limit: Duration, done: impl Fn(&Counts) -> bool) -> Result<()> {
        let deadline = Instant::now() + limit;
        while !done(&self.counts) {
            if Instant::now() > deadline {
                bail!("waited {limit:?} in vain for {what}: {:?}, {} still opening", self.counts, self.opening);
            }
            self.turn(TURN)?;
        }
        Ok(())
    }

    /// Receives until that moment.
    ///
    /// # Errors
    /// A connection fails.
    pub fn run_until(&mut self, end: Instant) -> Result<()> {
        loop {
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Ok(());
            }
            self.turn(left.min(TURN))?;
        }
    }

    /// Receives what is there, or waits for at most `longest`.
    fn turn(&mut self, longest: Duration) -> Result<()> {
        self.connect()?;
        let mut events = mem::replace(&mut self.events, Events::with_capacity(0));
        self.poll.poll(&mut events, Some(longest))?;
        for event in &events {
            self.ready(event.token().0, event.is_writable())?;
        }
        self.events = events;
        Ok(())
    }

    fn connect(&mut self) -> Result<()> {
        while self.opening < OPENING {
            let Some(Request { path, last_id, asked }) = self.queue.pop_front() else { return Ok(()) };
            let slot = self.free.pop().unwrap_or(self.slots.len());
            let mut reader = Reader::connect(self.address, slot, &path, last_id.as_deref(), self.stamped)?;
            self.poll.registry().register(&mut reader.socket, Token(slot), Interest::READABLE | Interest::WRITABLE)?;
            if slot == self.slots.len() {
                self.slots.push(None);
            }
            self.slots[slot] = Some((reader, Seen::nothing_since(asked)));
            self.opening += 1;
        }
        Ok(())
    }

    fn ready(&mut self, slot: usize, writable: bool) -> Result<()> {
        // It may have been closed earlier in this turn.
        let Some((reader, seen)) = &mut self.slots[slot] else { return Ok(()) };
        if writable {
            reader.write()?;
        }
        let was_open = seen.is_open();
        let (counts, watch, now) = (&mut self.counts, &mut self.watch, Instant::now());
        let (mut received, mut arrived) = (0, None);
        let reading = reader.read(&mut self.buffer, &mut received, &mut arrived, |frame| {
            seen.take(&frame, now, counts, watch);
        })?;
        seen.measure(arrived, watch);
        counts.bytes += received;
        if seen.is_open() && !was_open {
            self.opening -= 1;
        }
        if reading == Reading::Ended {
            counts.ended += 1;
            self.remove(slot);
        }
        Ok(())
    }

    fn open_slots(&self, most: usize) -> Vec<usize> {
        let is_open = |slot: &Option<(Reader, Seen)>| slot.as_ref().is_some_and(|(_, seen)| seen.is_open());
        let slots = self.slots.iter().enumerate().filter(|(_, slot)| is_open(slot));
        slots.map(|(index, _)| index).take(most).collect()
    }

    fn remove(&mut self, slot: usize) {
        let Some((_, seen)) = self.slots[slot].take() else { return };
        if seen.is_open() {
            self.counts.open -= 1;
        } else {
            self.opening -= 1;
        }
        self.free.push(slot);
    }
}
