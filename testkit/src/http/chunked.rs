//! Decodes `Transfer-Encoding: chunked` as a body arrives (RFC 9112, section 7.1), without buffering.

use std::{error::Error, fmt};

/// A chunk larger than this is a mistake: a terabyte.
const LARGEST: usize = 1 << 40;

/// The decoder's position in a chunked body.
#[derive(Debug, Default)]
pub struct Chunked {
    state: State,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum State {
    /// Before the first digit of a size.
    #[default]
    Begin,
    Size(usize),
    /// After a size and its carriage return.
    SizeEnd(usize),
    Data(usize),
    /// After all data of a chunk, or after the size of the last chunk.
    DataEnd {
        last: bool,
    },
    LineFeed {
        last: bool,
    },
    Ended,
}

/// The body is not chunked as the RFC requires.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Malformed {
    /// The byte that is not allowed at its position.
    pub byte: u8,
}

impl fmt::Display for Malformed {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "a chunked body with {:?} out of place", char::from(self.byte))
    }
}

impl Error for Malformed {}

impl Chunked {
    /// Passes the payload in `bytes` to `sink`, piece by piece. Ignores what follows the end of the body.
    ///
    /// # Errors
    /// The framing is invalid, or has extensions or trailers, which no program here sends.
    pub fn decode(&mut self, mut bytes: &[u8], mut sink: impl FnMut(&[u8])) -> Result<(), Malformed> {
        while let Some(&byte) = bytes.first() {
            if let State::Data(left) = self.state {
                let (data, rest) = bytes.split_at(left.min(bytes.len()));
                sink(data);
                bytes = rest;
                let left = left - data.len();
                self.state = if left == 0 { State::DataEnd { last: false } } else { State::Data(left) };
                continue;
            }
            bytes = &bytes[1..];
            self.state = match (self.state, byte) {
                (State::Begin, digit) => State::Size(hex(digit)?),
                (State::Size(size), b'\r') => State::SizeEnd(size),
                (State::Size(size), digit) if size < LARGEST => State::Size(size * 16 + hex(digit)?),
                (State::SizeEnd(0), b'\n') => State::DataEnd { last: true },
                (State::SizeEnd(size), b'\n') => State::Data(size),
                (State::DataEnd { last }, b'\r') => State::LineFeed { last },
                (State::LineFeed { last: false }, b'\n') => State::Begin,
                (State::LineFeed { last: true }, b'\n') | (State::Ended, _) => State::Ended,
                (_, byte) => return Err(Malformed { byte }),
            };
        }
        Ok(())
    }

    /// Whether the last chunk has arrived completely.
    pub fn is_ended(&self) -> bool {
        self.state == State::Ended
    }
}

fn hex(digit: u8) -> Result<usize, Malformed> {
    let value = char::from(digit).to_digit(16).ok_or(Malformed { byte: digit })?;
    Ok(value as usize)
}

#[cfg(test)]
mod tests {
    use super::*;

    const BODY: &[u8] = b"5\r\nhello\r\nb\r\n, world\n\nab\r\n0\r\n\r\n";

    #[test]
    fn chunks_are_joined_wherever_they_are_cut() {
        for cut in 0..BODY.len() {
            let mut chunked = Chunked::default();
            let mut joined = Vec::new();
            for part in [&BODY[..cut], &BODY[cut..]] {
                chunked.decode(part, |piece| joined.extend_from_slice(piece)).expect("it is chunked");
            }
            assert_eq!(joined, b"hello, world\n\nab");
            assert!(chunked.is_ended());
        }
    }

    #[test]
    fn a_body_ends_only_with_its_last_byte() {
        for cut in 0..BODY.len() {
            let mut chunked = Chunked::default();
            chunked.decode(&BODY[..cut], |_| ()).expect("it is chunked");
            assert!(!chunked.is_ended(), "after {cut} bytes");
        }
    }

    #[test]
    fn what_is_not_chunked_is_refused() {
        for wrong in ["event: preview\n", "5\nhello", "2\r\nhello\r\n", "0\r\nno\r\n\r\n", "\r\n"] {
            assert!(Chunked::default().decode(wrong.as_bytes(), |_| ()).is_err(), "{wrong:?}");
        }
    }
}
