//! A registry that is always busy, in real time.

use std::{
    collections::HashMap,
    sync::atomic::{AtomicBool, Ordering::Relaxed},
};

use super::*;
use crate::{
    model::Outcome,
    testing::{Mood, Op},
};

/// A look-up that always sends the next one: the mailbox is never empty until it stops.
#[derive(Message)]
#[rtype(result = "()")]
struct LookUpAgain {
    job: JobId,
    over: Arc<AtomicBool>,
}

impl Handler<LookUpAgain> for JobRegistry {
    type Result = ();

    fn handle(&mut self, again: LookUpAgain, ctx: &mut Context<Self>) {
        let _nobody_waits = Handler::handle(self, FindJob(again.job), ctx);
        if !again.over.load(Relaxed) {
            ctx.address().do_send(again);
        }
    }
}

/// Keeps the registry busy until it is dropped.
struct Flood(Arc<AtomicBool>);

impl Flood {
    fn of(harness: &Harness, job: JobId) -> Self {
        let over = Arc::new(AtomicBool::new(false));
        for _ in 0..1000 {
            harness.registry.address().do_send(LookUpAgain { job, over: Arc::clone(&over) });
        }
        Self(over)
    }
}

impl Drop for Flood {
    fn drop(&mut self) {
        self.0.store(true, Relaxed);
    }
}

/// A harness whose registry has its own thread.
fn apart(settings: RegistrySettings) -> Harness {
    build_by(settings, RegistryHandle::start)
}

#[actix::test]
async fn a_full_mailbox_blocks_neither_sweeps_nor_store_answers() {
    let retention = Duration::from_millis(200);
    let harness = apart(RegistrySettings { max_streaming: 1, retention, ..settings() });
    let running = harness.create("running").await;
    let waiting = [harness.create("first").await, harness.create("second").await];
    let _flood = Flood::of(&harness, id(&running));
    harness.until("queue positions are sent", || waiting[1].view().queue_position == Some(2)).await;
    // Jobs are accepted, canceled and forgotten; endings that the store did not take are recorded late.
    let brief = harness.create("brief").await;
    harness.cancel(&brief).await;
    let job = id(&brief);
    drop(brief);
    harness.journal.until(1, |h| *h == Happened::Purged(vec![job])).await;
    harness.cancel(&waiting[0]).await;
    harness.until("the second is the next", || waiting[1].view().queue_position == Some(1)).await;
}

#[actix::test]
async fn an_outcome_is_recorded_late_however_busy_the_registry_is() {
    let harness = apart(settings());
    let running = harness.create("running").await;
    harness.jobs.set(Op::Finish, Mood::Fails);
    let canceled = harness.create("canceled").await;
    harness.cancel(&canceled).await;
    assert_eq!(harness.count().unrecorded, 1);
    let _flood = Flood::of(&harness, id(&running));
    harness.jobs.set(Op::Finish, Mood::Works);
    assert_eq!(harness.finished(&canceled).await.end.outcome, Outcome::Canceled);
    harness.until("it is counted as recorded", || harness.count().unrecorded == 0).await;
}

#[actix::test]
async fn no_healthy_job_counts_as_lost_and_each_has_one_ending() {
    const JOBS: usize = 4000;
    let harness = apart(RegistrySettings { arbiters: 2, max_streaming: 10_000, max_queued: 10_000, ..settings() });
    // Sweeps without a pause, before and after `JobEnded` messages in the mailbox.
    let registry = harness.registry.address().clone();
    let sweeping = actix::spawn(async move { while registry.send(sweep::Sweep).await.is_ok() {} });
    for _ in 0..JOBS / 100 {
        let canceling = (0..100).map(|_| async {
            let feed = harness.create("a").await;
            harness.cancel(&feed).await;
        });
        futures_util::future::join_all(canceling).await;
    }
    assert!(!sweeping.is_finished(), "the registry lives");
    sweeping.abort();
    assert_eq!(harness.count(), JobCounts { canceled: JOBS, ..JobCounts::default() });
    let endings = harness.journal.all().into_iter().filter_map(|h| match h {
        Happened::Finished(by, ending) => Some((by.job, ending)),
        _ => None,
    });
    let mut outcomes: HashMap<JobId, Vec<Outcome>> = HashMap::new();
    for (job, ending) in endings {
        outcomes.entry(job).or_default().push(ending.end.outcome);
    }
    assert_eq!(outcomes.len(), JOBS);
    let wrong: Vec<_> = outcomes.values().filter(|of_one| **of_one != [Outcome::Canceled]).collect();
    assert_eq!(wrong, Vec::<&Vec<Outcome>>::new(), "a job whose actor is lost is recorded as failed");
}

#[actix::test]
async fn a_job_leaves_the_lists_before_the_registry_learns_of_its_end() {
    let harness = harness();
    let list = |project: Option<&str>| {
        harness.registry.active(&ListActive { project: project.map(str::to_owned), limit: 10, before: None })
    };
    let (feed, run, mut reader) = harness.streaming("a", "whole").await;
    assert_eq!((list(None).total, list(Some("project-1")).jobs.len()), (1, 1));
    let canceled = harness.create("b").await;
    let mut of_canceled = Reader::new(&canceled);
    run.finish();
    assert_eq!(reader.end().await.name, "completed");
    assert_eq!(list(None).jobs.iter().map(|(_, view)| view.id).collect::<Vec<_>>(), [id(&canceled)]);
    assert_eq!((harness.count().completed, status(&feed)), (1, Status::Completed));
    let (end, ()) = futures_util::future::join(
        async {
            let end = of_canceled.end().await;
            assert_eq!((list(None).total, list(Some("project-1")).total), (0, 0));
            end
        },
        harness.cancel(&canceled),
    )
    .await;
    assert_eq!(end.name, "failed");
    assert_eq!(harness.count(), JobCounts { completed: 1, canceled: 1, episodes_saved: 1, ..JobCounts::default() });
}
