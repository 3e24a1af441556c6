//! Cuts a text into pieces the size of a model's tokens.

/// A longer word comes in parts.
const LONGEST: usize = 8;

/// The length in bytes of the next piece of `text`: white space and at most one word or a part of one, with the white
/// space after it only at the very end. Not 0 unless `text` is empty.
pub fn piece_len(text: &str) -> usize {
    let word_at = text.len() - text.trim_start().len();
    let word = &text[word_at..];
    let mut end = word.len();
    for (count, (at, c)) in word.char_indices().enumerate() {
        if c.is_whitespace() || count == LONGEST {
            end = at;
            break;
        }
    }
    if word[end..].trim_start().is_empty() { text.len() } else { word_at + end }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn pieces(mut text: &str) -> Vec<&str> {
        let mut pieces = Vec::new();
        while !text.is_empty() {
            let (piece, rest) = text.split_at(piece_len(text));
            pieces.push(piece);
            text = rest;
        }
        pieces
    }

    #[test]
    fn a_piece_is_a_word_or_a_part_of_one() {
        assert_eq!(
            pieces("# 비 오는 밤\n\nunderstandably so.\n"),
            ["#", " 비", " 오는", " 밤", "\n\nundersta", "ndably", " so.\n"]
        );
        assert_eq!(pieces(" \n"), [" \n"]);
    }

    proptest! {
        #[test]
        fn pieces_make_up_the_text_and_are_small(text in "\\PC{0,40}[ \n가-힣a-z😀]{0,40}") {
            let pieces = pieces(&text);
            prop_assert_eq!(pieces.concat(), text.as_str());
            for piece in pieces {
                prop_assert!(!piece.is_empty() && piece.split_whitespace().count() <= 1);
                prop_assert!(piece.trim().chars().count() <= LONGEST);
            }
        }
    }
}
