//! The job actor alone, with fake ports controlled by the test, in paused time.

use actix::{Actor, Addr, Arbiter, ArbiterHandle, Context, Handler};
use tokio::time::sleep;

use super::*;
use crate::{
    directory::Directory,
    feed::Feed,
    job::{Cancel, Start},
    model::{Epoch, NewJob, Outcome},
    ports::{Created, EndReason},
    testing::{
        FakeEpisodeStore, FakeJobStore, Happened, Journal, Mood, Op, Run, ScriptedGenerator, SetClock, context, job,
        soon,
    },
};

/// A registry that ignores all reports.
struct IgnoringRegistry;

impl Actor for IgnoringRegistry {
    type Context = Context<Self>;
}

impl Handler<JobEnded> for IgnoringRegistry {
    type Result = ();

    fn handle(&mut self, _: JobEnded, _: &mut Context<Self>) {}
}

impl Handler<JobFenced> for IgnoringRegistry {
    type Result = ();

    fn handle(&mut self, _: JobFenced, _: &mut Context<Self>) {}
}

impl Handler<ActorGone> for IgnoringRegistry {
    type Result = ();

    fn handle(&mut self, _: ActorGone, _: &mut Context<Self>) {}
}

struct Stage {
    journal: Journal,
    jobs: FakeJobStore,
    feed: Feed,
    job: Addr<JobActor>,
    run: Run,
}

const CHECKPOINT: Duration = Duration::from_secs(1);
const TIMEOUT: Duration = Duration::from_secs(20);

/// A started job; `arbiter` is where it runs.
async fn stage(preview_interval: Duration, arbiter: &ArbiterHandle) -> Stage {
    let journal = Journal::default();
    let (jobs, episodes) = (FakeJobStore::new(journal.clone()), FakeEpisodeStore::new(journal.clone()));
    let ports =
        JobPorts { jobs: Arc::new(jobs.clone()), episodes: Arc::new(episodes), clock: Arc::new(SetClock::default()) };
    let settings = JobSettings {
        shared: false,
        preview_interval,
        checkpoint_interval: CHECKPOINT,
        timeout: TIMEOUT,
        save_timeout: Duration::from_secs(10),
    };
    let registry = IgnoringRegistry.start();
    let (state, generator) = (job(), ScriptedGenerator::new(journal.clone()));
    let publisher = Publisher::open(Epoch::FIRST, state.view(), "", context());
    let feed = publisher.feed().clone();
    let accepted = NewJob {
        id: state.id(),
        brief: Arc::clone(state.brief()),
        idempotency: None,
        created_at: state.head().created_at,
    };
    let Ok(Created::Mine(claim)) = jobs.create(accepted, true).await else { panic!("the store takes it") };
    let listing = Directory::default().add(&feed);
    let (ended, fenced) = (registry.clone().recipient(), registry.clone().recipient());
    let supervisor = Supervisor { ended, fenced, gone: registry.recipient(), listing };
    let (owned, writer) = ((publisher, claim), Arc::new(generator.clone()));
    let job = JobActor::start_in_arbiter(arbiter, move |_| {
        JobActor::new(state, 0, owned, writer, ports, settings, supervisor)
    });
    job.do_send(Start { words_per_second: 10.0 });
    let run = generator.run().await;
    Stage { journal, jobs, feed, job, run }
}

/// Preview intervals and pauses between pieces, in milliseconds, in step and out of step.
const PACES: [(u64, u64); 6] = [(500, 25), (500, 500), (500, 1), (500, 137), (20_000, 25), (20_000, 1)];

#[actix::test]
async fn a_model_in_step_with_previews_delays_neither_checkpoints_nor_the_deadline() {
    tokio::time::pause();
    for (preview, pause) in PACES {
        let Stage { journal, feed, run, .. } = stage(Duration::from_millis(preview), &Arbiter::current()).await;
        let begun = Instant::now();
        let mut checkpoints = Vec::new();
        while !feed.view().status.is_terminal() && begun.elapsed() < 2 * TIMEOUT {
            run.text("word ");
            sleep(Duration::from_millis(pause)).await;
            let made = journal.count(|h| matches!(h, Happened::Checkpointed(..)));
            if made > checkpoints.len() {
                checkpoints.push(begun.elapsed());
            }
        }
        let late = Duration::from_millis(pause + 10);
        assert!((TIMEOUT..=TIMEOUT + late).contains(&begun.elapsed()), "{preview}/{pause}: {:?}", begun.elapsed());
        assert!(checkpoints.len() >= 19, "{preview}/{pause}: {checkpoints:?}");
        assert!(
            checkpoints.windows(2).all(|two| two[1] - two[0] <= CHECKPOINT + late),
            "{preview}/{pause}: {checkpoints:?}"
        );
        assert_eq!(feed.view().failure, Some(FailureCode::TimeoutError));
    }
}

