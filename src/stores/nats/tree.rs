//! A job as it is stored: put together from the messages of its subject tree, and taken apart into them. Pure.

use std::time::Duration;

use derive_more::{Display, Error, From};
use generation_actors::model::{Checkpoint, End, JobId, JobRecord, NodeId, Part};

use super::{
    engine::{Message, Write},
    format::{Head, Text, Unreadable},
    subjects::{Subjects, is_head},
};

/// The most bytes of text in one message. A server takes messages of up to 1 MiB, and JSON may double the length.
const PIECE: usize = 384 * 1024;
/// A text outlives its head, since a head without its text would be a job that lost its script.
const TEXT_OUTLIVES_HEAD: Duration = Duration::from_secs(60);

/// All of a job, with the sequence of the newest message of its tree.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Stored {
    pub(super) record: JobRecord,
    pub(super) owner: Option<NodeId>,
    /// The sequence of its first head; `None` before that is stored.
    pub(super) first: Option<u64>,
    /// Whether its owner has stored any text in this epoch.
    pub(super) wrote: bool,
    /// What the next write expects.
    pub(super) newest: u64,
}

/// The messages are not one whole job.
#[derive(Debug, Display, Error, From)]
pub(super) enum Torn {
    /// They were read while the job was written; another read helps.
    #[display("there is no head among its messages, or a piece of its text is missing")]
    Incomplete,
    #[display("{_0}")]
    Unreadable(Unreadable),
}

/// Text that does not fit what is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Display, Error)]
pub(super) enum Misfit {
    #[display("a text from byte {offset} on does not fit a part of {held} bytes")]
    Offset { offset: usize, held: usize },
    #[display("part {part} does not follow a script of {parts} parts")]
    Part { part: u32, parts: usize },
}

impl Stored {
    /// Puts a job together from all messages of its tree, in the order of their sequences.
    ///
    /// # Errors
    /// They are not one whole job.
    pub(super) fn read(id: JobId, messages: &[Message]) -> Result<Self, Torn> {
        let newest = messages.last().ok_or(Torn::Incomplete)?.sequence;
        let head = messages.iter().rfind(|message| is_head(&message.subject)).ok_or(Torn::Incomplete)?;
        let Head { job, owner, first, text_bytes: _ } = Head::read(id, &head.payload)?;
        let mut record = JobRecord::without_text(job);
        let mut wrote = false;
        for message in messages.iter().filter(|message| !is_head(&message.subject)) {
            let text = Text::read(&message.payload)?;
            wrote |= text.epoch == record.head.epoch.0 && !text.text.is_empty();
            let checkpoint = text.into_checkpoint();
            place(&mut record.parts, &checkpoint).map_err(|_| Torn::Incomplete)?;
            note(&mut record, &checkpoint);
        }
        trim(&mut record.parts);
        Ok(Self { record, owner, first: first.or(Some(head.sequence)), wrote, newest })
    }

    /// The job after a checkpoint.
    ///
    /// # Errors
    /// Its text does not fit; nothing has changed.
    pub(super) fn apply(&mut self, checkpoint: &Checkpoint) -> Result<(), Misfit> {
        place(&mut self.record.parts, checkpoint)?;
        trim(&mut self.record.parts);
        note(&mut self.record, checkpoint);
        Ok(())
    }

    /// Whether a checkpoint would fit.
    ///
    /// # Errors
    /// It would not.
    pub(super) fn fits(&self, checkpoint: &Checkpoint) -> Result<(), Misfit> {
        let parts = &self.record.parts;
        let part = checkpoint.part.0;
        let held = match parts.get(part as usize) {
            Some(part) => part.text.as_str(),
            None if part as usize == parts.len() => "",
            None => return Err(Misfit::Part { part, parts: parts.len() }),
        };
        let offset = checkpoint.offset;
        if held.is_char_boundary(offset) { Ok(()) } else { Err(Misfit::Offset { offset, held: held.len() }) }
    }

