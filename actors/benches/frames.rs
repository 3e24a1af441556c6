//! What it costs to encode an event: the first reader of each version pays it for all.
//!
//! Encoding has no door of its own, so a reader is measured that opens, takes one event and leaves, after the feed has been
//! made to forget the encoded one. `kept` is the same without forgetting: the part of every other figure that is not encoding.

mod samples {
    pub(crate) mod feed;
    pub(crate) mod job;
    pub(crate) mod script;
}

use std::{collections::VecDeque, task::Waker, time::Duration};

use bytes::Bytes;
use criterion::{BenchmarkId, Criterion, Throughput};
use generation_actors::{feed::{Feed, PreviewMode, Resume, Subscription}, job::{Input, JobState}, model::EpisodeRef, ports::{EndReason, Piece}};
use samples::{
    feed::{after, showing, take},
    job::{apply, writing},
    script::{LANGUAGES, Language},
};

const SHORT: usize = 400;
const LONG: usize = 50_000;
const MORE: usize = 120;

/// One event that a reader is due.
struct Due {
    feed: Feed,
    resume: Resume,
    mode: PreviewMode,
    /// A feed without readers forgets its frames by itself.
    _other: Subscription,
}

impl Due {
    /// The event after `resume`, which must be the only one and called `name`.
    fn new(feed: Feed, resume: Resume, mode: PreviewMode, name: &str) -> Self {
        let due = Self { _other: feed.subscribe(Resume::Fresh, mode), feed, resume, mode };
        let mut out = VecDeque::new();
        due.take(&mut out);
        assert_eq!(out.len(), 1);
        assert!(out[0].starts_with(format!("event: {name}\n").as_bytes()));
        due
    }

    fn progress(language: &Language) -> Self {
        Self::new(showing(&writing(language, "")), Resume::Fresh, PreviewMode::Full, "progress")
    }

    fn full(language: &Language, bytes: usize) -> Self {
        let feed = showing(&writing(language, &language.script(bytes)));
        let resume = after(&feed, &fresh(&feed)[0]);
        Self::new(feed, resume, PreviewMode::Full, "preview")
    }

    fn delta(language: &Language) -> Self {
        let feed = showing(&writing(language, &language.script(LONG)));
        let resume = after(&feed, &fresh(&feed)[1]);
        let view = feed.view().as_ref().clone();
        feed.publish(view, &language.script(MORE));
        Self::new(feed, resume, PreviewMode::Delta, "preview")
    }

    fn completed(language: &Language) -> Self {
        let mut job = writing(language, &language.script(LONG));
        let feed = showing(&job);
        complete(&mut job);
        feed.end(job.view(), feed.end_mark());
        Self::new(feed, Resume::Fresh, PreviewMode::Full, "completed")
    }

    fn take(&self, out: &mut VecDeque<Bytes>) {
        out.clear();
        take(&mut self.feed.subscribe(self.resume, self.mode), Waker::noop(), out);
    }

    /// Changes nothing that readers are shown, but what was encoded might have changed.
    fn forget(&self) {
        self.feed.episode_owed();
    }

    fn bytes(&self) -> u64 {
        let mut out = VecDeque::new();
        self.take(&mut out);
        out.iter().map(|frame| frame.len() as u64).sum()
    }
}

/// What a newcomer gets.
fn fresh(feed: &Feed) -> VecDeque<Bytes> {
    let mut out = VecDeque::new();
    take(&mut feed.subscribe(Resume::Fresh, PreviewMode::Full), Waker::noop(), &mut out);
    out
}

fn complete(job: &mut JobState) {
    apply(job, Input::Piece(Piece::End(EndReason::Finished)));
    apply(job, Input::EpisodeSaved(EpisodeRef { id: "episode-1".into(), number: 3 }));
    apply(job, Input::Recorded);
}

fn encode(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("frames");
    for language in &LANGUAGES {
        let cases = [
            ("progress", Due::progress(language)),
            ("full_400B", Due::full(language, SHORT)),
            ("full_50KB", Due::full(language, LONG)),
            ("delta_120B_of_50KB", Due::delta(language)),
            ("completed_50KB", Due::completed(language)),
        ];
        for (name, due) in cases {
            let mut out = VecDeque::new();
            group.throughput(Throughput::Bytes(due.bytes()));
            group.bench_function(BenchmarkId::new(name, language.name), |bencher| {
                bencher.iter(|| {
                    due.forget();
                    due.take(&mut out);
                });
            });
        }
    }
}

fn kept(criterion: &mut Criterion) {
    let due = Due::full(&LANGUAGES[0], LONG);
    let mut out = VecDeque::new();
    criterion.bench_function("frames/kept", |bencher| bencher.iter(|| due.take(&mut out)));
}

fn main() {
    let times = Criterion::default().warm_up_time(Duration::from_secs(1)).measurement_time(Duration::from_secs(3));
    let mut criterion = times.without_plots().configure_from_args();
    encode(&mut criterion);
    kept(&mut criterion);
    criterion.final_summary();
}
