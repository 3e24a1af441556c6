use std::collections::HashMap;

use super::{ENGLISH, KOREAN, NARRATORS, audio, order, speeches, text, words};
use crate::Order;

const BRIEFS: [(&str, &str); 6] = [
    KOREAN,
    ("새벽 라디오", "지민과 현우가 새벽 라디오 방송국에서 사연을 읽는다. 어느 날 익명의 사연이 도착한다."),
    ("마지막 손님", "문을 닫기로 한 작은 식당에 마지막 손님이 찾아온다"),
    ENGLISH,
    ("Last Orders", "Two rival chefs inherit the same failing restaurant."),
    ("雨の夜", "雨の夜、二人は古い駅で再会する。"),
];

/// What comes how often, beginning with what comes most often.
fn counted<T: std::hash::Hash + Eq>(items: impl Iterator<Item = T>) -> Vec<(usize, T)> {
    let mut counts: HashMap<T, usize> = HashMap::new();
    items.for_each(|item| *counts.entry(item).or_default() += 1);
    let mut counts: Vec<(usize, T)> = counts.into_iter().map(|(item, count)| (count, item)).collect();
    counts.sort_by_key(|(count, _)| std::cmp::Reverse(*count));
    counts
}

fn five_thousand_words() -> impl Iterator<Item = Order<'static>> {
    BRIEFS.into_iter().flat_map(|brief| [order(brief, 5000), audio(brief, 5000)])
}

#[test]
fn five_thousand_words_hardly_say_a_line_twice() {
    for order in five_thousand_words() {
        let text = text(&order);
        let lines = speeches(&text).into_iter().filter(|(name, _)| !NARRATORS.contains(name)).map(|(_, line)| line);
        // A short answer may well come again.
        let lines: Vec<&str> = lines.filter(|line| words(line) > 2).collect();
        let counts = counted(lines.iter());
        assert!(counts[0].0 <= 2, "{order:?}: {:?}", &counts[..3]);
        assert!(counts.len() * 100 >= lines.len() * 95, "{order:?}: {} of {} differ", counts.len(), lines.len());
    }
}

#[test]
fn five_thousand_words_have_no_phrase_more_than_three_times() {
    for order in five_thousand_words() {
        let text = text(&order);
        let words: Vec<&str> = text.split_whitespace().collect();
        let counts = counted(words.windows(8));
        assert!(counts[0].0 <= 3, "{order:?}: {:?}", &counts[..3]);
    }
}

#[test]
fn scenes_differ_in_length_and_place() {
    for order in five_thousand_words() {
        let text = text(&order);
        let scenes: Vec<&str> = text.split("\n## ").skip(1).collect();
        let lengths: Vec<usize> = scenes.iter().map(|scene| words(scene)).collect();
        let (least, most) = (lengths.iter().min().unwrap(), lengths.iter().max().unwrap());
        assert!(scenes.len() > 15 && most * 2 > least * 3, "{lengths:?}");
        let place = |scene: &&str| scene.lines().next()?.rsplit_once(" - ")?.0.rsplit(". ").next().map(str::to_owned);
        let places = counted(scenes.iter().filter_map(place));
        assert!(places.len() > 8, "{places:?}");
    }
}

#[test]
fn long_drafts_do_not_say_the_same_over_and_over() {
    for request in [KOREAN, ENGLISH] {
        let text = text(&order(request, 50_000));
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