    /// The message that holds its head, expecting nothing.
    pub(super) fn head(&self, subjects: &Subjects) -> Result<Write, serde_json::Error> {
        let text_bytes = self.record.parts.iter().map(|part| part.text.len() as u64).sum();
        let job = self.record.head.clone();
        let head = Head { job, owner: self.owner, first: self.first, text_bytes };
        Ok(Write::new(subjects.head(self.record.head.id), head.write()?).rollup())
    }

    /// The messages that hold its whole text, in place of those that hold it so far, and its head. Both disappear after
    /// `lifetime`.
    pub(super) fn whole(
        &self,
        subjects: &Subjects,
        lifetime: Option<Duration>,
    ) -> Result<Vec<Write>, serde_json::Error> {
        let record = &self.record;
        let mut writes = Vec::new();
        for (number, part) in (0..).zip(&record.parts) {
            writes.extend(self.pieces(subjects, &checkpoint_of(record, number, &part.text))?);
        }
        if writes.is_empty() {
            // The progress and the model are kept of a job without text, too.
            writes.extend(self.pieces(subjects, &checkpoint_of(record, 0, ""))?);
        }
        writes[0] = writes[0].clone().rollup();
        writes.push(self.head(subjects)?);
        if let Some(lifetime) = lifetime {
            let last = writes.len() - 1;
            for (index, write) in writes.iter_mut().enumerate() {
                write.lifetime = Some(if index == last { lifetime } else { lifetime + TEXT_OUTLIVES_HEAD });
            }
        }
        Ok(writes)
    }

    /// The messages that hold a checkpoint: one, unless its text is long.
    pub(super) fn pieces(&self, subjects: &Subjects, checkpoint: &Checkpoint) -> Result<Vec<Write>, serde_json::Error> {
        let (epoch, subject) = (self.record.head.epoch, subjects.text(self.record.head.id));
        let (mut writes, mut from) = (Vec::new(), 0);
        loop {
            let to = boundary(&checkpoint.text, from + PIECE);
            let text = Text::new(epoch, checkpoint, checkpoint.offset + from, &checkpoint.text[from..to]);
            writes.push(Write::new(subject.clone(), text.write()?));
            if to == checkpoint.text.len() {
                return Ok(writes);
            }
            from = to;
        }
    }

    /// The job after it ended.
    pub(super) fn ended(mut self, end: End) -> Self {
        self.record.head.end = Some(end);
        self
    }
}

/// Everything of a part, as one checkpoint.
fn checkpoint_of(record: &JobRecord, part: u32, text: &str) -> Checkpoint {
    Checkpoint {
        started_at: record.head.started_at,
        progress: record.progress,
        model_used: record.model_used.clone(),
        usage: record.usage,
        part: generation_actors::model::PartNumber(part),
        offset: 0,
        text: text.into(),
        text_complete: record.text_complete,
    }
}

fn note(record: &mut JobRecord, checkpoint: &Checkpoint) {
    record.head.started_at = checkpoint.started_at;
    record.progress = checkpoint.progress;
    record.model_used.clone_from(&checkpoint.model_used);
    record.usage = checkpoint.usage;
    record.text_complete = checkpoint.text_complete;
}

fn place(parts: &mut Vec<Part>, checkpoint: &Checkpoint) -> Result<(), Misfit> {
    let (number, offset) = (checkpoint.part.0, checkpoint.offset);
    if number as usize > parts.len() {
        return Err(Misfit::Part { part: number, parts: parts.len() });
    }
    let held = parts.get(number as usize).map_or("", |part| part.text.as_str());
    if !held.is_char_boundary(offset) {
        return Err(Misfit::Offset { offset, held: held.len() });
    }
    if number as usize == parts.len() {
        parts.push(Part::default());
    }
    let text = &mut parts[number as usize].text;
    text.truncate(offset);
    text.push_str(&checkpoint.text);
    Ok(())
}

/// The last place of at most `most` bytes where no character is cut.
fn boundary(text: &str, most: usize) -> usize {
    (0..=most.min(text.len())).rfind(|at| text.is_char_boundary(*at)).unwrap_or(0)
}

/// The last part of a script is not empty.
fn trim(parts: &mut Vec<Part>) {
    while parts.last().is_some_and(|part| part.text.is_empty()) {
        parts.pop();
    }
}
