//! What it costs to encode an event: the first reader of each version pays it for all.

#[path = "../../actors/benches/samples/script.rs"]
mod script;

use std::{hint::black_box, sync::Arc, time::Duration};

use bytes::Bytes;
use chrono::DateTime;
use criterion::{BenchmarkId, Criterion, Throughput};
use generation_actors::{
    feed::{EventId, FrameEncoder as _, PreviewText},
    model::{Brief, EpisodeRef, EpisodeState, Epoch, JobId, JobView, Status, Step},
};
use generation_service::{http::Frames, locales::Locales};
use script::{LANGUAGES, Language};

const SHORT: usize = 400;
const LONG: usize = 50_000;
const MORE: usize = 120;

const ID: EventId = EventId { epoch: Epoch(1), seq: 3_002 };

fn brief(language: &Language) -> Brief {
    Brief {
        project_id: "project-1".into(),
        episode_number: Some(3),
        title: "The last bus".into(),
        description: language.script(400),
        script_type: "drama".into(),
        model: "builtin".into(),
        temperature: 0.7,
        length_target: 50_000,
        locale: language.locale,
    }
}

fn writing(language: &Language) -> JobView {
    JobView {
        id: JobId::new(),
        brief: Arc::new(brief(language)),
        status: Status::Streaming,
        step: Step::WritingDialogue,
        progress: 42,
        words: 8_000,
        tokens: 12_000,
        model_used: Some("builtin-2".into()),
        created_at: DateTime::UNIX_EPOCH,
        started_at: Some(DateTime::UNIX_EPOCH),
        completed_at: None,
        remaining_seconds: Some(120),
        queue_position: None,
        text_complete: false,
        failure: None,
        episode: None,
    }
}

fn completed(language: &Language) -> JobView {
    let episode = EpisodeState::Saved(EpisodeRef { id: "episode-1".into(), number: 3 });
    JobView { status: Status::Completed, text_complete: true, episode: Some(episode), ..writing(language) }
}

fn encode(criterion: &mut Criterion) {
    let frames = Frames::new(Locales::embedded());
    let mut group = criterion.benchmark_group("frames");
    for language in &LANGUAGES {
        let (view, ended) = (writing(language), completed(language));
        let (short, long, more) = (language.script(SHORT), language.script(LONG), language.script(MORE));
        let mut measure = |name: &str, encode: &dyn Fn() -> Bytes| {
            group.throughput(Throughput::Bytes(encode().len() as u64));
            group.bench_function(BenchmarkId::new(name, language.name), |bencher| bencher.iter(|| black_box(encode())));
        };
        measure("progress", &|| frames.progress(ID, &view));
        measure("full_400B", &|| frames.preview(ID, &view, PreviewText::Full(&short)));
        measure("full_50KB", &|| frames.preview(ID, &view, PreviewText::Full(&long)));
        measure("delta_120B", &|| frames.preview(ID, &view, PreviewText::Delta { text: &more, offset: LONG }));
        measure("completed_50KB", &|| frames.terminal(ID, &ended, &long));
    }
}

fn main() {
    let times = Criterion::default().warm_up_time(Duration::from_secs(1)).measurement_time(Duration::from_secs(3));
    let mut criterion = times.without_plots().configure_from_args();
    encode(&mut criterion);
    criterion.final_summary();
}
