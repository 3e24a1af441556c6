//! The names that an order gives its people.
//!
//! Conservative: a wrong name is worse than none. A word counts as a name only beside evidence: a label (`주인공: 지민`), an
//! age (`민수(35)`), a list of names that are nothing else (`지민과 현우가`), a role before it (`detective Mara`).

mod english;
mod korean;
mod labelled;

use crate::{banks::Banks, language::Language};

/// More people than a draft can keep apart.
const MOST: usize = 8;

/// What somebody is called.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Name {
    /// On cues and in directions.
    pub(crate) full: String,
    /// By friends.
    pub(crate) short: String,
}

impl Name {
    /// A name that has one form.
    pub(crate) fn plain(name: &str) -> Self {
        Self { full: name.to_owned(), short: name.to_owned() }
    }
}

/// The names in `text`, those behind a label first; often none, at most eight.
pub(crate) fn given(text: &str, banks: &Banks) -> Vec<Name> {
    let korean = &banks.of(Language::Korean).names;
    let english = &banks.of(Language::English).names;
    let words = words(text);
    let found = (0..words.len())
        .filter_map(|at| korean::name(&words, at, korean).or_else(|| english::name(&words, at, english)));
    let mut names: Vec<Name> = Vec::new();
    for name in labelled::names(text, korean, english).into_iter().chain(found) {
        if names.len() < MOST && !names.iter().any(|other| other.short == name.short) {
            names.push(name);
        }
    }
    names
}

/// A run of letters and digits, with apostrophes and hyphens within.
#[derive(Debug, Clone, Copy)]
struct Word<'t> {
    text: &'t str,
    /// What stands between it and the next word.
    gap: &'t str,
}

fn words(text: &str) -> Vec<Word<'_>> {
    let is_part = |c: char| c.is_alphanumeric() || matches!(c, '\'' | '’' | '-');
    let mut words = Vec::new();
    let mut rest = text.trim_start_matches(|c| !is_part(c));
    while !rest.is_empty() {
        let (word, after) = rest.split_at(rest.find(|c| !is_part(c)).unwrap_or(rest.len()));
        let (gap, next) = after.split_at(after.find(is_part).unwrap_or(after.len()));
        words.push(Word { text: word.trim_matches(|c: char| !c.is_alphanumeric()), gap });
        rest = next;
    }
    words
}

/// Whether an age follows word `at`: `(35)`, `(35세)`, `(35, baker)`, `, 35,`.
fn has_age(words: &[Word<'_>], at: usize) -> bool {
    let Some(next) = words.get(at + 1) else { return false };
    let digits = next.text.trim_end_matches(['세', '살', '대']);
    // One digit alone is rather the number of a season.
    let is_age = digits.bytes().all(|byte| byte.is_ascii_digit())
        && (digits.len() == 2 || (digits.len() == 1 && digits != next.text));
    let is_aside = words[at].gap.trim() == "(" && next.gap.starts_with([')', ',', ' ', '/']);
    let is_apposition = words[at].gap == ", " && digits.len() == 2 && next.gap.starts_with(',');
    is_age && (is_aside || is_apposition)
}

#[cfg(test)]
mod tests;
