//! Phrases become sentences; the notation is described in the crate's README.

use crate::{chance::Random, particle};

/// What the slots of a phrase stand for.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Slots<'a> {
    pub(crate) a: &'a str,
    pub(crate) b: &'a str,
    pub(crate) c: &'a str,
    pub(crate) thing: &'a str,
    pub(crate) deadline: &'a str,
    pub(crate) years: &'a str,
    pub(crate) spot: &'a str,
    pub(crate) place: &'a str,
    /// Within quotation marks; empty if there is none that a phrase can carry.
    pub(crate) title: &'a str,
    /// A sentence of the order.
    pub(crate) sentence: &'a str,
}

const NAMES: [&str; 10] = ["a", "b", "c", "thing", "deadline", "years", "spot", "place", "title", "sentence"];

impl<'a> Slots<'a> {
    fn value(&self, name: &str) -> Option<&'a str> {
        Some(match name {
            "a" => self.a,
            "b" => self.b,
            "c" => self.c,
            "thing" => self.thing,
            "deadline" => self.deadline,
            "years" => self.years,
            "spot" => self.spot,
            "place" => self.place,
            "title" => self.title,
            "sentence" => self.sentence,
            _ => return None,
        })
    }
}

/// Appends `phrase` to `sentence` with its choices drawn and its slots filled in.
pub(crate) fn fill(phrase: &str, slots: &Slots<'_>, random: &mut Random, sentence: &mut String) {
    let mut rest = phrase;
    while let Some(at) = rest.find(['[', '{']) {
        let (plain, marked) = rest.split_at(at);
        sentence.push_str(plain);
        let close = if marked.starts_with('[') { ']' } else { '}' };
        let Some((inner, after)) = marked[1..].split_once(close) else {
            rest = marked;
            break;
        };
        if close == ']' {
            let choices = inner.split('|').count();
            let choice = inner.split('|').nth(random.below(choices)).unwrap_or_default();
            fill(choice, slots, random, sentence);
        } else {
            fill_slot(inner, slots, sentence);
        }
        rest = after;
    }
    sentence.push_str(rest);
}

fn fill_slot(name: &str, slots: &Slots<'_>, sentence: &mut String) {
    if let Some(value) = slots.value(name) {
        sentence.push_str(value);
    } else if let Some(familiar) = name.strip_suffix('_').and_then(|name| slots.value(name)) {
        sentence.push_str(familiar);
        if particle::is_closed(familiar) {
            sentence.push('이');
        }
    } else if let Some(particle) = particle::after(sentence, name) {
        sentence.push_str(particle);
    } else if let Some(value) = capital(name).and_then(|name| slots.value(name)) {
        let mut letters = value.chars();
        sentence.extend(letters.next().into_iter().flat_map(char::to_uppercase));
        sentence.push_str(letters.as_str());
    }
}

/// The slot that `name`, such as `Years`, gives with a capital letter.
fn capital(name: &str) -> Option<&'static str> {
    NAMES.into_iter().find(|slot| name.starts_with(|c: char| c.is_ascii_uppercase()) && slot.eq_ignore_ascii_case(name))
}

/// Checks that `phrase` is well formed.
///
/// # Errors
/// What is not.
pub(crate) fn check(phrase: &str) -> Result<(), String> {
    let fault = |what: &str| Err(format!("{what} in {phrase:?}"));
    let mut in_choice = false;
    let mut rest = phrase;
    while let Some(at) = rest.find(['[', ']', '{', '}']) {
        let (mark, after) = rest[at..].split_at(1);
        rest = match mark {
            "[" if !in_choice => after,
            "]" if in_choice => after,
            "{" => match after.split_once('}') {
                Some((name, after)) if is_slot(name) => after,
                Some((name, _)) => return fault(&format!("unknown slot `{name}`")),
                None => return fault("a slot without its end"),
            },
            _ => return fault(&format!("unpaired `{mark}`")),
        };
        in_choice ^= mark != "{";
    }
    if in_choice { fault("a choice without its end") } else { Ok(()) }
}

fn is_slot(name: &str) -> bool {
    let known = NAMES.contains(&name.strip_suffix('_').unwrap_or(name));
    known || particle::after("가", name).is_some() || capital(name).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::order::Order;

    const SLOTS: Slots<'_> = Slots {
        a: "지훈",
        b: "수아",
        c: "Joon",
        thing: "편지",
        deadline: "금요일",
        years: "three years",
        spot: "강둑",
        place: "골목",
        title: "‘시즌 1’",
        sentence: "비가 온다.",
    };

    fn filled(phrase: &str) -> String {
        let order =
            Order { title: "", description: "", script_type: "", episode_number: None, temperature: 0.0, words: 1 };
        let mut sentence = String::new();
        fill(phrase, &SLOTS, &mut Random::seeded(&order), &mut sentence);
        sentence
    }

    #[test]
    fn slots_are_filled_and_particles_agree() {
        assert_eq!(filled("{a}{이} {thing}{을} {b}에게 준다."), "지훈이 편지를 수아에게 준다.");
        assert_eq!(filled("{b}{아}, {a_}{은} {spot}{으로} 갔어."), "수아야, 지훈이는 강둑으로 갔어.");
        assert_eq!(filled("{c}{이} {title}{이라}고 적었다."), "Joon이 ‘시즌 1’이라고 적었다.");
        assert_eq!(filled("[{thing}|{thing}]{을} 본다."), "편지를 본다.");
        assert_eq!(filled("{Years}. Or {years}."), "Three years. Or three years.");
    }

    #[test]
    fn malformed_phrases_are_refused() {
        for phrase in ["{x}", "{a", "[a|b", "a]", "[a|[b]]", "}", "{}"] {
            assert!(check(phrase).is_err(), "{phrase}");
        }
        for phrase in ["", "[{a}|{b}]{은} {a_}", "{Years} [x|y]."] {
            assert_eq!(check(phrase), Ok(()), "{phrase}");
        }
    }
}
