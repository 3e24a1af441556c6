//! Tells the events of a stream apart while they arrive, without keeping them.

use generation_testkit::sse::{Lines, Part, field};
use memchr::{memchr_iter, memrchr};

/// What is kept of an event's beginning: enough for its name and id.
const KEPT: usize = 64;

/// The place in one stream.
#[derive(Debug)]
pub(super) struct Frames {
    lines: Lines,
    event: Event,
}

/// What is kept of the event that is arriving.
#[derive(Debug)]
struct Event {
    beginning: [u8; KEPT],
    kept: usize,
    mark: Option<u64>,
}

/// An event that has arrived whole.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Frame<'a> {
    /// Its `event` field.
    pub(super) name: &'a str,
    /// Its `id` field.
    pub(super) id: Option<&'a str>,
    /// The number behind the last `#` in it, see [`crate::contenders::Contender::publish`]. Missing as well if the number
    /// was not read in one piece.
    pub(super) mark: Option<u64>,
}

impl Default for Frames {
    fn default() -> Self {
        Self { lines: Lines::default(), event: Event::NONE }
    }
}

impl Frames {
    /// Takes what has arrived and hands on every event that it ends.
    pub(super) fn take(&mut self, bytes: &[u8], mut sink: impl FnMut(Frame<'_>)) {
        let event = &mut self.event;
        self.lines.take(bytes, |part| {
            if part.is_blank {
                event.frame().into_iter().for_each(&mut sink);
                *event = Event::NONE;
            } else {
                event.keep(part);
            }
        });
    }
}

impl Event {
    const NONE: Self = Self { beginning: [0; KEPT], kept: 0, mark: None };

    fn keep(&mut self, part: Part<'_>) {
        let room = &mut self.beginning[self.kept..];
        let wanted = part.bytes.len().min(room.len());
        room[..wanted].copy_from_slice(&part.bytes[..wanted]);
        self.kept += wanted;
        if part.ends && self.kept < KEPT {
            self.beginning[self.kept] = b'\n';
            self.kept += 1;
        }
        if let Some(mark) = mark(part.bytes) {
            self.mark = Some(mark);
        }
    }

    /// `None` for a block of comments only.
    fn frame(&self) -> Option<Frame<'_>> {
        let beginning = &self.beginning[..self.kept];
        let mut frame = Frame { name: "message", id: None, mark: self.mark };
        let mut from = 0;
        let mut is_event = false;
        for end in memchr_iter(b'\n', beginning) {
            let line = std::str::from_utf8(&beginning[from..end]).unwrap_or_default();
            let (name, value) = field(line);
            is_event |= !name.is_empty();
            match name {
                "event" => frame.name = value,
                "id" => frame.id = Some(value),
                _ => {}
            }
            from = end + 1;
        }
        // What was not kept of a line is not empty.
        is_event |= from < beginning.len();
        is_event.then_some(frame)
    }
}

fn mark(bytes: &[u8]) -> Option<u64> {
    let number = &bytes[memrchr(b'#', bytes)? + 1..];
    let digits = number.iter().position(|byte| !byte.is_ascii_digit())?;
    std::str::from_utf8(&number[..digits]).ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const STREAM: &[u8] = b": hi\n\nretry: 3000\nevent: preview\nid: 1-4\ndata: {\"text\":\"a #7 b #12\"}\n\n:\nid: 1-8\nevent: progress\ndata: {}\n\ndata: x\n\n";

    #[test]
    fn events_are_found_wherever_the_stream_is_cut() {
        for cut in 0..STREAM.len() {
            let mut frames = Frames::default();
            let mut found = Vec::new();
            for part in [&STREAM[..cut], &STREAM[cut..]] {
                frames.take(part, |frame| found.push((frame.name.to_owned(), frame.id.map(str::to_owned))));
            }
            let expected = [("preview", Some("1-4")), ("progress", Some("1-8")), ("message", None)];
            assert_eq!(found, expected.map(|(name, id)| (name.to_owned(), id.map(str::to_owned))), "cut at {cut}");
        }
    }

    #[test]
    fn the_last_mark_of_an_event_counts() {
        let mut marks = Vec::new();
        Frames::default().take(STREAM, |frame| marks.push(frame.mark));
        assert_eq!(marks, [Some(12), None, None]);
    }
}
