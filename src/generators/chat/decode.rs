//! Decodes bytes into the data of server-sent events, however the bytes were cut on the way. A body that does not start like
//! an event stream, whatever its content type says, is one piece of data: the reply of a server that does not stream, or its
//! error.

use bytes::BytesMut;
use bytestring::ByteString;
use russe::{Decoder as Codec, Event};
use tokio_util::codec::Decoder as _;

use super::Fault;

/// In bytes, far beyond any provider's event: a server that sends no line end must not fill the memory.
const LONGEST_EVENT: usize = 4 * 1024 * 1024;
const BYTE_ORDER_MARK: &[u8] = "\u{feff}".as_bytes();
/// The first line of an event stream starts with one of these, unless it is a comment.
const FIELDS: [&[u8]; 4] = [b"data", b"event", b"id", b"retry"];

/// Takes bytes as they arrive and returns the data of complete events.
#[derive(Debug, Default)]
pub(in crate::generators) struct Decoder {
    codec: Codec,
    bytes: BytesMut,
    begun: bool,
    /// Whether the body is an event stream; `None` until enough of it is there to tell.
    streams: Option<bool>,
    finished: bool,
}

impl Decoder {
    /// Adds what was read.
    pub(in crate::generators) fn push(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
    }

    /// Marks the end of the body: an event without its blank line counts as complete.
    pub(in crate::generators) fn finish(&mut self) {
        self.finished = true;
        self.bytes.extend_from_slice(b"\n\n");
    }

    /// Whether nothing more will be read.
    pub(in crate::generators) fn is_finished(&self) -> bool {
        self.finished
    }

    /// Returns the data of the next complete event, if there is one.
    ///
    /// # Errors
    /// An event is too long or not UTF-8.
    pub(in crate::generators) fn next(&mut self) -> Result<Option<ByteString>, Fault> {
        if !self.strip_byte_order_mark() {
            return Ok(None);
        }
        if self.streams.is_none() {
            self.streams = streams(&self.bytes);
        }
        match self.streams {
            None if !self.finished => return self.wait(),
            None | Some(false) => return self.whole(),
            Some(true) => {}
        }
        loop {
            match self.codec.decode(&mut self.bytes) {
                Ok(Some(Event::Message(message))) if message.data.is_empty() => {}
                Ok(Some(Event::Message(message))) => return Ok(Some(message.data)),
                Ok(Some(_)) => {}
                Ok(None) => return self.wait(),
                Err(error) => return Err(broken(&format!("no event stream: {error}"))),
            }
        }
    }

    /// More must be read first.
    fn wait(&self) -> Result<Option<ByteString>, Fault> {
        if self.bytes.len() > LONGEST_EVENT {
            return Err(broken("an event that does not end"));
        }
        Ok(None)
    }

    /// Returns a body that is no event stream, once all of it is there.
    fn whole(&mut self) -> Result<Option<ByteString>, Fault> {
        if !self.finished {
            return self.wait();
        }
        let body = self.bytes.split();
        let text = String::from_utf8_lossy(&body);
        Ok(Some(text.trim()).filter(|text| !text.is_empty()).map(ByteString::from))
    }

    /// Returns false while it is too early to tell whether there is one.
    fn strip_byte_order_mark(&mut self) -> bool {
        if self.begun {
            return true;
        }
        if !self.finished && self.bytes.len() < BYTE_ORDER_MARK.len() && BYTE_ORDER_MARK.starts_with(&self.bytes) {
            return false;
        }
        if self.bytes.starts_with(BYTE_ORDER_MARK) {
            let _mark = self.bytes.split_to(BYTE_ORDER_MARK.len());
        }
        self.begun = true;
        true
    }
}

/// Whether a body that starts with `bytes` is an event stream; `None` while it is too early to tell.
fn streams(bytes: &[u8]) -> Option<bool> {
    let line = bytes.trim_ascii_start();
    let ends = |rest: &[u8]| rest.first().is_some_and(|next| matches!(next, b':' | b'\n' | b'\r'));
    let begins = |field: &&[u8]| line.strip_prefix(*field).is_some_and(ends);
    match line {
        [b':', ..] => Some(true),
        _ if FIELDS.iter().any(begins) => Some(true),
        _ if FIELDS.iter().any(|field| field.starts_with(line)) => None,
        _ => Some(false),
    }
}

