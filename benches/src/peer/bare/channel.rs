//! A channel, its readers, and what each has not taken.
//!
//! The readers lie in one vector, so that publishing walks through memory in order and looks nothing up.

use std::io::{self, ErrorKind, IoSlice, Write};

use bytes::Bytes;
use mio::net::TcpStream;

const HEAD: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ncache-control: no-cache\r\n\r\n";

#[derive(Debug, Default)]
pub(super) struct Channel {
    published: u64,
    /// Empty if there is none yet.
    newest: Bytes,
    readers: Vec<Reader>,
}

#[derive(Debug)]
struct Reader {
    stream: TcpStream,
    key: usize,
    /// Boxed, as hardly any reader has it.
    unsent: Option<Box<Unsent>>,
}

/// What the connection did not take at once: the rest of a frame, and the newest frame since.
#[derive(Debug)]
struct Unsent {
    frame: Bytes,
    offset: usize,
    next: Option<Bytes>,
}

impl Channel {
    /// How many readers it has; the next one's place.
    pub(super) fn readers(&self) -> usize {
        self.readers.len()
    }

    /// Sends the body as the next frame to every reader; the keys of those whose connection is broken go to `gone`.
    pub(super) fn publish(&mut self, body: &[u8], gone: &mut Vec<usize>) {
        self.published += 1;
        let mut frame = format!("id: {}\nevent: preview\ndata: ", self.published).into_bytes();
        frame.reserve_exact(body.len() + 2);
        frame.extend_from_slice(body);
        frame.extend_from_slice(b"\n\n");
        self.newest = frame.into();
        for reader in &mut self.readers {
            if reader.send(&self.newest).is_err() {
                gone.push(reader.key);
            }
        }
    }

    /// Adds a reader and sends it the head of the response and the newest frame.
    ///
    /// # Errors
    /// Its connection is broken; it is a reader all the same.
    pub(super) fn subscribe(&mut self, stream: TcpStream, key: usize) -> io::Result<()> {
        self.readers.push(Reader { stream, key, unsent: None });
        let Some(reader) = self.readers.last_mut() else { return Ok(()) };
        let sent = reader.stream.write_vectored(&[IoSlice::new(HEAD), IoSlice::new(&self.newest)])?;
        // A new connection takes some kilobytes; one that does not take the head is broken.
        let offset = sent.checked_sub(HEAD.len()).ok_or(ErrorKind::WriteZero)?;
        if offset < self.newest.len() {
            reader.unsent = Some(Box::new(Unsent { frame: self.newest.clone(), offset, next: None }));
        }
        Ok(())
    }

    /// Sends more to the reader at `place`, whose connection takes more again.
    ///
    /// # Errors
    /// Its connection is broken.
    pub(super) fn resume(&mut self, place: usize) -> io::Result<()> {
        self.readers[place].resume()
    }

    /// Ends the stream of the reader at `place`; says the key of the one that takes the place, if any does.
    pub(super) fn remove(&mut self, place: usize) -> Option<usize> {
        self.readers.swap_remove(place);
        self.readers.get(place).map(|reader| reader.key)
    }
}

impl Reader {
    fn send(&mut self, frame: &Bytes) -> io::Result<()> {
        if let Some(unsent) = &mut self.unsent {
            unsent.supersede(frame);
            return Ok(());
        }
        let offset = match self.stream.write(frame) {
            Ok(sent) if sent == frame.len() => return Ok(()),
            Ok(sent) => sent,
            Err(error) if error.kind() == ErrorKind::WouldBlock => 0,
            Err(error) => return Err(error),
        };
        self.unsent = Some(Box::new(Unsent { frame: frame.clone(), offset, next: None }));
        Ok(())
    }

    fn resume(&mut self) -> io::Result<()> {
        while let Some(unsent) = &mut self.unsent {
            match self.stream.write(&unsent.frame[unsent.offset..]) {
                Ok(sent) => unsent.offset += sent,
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
                Err(error) => return Err(error),
            }
            if unsent.offset == unsent.frame.len() && !unsent.begin_next() {
                self.unsent = None;
            }
        }
        Ok(())
    }
}

impl Unsent {
    /// Keeps a newer frame instead of the newest of which nothing was sent.
    fn supersede(&mut self, frame: &Bytes) {
        match self.offset {
            0 => self.frame = frame.clone(),
            _ => self.next = Some(frame.clone()),
        }
    }

    fn begin_next(&mut self) -> bool {
        let next = self.next.take();
        let begun = next.is_some();
        self.offset = 0;
        self.frame = next.unwrap_or_default();
        begun
    }
}
