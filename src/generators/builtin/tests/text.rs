use std::collections::HashMap;

use generation_actors::model::Locale;
use proptest::prelude::*;

use super::{super::composer::Composer, ENGLISH, KOREAN, brief, text, words};

fn is_within_a_tenth(text: &str, target: u32) -> bool {
    words(text).abs_diff(target as usize) * 10 <= target as usize
}

#[test]
fn drafts_have_the_words_asked_for() {
    for request in [KOREAN, ENGLISH] {
        let steps = (50..700).chain((700..6000).step_by(271)).chain([10_000, 33_333, 50_000]);
        for target in steps {
            let text = text(&brief(request, target));
            assert!(is_within_a_tenth(&text, target), "{} words of {target}", words(&text));
        }
    }
}

#[test]
fn the_shortest_drafts_are_whole_and_as_short_as_they_can_be() {
    for request in [KOREAN, ENGLISH] {
        for target in 1..50 {
            let text = text(&brief(request, target));
            assert!(words(&text) <= (target as usize).max(38), "{} words of {target}", words(&text));
            assert!(text.starts_with("# ") && text.ends_with("FADE OUT.\n"), "{text}");
        }
    }
}

#[test]
fn the_same_brief_gives_the_same_text_whoever_asks_for_which_model() {
    let one = brief(KOREAN, 800);
    let other = generation_actors::model::Brief {
        project_id: "other".into(),
        model: "builtin".into(),
        temperature: 2.0,
        locale: Locale::En,
        ..one.clone()
    };
    assert_eq!(text(&one), text(&other));
    assert_ne!(text(&one), text(&generation_actors::model::Brief { episode_number: Some(2), ..one.clone() }));
    assert_ne!(text(&one), text(&brief((KOREAN.0, "비 오는 낮"), 800)));
}

#[test]
fn the_text_has_not_changed_since_it_was_last_looked_at() {
    // A draft that one version began and another ends is no longer of one piece: whoever changes the text does so knowingly.
    let digest = |request, target| {
        text(&brief(request, target))
            .bytes()
            .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
    };
    assert_eq!([digest(KOREAN, 3000), digest(ENGLISH, 3000)], [8_552_181_864_115_459_299, 15_659_640_335_119_873_907]);
}

#[test]
fn drafts_are_laid_out_as_screenplays() {
    for (request, sign, hint, picture) in [
        (KOREAN, "## S#1. 실", "임시 초안", "> **기획:** 비 오는 밤"),
        (ENGLISH, "T. ", "Placeholder draft", "> **Premise:** A retired"),
    ] {
        let text = text(&brief(request, 2000));
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines[0], format!("# {}", request.0));
        assert!(lines[2].starts_with("> ") && lines[2].contains(hint) && lines[2].contains("OPENAI_API_KEY"));
        assert!(text.contains(picture) && text.contains("FADE IN:") && text.contains("\nFADE OUT.\n"));
        let headings: Vec<&&str> = lines.iter().filter(|line| line.starts_with("## ")).collect();
        assert!((5..=12).contains(&headings.len()), "{headings:?}");
        assert!(headings[0].contains(sign) && headings.iter().all(|heading| heading.contains(" - ")), "{headings:?}");
        assert_cues_are_followed_by_lines(&text);
    }
}

fn assert_cues_are_followed_by_lines(text: &str) {
    let mut speaker = None;
    let mut cues = 0;
    let scenes = text.split("FADE IN:").nth(1).unwrap();
    for paragraph in scenes.split("\n\n") {
        let Some(name) = paragraph.strip_prefix("**").and_then(|cue| cue.split_once("**  \n")) else {
            speaker = None;
            continue;
        };
        let (name, mut line) = name;
        if line.starts_with('(') {
            line = line.split_once(")  \n").unwrap().1;
        }
        assert!(!line.is_empty() && !line.contains('\n'), "{paragraph}");
        assert_ne!(speaker, Some(name), "two cues in a row: {paragraph}");
        speaker = Some(name);
        cues += 1;
    }
    assert!(cues > 60, "{cues} cues");
}

#[test]
fn drafts_belong_to_their_briefs() {
    let korean = text(&brief(KOREAN, 1500));
    assert!(["등대", "동생", "고향", "비밀"].iter().all(|word| korean.matches(word).count() >= 2));
    assert!(korean.contains("## S#1. 실외. 등대 아래") || korean.contains("등대 아래 - "));
    let english = text(&brief(ENGLISH, 1500));
    assert!(["lighthouse keeper", "family secret"].iter().all(|words| english.matches(words).count() >= 2));
}

#[test]
fn long_drafts_do_not_say_the_same_over_and_over() {
    for request in [KOREAN, ENGLISH] {
        let text = text(&brief(request, 50_000));
        let paragraphs: Vec<&str> = text.split("\n\n").filter(|paragraph| words(paragraph) > 6).collect();
        let mut seen: HashMap<&str, usize> = HashMap::new();
        let mut close = 0;
        for (at, paragraph) in paragraphs.iter().enumerate() {
            if seen.insert(paragraph, at).is_some_and(|before| at - before < 50) {
                close += 1;
            }
        }
        assert!(seen.len() * 10 >= paragraphs.len() * 6, "{} of {} differ", seen.len(), paragraphs.len());
        assert!(close * 100 <= paragraphs.len(), "{close} of {} come again at once", paragraphs.len());
    }
}

#[test]
fn no_block_is_large() {
    for request in [KOREAN, ENGLISH] {
        let largest = Composer::new(&brief(request, 50_000)).map(|block| block.text.len()).max();
        assert!(largest.is_some_and(|largest| largest < 8 * 1024), "{largest:?}");
    }
}

#[test]
fn hostile_briefs_stay_plain_text() {
    let long_word = "가".repeat(32_000);
    let many_words = "밤 ".repeat(16_000);
    for description in [
        "<script>alert(1)</script> **굵게** [링크](javascript:1) `x`",
        "\u{202e}evil\u{200b} \u{0}\u{7}\r\n# 제목\n\n---\n> 인용",
        "👩\u{200d}👩\u{200d}👧 🔥🔥🔥 😀",
        "مرحبا بالعالم هذه قصة طويلة عن البحر",
        "{a}{b}[x|y]{t} {place} {unknown} [[[",
        " ",
        "1",
        &long_word,
        &many_words,
    ] {
        for target in [1, 50, 400, 1000] {
            let title = &description.chars().take(300).collect::<String>();
            let text = text(&brief((title, description), target));
            assert!(target < 50 || is_within_a_tenth(&text, target), "{} words of {target}: {text}", words(&text));
            assert!(!text.contains(['\r', '\0', '\u{7}', '\u{202e}', '\u{200b}']));
            assert!(!text.contains("<script") || text.contains("\\<script"));
            assert_eq!(text.lines().filter(|line| line.starts_with("# ")).count(), 1, "{text}");
            // The notice, then labels of our own.
            let mut quotes = text.lines().filter(|line| line.starts_with('>'));
            assert!(quotes.next().is_some() && quotes.all(|line| line.starts_with("> **")), "{text}");
            assert!(!text.contains("\n---"));
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn any_brief_makes_a_draft_of_the_right_length(
        title in "\\PC{1,60}", description in ".{1,300}|[가-힣 ,.]{1,200}|[A-Za-z ,.]{1,300}", target in 50u32..3000,
    ) {
        let brief = brief((&title, &description), target);
        let text = text(&brief);
        prop_assert!(is_within_a_tenth(&text, target), "{} words of {target}", words(&text));
        prop_assert!(!text.contains(|c: char| c.is_control() && c != '\n'));
    }
}
