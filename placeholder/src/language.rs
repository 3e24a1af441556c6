//! In which language a draft is written.

/// A language that there are phrase banks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Language {
    Korean,
    English,
}

impl Language {
    /// The language of the description; of the title, if the description has no letters. Anything that is not mostly
    /// Hangul counts as English.
    pub(crate) fn of(description: &str, title: &str) -> Self {
        [description, title].into_iter().find_map(Self::of_letters).unwrap_or(Self::English)
    }

    fn of_letters(text: &str) -> Option<Self> {
        let (mut syllables, mut letters) = (0usize, 0usize);
        for c in text.chars().filter(|c| c.is_alphabetic()) {
            match c {
                '가'..='힣' => syllables += 1,
                _ => letters += 1,
            }
        }
        // A syllable says about as much as two letters, and Korean requests are full of foreign names.
        match (syllables * 2).cmp(&letters) {
            _ if syllables + letters == 0 => None,
            std::cmp::Ordering::Less => Some(Self::English),
            _ => Some(Self::Korean),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Language::{self, English, Korean};

    #[test]
    fn the_description_decides_and_the_title_only_in_its_silence() {
        for (description, title, expected) in [
            ("비 오는 밤", "project-123 - Ep. 1", Korean),
            ("A rainy night", "비 오는 밤", English),
            ("Netflix 스타일의 로맨스 드라마", "", Korean),
            ("A Korean word, 한, in an English sentence", "", English),
            ("123 !!", "제목", Korean),
            ("雨の夜", "", English),
            ("", "", English),
        ] {
            assert_eq!(Language::of(description, title), expected, "{description}");
        }
    }
}
