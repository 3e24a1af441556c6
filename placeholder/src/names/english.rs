//! Names in Latin letters.

use super::{Name, Word, has_age};
use crate::banks::Names;

/// Words before a name that somebody gives.
const NAMED: [&str; 2] = ["named", "called"];
const JOINING: [&str; 2] = ["and", "&"];

/// The name that begins at word `at`.
pub(super) fn name(words: &[Word<'_>], at: usize, names: &Names) -> Option<Name> {
    let first = capitalised(words[at], names)?;
    let surname = words.get(at + 1).filter(|_| words[at].gap == " ").and_then(|&word| capitalised(word, names));
    let surname = surname.filter(|surname| !names.known.contains(*surname));
    let last = at + usize::from(surname.is_some());
    let before = |distance: usize| {
        let before = at.checked_sub(distance)?;
        (words[before].gap == " ").then(|| words[before].text)
    };
    let is_role = |word: &str| names.roles.contains(word.to_lowercase().as_str());
    let after_role = before(1).is_some_and(is_role);
    // `its owner, Yunjae, develops`
    let in_apposition =
        at > 0 && words[at - 1].gap == ", " && is_role(words[at - 1].text) && words[last].gap.starts_with(',');
    let introduced = before(1).is_some_and(|word| NAMED.contains(&word)) && before(2).is_some_and(is_role);
    let joined = || {
        let is_known = |word: Option<&Word<'_>>| word.is_some_and(|word| names.known.contains(stem(word.text)));
        let joins = |word: Option<&Word<'_>>| word.is_some_and(|word| JOINING.contains(&word.text));
        (at >= 2 && joins(words.get(at - 1)) && is_known(words.get(at - 2)))
            || (joins(words.get(last + 1)) && is_known(words.get(last + 2)))
    };
    let is_name = names.known.contains(first)
        || has_age(words, last)
        || after_role
        || in_apposition
        || introduced
        || (names.ambiguous.contains(first) && joined());
    is_name.then(|| full(first, surname))
}

/// A first name and perhaps a surname.
pub(super) fn full(first: &str, surname: Option<&str>) -> Name {
    let full = surname.map_or_else(|| first.to_owned(), |surname| format!("{first} {surname}"));
    Name { full, short: first.to_owned() }
}

/// The word without `'s`, if it is written as a name is and is no role.
pub(super) fn capitalised<'t>(word: Word<'t>, names: &Names) -> Option<&'t str> {
    let text = stem(word.text);
    let mut letters = text.chars();
    let is_capitalised = letters.next().is_some_and(|c| c.is_uppercase() && !is_hangul(c));
    let is_word = is_capitalised
        && letters.clone().any(char::is_lowercase)
        && letters.all(|c| c.is_alphabetic() || matches!(c, '-' | '\'' | '’'));
    let lowercase = text.to_lowercase();
    (is_word && !names.roles.contains(&lowercase) && !names.ordinary.contains(&lowercase)).then_some(text)
}

/// The word without a possessive or a Korean particle.
fn stem(word: &str) -> &str {
    let word = word.strip_suffix("'s").or_else(|| word.strip_suffix("’s")).unwrap_or(word);
    word.trim_end_matches(is_hangul)
}

fn is_hangul(c: char) -> bool {
    ('가'..='힣').contains(&c)
}
