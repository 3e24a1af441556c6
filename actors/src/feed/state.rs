//! The newest state of a feed, and the frames due to a reader.

use std::sync::Arc;

use super::{
    PreviewMode,
    cursor::Cursor,
    event_id::{EventId, Part, Point},
    frames::{Draft, Due, Frames, Kind},
    marks::{Mark, Marks},
    readers::Readers,
};
use crate::model::{EndMark, Epoch, JobUpdate, JobView, Status, Step};

pub(super) struct State {
    epoch: Epoch,
    /// The number of updates; event ids derive from it.
    pub version: u64,
    pub view: Arc<JobView>,
    /// The view shown by the newest progress event.
    progress_view: Arc<JobView>,
    pub text: Arc<String>,
    utf16: usize,
    marks: Marks,
    progress: Change,
    preview: Change,
    /// The current publisher; updates of earlier ones are ignored.
    pub term: u64,
    pub ended: bool,
    pub cut: bool,
    /// It repeats what another node shows, and may be behind.
    pub repeats: bool,
    pub frames: Frames,
    pub readers: Readers,
}

/// When something last changed and how often. The difference of two counts is the number of events a slow reader
/// skipped.
#[derive(Debug, Clone, Copy, Default)]
struct Change {
    version: u64,
    count: u64,
}

impl Change {
    fn at(&mut self, version: u64) {
        self.version = version;
        self.count += 1;
    }
}

/// What a progress event shows of its job.
pub(super) fn figures(view: &JobView) -> (u8, Step, Option<u64>) {
    (view.progress, view.step, view.remaining_seconds)
}

/// The terminal event of a failed or canceled job says everything; a progress event before it would add nothing.
pub(super) fn has_progress(view: &JobView) -> bool {
    matches!(view.status, Status::Queued | Status::Streaming | Status::Completed)
}

impl State {
    pub(super) fn new(epoch: Epoch, version: u64, view: Arc<JobView>) -> Self {
        Self {
            epoch,
            version,
            progress_view: Arc::clone(&view),
            view,
            text: Arc::default(),
            utf16: 0,
            marks: Marks::default(),
            progress: Change::default(),
            preview: Change::default(),
            term: 0,
            ended: false,
            cut: false,
            repeats: false,
            frames: Frames::default(),
            readers: Readers::default(),
        }
    }

    /// Restores the state of a job that ended earlier.
    pub(super) fn ended(epoch: Epoch, mark: EndMark, view: Arc<JobView>, text: &str) -> Self {
        let completed = view.status == Status::Completed;
        let mut state = Self::new(epoch, Point::from_seq(mark.event_seq).version, view);
        state.ended = true;
        if completed {
            state.progress.at(state.version.saturating_sub(1));
        }
        if mark.text_version > 0 {
            state.append(text, mark.text_version);
        }
        state
    }

    /// Applies an update. Returns the number of events it means for a reader that misses none.
    pub(super) fn apply(&mut self, update: &JobUpdate) -> u64 {
        // Events before the terminal one belong to the version before it.
        let version = update.version - u64::from(update.end.is_some());
        let before = (self.progress.count, self.preview.count);
        let moved = self.progress.count == 0 || figures(&self.progress_view) != figures(&update.view);
        self.version = update.version;
        self.view = Arc::clone(&update.view);
        self.frames.clear();
        if moved && has_progress(&update.view) {
            self.progress_view = Arc::clone(&update.view);
            self.progress.at(version);
        }
        // Readers of an earlier epoch may hold text that was never made durable; an empty preview clears it.
        if !update.delta.is_empty() || (self.preview.count == 0 && self.epoch > Epoch::FIRST) {
            self.append(&update.delta, version);
        }
        if update.end.is_some() {
            self.ended = true;
            self.marks.shrink();
            if let Some(text) = Arc::get_mut(&mut self.text) {
                text.shrink_to_fit();
            }
        }
        let events = (self.progress.count - before.0) + (self.preview.count - before.1);
        events + u64::from(self.ended)
    }

    fn append(&mut self, more: &str, version: u64) {
        Arc::make_mut(&mut self.text).push_str(more);
        self.utf16 += more.encode_utf16().count();
        self.marks.push(Mark { version, bytes: self.text.len(), utf16: self.utf16 });
        self.preview.at(version);
    }

    /// The version of the newest text; 0 if there was none.
    pub(super) fn text_version(&self) -> u64 {
        self.preview.version
    }

    /// The numbers of progress and preview events so far.
    pub(super) fn counts(&self) -> (u64, u64) {
        (self.progress.count, self.preview.count)
    }

    /// Memory in bytes, without the struct itself.
    pub(super) fn size(&self) -> usize {
        size_of::<JobView>() + self.text.len() + self.marks.size() + self.view.brief.size()
    }

    /// Returns the frames due to a reader at `cursor`, in id order, and advances the cursor past them.
    pub(super) fn take_due(&mut self, mode: PreviewMode, cursor: &mut Cursor) -> [Option<Due>; 3] {
        let terminal = self.ended.then(|| self.frame(Kind::Terminal, Point::all(self.version)));
        // A reader that arrives after the end does not need the progress.
        let progress = self.progress.version > cursor.progress && !(self.ended && cursor.fresh);
        let preview = self.preview.version > cursor.preview && !self.end_contains_preview(mode, cursor);
        let version = self.version - u64::from(self.ended);
        let at = |part| Point { version, part };
        let due = match (progress, preview) {
            (false, false) => return [terminal, None, None],
            (true, false) => [Some(self.frame(Kind::Progress, at(Part::All))), None],
            (false, true) => [Some(self.preview(mode, cursor, at(Part::All))), None],
            (true, true) if cursor.fresh => [
                Some(self.frame(Kind::Progress, at(Part::ProgressOnly))),
                Some(self.preview(mode, cursor, at(Part::All))),
            ],
            (true, true) => [
                Some(self.preview(mode, cursor, at(Part::PreviewOnly))),
                Some(self.frame(Kind::Progress, at(Part::All))),
            ],
        };
        *cursor = Cursor::caught_up(version);
        let [first, second] = due;
        [first, second, terminal]
    }

    /// The completed event carries the whole text: another full copy right before it would double the bytes.
    fn end_contains_preview(&self, mode: PreviewMode, cursor: &Cursor) -> bool {
        let whole = mode == PreviewMode::Full || cursor.fresh;
        self.ended && whole && self.view.status == Status::Completed
    }

    fn preview(&mut self, mode: PreviewMode, cursor: &Cursor, at: Point) -> Due {
        match mode {
            PreviewMode::Full => self.frame(Kind::Full, at),
            PreviewMode::Delta => {
                let Mark { bytes, utf16, .. } = self.marks.at(cursor.preview);
                self.frame(Kind::Delta { from: bytes, offset: utf16 }, at)
            }
        }
    }

    fn frame(&mut self, kind: Kind, at: Point) -> Due {
        if let Some(bytes) = self.frames.encoded(kind, at.seq()) {
            return Due::Encoded(bytes);
        }
        let cell = self.frames.cell(kind, at.seq());
        let view = if kind == Kind::Progress { &self.progress_view } else { &self.view };
        Due::Draft(Box::new(Draft {
            cell,
            kind,
            id: EventId { epoch: self.epoch, seq: at.seq() },
            view: Arc::clone(view),
            text: Arc::clone(&self.text),
        }))
    }
}
