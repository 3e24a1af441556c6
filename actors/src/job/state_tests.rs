use proptest::prelude::*;

use super::*;
use crate::testing::{at, job};

fn saved() -> Input {
    Input::EpisodeSaved(EpisodeRef { id: "e-1".into(), number: 7 })
}

fn text(words: &str) -> Input {
    Input::Piece(Piece::Text(words.into()))
}

/// Applies inputs in order; none of them may be ignored.
fn run(state: &mut JobState, inputs: impl IntoIterator<Item = Input>) -> Vec<Effect> {
    inputs.into_iter().flat_map(|input| state.apply(input, at(1)).expect("an input for this phase")).collect()
}

#[test]
fn a_job_runs_from_the_queue_to_its_episode() {
    let mut job = job();
    assert_eq!(job.view().status, Status::Queued);
    assert_eq!(run(&mut job, [Input::Start]), [Effect::Show, Effect::Generate]);
    assert_eq!(run(&mut job, [text("FADE IN:")]), [Effect::Show], "the first text is shown at once");
    assert_eq!(run(&mut job, [text(" 더")]), []);
    assert_eq!(
        run(&mut job, [Input::Piece(Piece::End(EndReason::Finished))]),
        [Effect::StopGenerating, Effect::Show, Effect::SaveEpisode]
    );
    assert_eq!(job.view().status, Status::Streaming);
    assert_eq!(run(&mut job, [saved()]), [Effect::RecordEnding]);
    assert_eq!(job.view().status, Status::Streaming, "an outcome is shown once it is recorded");
    assert_eq!(run(&mut job, [Input::Recorded]), [Effect::Announce]);
    let view = job.view();
    assert_eq!((view.status, view.progress, view.words), (Status::Completed, 100, 3));
    assert_eq!(view.episode.as_ref().and_then(EpisodeState::saved).map(|e| e.number), Some(7));
    assert_eq!((view.completed_at, view.remaining_seconds), (Some(at(1)), None));
}

#[test]
fn a_cancel_drops_the_generator_and_a_second_one_changes_nothing() {
    let mut job = job();
    run(&mut job, [Input::Start, text("a")]);
    assert_eq!(run(&mut job, [Input::Cancel]), [Effect::StopGenerating, Effect::RecordEnding]);
    assert_eq!(job.apply(Input::Cancel, at(2)), Err(Ignored(Phase::Ending)));
    assert_eq!(job.apply(text("late"), at(2)), Err(Ignored(Phase::Ending)));
    run(&mut job, [Input::Recorded]);
    assert_eq!((job.view().status, job.text().as_str()), (Status::Canceled, "a"));
}

#[test]
fn a_cancel_while_saving_is_ignored() {
    let mut job = job();
    run(&mut job, [Input::Start, text("a"), Input::Piece(Piece::End(EndReason::Finished))]);
    assert_eq!(job.apply(Input::Cancel, at(2)), Err(Ignored(Phase::Saving)));
    run(&mut job, [saved(), Input::Recorded]);
    assert_eq!(job.view().status, Status::Completed);
}

#[test]
fn a_token_limit_fails_with_the_text_kept() {
    let mut job = job();
    run(&mut job, [Input::Start, text("half"), Input::Piece(Piece::End(EndReason::TokenLimit)), Input::Recorded]);
    let view = job.view();
    assert_eq!((view.status, view.failure), (Status::Failed, Some(FailureCode::TokenLimitExceeded)));
    assert_eq!(job.text().as_str(), "half");
}

#[test]
fn a_model_that_finishes_without_a_word_has_failed() {
    let mut job = job();
    run(&mut job, [Input::Start, text(" \n"), Input::Piece(Piece::End(EndReason::Finished)), Input::Recorded]);
    assert_eq!(job.view().failure, Some(FailureCode::GenerationError));
}

#[test]
fn a_job_completes_although_its_episode_is_not_saved() {
    let mut job = job();
    run(&mut job, [Input::Start, text("a"), Input::Piece(Piece::End(EndReason::Finished)), Input::EpisodeDeferred]);
    assert!(job.checkpoint(0).text_complete);
    run(&mut job, [Input::Recorded]);
    assert_eq!((job.view().status, job.view().episode), (Status::Completed, Some(EpisodeState::Owed)));
}

