//! The types of request fields. Each holds only values that follow its rules.

use deserr::{Deserr, IntoValue, Value, ValuePointerRef};

use super::{faults::Faults, rule::Rule};

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

/// [`Text`] without control characters, line breaks included.
#[derive(Debug, Clone, PartialEq, Eq, Deserr)]
#[deserr(error = Faults, try_from(String) = Self::checked -> Rule)]
pub(super) struct Line<const MAX: usize>(pub String);

impl<const MAX: usize> Line<MAX> {
    fn checked(text: String) -> Result<Self, Rule> {
        let Text(text) = Text::<MAX>::checked(text)?;
        if text.chars().any(char::is_control) { Err(Rule::WithoutControlCharacters) } else { Ok(Self(text)) }
    }
}

/// A project's name: a [`Line`] that can be one path segment of a URL. Browsers, proxies and libraries remove `.` and
/// `..` from a path, even when encoded.
#[derive(Debug, Clone, PartialEq, Eq, Deserr)]
#[deserr(error = Faults, try_from(String) = Self::checked -> Rule)]
pub(super) struct ProjectId(pub String);

impl ProjectId {
    pub(super) fn checked(text: String) -> Result<Self, Rule> {
        let Line(name) = Line::<128>::checked(text)?;
        if matches!(name.as_str(), "." | "..") { Err(Rule::NotADotSegment) } else { Ok(Self(name)) }
    }
}

/// 1 to `MAX` characters of `a-z0-9_-`.
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

/// A whole number from `MIN` to `MAX`. `3.0` is accepted.
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

/// A model's sampling temperature, 0.0 to 2.0.
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

/// Any number. A value that is not a number breaks `otherwise`.
fn number<V: IntoValue>(value: Value<V>, otherwise: Rule) -> Result<f64, Rule> {
    match value {
        Value::Integer(number) => Ok(number as f64),
        Value::NegativeInteger(number) => Ok(number as f64),
        Value::Float(number) => Ok(number),
        Value::Null => Err(Rule::Present),
        Value::Boolean(_) | Value::String(_) | Value::Sequence(_) | Value::Map(_) => Err(otherwise),
    }
}

/// A whole number from `MIN` to `MAX` written as text, as in a query.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserr)]
#[deserr(error = Faults, try_from(String) = Self::checked -> Rule)]
pub(super) struct Digits<const MIN: u32, const MAX: u32>(pub u32);

impl<const MIN: u32, const MAX: u32> Digits<MIN, MAX> {
    fn checked(text: String) -> Result<Self, Rule> {
        let number = text.parse().ok().filter(|number| (MIN..=MAX).contains(number));
        number.map(Self).ok_or_else(|| Rule::Within { min: MIN.to_string(), max: MAX.to_string() })
    }
}

/// Where the previous page of a list ended.
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
    fn a_project_is_one_line_that_can_be_a_path_segment() {
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
