//! Vectors without a model, from a text's sequences of two and three characters.
//!
//! This is lexical, not semantic: it finds texts that share words or parts of words with a query, whatever their
//! endings. That suits Korean and needs no network and no download, but it knows no synonyms.

/// Must change whenever the result of [`embed`] changes, because stored vectors are comparable only under the same
/// name.
pub(super) const NAME: &str = "hashing-v1";

/// Length of a vector.
pub(super) const DIMENSION: usize = 1024;

/// A vector of length 1. Ignores case, punctuation, and the kind and number of blanks.
pub(super) fn embed(text: &str) -> Vec<f32> {
    let mut vector = vec![0.0_f32; DIMENSION];
    let characters = words(text);
    for size in [2, 3] {
        for gram in characters.windows(size) {
            let hash = hash(gram);
            // The sign makes accidental collisions cancel out instead of adding up.
            let sign = if hash >> 31 == 0 { 1.0 } else { -1.0 };
            vector[hash as usize % DIMENSION] += sign;
        }
    }
    let length = vector.iter().map(|number| number * number).sum::<f32>().sqrt();
    if length == 0.0 {
        // A text without words has no direction; give it an arbitrary one.
        vector[0] = 1.0;
    } else {
        vector.iter_mut().for_each(|number| *number /= length);
    }
    vector
}

/// The text in lower case, with exactly one blank around each word.
fn words(text: &str) -> Vec<char> {
    let mut characters = vec![' '];
    for word in text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()) {
        characters.extend(word.chars().flat_map(char::to_lowercase));
        characters.push(' ');
    }
    characters
}

/// FNV-1a over the code points, mixed so that every bit depends on all of them.
fn hash(gram: &[char]) -> u32 {
    let hash = gram
        .iter()
        .flat_map(|c| u32::from(*c).to_le_bytes())
        .fold(0x811c_9dc5_u32, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193));
    let mixed = (hash ^ (hash >> 16)).wrapping_mul(0x85eb_ca6b);
    mixed ^ (mixed >> 13)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn likeness(a: &str, b: &str) -> f32 {
        embed(a).iter().zip(embed(b)).map(|(a, b)| a * b).sum()
    }

    #[test]
    fn vectors_never_change() {
        let vector = embed("비 오는 밤");
        let places: Vec<_> = (0..DIMENSION).filter(|place| vector[*place] != 0.0).collect();
        let expected = [62, 173, 295, 308, 335, 452, 559, 640, 817, 860, 915, 919, 930];
        assert_eq!(places, expected, "what {NAME} computes has changed, so its name must");
    }

    #[test]
    fn texts_that_share_words_are_nearer_than_others() {
        let query = "등대지기가 기다리는 폭풍";
        let near = "늙은 등대지기는 폭풍 속에서 배를 기다린다. 파도가 높다.";
        let far = "두 사람이 비 오는 밤 카페에서 비밀을 나눈다. 창밖이 흐리다.";
        assert!(
            likeness(query, near) > 2.0 * likeness(query, far).abs(),
            "{} {}",
            likeness(query, near),
            likeness(query, far)
        );
    }

    #[test]
    fn case_blanks_and_punctuation_are_ignored() {
        assert!(likeness("Bank  vault\n", "(bank) VAULT!") > 0.999);
    }

    proptest! {
        #[test]
        fn every_text_has_a_vector_of_length_one(text in "\\PC{0,80}") {
            let vector = embed(&text);
            prop_assert_eq!(vector.len(), DIMENSION);
            let length = vector.iter().map(|number| number * number).sum::<f32>();
            prop_assert!((length - 1.0).abs() < 1e-4, "{}", length);
        }
    }
}
