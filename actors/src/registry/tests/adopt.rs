use super::*;
use crate::{
    feed::{LastEventId, Opening},
    model::{End, EndMark, EpisodeRef, EpisodeState, Epoch, FailureCode, JobHead, JobRecord, Outcome, Part},
    testing::{Mood, at},
};

/// A stored job; `text` is `None` if it was still queued. Its title is its idempotency key.
pub(super) fn stored(title: &str, text: Option<&str>) -> JobRecord {
    let head = JobHead {
        id: JobId::new(),
        brief: Arc::new(brief_of(title, title)),
        created_at: at(-90),
        epoch: Epoch::FIRST,
        started_at: text.map(|_| at(-60)),
        attempts: 0,
        end: None,
    };
    JobRecord {
        head,
        progress: if text.is_some() { 40 } else { 0 },
        model_used: None,
        usage: None,
        parts: text.map(|text| Part { text: text.into() }).into_iter().collect(),
        text_complete: false,
    }
}

pub(super) const MARK: EndMark = EndMark { event_seq: 29, text_version: 8 };

pub(super) fn ended(title: &str, text: &str, outcome: Outcome) -> JobRecord {
    let mut record = stored(title, Some(text));
    record.head.epoch = Epoch(2);
    record.text_complete = outcome.status() == Status::Completed;
    record.head.end = Some(End { mark: MARK, at: at(-30), outcome });
    record
}

/// A job that completed in an earlier process, with its episode still owed.
pub(super) fn owed_before(title: &str) -> JobRecord {
    ended(title, "whole", Outcome::Completed { episode: EpisodeState::Owed })
}

impl Harness {
    /// Adopts the jobs that an earlier process left in the store.
    pub(super) async fn adopt(&self, jobs: Vec<JobRecord>) {
        for job in jobs {
            let key = key(&job.head.brief.title, "1");
            self.jobs.insert(job, key);
        }
        let jobs = soon(claim_unfinished(&self.jobs)).await.expect("the store works");
        self.registry.adopt(Adopt(jobs)).await.expect("the registry lives");
    }

    pub(super) async fn find(&self, job: &JobRecord) -> Feed {
        self.registry.find(job.head.id).await.expect("the registry lives").expect("held")
    }
}

#[actix::test]
async fn a_streaming_job_resumes_and_ends_with_the_whole_text() {
    let harness = harness();
    let job = stored("a", Some("one "));
    harness.adopt(vec![job.clone()]).await;
    let feed = harness.find(&job).await;
    let mut reader = Reader::new(&feed);
    let run = harness.generator.run().await;
    assert_eq!(run.request.written, "one ");
    assert_eq!(reader.event("preview").await.data["delta"], "one ");
    run.text("two").finish();
    let end = reader.end().await;
    assert_eq!(end.data["result"]["markdown"], "one two");
    let ending = harness.finished(&feed).await;
    assert_eq!(end.id, Some(format!("2-{}", ending.end.mark.event_seq)));
    assert_eq!((feed.epoch(), ending.last.started_at), (Epoch(2), Some(at(-60))));
    let again = harness.try_create(brief_of("a", "a"), key("a", "1")).await.expect("known");
    assert_eq!(id(&again.feed), job.head.id, "idempotency keys survive");
}

#[actix::test]
async fn streaming_jobs_resume_first_then_queued_ones_in_their_old_order() {
    let harness = harness_with(RegistrySettings { max_streaming: 2, ..settings() });
    let jobs = vec![
        ended("over", "x", Outcome::Canceled),
        stored("queued-1", None),
        ended("over-too", "x", Outcome::Canceled),
        stored("streaming-1", Some("one")),
        stored("queued-2", None),
        stored("streaming-2", Some("two")),
        ended("over-as-well", "x", Outcome::Canceled),
    ];
    harness.adopt(jobs).await;
    let mut order = Vec::new();
    for _ in 0..4 {
        let run = harness.generator.run().await;
        order.push(run.title.clone());
        run.text("whole").finish();
    }
    assert_eq!(order, ["streaming-1", "streaming-2", "queued-1", "queued-2"]);
}

#[actix::test]
async fn without_resume_streaming_jobs_fail_with_their_text_and_queued_ones_run() {
    let harness = harness_with(RegistrySettings { resume: false, ..settings() });
    let (streaming, queued) = (stored("a", Some("half")), stored("b", None));
    harness.adopt(vec![streaming.clone(), queued]).await;
    let feed = harness.find(&streaming).await;
    assert_eq!(Reader::new(&feed).end().await.data["error"]["code"], "GENERATION_ERROR");
    assert_eq!(feed.text().0.as_str(), "half");
    assert_eq!(harness.finished(&feed).await.end.outcome, Outcome::Failed(FailureCode::GenerationError));
    assert_eq!(harness.generator.run().await.title, "b");
}

