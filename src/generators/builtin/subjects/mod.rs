//! What a brief is about: a few nouns out of its own words.
//!
//! Rules of thumb, not grammar: a subject that is left out costs less than one that is no noun.

mod english;
mod korean;

use super::language::Language;

/// More than a draft can keep in view.
const MOST: usize = 12;
/// A longer word is no noun that people say to each other.
const LONGEST: usize = 30;

/// The subjects of `line`, first come first, as they stand in the middle of a sentence; often none.
pub(super) fn of(line: &str, language: Language) -> Vec<String> {
    let found = match language {
        Language::Korean => korean::nouns(line),
        Language::English => english::noun_phrases(line),
    };
    let mut subjects: Vec<String> = Vec::new();
    for subject in found {
        if subject.chars().count() <= LONGEST && !subjects.contains(&subject) {
            subjects.push(subject);
        }
        if subjects.len() == MOST {
            break;
        }
    }
    subjects
}

/// The words of `line` without the punctuation around them, and whether a break of the sentence comes after each.
fn words(line: &str) -> impl Iterator<Item = (&str, bool)> {
    line.split_whitespace().filter_map(|run| {
        let word = run.trim_matches(|c: char| !c.is_alphanumeric());
        let breaks = run.ends_with(|c: char| !c.is_alphanumeric());
        (!word.is_empty()).then_some((word, breaks))
    })
}
