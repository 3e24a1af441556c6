//! Splits an event stream into lines, and lines into fields: the part that every reader shares.

use memchr::memchr;

/// Splits a stream into lines as it arrives, without buffering.
#[derive(Debug, Default)]
pub struct Lines {
    /// Part of the current line has arrived.
    begun: bool,
}

/// A line, or the part of it that arrived at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Part<'a> {
    /// Without the line feed.
    pub bytes: &'a [u8],
    /// Whether the line feed has arrived.
    pub ends: bool,
    /// Whether the complete line is empty, which ends an event.
    pub is_blank: bool,
}

impl Lines {
    /// Passes each line in `bytes` to `sink`.
    pub fn take<'a>(&mut self, mut bytes: &'a [u8], mut sink: impl FnMut(Part<'a>)) {
        while let Some(end) = memchr(b'\n', bytes) {
            sink(Part { bytes: &bytes[..end], ends: true, is_blank: end == 0 && !self.begun });
            self.begun = false;
            bytes = &bytes[end + 1..];
        }
        if !bytes.is_empty() {
            self.begun = true;
            sink(Part { bytes, ends: false, is_blank: false });
        }
    }
}

/// Name and value of a field. A comment's name is empty.
pub fn field(line: &str) -> (&str, &str) {
    let (name, value) = line.split_once(':').unwrap_or((line, ""));
    (name, value.strip_prefix(' ').unwrap_or(value))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_the_same_wherever_the_stream_is_cut() {
        let stream = b"event: preview\ndata: a\n\n\n:\nrest";
        for cut in 0..stream.len() {
            let (mut lines, mut text, mut blank) = (Lines::default(), Vec::new(), 0);
            for part in [&stream[..cut], &stream[cut..]] {
                lines.take(part, |part| {
                    text.extend_from_slice(part.bytes);
                    text.extend(part.ends.then_some(b'\n'));
                    blank += usize::from(part.is_blank);
                });
            }
            assert_eq!((text.as_slice(), blank), (stream.as_slice(), 2), "cut at {cut}");
        }
    }

    #[test]
    fn a_field_has_a_name_and_a_value_without_one_leading_blank() {
        assert_eq!(field("data:  two"), ("data", " two"));
        assert_eq!(field("data:none"), ("data", "none"));
        assert_eq!(field("id"), ("id", ""));
        assert_eq!(field(": a comment: of two parts"), ("", "a comment: of two parts"));
    }
}
