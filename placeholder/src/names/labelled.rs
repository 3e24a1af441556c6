//! Lists of names behind a label: `등장인물: 지민(28), 현우`, `Characters: Mina and Joon`.

use super::{Name, Word, english, korean};
use crate::banks::Names;

/// The names in all lists of `text`.
pub(super) fn names(text: &str, korean: &Names, english: &Names) -> Vec<Name> {
    lists(text, korean, english).flat_map(|list| items(&list)).filter_map(|item| name(&item, korean, english)).collect()
}

/// What follows a label and its colon, up to the end of the line or sentence, without what is in parentheses.
fn lists<'t>(text: &'t str, korean: &'t Names, english: &'t Names) -> impl Iterator<Item = String> + 't {
    text.match_indices([':', '：']).filter_map(move |(at, colon)| {
        let before = text[..at].trim_end().to_lowercase();
        let is_label = korean.labels.iter().chain(&english.labels).any(|label| before.ends_with(label.as_str()));
        is_label.then(|| {
            let list = without_asides(&text[at + colon.len()..]);
            list.split(['\n', '.', ';', '!', '?', ':']).next().unwrap_or_default().to_owned()
        })
    })
}

fn without_asides(text: &str) -> String {
    let mut depth = 0u32;
    let kept = text.chars().filter(|c| {
        match c {
            '(' | '（' => depth += 1,
            ')' | '）' => {
                depth = depth.saturating_sub(1);
                return false;
            }
            _ => {}
        }
        depth == 0
    });
    kept.collect()
}

fn items(list: &str) -> Vec<String> {
    let joined = list
        .replace(" and ", ",")
        .replace(" 그리고 ", ",")
        .replace(" 및 ", ",")
        .replace("과 ", ",")
        .replace("와 ", ",");
    joined.split([',', '、', '·', '/', '&']).map(|item| item.trim().to_owned()).collect()
}

/// The name that an item is, or ends with after a description of the person.
fn name(item: &str, korean: &Names, english: &Names) -> Option<Name> {
    let name = [" - ", " – ", " — "].iter().find_map(|dash| item.split_once(dash)).map_or(item, |(name, _)| name);
    let item: Vec<&str> = name.split_whitespace().collect();
    let word = |at: usize| item.get(at).map(|text| Word { text, gap: " " });
    let capitalised = |at: usize| word(at).and_then(|word| english::capitalised(word, english));
    if let Some(first) = capitalised(0) {
        return Some(english::full(first, capitalised(1)));
    }
    match item[..] {
        [only] if korean::is_plausible(only, korean) => Some(korean::split(only, korean)),
        [.., last] => korean::known(last, korean),
        [] => None,
    }
}
