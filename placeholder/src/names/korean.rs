//! Names in Hangul.

use super::{Name, Word, has_age};
use crate::banks::Names;

/// What can follow a name in its word; none first.
const PARTICLES: [&str; 30] = [
    "",
    "이",
    "가",
    "은",
    "는",
    "을",
    "를",
    "과",
    "와",
    "의",
    "도",
    "만",
    "에게",
    "한테",
    "께",
    "랑",
    "하고",
    "처럼",
    "보다",
    "아",
    "야",
    "이가",
    "이는",
    "이를",
    "이와",
    "이의",
    "이랑",
    "이도",
    "이에게",
    "이한테",
];
/// Particles that join two names.
const JOINING: [&str; 6] = ["과", "와", "랑", "하고", "이와", "이랑"];

/// The name that word `at` is.
pub(super) fn name(words: &[Word<'_>], at: usize, names: &Names) -> Option<Name> {
    let word = words[at].text;
    if has_age(words, at) && is_plausible(word, names) {
        return Some(split(word, names));
    }
    stems(word).find_map(|(stem, particle)| known(stem, names).or_else(|| beside(words, at, stem, particle, names)))
}

/// `stem` as a name that is nothing else, alone or after a surname.
pub(super) fn known(stem: &str, names: &Names) -> Option<Name> {
    if names.known.contains(stem) {
        return Some(Name::plain(stem));
    }
    let name = split(stem, names);
    (name.short != name.full).then_some(name)
}

/// A name that is also a word counts after a role, or joined to a name that is none.
fn beside(words: &[Word<'_>], at: usize, stem: &str, particle: &str, names: &Names) -> Option<Name> {
    if !names.ambiguous.contains(stem) {
        return None;
    }
    let before = at.checked_sub(1).map(|before| words[before]).filter(|word| word.gap == " ");
    let after = words.get(at + 1).filter(|_| words[at].gap == " ");
    let joined_before = before.is_some_and(|word| {
        stems(word.text).any(|(stem, particle)| JOINING.contains(&particle) && known(stem, names).is_some())
    });
    let joined_after = JOINING.contains(&particle)
        && after.is_some_and(|word| stems(word.text).any(|(stem, _)| known(stem, names).is_some()));
    let has_role = before.is_some_and(|word| names.roles.contains(word.text));
    (has_role || joined_before || joined_after).then(|| Name::plain(stem))
}

/// Whether `word` can be a name where one must stand.
pub(super) fn is_plausible(word: &str, names: &Names) -> bool {
    let is_hangul = word.chars().all(|c| ('가'..='힣').contains(&c));
    let is_word = || names.roles.union(&names.ordinary).any(|other| word.ends_with(other.as_str()));
    is_hangul && (2..=4).contains(&word.chars().count()) && !is_word()
}

/// `full` with its given name as the short form, if it begins with a surname and goes on with a known name.
pub(super) fn split(full: &str, names: &Names) -> Name {
    let given = full.char_indices().nth(1).map(|(at, _)| full.split_at(at)).filter(|(surname, given)| {
        names.surnames.contains(*surname) && (names.known.contains(*given) || names.ambiguous.contains(*given))
    });
    Name { full: full.to_owned(), short: given.map_or(full, |(_, given)| given).to_owned() }
}

/// All ways to read `word` as a stem of two syllables or more and a particle.
fn stems(word: &str) -> impl Iterator<Item = (&str, &'static str)> {
    PARTICLES.into_iter().filter_map(move |particle| {
        let stem = word.strip_suffix(particle)?;
        (stem.chars().count() >= 2).then_some((stem, particle))
    })
}
