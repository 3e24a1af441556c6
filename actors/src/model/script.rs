//! The text of a growing script, with its counts.

/// The text so far and its counts. Updating a count costs time linear in the appended text, not in the whole.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ScriptText {
    text: String,
    words: u64,
    ends_in_word: bool,
    ascii: u64,
    beyond_ascii: u64,
}

impl ScriptText {
    /// Appends text.
    pub fn push(&mut self, delta: &str) {
        for character in delta.chars() {
            let in_word = !character.is_whitespace();
            self.words += u64::from(in_word && !self.ends_in_word);
            self.ends_in_word = in_word;
            if character.is_ascii() {
                self.ascii += 1;
            } else {
                self.beyond_ascii += 1;
            }
        }
        self.text.push_str(delta);
    }

    /// The whole text.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The text from byte `offset` on; empty if `offset` is past the end.
    pub fn since(&self, offset: usize) -> &str {
        self.text.get(offset..).unwrap_or_default()
    }

    /// The length in bytes.
    pub fn len(&self) -> usize {
        self.text.len()
    }

    /// Whether the text is empty.
    pub fn is_empty(&self) -> bool {
        self.text.is_empty()
    }

    /// The number of words: runs of characters between white space.
    pub fn words(&self) -> u64 {
        self.words
    }

    /// A rough token count for growing text: four ASCII characters or one and a half others per token.
    pub fn estimated_tokens(&self) -> u64 {
        self.ascii.div_ceil(4) + (self.beyond_ascii * 2).div_ceil(3)
    }
}

impl From<&str> for ScriptText {
    fn from(text: &str) -> Self {
        let mut script = Self::default();
        script.push(text);
        script
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn counts_do_not_depend_on_how_the_text_is_split(text in "\\PC{0,60}[ \n\t가-힣a-z😀]{0,60}", cuts in prop::collection::vec(0usize..200, 0..8)) {
            let mut pieces = ScriptText::default();
            let mut rest = text.as_str();
            for cut in cuts {
                let at = rest.floor_char_boundary(cut);
                let (head, tail) = rest.split_at(at);
                pieces.push(head);
                rest = tail;
            }
            pieces.push(rest);
            prop_assert_eq!(&pieces, &ScriptText::from(text.as_str()));
            prop_assert_eq!(pieces.words(), text.split_whitespace().count() as u64);
            prop_assert_eq!(pieces.as_str(), text.as_str());
        }
    }

    #[test]
    fn since_an_offset_beyond_the_end_is_empty() {
        let script = ScriptText::from("가나");
        assert_eq!(script.since(3), "나");
        assert_eq!(script.since(6), "");
        assert_eq!(script.since(99), "");
    }
}
