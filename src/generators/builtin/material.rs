//! What a draft takes from its brief.

use generation_actors::model::Brief;

use super::{
    language::Language,
    phrases::{Phrases, Place, Time},
    plain,
    random::Random,
    subjects,
};

/// Everything that decides what a draft says. The model's name, the temperature and whose job it is decide nothing.
pub(super) struct Material {
    pub(super) phrases: &'static Phrases,
    /// On one line, as it was given.
    pub(super) title: String,
    /// On one line, its beginning.
    pub(super) description: String,
    pub(super) script_type: String,
    /// Words.
    pub(super) target: u64,
    /// Of the brief; never empty.
    pub(super) subjects: Vec<String>,
    /// Places that the brief speaks of; often none.
    pub(super) places: Vec<&'static Place>,
    /// The time that the brief speaks of.
    pub(super) time: Option<&'static Time>,
    pub(super) random: Random,
}

/// Of a long description its beginning says what it is about.
const DESCRIPTION_READ: usize = 4000;
/// With fewer subjects in the description, the title is asked too.
const FEW: usize = 3;
/// One subject can be weighed only against another.
const LEAST: usize = 2;

impl Material {
    pub(super) fn of(brief: &Brief) -> Self {
        let random = Random::seeded(&[
            brief.title.as_bytes(),
            brief.description.as_bytes(),
            brief.script_type.as_bytes(),
            &brief.length_target.to_le_bytes(),
            &brief.episode_number.unwrap_or(0).to_le_bytes(),
        ]);
        let read: String = brief.description.chars().take(DESCRIPTION_READ).collect();
        let description = plain::one_line(&read);
        let title = plain::one_line(&brief.title);
        let language = Language::of(&description, &title);
        let phrases = language.phrases();
        let subjects = subjects_of(&description, &title, language);
        let mentions = mentions(&description, &title, language);
        Self {
            phrases,
            places: phrases.places.iter().filter(|place| mentions(place.keys)).collect(),
            time: phrases.times.iter().find(|time| mentions(time.keys)),
            script_type: brief.script_type.clone(),
            target: u64::from(brief.length_target),
            title,
            description,
            subjects,
            random,
        }
    }

    /// The script type as people call it.
    pub(super) fn kind(&self) -> &str {
        let known = self.phrases.labels.kinds.iter().find(|(name, _)| *name == self.script_type);
        known.map_or(&self.script_type, |(_, kind)| kind)
    }
}

fn subjects_of(description: &str, title: &str, language: Language) -> Vec<String> {
    let mut subjects = subjects::of(description, language);
    if subjects.len() < FEW {
        let more = subjects::of(title, language);
        let more: Vec<String> = more.into_iter().filter(|subject| !subjects.contains(subject)).collect();
        subjects.extend(more);
    }
    let own = language.phrases().subjects;
    subjects.extend(own.iter().map(|&subject| subject.to_owned()).take(LEAST.saturating_sub(subjects.len())));
    subjects
}

/// Whether a brief has one of some words: in Korean at the beginning of a word, as particles follow; in English the
/// word itself or its plural.
fn mentions(description: &str, title: &str, language: Language) -> impl Fn(&[&str]) -> bool + use<> {
    let text = format!("{description} {title}").to_lowercase();
    move |keys| {
        text.split(|c: char| !c.is_alphanumeric()).any(|word| {
            keys.iter().any(|key| match language {
                Language::Korean => word
                    .strip_prefix(key)
                    .is_some_and(|rest| rest.chars().count() <= 2 && (key.len() > 3 || is_particle(rest))),
                Language::English => word == *key || word.strip_suffix('s') == Some(key),
            })
        })
    }
}

/// Whether `rest` can follow a noun of one syllable: `산에서` is on a mountain, `산업` is not.
fn is_particle(rest: &str) -> bool {
    matches!(
        rest,
        "" | "에" | "에서" | "의" | "은" | "는" | "이" | "가" | "을" | "를" | "과" | "와" | "으로" | "로" | "마다"
    )
}
