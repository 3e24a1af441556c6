//! One run of the placeholder writer.

use std::{
    collections::VecDeque,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};

use futures_util::Stream;
use generation_actors::{
    model::{Brief, Failure, Step, Usage},
    ports::{EndReason, GenerationRequest, Piece},
};
use generation_placeholder::{Block, Draft, Order, Part, Writer, piece_len};

use super::{NAME, pace::Pace, tokens::Tokens};

/// After so many pieces or skipped blocks in a row other tasks of the thread get their turn.
const IN_A_ROW: usize = 32;

/// Writes a draft word by word; everything that costs time happens in small portions when it is polled.
pub(super) struct Writing {
    state: State,
    /// Pieces that have no pace, before anything else.
    ready: VecDeque<Piece>,
    pace: Pace,
    tokens: Tokens,
    step: Step,
    in_a_row: usize,
}

enum State {
    Asked { writer: Writer, brief: Arc<Brief>, written: String },
    Writing { draft: Box<Draft>, text: String, at: usize },
    Ended,
}

impl Writing {
    pub(super) fn new(writer: Writer, request: GenerationRequest, words_per_second: u32) -> Self {
        let step = Step::AnalyzingPrompt;
        Self {
            tokens: Tokens::of(&request.written),
            state: State::Asked { writer, brief: request.brief, written: request.written },
            ready: VecDeque::from([Piece::Model(NAME.into()), Piece::Step(step)]),
            pace: Pace::new(words_per_second),
            step,
            in_a_row: 0,
        }
    }

    /// The next piece without regard to turns; pending only for the pace.
    fn poll_piece(&mut self, context: &mut Context<'_>) -> Poll<Option<Piece>> {
        loop {
            if let Some(piece) = self.ready.pop_front() {
                return Poll::Ready(Some(piece));
            }
            match &mut self.state {
                State::Asked { writer, brief, written } => {
                    let draft = Box::new(writer.resume(&order(brief), std::mem::take(written)));
                    self.state = State::Writing { draft, text: String::new(), at: 0 };
                }
                State::Writing { text, at, .. } if *at < text.len() => {
                    ready!(self.pace.poll_due(context));
                    let rest = &text[*at..];
                    let piece = &rest[..piece_len(rest)];
                    if *at == 0 || piece.starts_with(char::is_whitespace) {
                        self.pace.passed();
                    }
                    *at += piece.len();
                    self.tokens.add(piece);
                    return Poll::Ready(Some(Piece::Text(piece.to_owned())));
                }
                State::Writing { draft, text, at } => match draft.next() {
                    Some(Block { text: skipped, .. }) if skipped.is_empty() => {
                        self.in_a_row += 1;
                        if self.in_a_row >= IN_A_ROW {
                            return self.give_way(context);
                        }
                    }
                    Some(block) => {
                        (*text, *at) = (block.text, 0);
                        self.enter(step(block.part));
                    }
                    None => self.finish(),
                },
                State::Ended => return Poll::Ready(None),
            }
        }
    }

    fn give_way<T>(&mut self, context: &mut Context<'_>) -> Poll<T> {
        self.in_a_row = 0;
        context.waker().wake_by_ref();
        Poll::Pending
    }

    fn enter(&mut self, step: Step) {
        if self.step != step {
            self.step = step;
            self.ready.push_back(Piece::Step(step));
        }
    }

    fn finish(&mut self) {
        let usage = Usage { completion_tokens: self.tokens.estimate(), measured: false };
        self.ready.extend([Piece::Usage(usage), Piece::End(EndReason::Finished)]);
        self.state = State::Ended;
    }
}

impl Stream for Writing {
    type Item = Result<Piece, Failure>;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = self.get_mut();
        if this.in_a_row >= IN_A_ROW {
            return this.give_way(context);
        }
        let polled = this.poll_piece(context);
        match &polled {
            Poll::Ready(_) => this.in_a_row += 1,
            Poll::Pending => this.in_a_row = 0,
        }
        polled.map(|piece| piece.map(Ok))
    }
}

/// What of a brief decides the draft.
pub(super) fn order(brief: &Brief) -> Order<'_> {
    Order {
        title: &brief.title,
        description: &brief.description,
        script_type: &brief.script_type,
        episode_number: brief.episode_number,
        temperature: brief.temperature,
        words: brief.length_target,
    }
}

fn step(part: Part) -> Step {
    match part {
        Part::Front => Step::OutliningScenes,
        Part::Scene => Step::WritingDialogue,
        Part::LastScene | Part::Ending => Step::WritingEnding,
    }
}
