//! Which words an order has.

use crate::language::Language;

/// Whether `text` has one of some words: in Korean at the beginning of a word, as particles follow; in English the word
/// itself or its plural.
pub(crate) fn of(language: Language, text: &str) -> impl Fn(&[String]) -> bool + use<> {
    let text = text.to_lowercase();
    let words: Vec<String> =
        text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).map(str::to_owned).collect();
    move |keys| {
        words.iter().any(|word| {
            keys.iter().any(|key| match language {
                Language::Korean => word
                    .strip_prefix(key.as_str())
                    .is_some_and(|rest| rest.chars().count() <= 2 && (key.len() > 3 || is_particle(rest))),
                Language::English => word == key || word.strip_suffix('s') == Some(key),
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
