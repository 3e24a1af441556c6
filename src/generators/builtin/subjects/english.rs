//! Noun phrases of English sentences: what follows an article or a possessive, and names.

use super::words;

const OPENERS: &[&str] = &["a", "an", "the", "her", "his", "their", "its", "my", "our", "your"];

/// Words that end a phrase.
const STOPS: &[&str] = &[
    "a", "an", "the", "and", "or", "but", "of", "in", "on", "at", "to", "for", "from", "with", "without", "who",
    "whom", "whose", "which", "that", "when", "while", "where", "as", "by", "into", "onto", "after", "before", "about",
    "over", "under", "between", "through", "during", "against", "must", "will", "would", "can", "could", "should",
    "may", "might", "is", "are", "was", "were", "be", "been", "has", "have", "had", "does", "do", "did", "not",
    "never", "always", "then", "than", "if", "because", "so", "only", "just", "her", "his", "their", "its", "my",
    "our", "your", "he", "she", "they", "it", "we", "i", "you", "back", "again", "together", "away", "out", "up",
    "down", "off", "set", "called", "named", "one", "two", "three", "every", "each", "no", "there", "here", "what",
    "how", "why",
];

/// Common verbs of plots, in the forms that `-s`, `-ed` and `-ing` do not give away.
const VERBS: &[&str] = &[
    "return", "find", "discover", "try", "become", "meet", "fall", "leave", "hide", "learn", "fight", "face", "help",
    "keep", "tell", "go", "come", "take", "make", "lose", "search", "kill", "save", "run", "fell", "found", "met",
    "left", "hid", "lost", "became", "went", "came", "took", "made", "ran", "gets", "get", "give", "gave", "know",
    "knew", "begin", "began", "write", "create", "generate", "want", "wants", "seek", "sought", "break", "broke",
    "bring", "brought", "live", "lives", "work", "decide", "solve", "uncover", "reveal", "share", "struggle",
    "confront", "reunite", "join", "build",
];

/// Phrases that end in these order a script instead of telling what is in it.
const EMPTY: &[&str] = &[
    "script",
    "story",
    "drama",
    "screenplay",
    "scene",
    "episode",
    "movie",
    "film",
    "series",
    "tale",
    "way",
    "time",
    "thing",
    "day",
    "lot",
    "bit",
    "kind",
    "sort",
    "end",
    "beginning",
    "test",
    "description",
    "words",
    "following",
    "same",
    "own",
    "other",
    "first",
    "last",
    "new",
    "old",
    "young",
    "small",
    "big",
    "little",
    "comedy",
    "thriller",
    "short",
    "plot",
];

const LONGEST_PHRASE: usize = 3;
/// Words of it that are kept: the noun and what stands right before it.
const SPOKEN: usize = 2;

pub(super) fn noun_phrases(line: &str) -> Vec<String> {
    let words: Vec<(&str, bool)> = words(line).collect();
    let mut found = Vec::new();
    let mut at = 0;
    let mut begins_sentence = true;
    while at < words.len() {
        let (word, breaks) = words[at];
        let mut next = at + 1;
        if !breaks && OPENERS.contains(&word.to_lowercase().as_str()) {
            let phrase = phrase(&words[next..]);
            next += phrase.len();
            if let Some(subject) = subject(phrase) {
                found.push(subject);
            }
        } else if !begins_sentence && is_name(word) {
            found.push(word.to_owned());
        }
        begins_sentence = words[next - 1].1;
        at = next;
    }
    found
}

fn phrase<'a, 'b>(words: &'a [(&'b str, bool)]) -> &'a [(&'b str, bool)] {
    let mut length = 0;
    for (word, breaks) in words.iter().take(LONGEST_PHRASE) {
        let word = word.to_lowercase();
        let has_noun_before = length > 0;
        if STOPS.contains(&word.as_str()) || has_noun_before && is_verb(&word) {
            break;
        }
        length += 1;
        if *breaks {
            break;
        }
    }
    &words[..length]
}

/// With its article; `None` for what is no single thing (a verb after "the sisters" would want another form).
fn subject(phrase: &[(&str, bool)]) -> Option<String> {
    let (last, _) = phrase.last()?;
    let last_lower = last.to_lowercase();
    let is_plural = last_lower.ends_with('s') && !last_lower.ends_with("ss") && !last_lower.ends_with("us");
    let is_plain =
        phrase.iter().all(|(word, _)| word.chars().all(|c| c.is_alphabetic() || matches!(c, '-' | '\'' | '’')));
    if is_plural
        || !is_plain
        || last.chars().count() < 3
        || last_lower.ends_with("ly")
        || EMPTY.contains(&last_lower.as_str())
    {
        return None;
    }
    // What is said again and again is said briefly.
    let words: Vec<&str> = phrase[phrase.len().saturating_sub(SPOKEN)..].iter().map(|(word, _)| *word).collect();
    Some(format!("the {}", words.join(" ")))
}

fn is_name(word: &str) -> bool {
    let mut letters = word.chars();
    letters.next().is_some_and(char::is_uppercase)
        && word.chars().count() > 2
        && letters.all(|c| c.is_lowercase())
        && !STOPS.contains(&word.to_lowercase().as_str())
        && !EMPTY.contains(&word.to_lowercase().as_str())
        && !word.ends_with("'s")
}

fn is_verb(word: &str) -> bool {
    let third_person = word.strip_suffix('s').is_some_and(|stem| !stem.ends_with(['s', 'u']));
    third_person || word.ends_with("ed") || word.ends_with("ing") || VERBS.contains(&word)
}

#[cfg(test)]
mod tests {
    use super::noun_phrases;

    #[test]
    fn phrases_come_with_an_article_and_without_verbs() {
        for (line, expected) in [
            (
                "A retired detective returns to her hometown to find the missing lighthouse keeper in Busan.",
                "the retired detective, the hometown, the lighthouse keeper, Busan",
            ),
            ("The sisters hide a family secret from their mother", "the family secret, the mother"),
            ("Write a drama about love.", ""),
            ("Test description", ""),
        ] {
            assert_eq!(noun_phrases(line).join(", "), expected, "{line}");
        }
    }
}
