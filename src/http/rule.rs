//! The rules that fields of requests keep to, and the types that hold what has kept to them.

use deserr::{Deserr, IntoValue, Value, ValuePointerRef};

use super::faults::Faults;
use crate::locales::FaultTexts;

/// What a field must be, and is not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Rule {
    AnObject,
    Present,
    Text,
    Utf8,
    NotBlank,
    /// In characters.
    AtMost(usize),
    WithoutControlCharacters,
    NotADotSegment,
    /// 1 to so many of `a-z0-9_-`.
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
    /// What it says to a person.
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

/// Text of 1 to `MAX` characters that is not blank.
#[derive(Debug, Clone, PartialEq, Eq, Deserr)]
#[deserr(error = Faults, try_from(String) = Self::checked -> Rule)]
pub(super) struct Text<const MAX: usize>(pub String);

impl<const MAX: usize> Text<MAX> {
    fn checked(text: String) -> Result<Self, Rule> {
        if text.trim().is_empty() {
            Err(Rule::NotBlank)
        } else if text.chars().nth(MAX).is_some() {
            Err(Rule::AtMost(MAX))
        } else {
            Ok(Self(text))
        }
    }
}

/// [`Text`] without control characters, line ends among them.
#[derive(Debug, Clone, PartialEq, Eq, Deserr)]
#[deserr(error = Faults, try_from(String) = Self::checked -> Rule)]
pub(super) struct Line<const MAX: usize>(pub String);

impl<const MAX: usize> Line<MAX> {
    fn checked(text: String) -> Result<Self, Rule> {
        let Text(text) = Text::<MAX>::checked(text)?;
        if text.chars().any(char::is_control) { Err(Rule::WithoutControlCharacters) } else { Ok(Self(text)) }
    }
}

/// A project's name: a [`Line`] that can be one segment of a URL's path. Browsers, proxies and libraries take `.` and `..`
/// out of a path, also where they are encoded.
#[derive(Debug, Clone, PartialEq, Eq, Deserr)]
#[deserr(error = Faults, try_from(String) = Self::checked -> Rule)]
pub(super) struct ProjectId(pub String);

impl ProjectId {
    pub(super) fn checked(text: String) -> Result<Self, Rule> {
        let Line(name) = Line::<128>::checked(text)?;
        if matches!(name.as_str(), "." | "..") { Err(Rule::NotADotSegment) } else { Ok(Self(name)) }
    }
}

/// 1 to `MAX` of `a-z0-9_-`.
#[derive(Debug, Clone, PartialEq, Eq, Deserr)]
#[deserr(error = Faults, try_from(String) = Self::checked -> Rule)]
pub(super) struct Name<const MAX: usize>(pub String);

impl<const MAX: usize> Name<MAX> {
    fn checked(text: String) -> Result<Self, Rule> {
        let allowed = |b: u8| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'_' | b'-');
        if text.trim().is_empty() {
            Err(Rule::NotBlank)
        } else if text.len() > MAX || !text.bytes().all(allowed) {
            Err(Rule::Name(MAX))
        } else {
            Ok(Self(text))
        }
    }
}

/// A whole number from `MIN` to `MAX`; `3.0` is one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Integer<const MIN: u32, const MAX: u32>(pub u32);

impl<const MIN: u32, const MAX: u32> Integer<MIN, MAX> {
    fn checked(number: f64) -> Result<Self, Rule> {
        if number.fract() != 0.0 {
            Err(Rule::Integer)
        } else if (f64::from(MIN)..=f64::from(MAX)).contains(&number) {
            Ok(Self(number as u32))
        } else {
            Err(Rule::Within { min: MIN.to_string(), max: MAX.to_string() })
        }
    }
}

impl<const MIN: u32, const MAX: u32> Deserr<Faults> for Integer<MIN, MAX> {
    fn deserialize_from_value<V: IntoValue>(value: Value<V>, location: ValuePointerRef<'_>) -> Result<Self, Faults> {
        number(value, Rule::Integer).and_then(Self::checked).map_err(|rule| Faults::at(location, rule))
    }
}

/// How freely a model writes: 0.0 to 2.0.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Temperature(pub f64);

impl Temperature {
    fn checked(number: f64) -> Result<Self, Rule> {
        if (0.0..=2.0).contains(&number) {
            Ok(Self(number))
        } else {
            Err(Rule::Within { min: "0.0".to_owned(), max: "2.0".to_owned() })
        }
    }
}

impl Deserr<Faults> for Temperature {
    fn deserialize_from_value<V: IntoValue>(value: Value<V>, location: ValuePointerRef<'_>) -> Result<Self, Faults> {
        number(value, Rule::Number).and_then(Self::checked).map_err(|rule| Faults::at(location, rule))
    }
}

/// Any number; `otherwise` is what anything else is not.
fn number<V: IntoValue>(value: Value<V>, otherwise: Rule) -> Result<f64, Rule> {
    match value {
        Value::Integer(number) => Ok(number as f64),
        Value::NegativeInteger(number) => Ok(number as f64),
        Value::Float(number) => Ok(number),
        Value::Null => Err(Rule::Present),
        Value::Boolean(_) | Value::String(_) | Value::Sequence(_) | Value::Map(_) => Err(otherwise),
    }
}

/// A whole number from `MIN` to `MAX`, written as text, as in a query.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserr)]
#[deserr(error = Faults, try_from(String) = Self::checked -> Rule)]
pub(super) struct Digits<const MIN: u32, const MAX: u32>(pub u32);

impl<const MIN: u32, const MAX: u32> Digits<MIN, MAX> {
    fn checked(text: String) -> Result<Self, Rule> {
        let number = text.parse().ok().filter(|number| (MIN..=MAX).contains(number));
        number.map(Self).ok_or_else(|| Rule::Within { min: MIN.to_string(), max: MAX.to_string() })
    }
}

/// Where an earlier page of a list ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserr)]
#[deserr(error = Faults, try_from(String) = Self::checked -> Rule)]
pub(super) struct Cursor(pub u64);

impl Cursor {
    fn checked(text: String) -> Result<Self, Rule> {
        text.parse().map(Self).map_err(|_| Rule::Cursor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_are_counted_in_characters() {
        assert!(Text::<3>::checked("가나다".into()).is_ok());
        assert_eq!(Text::<3>::checked("가나다라".into()), Err(Rule::AtMost(3)));
        assert_eq!(Text::<3>::checked(" \t".into()), Err(Rule::NotBlank));
    }

    #[test]
    fn a_project_is_one_line_that_a_path_can_name() {
        for wrong in [".", "..", "", "a\nb", "\0", "\u{7f}", &"가".repeat(129)] {
            assert!(ProjectId::checked(wrong.to_owned()).is_err(), "{wrong:?}");
        }
        for right in ["...", "a/b", "한 글", &"가".repeat(128)] {
            assert!(ProjectId::checked(right.to_owned()).is_ok(), "{right:?}");
        }
    }

    #[test]
    fn numbers_in_text_are_whole_and_within_bounds() {
        assert_eq!(Digits::<1, 10>::checked("10".into()), Ok(Digits(10)));
        for wrong in ["0", "11", "", "x", "1.5", "-1", "99999999999999999999"] {
            assert!(Digits::<1, 10>::checked(wrong.into()).is_err(), "{wrong}");
        }
    }
}