fn broken(cause: &str) -> Fault {
    Fault::protocol(format!("the provider sent {cause}"))
}

#[cfg(test)]
mod tests {
    use generation_actors::ports::ChatErrorKind;
    use proptest::prelude::*;

    use super::*;

    /// All data in `bytes`, read in pieces of `size`.
    fn all(bytes: &[u8], size: usize) -> Result<Vec<ByteString>, Fault> {
        let mut decoder = Decoder::default();
        let mut data = Vec::new();
        for piece in bytes.chunks(size) {
            decoder.push(piece);
            while let Some(next) = decoder.next()? {
                data.push(next);
            }
        }
        decoder.finish();
        while let Some(next) = decoder.next()? {
            data.push(next);
        }
        Ok(data)
    }

    #[test]
    fn every_framing_of_the_standard_reads_the_same_at_every_cut() {
        for text in [
            "data: 가\n\ndata: b\n\n",
            "data:가\r\n\r\ndata:b\r\n\r\n",
            "data: 가\r\rdata: b\r\r",
            "\u{feff}: hello\ndata: 가\n\n: ping\n\n\n\nevent: x\nid: 1\ndata: b\n\n",
            ": OPENROUTER PROCESSING\n\ndata: 가\nretry: 5\n\ndata: b",
            "data: 가\n\nretry: 10\n\nunknown: x\n\ndata\n\ndata: b\n",
        ] {
            for size in 1..=text.len() {
                assert_eq!(all(text.as_bytes(), size).unwrap(), ["가", "b"], "{text:?} by {size}");
            }
        }
    }

    #[test]
    fn lines_of_one_event_are_joined_and_unicode_line_ends_are_text() {
        let text = "data: a\ndata: b\u{2028}c\u{85}d\n\n";
        assert_eq!(all(text.as_bytes(), 3).unwrap(), ["a\nb\u{2028}c\u{85}d"]);
    }

    #[test]
    fn a_body_that_is_no_event_stream_is_one_piece_whatever_its_lines() {
        for body in
            ["{\n\n\"a\": 1\n}", "\u{feff}[1]", "Internal Server Error", "<html>\n\ndata: x\n\n</html>", "database"]
        {
            for size in 1..=body.len() {
                assert_eq!(
                    all(body.as_bytes(), size).unwrap(),
                    [body.trim_start_matches('\u{feff}')],
                    "{body:?} by {size}"
                );
            }
        }
        for blank in ["", "\n\n", "  \n"] {
            assert_eq!(all(blank.as_bytes(), 1).unwrap(), Vec::<ByteString>::new());
        }
        assert_eq!(all(b"\n\ndata: x\n\n", 1).unwrap(), ["x"], "blank lines may stand before either");
        assert_eq!(all(b"\n\n {\"a\":1}", 1).unwrap(), ["{\"a\":1}"]);
    }

    #[test]
    fn an_event_without_end_and_bytes_that_are_no_text_are_failures() {
        let mut decoder = Decoder::default();
        decoder.push(&vec![b'x'; LONGEST_EVENT + 1]);
        assert_eq!(decoder.next().unwrap_err().kind, ChatErrorKind::BrokenReply);
        assert!(all(b"data: \xff\xfe\n\n", 2).is_err());
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_alike_however_they_are_cut(bytes in prop::collection::vec(prop_oneof![Just(b'\n'), Just(b'\r'), Just(b':'), Just(b' '), any::<u8>()], 0..200), size in 1usize..20) {
            let whole = all(&bytes, bytes.len().max(1));
            let cut = all(&bytes, size);
            prop_assert_eq!(whole.is_ok(), cut.is_ok());
            if let (Ok(whole), Ok(cut)) = (whole, cut) {
                prop_assert_eq!(whole, cut);
            }
        }
    }
}
