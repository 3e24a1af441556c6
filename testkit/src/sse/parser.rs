//! Parses bytes into the service's events, following the HTML standard.

use std::mem;

use serde_json::Value;

use super::{
    Event,
    lines::{Lines, field},
};

/// Parses one response. Anything that the standard allows but the service never sends counts as a bug in the service.
#[derive(Debug, Default)]
pub struct Parser {
    lines: Lines,
    line: Vec<u8>,
    name: String,
    data: Vec<String>,
    id: Option<String>,
    retry: Option<u64>,
    /// What browsers send as `Last-Event-ID`; updated only when a block ends.
    pub last_event_id: String,
    /// The newest `retry:` in milliseconds, also outside an event.
    pub newest_retry: Option<u64>,
    /// The number of comments.
    pub comments: usize,
}

impl Parser {
    /// At the beginning of a stream that resumes after `last_event_id`.
    pub fn resuming(last_event_id: &str) -> Self {
        Self { last_event_id: last_event_id.into(), ..Self::default() }
    }

    /// Parses `bytes`, and returns the events that end in them.
    ///
    /// # Panics
    /// The bytes are not what the service sends: another field or line ending, or data that is not one line of JSON.
    pub fn feed(&mut self, bytes: &[u8]) -> Vec<Event> {
        assert!(memchr::memchr(b'\r', bytes).is_none(), "the service ends lines with LF alone");
        let mut events = Vec::new();
        let mut lines = mem::take(&mut self.lines);
        lines.take(bytes, |part| {
            self.line.extend_from_slice(part.bytes);
            if part.ends {
                let line = String::from_utf8(mem::take(&mut self.line)).expect("events are UTF-8");
                events.extend(self.line(&line));
            }
        });
        self.lines = lines;
        events
    }

    fn line(&mut self, line: &str) -> Option<Event> {
        if line.is_empty() {
            return Some(self.dispatch());
        }
        let (name, value) = field(line);
        match name {
            "" => self.comments += 1,
            "event" => self.name = value.into(),
            "data" => self.data.push(value.into()),
            "id" => self.id = Some(value.into()),
            "retry" => {
                self.retry = Some(value.parse().expect("retry is a number"));
                self.newest_retry = self.retry;
            }
            other => panic!("unknown field {other:?}"),
        }
        None
    }

    fn dispatch(&mut self) -> Event {
        if let Some(id) = &self.id {
            self.last_event_id.clone_from(id);
        }
        let (name, id, retry) = (mem::take(&mut self.name), self.id.take(), self.retry.take());
        let data = mem::take(&mut self.data);
        assert_eq!(
            data.len(),
            1,
            "every block is an event with one line of data; this one is {name:?} {id:?} {data:?}"
        );
        let data: Value = serde_json::from_str(&data[0]).expect("data is JSON");
        assert_eq!(data["type"], Value::from(name.as_str()), "type repeats the event's name");
        Event { name, id, retry, data }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const STREAM: &[u8] =
        b"retry: 3000\n:\nevent: preview\nid: 1-4\ndata: {\"type\":\"preview\",\"markdown\":\"\xEB\xB9\x84\"}\n\n\
        event: progress\nid: 1-8\ndata: {\"type\":\"progress\"}\n\nid: 1-9\nretry: 500\n";

    #[test]
    fn events_are_the_same_wherever_the_stream_is_cut() {
        for cut in 0..STREAM.len() {
            let mut parser = Parser::default();
            let events: Vec<_> =
                [&STREAM[..cut], &STREAM[cut..]].into_iter().flat_map(|part| parser.feed(part)).collect();
            let found: Vec<_> =
                events.iter().map(|event| (event.name.as_str(), event.position(), event.retry)).collect();
            assert_eq!(found, [("preview", Some((1, 4)), Some(3000)), ("progress", Some((1, 8)), None)]);
            assert_eq!(events[0].data["markdown"], "비");
            assert_eq!((parser.comments, parser.newest_retry), (1, Some(500)));
        }
    }

    #[test]
    fn an_id_counts_only_once_its_event_is_complete() {
        let mut parser = Parser::resuming("1-1");
        parser.feed(&STREAM[..30]);
        assert_eq!(parser.last_event_id, "1-1");
        parser.feed(&STREAM[30..]);
        assert_eq!(parser.last_event_id, "1-8");
    }

    #[test]
    #[should_panic(expected = "one line of data")]
    fn a_block_without_data_is_a_bug_in_the_service() {
        Parser::default().feed(b"event: preview\n\n");
    }
}
