use super::*;
use crate::{
    model::{EpisodeState, FailureCode, Outcome, Usage},
    ports::{EndReason, Piece},
    testing::{Mood, Op},
};

#[actix::test]
async fn a_job_runs_from_creation_to_a_terminal_event_with_its_episode() {
    let harness = harness();
    let (feed, run, mut reader) = harness.streaming("a", "FADE IN:").await;
    run.piece(Piece::Model("model-1".into())).text(" 비가 온다.");
    run.piece(Piece::Usage(Usage { completion_tokens: 7, measured: true })).finish();
    let end = reader.end().await;
    assert_eq!(end.name, "completed");
    let result = &end.data["result"];
    assert_eq!(result["markdown"], "FADE IN: 비가 온다.");
    assert_eq!(result["episodeId"], "episode-1");
    assert_eq!(result["savedToEpisode"], true);
    assert_eq!(result["modelUsed"], "model-1");
    assert_eq!(result["tokens"], 7);

    let ending = harness.finished(&feed).await;
    assert_eq!(end.id, Some(format!("1-{}", ending.end.mark.event_seq)), "the store knows the terminal event's number");
    assert!(matches!(ending.end.outcome, Outcome::Completed { episode: EpisodeState::Saved(_) }));
    let order = [
        harness.journal.position(|h| matches!(h, Happened::Created(_))),
        harness.journal.position(|h| matches!(h, Happened::Asked(_))),
        harness.journal.position(dropped("a")),
        harness.journal.position(|h| matches!(h, Happened::Checkpointed(_, last) if last.text_complete)),
        harness.journal.position(saved),
        harness.journal.position(finished),
    ];
    assert!(order.iter().all(Option::is_some) && order.is_sorted(), "{order:?}");
}

#[actix::test]
async fn nothing_is_answered_or_started_before_the_job_is_durable() {
    let harness = harness();
    harness.jobs.set(Op::Create, Mood::Hangs);
    let creation = harness.create("a");
    tokio::pin!(creation);
    assert!(tokio::time::timeout(Duration::from_secs(5), &mut creation).await.is_err());
    assert!(harness.generator.started().is_none());
    assert_eq!(harness.count(), JobCounts::default());
    harness.jobs.set(Op::Create, Mood::Works);
    let feed = soon(creation).await;
    assert_eq!(harness.generator.run().await.title, feed.view().brief.title);
}

#[actix::test]
async fn there_is_one_checkpoint_per_interval_and_each_continues_the_last() {
    let harness = harness();
    let (_feed, run, _reader) = harness.streaming("a", "one ").await;
    let checkpointed = |h: &Happened| matches!(h, Happened::Checkpointed(..));
    let Happened::Checkpointed(_, begun) = harness.journal.until(1, checkpointed).await else { unreachable!() };
    assert!(begun.started_at.is_some(), "a restart must know that the job was streaming");
    harness.journal.until(2, checkpointed).await;
    run.text("two ");
    run.text("three ");
    harness.journal.until(3, checkpointed).await;
    let texts: Vec<(usize, String)> = harness
        .journal
        .all()
        .into_iter()
        .filter_map(|h| match h {
            Happened::Checkpointed(_, c) => Some((c.offset, c.text)),
            _ => None,
        })
        .collect();
    assert_eq!(texts, [(0, String::new()), (0, "one ".to_owned()), (4, "two three ".to_owned())]);
    tokio::time::sleep(Duration::from_secs(30)).await;
    assert_eq!(harness.journal.count(checkpointed), 3, "no new text, no checkpoint");
}

#[actix::test]
async fn text_of_a_slow_model_is_shown_immediately_and_of_a_fast_one_once_per_interval() {
    let harness = harness();
    let (_feed, run, mut reader) = harness.streaming("a", "one ").await;
    tokio::time::sleep(Duration::from_millis(1250)).await;
    let written = tokio::time::Instant::now();
    run.text("two ");
    assert_eq!(reader.event("preview").await.data["delta"], "two ");
    assert_eq!(written.elapsed(), Duration::ZERO, "the interval has passed");
    run.text("three ");
    tokio::time::sleep(Duration::from_millis(100)).await;
    run.text("four ");
    assert_eq!(reader.event("preview").await.data["delta"], "three four ");
    let waited = written.elapsed().as_millis();
    assert!((500..=502).contains(&waited), "an interval after the last preview, timers being rounded up: {waited} ms");
}

