//! The rules that request fields must follow, and the messages for breaking them.

use crate::locales::FaultTexts;

/// A rule that a field breaks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Rule {
    AnObject,
    Present,
    Text,
    Utf8,
    NotBlank,
    /// Maximum length in characters.
    AtMost(usize),
    WithoutControlCharacters,
    NotADotSegment,
    /// 1 to this many characters of `a-z0-9_-`.
    Name(usize),
    Number,
    Integer,
    Within {
        min: String,
        max: String,
    },
    Cursor,
    PreviewMode,
    IdempotencyKey,
}

impl Rule {
    /// The message for a person.
    pub(super) fn message(&self, texts: &FaultTexts) -> String {
        let most = |text: &str, max: &usize| text.replace("{max}", &max.to_string());
        match self {
            Self::AnObject => texts.not_an_object.clone(),
            Self::Present => texts.required.clone(),
            Self::Text => texts.not_text.clone(),
            Self::Utf8 => texts.not_utf8.clone(),
            Self::NotBlank => texts.blank.clone(),
            Self::AtMost(max) => most(&texts.too_long, max),
            Self::WithoutControlCharacters => texts.control_characters.clone(),
            Self::NotADotSegment => texts.dot_segment.clone(),
            Self::Name(max) => most(&texts.name_pattern, max),
            Self::Number => texts.not_a_number.clone(),
            Self::Integer => texts.not_an_integer.clone(),
            Self::Within { min, max } => texts.out_of_range.replace("{min}", min).replace("{max}", max),
            Self::Cursor => texts.bad_cursor.clone(),
            Self::PreviewMode => texts.bad_preview.clone(),
            Self::IdempotencyKey => texts.bad_key.clone(),
        }
    }
}
