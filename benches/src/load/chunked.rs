//! Takes `Transfer-Encoding: chunked` off a body while it arrives (RFC 9112, section 7.1).

use anyhow::{Result, bail, ensure};

/// Where in the chunks a body is.
#[derive(Debug, Default)]
pub(super) struct Chunked {
    state: State,
}

#[derive(Debug, Clone, Copy, Default)]
enum State {
    #[default]
    Between,
    Size(usize),
    /// A size has been read and its line feed has not.
    SizeEnd(usize),
    Data(usize),
    Ended,
}

impl Chunked {
    /// Hands the payload in `bytes` to `sink`, piece by piece.
    ///
    /// # Errors
    /// It is not chunked.
    pub(super) fn decode(&mut self, mut bytes: &[u8], mut sink: impl FnMut(&[u8])) -> Result<()> {
        while let Some(&byte) = bytes.first() {
            if let State::Data(left) = self.state {
                let (data, rest) = bytes.split_at(left.min(bytes.len()));
                sink(data);
                bytes = rest;
                self.state = if data.len() == left { State::Between } else { State::Data(left - data.len()) };
                continue;
            }
            bytes = &bytes[1..];
            self.state = match (self.state, byte) {
                (State::Between, b'\r' | b'\n') => State::Between,
                (State::Between, digit) => State::Size(hex(digit)?),
                (State::Size(size), b'\r') => State::SizeEnd(size),
                (State::Size(size), digit) => {
                    ensure!(size < 1 << 40, "a chunk of more than a terabyte");
                    State::Size(size * 16 + hex(digit)?)
                }
                (State::SizeEnd(0), b'\n') | (State::Ended, _) => State::Ended,
                (State::SizeEnd(size), b'\n') => State::Data(size),
                (State::SizeEnd(_), _) => bail!("a chunk's size does not end its line"),
                (State::Data(_), _) => unreachable!("handled above"),
            };
        }
        Ok(())
    }

    /// Whether the last chunk has arrived.
    pub(super) fn is_ended(&self) -> bool {
        matches!(self.state, State::Ended)
    }
}

fn hex(digit: u8) -> Result<usize> {
    match (digit as char).to_digit(16) {
        Some(value) => Ok(value as usize),
        None => bail!("{:?} in a chunk's size", digit as char),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chunks_are_joined_wherever_they_are_cut() {
        let body = b"5\r\nhello\r\nb\r\n, world\n\nab\r\n0\r\n\r\n";
        for cut in 0..body.len() {
            let mut chunked = Chunked::default();
            let mut joined = Vec::new();
            for part in [&body[..cut], &body[cut..]] {
                chunked.decode(part, |piece| joined.extend_from_slice(piece)).expect("it is chunked");
            }
            assert_eq!(joined, b"hello, world\n\nab");
            assert!(chunked.is_ended());
        }
    }

    #[test]
    fn what_is_not_chunked_is_refused() {
        assert!(Chunked::default().decode(b"event: preview\n", |_| ()).is_err());
    }
}
