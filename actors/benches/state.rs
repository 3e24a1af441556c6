//! The cost of applying a generator's pieces to a job's state, and whether it grows with the text.

mod samples {
    pub(crate) mod job;
    pub(crate) mod script;
}

use std::time::Duration;

use criterion::{BatchSize, BenchmarkId, Criterion, Throughput};
use generation_actors::{
    job::{Input, JobState, Phase},
    model::{EpisodeRef, Step, Usage},
    ports::{EndReason, Piece},
};
use samples::{
    job::{apply, queued, writing},
    script::{LANGUAGES, Language},
};

/// Text lengths by name.
const LENGTHS: [(&str, usize); 2] = [("1KB", 1_000), ("500KB", 500_000)];

/// About the length of a token.
const CHARACTERS: usize = 3;

/// Operations per measurement: a single one is too short to time.
const PIECES: usize = 1_000;

fn tokens(text: &str) -> Vec<Input> {
    let characters: Vec<char> = text.chars().collect();
    let tokens = characters.chunks(CHARACTERS);
    tokens.map(|token| Input::Piece(Piece::Text(token.iter().collect()))).collect()
}

/// A copy with spare capacity, as if the text had grown piece by piece. A plain clone has none, and its first piece
/// would pay for moving the whole text.
fn copy(job: &JobState) -> JobState {
    let mut copy = job.clone();
    apply(&mut copy, Input::Piece(Piece::Text(" ".into())));
    copy
}

fn apply_all(job: &mut JobState, inputs: Vec<Input>) {
    for input in inputs {
        apply(job, input);
    }
}

fn text(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("state/text");
    group.throughput(Throughput::Elements(PIECES as u64));
    for language in &LANGUAGES {
        let pieces = &tokens(&language.script(PIECES * CHARACTERS * 3))[..PIECES];
        for (name, bytes) in LENGTHS {
            let job = writing(language, &language.script(bytes));
            group.bench_function(BenchmarkId::new(format!("after_{name}"), language.name), |bencher| {
                bencher.iter_batched(
                    || (copy(&job), pieces.to_vec()),
                    |(mut job, pieces)| {
                        apply_all(&mut job, pieces);
                        job
                    },
                    BatchSize::LargeInput,
                );
            });
        }
    }
}

fn progress(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("state/progress");
    for (name, bytes) in LENGTHS {
        let mut job = writing(&LANGUAGES[0], &LANGUAGES[0].script(bytes));
        group.bench_function(BenchmarkId::new("step", name), |bencher| {
            bencher.iter(|| apply(&mut job, Input::Piece(Piece::Step(Step::WritingEnding))));
        });
        group.bench_function(BenchmarkId::new("view", name), |bencher| bencher.iter(|| job.view()));
    }
}

/// All inputs of a job that completes.
fn life(language: &Language, bytes: usize) -> Vec<Input> {
    let mut life = vec![
        Input::Start,
        Input::Piece(Piece::Model("builtin-2".into())),
        Input::Piece(Piece::Step(Step::OutliningScenes)),
        Input::Piece(Piece::Step(Step::WritingDialogue)),
    ];
    life.extend(tokens(&language.script(bytes)));
    life.extend([
        Input::Piece(Piece::Usage(Usage { completion_tokens: 1_000, measured: true })),
        Input::Piece(Piece::End(EndReason::Finished)),
        Input::EpisodeSaved(EpisodeRef { id: "episode-1".into(), number: 3 }),
        Input::Recorded,
    ]);
    life
}

fn whole_life(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("state/life");
    for language in &LANGUAGES {
        for (name, bytes) in LENGTHS {
            let inputs = life(language, bytes);
            group.throughput(Throughput::Elements(inputs.len() as u64));
            group.bench_function(BenchmarkId::new(name, language.name), |bencher| {
                bencher.iter_batched(
                    || (queued(language), inputs.clone()),
                    |(mut job, inputs)| {
                        apply_all(&mut job, inputs);
                        assert_eq!(job.phase(), Phase::Ended);
                        job
                    },
                    BatchSize::LargeInput,
                );
            });
        }
    }
}

fn main() {
    let times = Criterion::default().warm_up_time(Duration::from_secs(1)).measurement_time(Duration::from_secs(3));
    let mut criterion = times.without_plots().configure_from_args();
    text(&mut criterion);
    progress(&mut criterion);
    whole_life(&mut criterion);
    criterion.final_summary();
}
