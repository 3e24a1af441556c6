//! The cost of publishing by number of readers and text length, and the cost of a reader.

mod samples {
    pub(crate) mod feed;
    pub(crate) mod job;
    pub(crate) mod script;
}

use std::{
    collections::VecDeque,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    task::{Context, Wake, Waker},
    time::Duration,
};

use bytes::Bytes;
use criterion::{BatchSize, Bencher, BenchmarkId, Criterion, Throughput};
use generation_actors::{
    feed::{Feed, PreviewMode, Publisher, Resume, Subscription},
    job::JobState,
    model::JobView,
};
use samples::{
    feed::{after, showing, take},
    job::writing,
    script::LANGUAGES,
};

const LONG: usize = 50_000;

/// Operations per measurement: a single one is too short to time.
const PIECES: usize = 100;

/// The number of readers that each take the same frame.
const READERS: u64 = 1_000;

/// A task that only counts its wake-ups.
#[derive(Default)]
struct Task(AtomicU64);

impl Wake for Task {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.0.fetch_add(1, Relaxed);
    }
}

/// A reader that is up to date and waits, with its own task as every connection has.
struct Waiting {
    task: Arc<Task>,
    waker: Waker,
    reader: Subscription,
}

impl Waiting {
    fn new(feed: &Feed) -> Self {
        let task = Arc::new(Task::default());
        let waker = Waker::from(Arc::clone(&task));
        let mut waiting = Self { task, waker, reader: feed.subscribe(Resume::Fresh, PreviewMode::Full) };
        waiting.catch_up();
        waiting
    }

    /// Takes what is due and waits again: a woken reader is not woken again before it polls.
    fn catch_up(&mut self) {
        let mut frames = VecDeque::new();
        while self.reader.poll_events(&Context::from_waker(&self.waker), &mut frames).is_ready() {
            frames.clear();
        }
    }

    fn woken(&self) -> u64 {
        self.task.0.load(Relaxed)
    }
}

fn wait(reader: &mut Subscription, waker: &Waker) {
    assert!(reader.poll_events(&Context::from_waker(waker), &mut VecDeque::new()).is_pending());
}

fn written(bytes: usize) -> JobState {
    writing(&LANGUAGES[0], &LANGUAGES[0].script(bytes))
}

/// Publishes progress only, so the text length stays constant.
struct Progress {
    publisher: Publisher,
    view: JobView,
}

impl Progress {
    fn new(publisher: Publisher) -> Self {
        let view = publisher.feed().view().as_ref().clone();
        Self { publisher, view }
    }

    fn feed(&self) -> &Feed {
        self.publisher.feed()
    }

    fn publish(&mut self) {
        // The estimate alone would not be an event.
        self.view.progress = (self.view.progress + 1) % 100;
        self.publisher.publish(self.view.clone(), "");
    }
}

fn publish_by_readers(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("feed/publish");
    for count in [0, 1, 1_000, 5_000] {
        let mut publisher = Progress::new(showing(&written(LONG)));
        let mut readers: Vec<_> = (0..count).map(|_| Waiting::new(publisher.feed())).collect();
        publisher.publish();
        assert!(readers.iter().all(|reader| reader.woken() == 1));
        group.throughput(Throughput::Elements(count.max(1)));
        group.bench_function(BenchmarkId::new("readers", count), |bencher| {
            publish_to(bencher, &mut publisher, &mut readers);
        });
    }
    // The state left by many readers for the one that stays.
    let mut publisher = Progress::new(showing(&written(LONG)));
    let mut readers: Vec<_> = (0..5_000).map(|_| Waiting::new(publisher.feed())).collect();
    readers.truncate(1);
    group.throughput(Throughput::Elements(1));
    group.bench_function("one_left_of_5000", |bencher| publish_to(bencher, &mut publisher, &mut readers));
}

/// Measures one publish to `readers`, all of which are waiting.
fn publish_to(bencher: &mut Bencher<'_>, publisher: &mut Progress, readers: &mut [Waiting]) {
    bencher.iter_batched(
        || readers.iter_mut().for_each(Waiting::catch_up),
        |()| publisher.publish(),
        BatchSize::PerIteration,
    );
}

fn publish_by_text(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("feed/publish_text");
    group.throughput(Throughput::Elements(PIECES as u64));
    for language in &LANGUAGES {
        let more = language.script(120);
        for (name, bytes) in [("1KB", 1_000), ("500KB", 500_000)] {
            let job = writing(language, &language.script(bytes));
            let view = job.view();
            group.bench_function(BenchmarkId::new(format!("after_{name}"), language.name), |bencher| {
                bencher.iter_batched_ref(
                    || {
                        let mut publisher = showing(&job);
                        // Only a text that has grown has spare capacity.
                        publisher.publish(view.clone(), &more);
                        publisher
                    },
                    |publisher| (0..PIECES).for_each(|_| publisher.publish(view.clone(), &more)),
                    BatchSize::LargeInput,
                );
            });
        }
    }
}

fn turn(criterion: &mut Criterion) {
    let publisher = showing(&written(LONG));
    let feed = publisher.feed();
    let _other = Waiting::new(feed);
    let mut frames = VecDeque::new();
    take(&mut feed.subscribe(Resume::Fresh, PreviewMode::Full), Waker::noop(), &mut frames);
    let resume = after(feed, &frames[0]);
    let waker = Waker::from(Arc::new(Task::default()));

    let mut group = criterion.benchmark_group("feed/turn");
    group.bench_function("one_event", |bencher| {
        bencher.iter_batched_ref(
            || (feed.subscribe(resume, PreviewMode::Full), VecDeque::<Bytes>::with_capacity(4)),
            |(reader, out)| take(reader, &waker, out),
            BatchSize::NumIterations(READERS),
        );
    });
    let mut reader = feed.subscribe(resume, PreviewMode::Full);
    take(&mut reader, &waker, &mut frames);
    group.bench_function("nothing_new", |bencher| bencher.iter(|| wait(&mut reader, &waker)));
}

fn come_and_go(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("feed/come_and_go");
    for others in [0, 1, 5_000] {
        let publisher = showing(&written(LONG));
        let feed = publisher.feed();
        let _others: Vec<_> = (0..others).map(|_| Waiting::new(feed)).collect();
        let mut out = VecDeque::new();
        group.bench_function(BenchmarkId::new("others", others), |bencher| {
            bencher.iter(|| {
                out.clear();
                take(&mut feed.subscribe(Resume::Fresh, PreviewMode::Full), Waker::noop(), &mut out);
            });
        });
    }
}

fn main() {
    let times = Criterion::default().warm_up_time(Duration::from_secs(1)).measurement_time(Duration::from_secs(3));
    let mut criterion = times.without_plots().configure_from_args();
    publish_by_readers(&mut criterion);
    publish_by_text(&mut criterion);
    turn(&mut criterion);
    come_and_go(&mut criterion);
    criterion.final_summary();
}