#[test]
fn a_recovered_job_continues_its_text() {
    let mut first = job();
    run(&mut first, [Input::Start, text(&"word ".repeat(50))]);
    let progress = first.view().progress;
    let mut again = JobState::restore(first.record());
    assert_eq!(again.view().progress, progress);
    assert_eq!(run(&mut again, [Input::Start]), [Effect::Show, Effect::Generate]);
    assert_eq!(again.text(), first.text());
    assert_eq!(again.view().started_at, Some(at(1)), "the first start counts");
}

#[test]
fn a_recovered_complete_text_is_saved_without_calling_the_model() {
    let mut first = job();
    run(&mut first, [Input::Start, text("whole"), Input::Piece(Piece::End(EndReason::Finished))]);
    let mut again = JobState::restore(first.record());
    assert_eq!(run(&mut again, [Input::Start]), [Effect::Show, Effect::SaveEpisode]);
}

#[test]
fn canceling_a_queued_complete_text_completes_it() {
    let mut first = job();
    run(&mut first, [Input::Start, text("whole"), Input::Piece(Piece::End(EndReason::Finished))]);
    let mut again = JobState::restore(first.record());
    assert!(again.view().text_complete, "if its actor is lost now, the script is not");
    assert_eq!(run(&mut again, [Input::Cancel]), [Effect::Show, Effect::SaveEpisode]);
    assert_eq!(again.apply(Input::Start, at(3)), Err(Ignored(Phase::Saving)), "the start comes too late");
    assert_eq!(again.apply(Input::Cancel, at(3)), Err(Ignored(Phase::Saving)));
    run(&mut again, [saved(), Input::Recorded]);
    assert_eq!(again.view().status, Status::Completed);
}

#[test]
fn remaining_time_follows_the_measured_speed() {
    let mut job = job();
    assert_eq!(job.view().remaining_seconds, Some(10), "100 words at 10 a second");
    run(&mut job, [Input::Start]);
    job.apply(text("one two "), at(2)).expect("text");
    job.apply(text(&"word ".repeat(48)), at(12)).expect("text");
    assert_eq!(job.view().remaining_seconds, Some(10), "50 words in ten seconds, 50 to go");
}

#[test]
fn waiting_for_a_store_does_not_count_as_slow_writing() {
    let mut job = job();
    run(&mut job, [Input::Start]);
    job.apply(text("one two "), at(2)).expect("text");
    job.apply(text(&"word ".repeat(48)), at(12)).expect("text");
    job.apply(Input::Piece(Piece::End(EndReason::Finished)), at(12)).expect("the end");
    job.apply(Input::EpisodeDeferred, at(22)).expect("deferred");
    assert_eq!(job.words_per_second(at(32)), Some(5.0));
}

#[test]
fn a_lost_job_ends_with_its_text_and_still_owes_a_complete_script() {
    let mut half = job();
    run(&mut half, [Input::Start, text("half")]);
    let mut whole = half.clone();
    run(&mut whole, [Input::Piece(Piece::End(EndReason::Finished))]);
    for (lost, status, episode) in [(half, Status::Failed, None), (whole, Status::Completed, Some(EpisodeState::Owed))]
    {
        let mut again = JobState::restore(lost.record());
        assert_eq!(run(&mut again, [Input::ActorLost]), [Effect::RecordEnding]);
        run(&mut again, [Input::Recorded]);
        assert_eq!((again.view().status, again.view().episode), (status, episode));
        assert_eq!(again.text(), lost.text());
    }
}

#[test]
fn a_restored_ended_job_shows_the_same_view() {
    let mut job = job();
    run(&mut job, [Input::Start, text("half"), Input::Cancel]);
    let end = job.ending(EndMark { event_seq: 5, text_version: 1 }, 0).expect("it has an outcome").end;
    run(&mut job, [Input::Recorded]);
    let mut record = job.record();
    record.head.end = Some(end);
    let restored = JobState::restore(record);
    assert_eq!(restored.view(), job.view());
    assert_eq!(restored.phase(), Phase::Ended);
}

#[test]
fn the_place_of_a_queued_job_is_shown_until_it_starts() {
    let mut job = job();
    job.set_place(3, 42);
    assert_eq!((job.view().queue_position, job.view().remaining_seconds), (Some(3), Some(42)));
    run(&mut job, [Input::Start]);
    assert_eq!((job.view().queue_position, job.view().remaining_seconds), (None, Some(10)));
}