#[actix::test]
async fn the_next_checkpoint_includes_the_text_of_a_failed_one() {
    let harness = harness();
    harness.jobs.set(Op::Checkpoint, Mood::Fails);
    let (_feed, run, _reader) = harness.streaming("a", "one ").await;
    harness.journal.until(1, |h| matches!(h, Happened::CheckpointCalled(_))).await;
    run.text("two ");
    harness.jobs.set(Op::Checkpoint, Mood::Works);
    let Happened::Checkpointed(_, written) =
        harness.journal.until(1, |h| matches!(h, Happened::Checkpointed(..))).await
    else {
        unreachable!()
    };
    assert_eq!((written.offset, written.text.as_str()), (0, "one two "));
}

#[actix::test]
async fn a_checkpoint_without_answer_is_repeated() {
    let harness = harness();
    harness.jobs.set(Op::Checkpoint, Mood::Hangs);
    let (_feed, _run, _reader) = harness.streaming("a", "one ").await;
    harness.journal.until(2, |h| matches!(h, Happened::CheckpointCalled(_))).await;
}

#[actix::test]
async fn a_generator_that_fails_ends_the_job_with_its_code_and_its_text() {
    let harness = harness();
    let (feed, run, mut reader) = harness.streaming("a", "half").await;
    run.fail(FailureCode::ModelUnavailable);
    let end = reader.end().await;
    assert_eq!(
        (&end.data["error"]["code"], &end.data["error"]["retryable"]),
        (&"MODEL_UNAVAILABLE".into(), &true.into())
    );
    let ending = harness.finished(&feed).await;
    assert_eq!(ending.end.outcome, Outcome::Failed(FailureCode::ModelUnavailable));
    assert_eq!((feed.text().0.as_str(), ending.last.text.as_str()), ("half", "half"));
}

#[actix::test]
async fn an_incomplete_script_never_completes_a_job() {
    let harness = harness();
    let (_, run, mut reader) = harness.streaming("a", "half").await;
    run.end_without_mark();
    assert_eq!(reader.end().await.data["error"]["code"], "GENERATION_ERROR");
    let (_, run, mut reader) = harness.streaming("b", "half").await;
    run.piece(Piece::End(EndReason::TokenLimit));
    assert_eq!(reader.end().await.data["error"]["code"], "TOKEN_LIMIT_EXCEEDED");
    assert_eq!(harness.journal.count(|h| matches!(h, Happened::SaveCalled(_))), 0);
}

#[actix::test]
async fn a_job_past_its_deadline_times_out_and_its_stream_is_dropped() {
    let harness = harness();
    let (feed, _run, mut reader) = harness.streaming("a", "half").await;
    let begin = tokio::time::Instant::now();
    // Longer than the timeout of `soon`, which the reader uses.
    harness.until_timed_out(&feed).await;
    assert!(begin.elapsed() >= settings().job.timeout - Duration::from_secs(1));
    assert_eq!(reader.end().await.data["error"]["code"], "TIMEOUT_ERROR");
    assert_eq!(harness.journal.count(dropped("a")), 1);
    assert_eq!(harness.finished(&feed).await.end.outcome, Outcome::Failed(FailureCode::TimeoutError));
}

#[actix::test]
async fn jobs_stream_on_their_own_threads() {
    let harness = harness_with_threads(2);
    let mut readers = Vec::new();
    for title in ["a", "b", "c"] {
        let (_, run, reader) = harness.streaming(title, "text").await;
        readers.push((run, reader));
    }
    for (run, mut reader) in readers {
        run.finish();
        assert_eq!(reader.end().await.name, "completed");
    }
}

impl Harness {
    async fn until_timed_out(&self, feed: &Feed) {
        let ended = async {
            while !status(feed).is_terminal() {
                tokio::time::sleep(Duration::from_secs(1)).await;
            }
        };
        tokio::time::timeout(settings().job.timeout * 2, ended).await.expect("the job times out");
    }
}
