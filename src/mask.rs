//! Masks keys in the log, which quotes other servers, and leaves everything else readable.

const MASK: &str = "[key]";
/// A shorter key is not a secret (local servers get `x`), and masking it would damage ordinary words.
const SHORTEST_KEY: usize = 8;
/// The prefixes of well-known providers' keys, and the minimum length of a word to count as one.
const SHAPES: &[(&str, usize)] =
    &[("sk-", SHORTEST_KEY), ("sk_", SHORTEST_KEY), ("gsk_", 20), ("xai-", 20), ("hf_", 20), ("AIza", 20), ("eyJ", 20)];

/// `text` with the configured key and everything shaped like a key masked.
pub(crate) fn mask(text: &str, key: Option<&str>) -> String {
    let text = match key.filter(|key| key.chars().count() >= SHORTEST_KEY) {
        Some(key) => without(text, key),
        None => text.to_owned(),
    };
    let mut out = String::with_capacity(text.len());
    let mut rest = text.as_str();
    while let Some(start) = rest.find(is_part_of_word) {
        let (before, word) = rest.split_at(start);
        let (word, after) = word.split_at(word.find(|c| !is_part_of_word(c)).unwrap_or(word.len()));
        out.push_str(before);
        out.push_str(if is_shaped_like_a_key(word) { MASK } else { word });
        rest = after;
    }
    out + rest
}

/// Masks one key. A key of lower-case letters alone may be a word (`completion`), so it is masked only as a whole word,
/// not inside `max_completion_tokens`. Any other key is masked everywhere.
fn without(text: &str, key: &str) -> String {
    if !key.chars().all(|c| c.is_ascii_lowercase() || matches!(c, '-' | '_')) {
        return text.replace(key, MASK);
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find(key) {
        let (before, after) = (&rest[..start], &rest[start + key.len()..]);
        let stands_alone =
            !before.chars().next_back().is_some_and(is_part_of_word) && !after.starts_with(is_part_of_word);
        out.push_str(before);
        out.push_str(if stands_alone { MASK } else { key });
        rest = after;
    }
    out + rest
}

fn is_shaped_like_a_key(word: &str) -> bool {
    SHAPES.iter().any(|(beginning, shortest)| word.starts_with(beginning) && word.len() >= *shortest)
}

/// Includes `*`: providers quote keys with stars in the middle.
fn is_part_of_word(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '-' | '_' | '*')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_key_is_masked_everywhere() {
        let key = Some("Secret-Key-1");
        for text in ["Secret-Key-1", "key=Secret-Key-1&x", "Bearer%20Secret-Key-1.", "\"Secret-Key-1\", Secret-Key-1"] {
            assert!(!mask(text, key).contains("Secret"), "{}", mask(text, key));
        }
        assert_eq!(mask("the key «sk-secret» is bad", Some("sk-secret")), "the key «[key]» is bad");
    }

    #[test]
    fn words_shaped_like_keys_are_masked_whoever_owns_them() {
        assert_eq!(
            mask("Incorrect API key provided: sk-proj-ab**********wxyz. Find yours", None),
            "Incorrect API key provided: [key]. Find yours"
        );
        assert_eq!(mask("(gsk_0123456789abcdefghij)", None), "([key])");
        for harmless in ["sk-1", "hf_transfer is on", "task-list", "eyJust", "a sky-blue risk-free desk"] {
            assert_eq!(mask(harmless, None), harmless);
        }
    }

    #[test]
    fn ordinary_words_stay_readable_with_any_key() {
        let text = "Unsupported parameter: 'max_tokens', use 'max_completion_tokens'; x tokens of completion";
        for key in ["tokens", "x", "", "max", "completions", "max_tok", "e", "a b"] {
            assert_eq!(mask(text, Some(key)), text, "{key}");
        }
        assert_eq!(mask("max_completion_tokens: completion", Some("completion")), "max_completion_tokens: [key]");
    }

    proptest! {
        #[test]
        fn real_keys_never_show_and_the_rest_is_unchanged(before in "[가-힣 .,:a-z]{0,20}", after in "[가-힣 .,:]{0,20}") {
            let key = "sk-Proj0123456789";
            let shown = mask(&format!("{before} {key}{after}"), Some(key));
            prop_assert_eq!(shown, format!("{before} [key]{after}").replace(key, "[key]"));
        }
    }
}
