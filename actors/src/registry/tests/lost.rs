use super::*;
use crate::{
    model::{FailureCode, Outcome},
    testing::{Mood, Op},
};

async fn fails_with_its_text(harness: &Harness, feed: &Feed, reader: &mut Reader) {
    let end = reader.end().await;
    assert_eq!(
        (&end.data["error"]["code"], &end.data["error"]["retryable"]),
        (&"GENERATION_ERROR".into(), &true.into())
    );
    let ending = harness.finished(feed).await;
    assert_eq!(ending.end.outcome, Outcome::Failed(FailureCode::GenerationError));
    assert_eq!((ending.last.offset, ending.last.text.as_str()), (0, "half"));
    assert_eq!(end.id, Some(format!("1-{}", ending.end.mark.event_seq)));
    assert_eq!((status(feed), feed.text().0.as_str()), (Status::Failed, "half"));
}

#[actix::test]
async fn a_panicking_generator_fails_only_its_job_and_frees_its_slot() {
    let harness = harness_with(RegistrySettings { max_streaming: 1, ..settings() });
    let (feed, run, mut reader) = harness.streaming("a", "half").await;
    let next = harness.create("b").await;
    run.panic();
    fails_with_its_text(&harness, &feed, &mut reader).await;
    assert_eq!(harness.journal.count(dropped("a")), 1);
    let run = harness.generator.run().await;
    run.text("whole").finish();
    assert_eq!(Reader::new(&next).end().await.name, "completed");
    assert_eq!(harness.count(), JobCounts { failed: 1, completed: 1, episodes_saved: 1, ..JobCounts::default() });
}

#[actix::test]
async fn a_panic_on_another_thread_is_noticed() {
    let harness = harness_with_threads(1);
    let (feed, run, mut reader) = harness.streaming("a", "half").await;
    run.panic();
    fails_with_its_text(&harness, &feed, &mut reader).await;
    let (_, run, mut reader) = harness.streaming("b", "the thread goes on").await;
    run.finish();
    assert_eq!(reader.end().await.name, "completed");
}

#[actix::test]
async fn a_job_whose_thread_dies_fails_and_the_thread_is_replaced() {
    let harness = harness_with_threads(1);
    let (feed, run, mut reader) = harness.streaming("a", "half").await;
    run.stop_arbiter();
    fails_with_its_text(&harness, &feed, &mut reader).await;
    let (_, run, mut reader) = harness.streaming("b", "on another thread").await;
    run.finish();
    assert_eq!(reader.end().await.name, "completed");
}

#[actix::test]
async fn a_cancel_of_a_lost_job_is_answered() {
    let harness = harness();
    harness.jobs.set(Op::Finish, Mood::Hangs);
    let (feed, run, _reader) = harness.streaming("a", "half").await;
    run.panic();
    harness.journal.until(1, |h| matches!(h, Happened::FinishCalled(_))).await;
    harness.cancel(&feed).await;
    harness.jobs.set(Op::Finish, Mood::Works);
    assert_eq!(harness.finished(&feed).await.end.outcome, Outcome::Failed(FailureCode::GenerationError));
}

#[actix::test]
async fn a_complete_script_survives_the_loss_of_its_actor() {
    let harness = harness();
    harness.episodes.set(Mood::Panics);
    let (feed, run, mut reader) = harness.streaming("a", "whole").await;
    run.finish();
    let end = reader.end().await;
    assert_eq!((end.name.as_str(), &end.data["result"]["savedToEpisode"]), ("completed", &false.into()));
    assert!(harness.finished(&feed).await.last.text_complete);
    harness.episodes.set(Mood::Works);
    harness.until_saved().await;
}

#[actix::test]
async fn a_panicking_job_store_ends_neither_jobs_nor_the_registry() {
    let harness = harness();
    for op in [Op::Create, Op::Checkpoint, Op::Finish, Op::NoteEpisode, Op::Purge] {
        harness.jobs.set(op, Mood::Panics);
    }
    let refused = harness.try_create(brief_of("project-1", "a"), None).await;
    assert!(matches!(refused, Err(CreateError::Store(_))));
    harness.jobs.set(Op::Create, Mood::Works);
    let (whole, finishes, mut of_whole) = harness.streaming("b", "whole").await;
    let (_, dies, mut of_dying) = harness.streaming("c", "half").await;
    harness.journal.until(2, |h| matches!(h, Happened::CheckpointCalled(_))).await;
    finishes.finish();
    dies.panic();
    assert_eq!(of_whole.end().await.name, "completed");
    assert_eq!(of_dying.end().await.data["error"]["code"], "GENERATION_ERROR");
    assert_eq!(harness.count().unrecorded, 2);
    harness.jobs.set(Op::Finish, Mood::Works);
    harness.finished(&whole).await;
}
