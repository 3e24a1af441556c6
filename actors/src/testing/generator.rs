//! A generator whose runs are controlled by the test.

use std::{
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
    task::{Context, Poll},
};

use actix::Arbiter;
use futures_util::Stream;
use tokio::sync::{Mutex, mpsc};

use super::{Happened, Journal, soon};
use crate::{
    model::{Failure, FailureCode},
    ports::{EndReason, GenerationRequest, GenerationStream, Piece, ScriptGenerator},
};

/// What a stream does next.
enum Say {
    Item(Result<Piece, Failure>),
    EndWithoutMark,
    /// Panics at every poll from here on.
    Panic,
    /// Stops its whole thread.
    StopArbiter,
    /// Yields a word at every poll, forever.
    Flood,
}

/// Passes every started run to the test, in order.
#[derive(Clone)]
pub(crate) struct ScriptedGenerator {
    journal: Journal,
    started: mpsc::UnboundedSender<Run>,
    runs: Arc<Mutex<mpsc::UnboundedReceiver<Run>>>,
    open: Arc<AtomicUsize>,
    most: Arc<AtomicUsize>,
}

/// One run, as held by the test. Jobs are identified by their titles.
pub(crate) struct Run {
    pub(crate) title: String,
    pub(crate) request: GenerationRequest,
    say: mpsc::UnboundedSender<Say>,
}

impl Run {
    /// The model writes more text. An ended job ignores this and the calls below.
    pub(crate) fn text(&self, text: &str) -> &Self {
        self.piece(Piece::Text(text.into()))
    }

    pub(crate) fn piece(&self, piece: Piece) -> &Self {
        self.say(Say::Item(Ok(piece)))
    }

    pub(crate) fn finish(&self) {
        self.piece(Piece::End(EndReason::Finished));
    }

    pub(crate) fn fail(&self, code: FailureCode) {
        self.say(Say::Item(Err(Failure::new(code, "the test says so"))));
    }

    pub(crate) fn end_without_mark(&self) {
        self.say(Say::EndWithoutMark);
    }

    pub(crate) fn panic(&self) {
        self.say(Say::Panic);
    }

    pub(crate) fn stop_arbiter(&self) {
        self.say(Say::StopArbiter);
    }

    pub(crate) fn flood(&self) {
        self.say(Say::Flood);
    }

    fn say(&self, say: Say) -> &Self {
        let _over = self.say.send(say);
        self
    }
}

impl ScriptedGenerator {
    pub(crate) fn new(journal: Journal) -> Self {
        let (started, runs) = mpsc::unbounded_channel();
        Self { journal, started, runs: Arc::new(Mutex::new(runs)), open: Arc::default(), most: Arc::default() }
    }

    /// Waits for the next run.
    pub(crate) async fn run(&self) -> Run {
        soon(async { self.runs.lock().await.recv().await }).await.expect("the generator lives")
    }

    /// A run that has already started, if any.
    pub(crate) fn started(&self) -> Option<Run> {
        self.runs.try_lock().ok()?.try_recv().ok()
    }

    /// The streams open now, and the most open at once.
    pub(crate) fn open(&self) -> (usize, usize) {
        (self.open.load(SeqCst), self.most.load(SeqCst))
    }
}

impl ScriptGenerator for ScriptedGenerator {
    fn generate(&self, request: GenerationRequest) -> GenerationStream {
        let title = request.brief.title.clone();
        self.journal.note(Happened::Asked(title.clone()));
        let open = self.open.fetch_add(1, SeqCst) + 1;
        self.most.fetch_max(open, SeqCst);
        let (say, said) = mpsc::unbounded_channel();
        let _test_over = self.started.send(Run { title: title.clone(), request, say });
        Box::pin(Scripted { said, forever: None, title, journal: self.journal.clone(), open: Arc::clone(&self.open) })
    }
}

struct Scripted {
    said: mpsc::UnboundedReceiver<Say>,
    forever: Option<Say>,
    title: String,
    journal: Journal,
    open: Arc<AtomicUsize>,
}

impl Stream for Scripted {
    type Item = Result<Piece, Failure>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        loop {
            match &self.forever {
                Some(Say::Panic) => panic!("this generator panics because the test wants it to"),
                Some(Say::Flood) => return Poll::Ready(Some(Ok(Piece::Text("word ".into())))),
                _ => {}
            }
            match self.said.poll_recv(context) {
                Poll::Ready(Some(Say::Item(item))) => return Poll::Ready(Some(item)),
                Poll::Ready(Some(Say::EndWithoutMark)) => return Poll::Ready(None),
                Poll::Ready(Some(Say::StopArbiter)) => {
                    Arbiter::current().stop();
                    return Poll::Pending;
                }
                Poll::Ready(Some(forever)) => self.forever = Some(forever),
                // When the test drops its run, the model stays silent.
                Poll::Ready(None) | Poll::Pending => return Poll::Pending,
            }
        }
    }
}

impl Drop for Scripted {
    fn drop(&mut self) {
        self.open.fetch_sub(1, SeqCst);
        self.journal.note(Happened::StreamDropped(std::mem::take(&mut self.title)));
    }
}
