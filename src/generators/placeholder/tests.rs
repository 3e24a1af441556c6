use std::{
    sync::Arc,
    task::{Context, Poll, Waker},
    time::Duration,
};

use futures_util::StreamExt;
use generation_actors::{
    model::{Brief, Locale, Step},
    ports::{EndReason, GenerationRequest, GenerationStream, Piece, ScriptGenerator},
};
use proptest::prelude::*;
use tokio::time::Instant;

use generation_placeholder::Writer;

use super::{PlaceholderGenerator, stream};

const KOREAN: (&str, &str) = (
    "등대의 밤 - 1화",
    "비 오는 밤, 형사 지수가 고향으로 돌아와 등대에서 사라진 동생을 찾는다. 마을 사람들은 비밀을 숨기고 있다.",
);
const ENGLISH: (&str, &str) = (
    "The Keeper - Ep. 1",
    "A retired detective returns to her hometown to find the missing lighthouse keeper. The village hides a family secret.",
);

fn brief((title, description): (&str, &str), length_target: u32) -> Brief {
    Brief {
        project_id: "project-1".into(),
        episode_number: Some(1),
        title: title.into(),
        description: description.into(),
        script_type: "drama".into(),
        model: "gpt-4".into(),
        temperature: 0.7,
        length_target,
        locale: Locale::Ko,
    }
}

fn writer() -> Writer {
    Writer::new().unwrap()
}

fn text(brief: &Brief) -> String {
    writer().draft(&stream::order(brief)).map(|block| block.text).collect()
}

fn words(text: &str) -> usize {
    text.split_whitespace().count()
}

fn start(brief: &Brief, written: &str, words_per_second: u32) -> GenerationStream {
    let request = GenerationRequest { brief: Arc::new(brief.clone()), written: written.into() };
    PlaceholderGenerator::new(writer(), words_per_second).generate(request)
}

/// All pieces of a run that needs no timer.
fn all(brief: &Brief, written: &str) -> Vec<Piece> {
    let mut stream = start(brief, written, 0);
    let mut context = Context::from_waker(Waker::noop());
    let mut pieces = Vec::new();
    let mut in_a_row = 0;
    loop {
        match stream.as_mut().poll_next(&mut context) {
            Poll::Ready(Some(piece)) => pieces.push(piece.unwrap()),
            Poll::Ready(None) => return pieces,
            Poll::Pending => in_a_row = 0,
        }
        in_a_row += 1;
        assert!(in_a_row <= 65, "hogs the thread");
    }
}

fn texts(pieces: &[Piece]) -> String {
    pieces.iter().filter_map(|piece| if let Piece::Text(text) = piece { Some(text.as_str()) } else { None }).collect()
}

#[test]
fn pieces_are_in_order_small_and_end_once() {
    for request in [KOREAN, ENGLISH] {
        let brief = brief(request, 1200);
        let pieces = all(&brief, "");
        assert_eq!(texts(&pieces), text(&brief));
        assert_eq!(pieces[..2], [Piece::Model("builtin".into()), Piece::Step(Step::AnalyzingPrompt)]);
        let steps: Vec<Step> =
            pieces.iter().filter_map(|p| if let Piece::Step(step) = p { Some(*step) } else { None }).collect();
        assert_eq!(steps, [Step::AnalyzingPrompt, Step::OutliningScenes, Step::WritingDialogue, Step::WritingEnding]);
        let [.., Piece::Usage(usage), Piece::End(EndReason::Finished)] = &pieces[..] else { panic!("no end") };
        assert!(!usage.measured && usage.completion_tokens > 1200);
        assert_eq!(pieces.iter().filter(|piece| matches!(piece, Piece::End(_))).count(), 1);
        for piece in &pieces {
            if let Piece::Text(text) = piece {
                assert!(!text.is_empty() && words(text) <= 1 && text.chars().count() <= 12, "{text:?}");
            }
        }
    }
}

#[test]
fn an_interrupted_draft_ends_in_the_very_text() {
    for request in [KOREAN, ENGLISH] {
        let brief = brief(request, 700);
        let whole = text(&brief);
        let uninterrupted = all(&brief, "").into_iter().find(|piece| matches!(piece, Piece::Usage(_)));
        for at in (0..=whole.len()).filter(|&at| whole.is_char_boundary(at)).step_by(7).chain([whole.len()]) {
            let (written, rest) = whole.split_at(at);
            let pieces = all(&brief, written);
            assert_eq!(texts(&pieces), rest, "from {at}");
            assert_eq!(pieces.into_iter().find(|piece| matches!(piece, Piece::Usage(_))), uninterrupted);
        }
    }
}

