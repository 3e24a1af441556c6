use std::collections::HashSet;

use super::{Act, Bank, Exchange, embedded};
use crate::{
    chance::Random,
    order::Order,
    template::{Slots, fill},
};

const SLOTS: Slots<'_> = Slots {
    a: "지훈",
    b: "수아",
    c: "민재",
    thing: "편지",
    deadline: "금요일",
    years: "삼 년",
    spot: "강둑",
    place: "골목",
    title: "‘제목’",
    sentence: "비가 온다.",
};

fn banks() -> [(&'static str, &'static Bank); 2] {
    let banks = embedded().unwrap();
    [("ko", &banks.korean), ("en", &banks.english)]
}

fn exchanges(bank: &Bank) -> impl Iterator<Item = &Exchange> {
    let situations = bank.situations.iter().flat_map(|s| [&s.want, &s.resist, &s.turn]).flatten();
    situations.chain(&bank.asides).chain(&bank.readings)
}

/// Every phrase that is filled in.
fn phrases(bank: &Bank) -> impl Iterator<Item = &str> {
    let spoken = exchanges(bank).flat_map(|exchange| exchange.speeches.iter().map(|speech| speech.words.as_str()));
    let staged = [&bank.screen, &bank.audio].into_iter().flat_map(|stage| stage.lists()).flatten();
    spoken.chain(staged.flat_map(|phrase| phrase.lines()))
}

#[test]
fn there_are_enough_phrases() {
    for (language, bank) in banks() {
        for act in Act::QUARTERS {
            let situations = bank.situations.iter().filter(|situation| situation.acts.contains(&act)).count();
            assert!(situations >= 4, "{language}: {situations} situations in {act:?}");
        }
        for situation in &bank.situations {
            let counts = [&situation.want, &situation.resist, &situation.turn].map(Vec::len);
            assert!(counts[0] >= 3 && counts[1] >= 5 && counts[2] >= 3, "{language}: {counts:?}");
        }
        assert!(bank.asides.len() >= 20 && bank.readings.len() >= 5);
        for stage in [&bank.screen, &bank.audio] {
            let counts = stage.lists().map(Vec::len);
            let least = [8, 8, 8, 20, 7, 6, 9, 4, 3, 4];
            assert!(counts.iter().zip(least).all(|(count, least)| *count >= least), "{language}: {counts:?}");
            // Whatever is missing in length, one of these fits.
            assert!(stage.pauses.iter().all(|pause| pause.split_whitespace().count() <= 5), "{language}");
        }
        let setting = &bank.setting;
        for list in [&setting.things, &setting.deadlines, &setting.years, &setting.spots] {
            assert!(list.len() >= 8, "{language}: {list:?}");
        }
        assert!(setting.places.len() >= 30 && bank.names.cast.len() >= 20 && bank.names.traits.len() >= 10);
    }
}

#[test]
fn no_phrase_stands_there_twice() {
    for (language, bank) in banks() {
        // Short answers belong to many exchanges.
        let mut seen = HashSet::new();
        for phrase in phrases(bank).filter(|phrase| phrase.split_whitespace().count() > 3) {
            assert!(seen.insert(phrase), "{language}: {phrase}");
        }
        let mut first_lines = HashSet::new();
        for exchange in exchanges(bank) {
            let lines: Vec<&str> = exchange.speeches.iter().map(|speech| speech.words.as_str()).collect();
            assert!(first_lines.insert(lines[0]), "{language}: {lines:?}");
        }
    }
}

#[test]
fn every_phrase_becomes_a_sentence() {
    let order = Order { title: "", description: "", script_type: "", episode_number: None, temperature: 0.0, words: 1 };
    let mut random = Random::seeded(&order);
    for (language, bank) in banks() {
        for phrase in phrases(bank) {
            for _ in 0..8 {
                let mut sentence = String::new();
                fill(phrase, &SLOTS, &mut random, &mut sentence);
                assert!(!sentence.contains(['[', ']', '{', '}', '|']), "{language}: {phrase} became {sentence}");
                assert!(
                    !sentence.contains("  ") && sentence.trim() == sentence,
                    "{language}: {phrase} became {sentence:?}"
                );
                let words = sentence.split_whitespace().count();
                assert!((1..=30).contains(&words), "{language}: {words} words: {sentence}");
            }
        }
    }
}

#[test]
fn dialogue_is_for_the_ear_too() {
    for (language, bank) in banks() {
        for speech in exchanges(bank).flat_map(|exchange| &exchange.speeches) {
            let manner = speech.manner.as_deref().unwrap_or_default();
            let seen = ["고개", "눈", "손", "look", "turn", "point", "shrug", "nod"];
            assert!(!seen.iter().any(|sign| manner.contains(sign)), "{language}: ({manner}) cannot be heard");
        }
    }
}

#[test]
fn names_are_of_one_kind() {
    for (language, bank) in banks() {
        let names = &bank.names;
        assert!(names.known.is_disjoint(&names.ambiguous), "{language}");
        assert!(names.known.iter().all(|name| !names.roles.contains(&name.to_lowercase())), "{language}");
        for name in &names.cast {
            assert!(names.known.contains(name) || names.ambiguous.contains(name), "{language}: {name}");
        }
    }
}
