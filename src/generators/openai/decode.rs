//! Bytes into the data of server-sent events, however the bytes were cut on the way. A body that does not begin as an event
//! stream does, whatever its label, is one piece of data: the answer of a server that does not stream, or its error.

use bytes::BytesMut;
use generation_actors::model::{Failure, FailureCode};
use russe::{Decoder as Codec, Event};
use tokio_util::codec::Decoder as _;

/// No provider's event comes near this; a server that sends no line end must not fill the memory.
const LONGEST_EVENT: usize = 4 * 1024 * 1024;
const BYTE_ORDER_MARK: &[u8] = "\u{feff}".as_bytes();
/// One of them names the first line of an event stream, unless that is a comment.
const FIELDS: [&[u8]; 4] = [b"data", b"event", b"id", b"retry"];

/// Takes bytes as they come and gives the data of whole events.
#[derive(Debug, Default)]
pub(super) struct Decoder {
    codec: Codec,
    bytes: BytesMut,
    begun: bool,
    /// Whether the body is an event stream, once that can be told.
    streams: Option<bool>,
    finished: bool,
}

impl Decoder {
    /// Takes what was read.
    pub(super) fn push(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
    }

    /// Nothing more will be read: an event without its blank line counts as whole.
    pub(super) fn finish(&mut self) {
        self.finished = true;
        self.bytes.extend_from_slice(b"\n\n");
    }

    /// Whether nothing more will be read.
    pub(super) fn is_finished(&self) -> bool {
        self.finished
    }

    /// The data of the next event that is there.
    ///
    /// # Errors
    /// An event is too long or not UTF-8.
    pub(super) fn next(&mut self) -> Result<Option<String>, Failure> {
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
                Ok(Some(Event::Message(message))) => return Ok(Some(message.data.to_string())),
                Ok(Some(_)) => {}
                Ok(None) => return self.wait(),
                Err(error) => return Err(broken(&format!("no event stream: {error}"))),
            }
        }
    }

    /// More must be read before there is anything to give.
    fn wait(&self) -> Result<Option<String>, Failure> {
        if self.bytes.len() > LONGEST_EVENT {
            return Err(broken("an event that does not end"));
        }
        Ok(None)
    }

    /// All of a body that is no event stream, once all of it is there.
    fn whole(&mut self) -> Result<Option<String>, Failure> {
        if !self.finished {
            return self.wait();
        }
        let body = self.bytes.split();
        let text = String::from_utf8_lossy(&body);
        Ok(Some(text.trim()).filter(|text| !text.is_empty()).map(str::to_owned))
    }

    /// False while it cannot be told yet whether there is one.
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

/// Whether a body that begins with `bytes` is an event stream; `None` while that cannot be told.
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

fn broken(cause: &str) -> Failure {
    Failure::new(FailureCode::GenerationError, format!("the provider sent {cause}"))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// All data in `bytes`, read in pieces of `size`.
    fn all(bytes: &[u8], size: usize) -> Result<Vec<String>, Failure> {
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
            assert_eq!(all(blank.as_bytes(), 1).unwrap(), Vec::<String>::new());
        }
        assert_eq!(all(b"\n\ndata: x\n\n", 1).unwrap(), ["x"], "blank lines may stand before either");
        assert_eq!(all(b"\n\n {\"a\":1}", 1).unwrap(), ["{\"a\":1}"]);
    }

    #[test]
    fn an_event_without_end_and_bytes_that_are_no_text_are_failures() {
        let mut decoder = Decoder::default();
        decoder.push(&vec![b'x'; LONGEST_EVENT + 1]);
        assert_eq!(decoder.next().unwrap_err().code, FailureCode::GenerationError);
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