#[actix::test]
async fn a_complete_text_is_saved_without_calling_the_model() {
    let harness = harness_with(RegistrySettings { resume: false, ..settings() });
    let mut job = stored("a", Some("whole"));
    job.text_complete = true;
    harness.adopt(vec![job.clone()]).await;
    let feed = harness.find(&job).await;
    let end = Reader::new(&feed).end().await;
    assert_eq!(end.data["result"]["markdown"], "whole");
    assert_eq!(end.data["result"]["savedToEpisode"], true);
    assert_eq!(harness.journal.count(|h| matches!(h, Happened::Asked(_))), 0);
}

#[actix::test]
async fn a_job_of_an_unknown_model_fails_as_unavailable() {
    let harness = harness();
    let mut job = stored("a", None);
    job.head.brief = Arc::new(Brief { model: "gone".into(), ..brief_of("a", "a") });
    harness.adopt(vec![job.clone()]).await;
    let feed = harness.find(&job).await;
    assert_eq!(Reader::new(&feed).end().await.data["error"]["code"], "MODEL_UNAVAILABLE");
}

#[actix::test]
async fn ended_jobs_keep_their_terminal_event() {
    let harness = harness();
    let episode = EpisodeRef { id: "e".into(), number: 3 };
    let completed = ended("a", "whole", Outcome::Completed { episode: EpisodeState::Saved(episode) });
    let failed = ended("b", "half", Outcome::Failed(FailureCode::TimeoutError));
    harness.adopt(vec![completed.clone(), failed.clone()]).await;
    for (job, name, text) in [(&completed, "completed", "whole"), (&failed, "failed", "half")] {
        let feed = harness.find(job).await;
        let end = Reader::new(&feed).end().await;
        assert_eq!((end.name.as_str(), end.id.as_deref()), (name, Some("2-29")));
        assert_eq!(feed.opening(Some(LastEventId::parse("2-29"))), Opening::MarkEnd);
        assert_eq!((feed.text().0.as_str(), feed.view().completed_at), (text, Some(at(-30))));
    }
    assert_eq!(
        harness.view(completed.head.id).await.episode.as_ref().and_then(EpisodeState::saved).map(|e| e.number),
        Some(3)
    );
    assert_eq!(harness.journal.all(), [], "nothing is written or asked");
    let all = JobCounts { completed: 1, failed: 1, episodes_saved: 1, ..JobCounts::default() };
    harness.until("all are counted", || harness.count() == all).await;
}

#[actix::test]
async fn a_completed_job_without_an_episode_is_saved_after_a_restart() {
    let harness = harness();
    harness.episodes.set(Mood::Fails);
    let job = ended("a", "whole", Outcome::Completed { episode: EpisodeState::Owed });
    harness.adopt(vec![job.clone()]).await;
    harness.journal.until(2, |h| matches!(h, Happened::SaveCalled(draft) if draft.markdown == "whole")).await;
    harness.episodes.set(Mood::Works);
    harness.until_saved().await;
    harness.journal.until(1, |h| matches!(h, Happened::EpisodeNoted(..))).await;
    assert_eq!(harness.view(job.head.id).await.episode_status(), Some(EpisodeStatus::Saved));
}

#[actix::test]
async fn retention_counts_from_the_end_across_restarts() {
    let harness = harness();
    let recent = ended("a", "whole", Outcome::Canceled);
    let mut overdue = ended("b", "whole", Outcome::Canceled);
    overdue.head.end = Some(End { mark: MARK, at: at(-7200), outcome: Outcome::Canceled });
    harness.adopt(vec![recent.clone(), overdue.clone()]).await;
    let purged = |job: &JobRecord| {
        let job = job.head.id;
        move |h: &Happened| *h == Happened::Purged(vec![job])
    };
    harness.later(50).await;
    assert_eq!(harness.journal.count(purged(&overdue)), 0, "its readers have a minute to reconnect");
    harness.later(20).await;
    harness.journal.until(1, purged(&overdue)).await;
    harness.later(3480).await;
    assert_eq!(harness.journal.count(purged(&recent)), 0);
    harness.later(20).await;
    harness.journal.until(1, purged(&recent)).await;
}