fn input() -> impl Strategy<Value = Input> {
    prop_oneof![
        2 => Just(Input::Start),
        8 => "[a가 \n]{0,9}".prop_map(|t| text(&t)),
        2 => Just(Input::Piece(Piece::Step(Step::WritingDialogue))),
        1 => Just(Input::Piece(Piece::Model("m".into()))),
        1 => Just(Input::Piece(Piece::Usage(Usage { completion_tokens: 5, measured: true }))),
        1 => Just(Input::Piece(Piece::End(EndReason::Finished))),
        1 => Just(Input::Piece(Piece::End(EndReason::TokenLimit))),
        1 => Just(Input::GeneratorFailed(Failure::new(FailureCode::ModelUnavailable, "x"))),
        1 => Just(Input::TimedOut),
        1 => Just(Input::Cancel),
        1 => Just(saved()),
        1 => Just(Input::EpisodeDeferred),
        1 => Just(Input::EpisodeRefused),
        1 => Just(Input::ActorLost),
        1 => Just(Input::Recorded),
    ]
}

proptest! {
    #[test]
    fn no_inputs_leave_a_terminal_state_or_lower_progress(inputs in prop::collection::vec(input(), 0..60)) {
        let mut job = job();
        let mut seen = job.view();
        let mut announced = 0;
        let mut outcome = None;
        for (second, input) in inputs.into_iter().enumerate() {
            let before = job.clone();
            match job.apply(input, at(second as i64)) {
                Ok(effects) => announced += effects.iter().filter(|e| **e == Effect::Announce).count(),
                Err(_) => prop_assert_eq!(format!("{:?}", before), format!("{:?}", job), "ignored inputs change nothing"),
            }
            let view = job.view();
            prop_assert!(view.progress >= seen.progress);
            prop_assert!(view.progress < 100 || view.status == Status::Completed);
            if seen.status.is_terminal() {
                prop_assert_eq!(&view, &seen);
            }
            if let Some(first) = &outcome {
                prop_assert_eq!(job.outcome.as_ref(), Some(first), "the first outcome wins");
            }
            outcome = job.outcome.clone();
            seen = view;
        }
        prop_assert!(announced <= 1);
        prop_assert_eq!(announced == 1, seen.status.is_terminal());
    }
}

/// All transitions between phases, found by trying every input.
fn moves() -> std::collections::BTreeSet<(String, String)> {
    let complete = || {
        let mut first = job();
        run(&mut first, [Input::Start, text("whole"), Input::Piece(Piece::End(EndReason::Finished))]);
        JobState::restore(first.record())
    };
    let after = |inputs: &[Input]| {
        let mut state = job();
        run(&mut state, inputs.iter().cloned());
        state
    };
    let finished = Input::Piece(Piece::End(EndReason::Finished));
    let starts = [
        job(),
        complete(),
        after(&[Input::Start]),
        after(&[Input::Start, text("a")]),
        after(&[Input::Start, text("a"), finished.clone()]),
        after(&[Input::Start, Input::Cancel]),
        after(&[Input::Start, Input::Cancel, Input::Recorded]),
    ];
    let inputs = [
        Input::Start,
        text("more"),
        finished,
        Input::Piece(Piece::End(EndReason::TokenLimit)),
        Input::GeneratorFailed(Failure::new(FailureCode::ModelUnavailable, "x")),
        Input::TimedOut,
        Input::Cancel,
        saved(),
        Input::EpisodeDeferred,
        Input::EpisodeRefused,
        Input::ActorLost,
        Input::Recorded,
    ];
    let mut moves = std::collections::BTreeSet::new();
    for start in &starts {
        for input in &inputs {
            let mut state = start.clone();
            if state.apply(input.clone(), at(1)).is_ok() {
                moves.insert((start.phase().to_string(), state.phase().to_string()));
            }
        }
    }
    moves
}

#[test]
fn the_drawing_shows_exactly_the_possible_transitions() {
    let drawing = include_str!("../../../docs/job-lifecycle.dot");
    let (drawing, _) = drawing.split_once("digraph episode").expect("the second graph");
    let edges = drawing.lines().filter_map(|line| {
        let (from, rest) = line.split_once("->")?;
        Some((from.trim().to_owned(), rest.split('[').next()?.trim().to_owned()))
    });
    assert_eq!(moves(), edges.collect());
}
