//! Collects everything that is wrong with the fields of a request.

use std::ops::ControlFlow;

use deserr::{DeserializeError, Deserr, ErrorKind, IntoValue, MergeWithError, ValueKind, ValuePointerRef};
use serde_json::Value;

use super::{rule::Rule, wire::Detail};
use crate::locales::FaultTexts;

/// A field and the rule it breaks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Fault {
    /// The name of the field.
    pub field: String,
    /// The rule it breaks.
    pub rule: Rule,
}

/// Everything that is wrong with a request; never empty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Faults(Vec<Fault>);

/// The fields of a request. Unknown fields are ignored, and `null` counts as omitted.
pub(super) trait Fields: Deserr<Faults> {
    /// The names of the fields, in the order in which faults are listed.
    const NAMES: &'static [&'static str];

    /// Reads and checks every field.
    ///
    /// # Errors
    /// Lists every fault.
    fn read(value: Value) -> Result<Self, Faults> {
        deserr::deserialize(value).map_err(|Faults(mut faults): Faults| {
            faults.sort_by_key(|fault| Self::NAMES.iter().position(|name| *name == fault.field));
            Faults(faults)
        })
    }
}

impl Faults {
    /// One field that breaks one rule.
    pub(super) fn one(field: &str, rule: Rule) -> Self {
        Self(vec![Fault { field: field.to_owned(), rule }])
    }

    /// A fault of the field at `location`.
    pub(super) fn at(location: ValuePointerRef<'_>, rule: Rule) -> Self {
        Self::one(location.last_field().unwrap_or("body"), rule)
    }

    /// The faults as messages for a person.
    pub(super) fn details(&self, texts: &FaultTexts) -> Vec<Detail> {
        let detail = |Fault { field, rule }: &Fault| Detail { field: field.clone(), message: rule.message(texts) };
        self.0.iter().map(detail).collect()
    }

    #[cfg(test)]
    pub(super) fn fields(&self) -> Vec<&str> {
        self.0.iter().map(|fault| fault.field.as_str()).collect()
    }
}

impl MergeWithError<Self> for Faults {
    fn merge(earlier: Option<Self>, Self(more): Self, _: ValuePointerRef<'_>) -> ControlFlow<Self, Self> {
        let mut faults = earlier.map_or_else(Vec::new, |Self(faults)| faults);
        faults.extend(more);
        ControlFlow::Continue(Self(faults))
    }
}

impl MergeWithError<Rule> for Faults {
    fn merge(earlier: Option<Self>, rule: Rule, location: ValuePointerRef<'_>) -> ControlFlow<Self, Self> {
        <Self as MergeWithError<Self>>::merge(earlier, Self::at(location, rule), location)
    }
}

/// The library reports errors of strings and objects only; numbers are checked by our own rules.
impl DeserializeError for Faults {
    fn error<V: IntoValue>(
        earlier: Option<Self>,
        error: ErrorKind<'_, V>,
        location: ValuePointerRef<'_>,
    ) -> ControlFlow<Self, Self> {
        let fault = match error {
            ErrorKind::MissingField { field } => Self::one(field, Rule::Present),
            ErrorKind::IncorrectValueKind { actual: deserr::Value::Null, .. } if !location.is_origin() => {
                Self::at(location, Rule::Present)
            }
            ErrorKind::IncorrectValueKind { accepted, .. } if accepted.contains(&ValueKind::Map) => {
                Self::at(location, Rule::AnObject)
            }
            ErrorKind::IncorrectValueKind { .. }
            | ErrorKind::UnknownKey { .. }
            | ErrorKind::UnknownValue { .. }
            | ErrorKind::BadSequenceLen { .. }
            | ErrorKind::Unexpected { .. } => Self::at(location, Rule::Text),
        };
        <Self as MergeWithError<Self>>::merge(earlier, fault, location)
    }
}
