//! Phrases become sentences; the notation is described beside the phrases.

use super::{particles, random::Random};

/// What the blanks of a phrase stand for.
#[derive(Clone, Copy, Default)]
pub(super) struct Blanks<'a> {
    pub(super) a: &'static str,
    pub(super) b: &'static str,
    pub(super) c: &'static str,
    pub(super) subject: &'a str,
    pub(super) other_subject: &'a str,
    pub(super) thing: &'a str,
    pub(super) place: &'a str,
}

impl<'a> Blanks<'a> {
    /// The same with the two people changed about.
    pub(super) fn turned(self) -> Self {
        Self { a: self.b, b: self.a, ..self }
    }

    fn value(&self, name: &str) -> Option<&'a str> {
        Some(match name {
            "a" => self.a,
            "b" => self.b,
            "c" => self.c,
            "t" => self.subject,
            "u" => self.other_subject,
            "x" => self.thing,
            "place" => self.place,
            _ => return None,
        })
    }
}

/// `phrase` with its choices drawn and its blanks filled in.
pub(super) fn fill(phrase: &str, blanks: &Blanks<'_>, random: &mut Random) -> String {
    let mut sentence = String::with_capacity(phrase.len() * 2);
    append(phrase, blanks, random, &mut sentence);
    sentence
}

fn append(phrase: &str, blanks: &Blanks<'_>, random: &mut Random, sentence: &mut String) {
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
            let choices: Vec<&str> = inner.split('|').collect();
            append(choices[random.below(choices.len())], blanks, random, sentence);
        } else {
            blank(inner, blanks, sentence);
        }
        rest = after;
    }
    sentence.push_str(rest);
}

fn blank(name: &str, blanks: &Blanks<'_>, sentence: &mut String) {
    if let Some(value) = blanks.value(name) {
        sentence.push_str(value);
    } else if name == "T" {
        let mut letters = blanks.subject.chars();
        sentence.extend(letters.next().into_iter().flat_map(char::to_uppercase));
        sentence.push_str(letters.as_str());
    } else if let Some(familiar) = name.strip_suffix('_').and_then(|name| blanks.value(name)) {
        sentence.push_str(familiar);
        if particles::is_closed(familiar) {
            sentence.push('이');
        }
    } else if let Some(particle) = particles::after(sentence, name) {
        sentence.push_str(particle);
    }
}

#[cfg(test)]
mod tests {
    use super::{
        super::phrases::{ENGLISH, KOREAN, Phrases},
        *,
    };

    const BLANKS: Blanks<'_> = Blanks {
        a: "지훈",
        b: "수아",
        c: "민재",
        subject: "등대",
        other_subject: "비밀",
        thing: "편지",
        place: "골목",
    };

    fn filled(phrase: &str) -> String {
        fill(phrase, &BLANKS, &mut Random::seeded(&[]))
    }

    #[test]
    fn blanks_are_filled_and_particles_agree() {
        assert_eq!(filled("{a}{이} {x}{을} {b}에게 준다."), "지훈이 편지를 수아에게 준다.");
        assert_eq!(filled("{b}{아}, {a_}{은} {t}{과} {u}{을} 안다."), "수아야, 지훈이는 등대와 비밀을 안다.");
        assert_eq!(filled("[{x}|{x}]{을} 본다."), "편지를 본다.");
    }

    #[test]
    fn a_subject_begins_a_sentence_with_a_capital() {
        let blanks = Blanks { subject: "the old lighthouse", ..BLANKS };
        assert_eq!(
            fill("{T}. I saw {t}.", &blanks, &mut Random::seeded(&[])),
            "The old lighthouse. I saw the old lighthouse."
        );
    }

    #[test]
    fn every_phrase_is_well_formed_and_fits_a_breath() {
        for phrases in [&KOREAN, &ENGLISH] {
            for phrase in all(phrases) {
                for seed in 0..8u8 {
                    let sentence = fill(phrase, &BLANKS, &mut Random::seeded(&[&[seed]]));
                    assert!(!sentence.contains(['[', ']', '{', '}', '|']), "{phrase} became {sentence}");
                    assert!(!sentence.contains("  ") && sentence.trim() == sentence, "{phrase} became {sentence:?}");
                    let words = sentence.split_whitespace().count();
                    assert!((1..=30).contains(&words), "{words} words: {sentence}");
                }
                let unknown = phrase.split('{').skip(1).filter_map(|rest| rest.split_once('}')).find(|(name, _)| {
                    let blank = BLANKS.value(name.strip_suffix('_').unwrap_or(name)).is_some();
                    !blank && *name != "T" && particles::after("가", name).is_none()
                });
                assert_eq!(unknown, None, "{phrase}");
            }
        }
    }

    fn all(phrases: &Phrases) -> Vec<&'static str> {
        let exchanges = phrases.exchanges.iter().flat_map(|e| [e.openings, e.answers, e.closes]);
        let banks = [
            phrases.traits,
            phrases.inside,
            phrases.outside,
            phrases.entrances,
            phrases.actions,
            phrases.indoor_actions,
            phrases.indoor_exits,
            phrases.pauses,
            phrases.exits,
            phrases.endings,
            phrases.manners,
            phrases.leads,
        ];
        exchanges.chain(banks).flatten().copied().collect()
    }
}
