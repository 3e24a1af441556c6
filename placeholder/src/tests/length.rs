use proptest::prelude::*;

use super::{ENGLISH, KOREAN, audio, order, text, words};
use crate::Writer;

fn is_within_a_tenth(text: &str, target: u32) -> bool {
    words(text).abs_diff(target as usize) * 10 <= target as usize
}

#[test]
fn drafts_have_the_words_asked_for() {
    for request in [KOREAN, ENGLISH] {
        let steps = (50..700).chain((700..6000).step_by(271)).chain([10_000, 33_333, 50_000]);
        for target in steps {
            for order in [order(request, target), audio(request, target)] {
                let text = text(&order);
                assert!(is_within_a_tenth(&text, target), "{} words of {target}:\n{text}", words(&text));
            }
        }
    }
}

#[test]
fn the_shortest_drafts_are_whole_and_as_short_as_they_can_be() {
    for request in [KOREAN, ENGLISH] {
        for target in 1..50 {
            let text = text(&order(request, target));
            assert!(words(&text) <= (target as usize).max(38), "{} words of {target}", words(&text));
            assert!(text.starts_with("# ") && text.ends_with("FADE OUT.\n"), "{text}");
        }
    }
}

#[test]
fn no_block_is_large() {
    for request in [KOREAN, ENGLISH] {
        let draft = Writer::new().unwrap().draft(&order(request, 50_000));
        let largest = draft.map(|block| block.text.len()).max();
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
        "Characters: <b>Mina</b>, **Joon**, Anna<script> and [x](y). Starring: Emma*x* `Theo`",
        " ",
        "1",
        &long_word,
        &many_words,
    ] {
        for target in [1, 50, 400, 1000] {
            let title = &description.chars().take(300).collect::<String>();
            let text = text(&order((title, description), target));
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
        title in "\\PC{1,60}", description in ".{1,300}|[가-힣 ,.]{1,200}|[A-Za-z ,.:()]{1,300}", target in 50u32..3000,
        is_audio in any::<bool>(),
    ) {
        let brief = (title.as_str(), description.as_str());
        let text = text(&if is_audio { audio(brief, target) } else { order(brief, target) });
        prop_assert!(is_within_a_tenth(&text, target), "{} words of {target}", words(&text));
        prop_assert!(!text.contains(|c: char| c.is_control() && c != '\n'));
    }
}
