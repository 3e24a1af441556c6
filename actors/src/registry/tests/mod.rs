//! The registry, its jobs and the outbox together, with fake ports controlled by the test.
//!
//! Unless a test needs real threads, everything runs on its own arbiter in paused time: waiting ten seconds for a store
//! takes no real time, and no result depends on the machine's speed.

mod adopt;
mod busy;
mod cancel;
mod create;
mod drain;
mod ended;
mod ending;
mod lost;
mod outbox;
mod retention;
mod streaming;

use std::{sync::Arc, time::Duration};

use actix::prelude::*;

use super::*;
use crate::{
    directory::{Directory, JobCounts, ListActive, Page},
    feed::Feed,
    job::{JobPorts, JobSettings},
    model::{Brief, EpisodeStatus, IdempotencyKey, JobId, JobView, Status},
    testing::{
        FakeEpisodeStore, FakeJobStore, Happened, Journal, OneGenerator, Reader, ScriptedGenerator, SetClock, brief,
        context, soon,
    },
};

struct Harness {
    registry: RegistryHandle,
    journal: Journal,
    jobs: FakeJobStore,
    episodes: FakeEpisodeStore,
    generator: ScriptedGenerator,
    clock: SetClock,
}

fn settings() -> RegistrySettings {
    RegistrySettings {
        max_streaming: 4,
        max_queued: 100,
        retention: Duration::from_secs(3600),
        keep: Bound { jobs: 100_000, bytes: 1 << 32 },
        resume: true,
        max_attempts: 3,
        arbiters: 0,
        job: JobSettings {
            shared: false,
            preview_interval: Duration::from_millis(500),
            checkpoint_interval: Duration::from_secs(1),
            timeout: Duration::from_secs(600),
            save_timeout: Duration::from_secs(10),
        },
    }
}

/// Everything on the test's own arbiter, in paused time.
fn harness() -> Harness {
    harness_with(settings())
}

fn harness_with(settings: RegistrySettings) -> Harness {
    assert_eq!(settings.arbiters, 0, "paused time holds on this arbiter only");
    tokio::time::pause();
    build(settings)
}

/// Jobs on their own threads, in real time.
fn harness_with_threads(arbiters: usize) -> Harness {
    let mut settings = RegistrySettings { arbiters, ..settings() };
    settings.job.preview_interval = Duration::from_millis(10);
    build(settings)
}

fn build(settings: RegistrySettings) -> Harness {
    build_by(settings, |parts| {
        let directory = Directory::default();
        let registry = JobRegistry::new(parts, directory.clone()).start();
        RegistryHandle::new(registry, directory)
    })
}

fn build_by(settings: RegistrySettings, start: impl FnOnce(RegistryParts) -> RegistryHandle) -> Harness {
    let journal = Journal::default();
    let jobs = FakeJobStore::new(journal.clone());
    let episodes = FakeEpisodeStore::new(journal.clone());
    let clock = SetClock::default();
    let ports =
        JobPorts { jobs: Arc::new(jobs.clone()), episodes: Arc::new(episodes.clone()), clock: Arc::new(clock.clone()) };
    let generator = ScriptedGenerator::new(journal.clone());
    let models = Arc::new(OneGenerator(generator.clone()));
    let registry = start(RegistryParts { settings, ports, feeds: context(), models, node: None });
    Harness { registry, journal, jobs, episodes, generator, clock }
}

fn brief_of(project: &str, title: &str) -> Brief {
    Brief { project_id: project.into(), title: title.into(), ..(*brief()).clone() }
}

fn key(key: &str, digest: &str) -> Option<IdempotencyKey> {
    Some(IdempotencyKey { key: key.into(), body_digest: digest.into() })
}

impl Harness {
    async fn try_create(&self, brief: Brief, idempotency: Option<IdempotencyKey>) -> Result<Created, CreateError> {
        let generator = Arc::new(self.generator.clone());
        self.registry.create(CreateJob { brief, generator, idempotency }).await.expect("the registry lives")
    }

    async fn create_in(&self, project: &str, title: &str) -> Feed {
        self.try_create(brief_of(project, title), None).await.expect("accepted").feed
    }

    async fn create(&self, title: &str) -> Feed {
        self.create_in("project-1", title).await
    }

    /// A job that has written `text`; its reader has seen it.
    async fn streaming(&self, title: &str, text: &str) -> (Feed, crate::testing::Run, Reader) {
        let feed = self.create(title).await;
        let run = self.generator.run().await;
        assert_eq!(run.title, title);
        let mut reader = Reader::new(&feed);
        run.text(text);
        reader.event("preview").await;
        (feed, run, reader)
    }

    async fn cancel(&self, feed: &Feed) {
        soon(self.registry.cancel(id(feed))).await.expect("the registry lives");
    }

    fn count(&self) -> JobCounts {
        self.registry.count()
    }

    /// Advances both clocks, then lets the registry sweep.
    async fn later(&self, seconds: u64) {
        self.clock.advance(seconds as i64);
        tokio::time::advance(Duration::from_secs(seconds)).await;
        tokio::time::sleep(Duration::from_secs(3)).await;
    }

    /// Looks up the job's view.
    async fn view(&self, job: JobId) -> Arc<JobView> {
        soon(self.registry.find(job)).await.expect("the registry lives").expect("held").view()
    }

    /// Waits until a script is saved as an episode.
    async fn until_saved(&self) {
        self.until("it is saved", || self.count().episodes_saved == 1).await;
    }

    /// Waits until the registry knows that the episode store refused a script.
    async fn until_refused(&self) {
        self.until("the refusal is known", || self.count().episodes_refused == 1).await;
    }

    /// The job's ending in the store.
    async fn finished(&self, feed: &Feed) -> crate::ports::Ending {
        let wanted = |happened: &Happened| matches!(happened, Happened::Finished(by, _) if by.job == id(feed));
        match self.journal.until(1, wanted).await {
            Happened::Finished(_, ending) => ending,
            other => unreachable!("{other:?}"),
        }
    }

    /// Waits until a sweep (or anything else that takes time) has made `condition` true.
    async fn until(&self, what: &str, condition: impl Fn() -> bool) {
        let reached = async {
            while !condition() {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        assert!(tokio::time::timeout(Duration::from_secs(120), reached).await.is_ok(), "not reached: {what}");
    }
}

fn id(feed: &Feed) -> JobId {
    feed.view().id
}

fn status(feed: &Feed) -> Status {
    feed.view().status
}

fn dropped(title: &str) -> impl Fn(&Happened) -> bool {
    move |happened| matches!(happened, Happened::StreamDropped(dropped) if dropped == title)
}

fn finished(happened: &Happened) -> bool {
    matches!(happened, Happened::Finished(..))
}

fn saved(happened: &Happened) -> bool {
    matches!(happened, Happened::Saved(_))
}