#[test]
fn a_text_of_another_version_goes_on_with_a_whole_scene_and_gets_its_ending() {
    let brief = brief(KOREAN, 1500);
    let whole = text(&brief);
    let written = format!("다른 판본이 쓴 글.{}", &whole[..whole.floor_char_boundary(whole.len() / 2)]);
    let rest = texts(&all(&brief, &written));
    assert!(rest.starts_with("\n\n## S#"), "{rest}");
    assert!(whole.ends_with(rest.trim_start()) && rest.ends_with("(끝)\n"));
    let beyond = texts(&all(&brief, &"다른 글 ".repeat(10_000)));
    assert!(beyond.ends_with("FADE OUT.\n\n(끝)\n") && !beyond.contains("## "), "{beyond}");
}

#[test]
fn the_same_brief_gives_the_same_text_whoever_asks_for_which_model() {
    let one = brief(KOREAN, 800);
    let other = Brief { project_id: "other".into(), model: "builtin".into(), locale: Locale::En, ..one.clone() };
    assert_eq!(text(&one), text(&other));
    assert_ne!(text(&one), text(&Brief { temperature: 0.8, ..one.clone() }));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    #[test]
    fn whatever_was_written_a_run_ends_properly(written in "\\PC{0,400}", cut in 0usize..9000, edit in any::<bool>()) {
        let brief = brief(ENGLISH, 600);
        let whole = text(&brief);
        let mut begun = whole[..whole.floor_char_boundary(cut)].to_owned();
        if edit {
            begun.push_str(&written);
        }
        let pieces = all(&brief, &begun);
        prop_assert_eq!(pieces.last(), Some(&Piece::End(EndReason::Finished)));
        if !edit {
            prop_assert_eq!(begun + &texts(&pieces), whole);
        }
    }
}

#[test]
fn a_stream_that_is_dropped_says_no_more_and_one_that_ended_stays_ended() {
    let brief = brief(ENGLISH, 60);
    let mut stream = start(&brief, "", 0);
    let mut context = Context::from_waker(Waker::noop());
    for _ in 0..5 {
        assert!(stream.as_mut().poll_next(&mut context).is_ready());
    }
    drop(stream);
    let mut stream = start(&brief, &text(&brief), 0);
    let mut ended = 0;
    while ended < 3 {
        if let Poll::Ready(None) = stream.as_mut().poll_next(&mut context) {
            ended += 1;
        }
    }
}

/// Reads to the end under a clock that jumps from timer to timer; the times at which text came.
async fn times(words_per_second: u32, target: u32) -> (Vec<Duration>, usize) {
    let brief = brief(ENGLISH, target);
    let mut stream = start(&brief, "", words_per_second);
    let begin = Instant::now();
    let (mut times, mut written) = (Vec::new(), String::new());
    while let Some(piece) = stream.next().await {
        if let Piece::Text(text) = piece.unwrap() {
            written.push_str(&text);
            times.push(begin.elapsed());
        }
    }
    (times, words(&written))
}

#[tokio::test(start_paused = true)]
async fn words_come_evenly_and_without_drift() {
    let (times, words) = times(40, 1000).await;
    let expected = Duration::from_secs_f64((words - 1) as f64 / 40.0);
    let last = *times.last().unwrap();
    assert!(last.abs_diff(expected) <= Duration::from_millis(5), "{last:?} instead of {expected:?}");
    let longest = times.windows(2).map(|pair| pair[1] - pair[0]).max().unwrap();
    assert!(longest <= Duration::from_millis(30), "{longest:?} between two pieces");
}

#[tokio::test(start_paused = true)]
async fn a_fast_pace_comes_in_ticks_instead_of_a_timer_a_word() {
    let (times, words) = times(10_000, 5000).await;
    let mut ticks = times.clone();
    ticks.dedup();
    assert!((30..=words / 50).contains(&ticks.len()), "{} ticks for {words} words", ticks.len());
    assert!(ticks.windows(2).all(|pair| pair[1] - pair[0] >= Duration::from_millis(10)));
    let expected = Duration::from_secs_f64(words as f64 / 10_000.0);
    assert!(times.last().unwrap().abs_diff(expected) <= Duration::from_millis(20));
}

#[tokio::test(start_paused = true)]
async fn a_late_reader_is_caught_up_not_put_off() {
    let brief = brief(ENGLISH, 500);
    let mut stream = start(&brief, "", 10);
    while !matches!(stream.next().await, Some(Ok(Piece::Text(_)))) {}
    tokio::time::advance(Duration::from_secs(20)).await;
    let late = Instant::now();
    let mut caught_up = 0;
    while late.elapsed().is_zero() {
        stream.next().await.unwrap().unwrap();
        caught_up += 1;
    }
    assert!(caught_up >= 200, "{caught_up} pieces");
}