#[actix::test]
async fn a_checkpoint_missed_while_the_store_was_slow_follows_immediately() {
    tokio::time::pause();
    let Stage { journal, jobs, run, .. } = stage(Duration::from_millis(500), &Arbiter::current()).await;
    let made = |h: &Happened| matches!(h, Happened::Checkpointed(..));
    journal.until(1, made).await;
    jobs.set(Op::Checkpoint, Mood::Hangs);
    run.text("one ");
    journal.until(2, |h| matches!(h, Happened::CheckpointCalled(_))).await;
    run.text("two ");
    sleep(CHECKPOINT * 3 / 2).await;
    jobs.set(Op::Checkpoint, Mood::Works);
    let open_again = Instant::now();
    let Happened::Checkpointed(_, last) = journal.until(3, made).await else { unreachable!() };
    assert_eq!((last.offset, last.text.as_str()), (4, "two "));
    assert!(open_again.elapsed() < Duration::from_millis(100), "{:?}", open_again.elapsed());
}

#[actix::test]
async fn all_text_is_shown_before_the_end_is_recorded_once() {
    tokio::time::pause();
    let Stage { journal, jobs, feed, job, run, .. } = stage(Duration::from_secs(20), &Arbiter::current()).await;
    run.text("one ");
    journal.until(1, |h| matches!(h, Happened::Checkpointed(_, last) if !last.text.is_empty())).await;
    run.text("two");
    jobs.set(Op::Finish, Mood::Hangs);
    run.piece(Piece::End(EndReason::TokenLimit));
    journal.until(1, |h| matches!(h, Happened::FinishCalled(_))).await;
    assert_eq!(feed.text().0.as_str(), "one two", "not recorded yet");
    jobs.set(Op::Finish, Mood::Works);
    soon(job.send(Cancel)).await.expect("it lives until its end is shown");
    let Happened::Finished(_, ending) = journal.until(1, |h| matches!(h, Happened::Finished(..))).await else {
        unreachable!()
    };
    assert_eq!(ending.end.outcome, Outcome::Failed(FailureCode::TokenLimitExceeded));
    assert_eq!(journal.count(|h| matches!(h, Happened::FinishCalled(_))), 1);
}

#[actix::test]
async fn a_fenced_job_drops_its_model_immediately_and_records_nothing() {
    tokio::time::pause();
    let Stage { journal, jobs, feed, job, run, .. } = stage(Duration::from_millis(500), &Arbiter::current()).await;
    run.text("one ");
    journal.until(2, |h| matches!(h, Happened::Checkpointed(..))).await;
    jobs.take_from_owner(feed.view().id);
    run.text("two ");
    journal.until(1, |h| matches!(h, Happened::StreamDropped(_))).await;
    assert!(soon(job.send(Cancel)).await.is_err(), "it has stopped");
    assert_eq!(journal.count(|h| matches!(h, Happened::FinishCalled(_) | Happened::SaveCalled(_))), 0);
    assert!(!feed.view().status.is_terminal(), "its end is for the new owner to say");
}

#[actix::test]
async fn a_script_not_durable_as_complete_is_not_saved() {
    tokio::time::pause();
    let Stage { journal, jobs, feed, run, .. } = stage(Duration::from_millis(500), &Arbiter::current()).await;
    run.text("whole");
    journal.until(2, |h| matches!(h, Happened::Checkpointed(..))).await;
    jobs.take_from_owner(feed.view().id);
    run.finish();
    journal.until(1, |h| matches!(h, Happened::StreamDropped(_))).await;
    journal.until(3, |h| matches!(h, Happened::Checkpointed(..))).await;
    sleep(Duration::from_secs(60)).await;
    assert_eq!(journal.count(|h| matches!(h, Happened::SaveCalled(_) | Happened::FinishCalled(_))), 0);
}

#[test]
fn the_log_line_of_an_ended_job_says_how_it_ended() {
    use crate::{
        model::{EpisodeRef, EpisodeState},
        testing::{at, view},
    };
    let ended = JobView { started_at: Some(at(0)), completed_at: Some(at(12)), words: 90, ..view() };
    let id = ended.id;
    let failed = JobView { status: Status::Failed, failure: Some(FailureCode::TimeoutError), ..ended.clone() };
    assert_eq!(end_log_line(&failed), format!("{id}: failed after 12.0 s, 90 words by builtin, TIMEOUT_ERROR"));
    let episode = Some(EpisodeState::Saved(EpisodeRef { id: "e".into(), number: 3 }));
    let saved = JobView { status: Status::Completed, episode, ..ended };
    assert!(end_log_line(&saved).ends_with(", episode 3 of \"project-1\""), "{}", end_log_line(&saved));
    let owed = JobView { episode: Some(EpisodeState::Owed), ..saved };
    assert!(end_log_line(&owed).ends_with(", not saved yet"));
}
