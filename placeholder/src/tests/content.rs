use std::collections::HashSet;

use super::{ENGLISH, KOREAN, NARRATORS, audio, order, speeches, text};
use crate::Order;

#[test]
fn the_same_order_gives_the_same_text_and_another_temperature_another() {
    let one = order(KOREAN, 800);
    assert_eq!(text(&one), text(&one.clone()));
    for other in [
        Order { temperature: 0.8, ..one },
        Order { episode_number: Some(2), ..one },
        Order { description: "비 오는 낮", ..one },
    ] {
        let [one, other] = [one, other].map(|order| text(&order));
        let said = |text: &str| speeches(text).into_iter().map(|(_, line)| line.to_owned()).collect::<HashSet<_>>();
        assert!(said(&one).difference(&said(&other)).count() > 10, "{other}");
    }
}

#[test]
fn the_text_has_not_changed_since_it_was_last_looked_at() {
    // A draft that one version began and another ends is no longer of one piece: whoever changes the text does so knowingly.
    let digest = |order| {
        text(&order)
            .bytes()
            .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
    };
    assert_eq!(
        [digest(order(KOREAN, 3000)), digest(order(ENGLISH, 3000)), digest(audio(KOREAN, 3000))],
        [9_994_107_751_158_077_453, 4_126_795_108_873_848_744, 10_654_530_952_972_622_280]
    );
}

#[test]
fn drafts_are_laid_out_as_screenplays() {
    for (request, sign, hint, premise) in [
        (KOREAN, "## S#1. 실", "임시 초안", "> **기획:** 비 오는 밤"),
        (ENGLISH, "T. ", "Placeholder draft", "> **Premise:** A retired"),
    ] {
        let text = text(&order(request, 2000));
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines[0], format!("# {}", request.0));
        assert!(lines[2].starts_with("> ") && lines[2].contains(hint) && lines[2].contains("OPENAI_API_KEY"));
        assert!(text.contains(premise) && text.contains("FADE IN:") && text.contains("\nFADE OUT.\n"));
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
fn drafts_belong_to_their_orders() {
    let korean = text(&order(KOREAN, 1500));
    assert!(["등대", "동생", "고향", "비밀"].iter().all(|word| korean.matches(word).count() >= 2));
    assert!(korean.contains("등대 아래 - "));
    let english = text(&order(ENGLISH, 1500));
    assert!(["lighthouse keeper", "family secret"].iter().all(|words| english.matches(words).count() >= 2));
}

#[test]
fn what_is_quoted_is_quoted_whole() {
    for (request, word) in
        [(KOREAN, "등대에서"), (ENGLISH, "hometown"), (("雨の夜", "雨の夜、二人は古い駅で再会する。"), "古い駅")]
    {
        let text = text(&order(request, 1500));
        let quotes = text.lines().filter(|line| line.contains(word));
        let first = request.1.split_inclusive(['.', '。']).next().unwrap();
        assert!(quotes.clone().count() >= 2);
        assert!(quotes.clone().all(|line| line.contains(first)), "{:?}", quotes.collect::<Vec<_>>());
    }
}

#[test]
fn the_people_that_the_order_names_are_the_ones_who_speak() {
    for (description, expected) in [
        ("주인공: 하윤슬, 권태겸. 두 사람은 같은 섬에서 자랐다.", ["하윤슬", "권태겸"]),
        ("지민과 현우가 비 오는 밤 카페에서 비밀을 나눈다.", ["지민", "현우"]),
        ("Characters: Mina and Joon. They share one umbrella.", ["MINA", "JOON"]),
        ("A chef named Tomoko (41) hires her rival Bastien (39).", ["TOMOKO", "BASTIEN"]),
    ] {
        for order in [order(("제목", description), 1200), audio(("Title", description), 1200)] {
            let text = text(&order);
            let speaking: HashSet<&str> =
                speeches(&text).into_iter().map(|(name, _)| name).filter(|name| !NARRATORS.contains(name)).collect();
            assert_eq!(speaking, HashSet::from(expected), "{description}");
        }
    }
}

#[test]
fn audio_drama_has_sounds_and_a_narrator_and_no_pictures() {
    for (request, sound, narrator, heading) in
        [(KOREAN, "효과음: ", "해설", "## 장면 1. "), (ENGLISH, "SOUND: ", "NARRATOR", "## SCENE 1. ")]
    {
        let text = text(&audio(request, 2000));
        assert!(text.contains(heading) && text.lines().filter(|line| line.starts_with(sound)).count() > 20, "{text}");
        assert!(speeches(&text).iter().filter(|(name, _)| *name == narrator).count() > 8);
        assert!(
            !["FADE", "CUT TO", "화면", "INT.", "EXT.", "실내.", "실외."].iter().any(|sign| text.contains(sign)),
            "{text}"
        );
        let scenes = text.split("## ").skip(1).flat_map(|scene| scene.split("\n\n").skip(1));
        let unheard: Vec<&str> = scenes
            .filter(|paragraph| !paragraph.trim().is_empty() && !paragraph.starts_with("**"))
            .filter(|paragraph| {
                ![sound, "음악: ", "MUSIC: ", "(끝)", "THE END"].iter().any(|sign| paragraph.starts_with(sign))
            })
            .collect();
        assert_eq!(unheard, [] as [&str; 0]);
    }
}

#[test]
fn other_languages_get_an_english_frame() {
    for description in [
        "Deux sœurs se retrouvent dans un phare abandonné.",
        "雨の夜、二人は古い駅で再会する。",
        "تلتقي شقيقتان في منارة قديمة بعد غياب طويل.",
    ] {
        let text = text(&order((description, description), 800));
        assert!(text.contains("> **Premise:** ") && text.contains("FADE IN:"), "{text}");
        assert!(text.matches(description).count() >= 3, "{text}");
    }
}
