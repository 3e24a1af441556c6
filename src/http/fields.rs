//! Reading the fields of a JSON object so that all faults are found in one go.

use serde_json::{Map, Value};

use super::error::FieldFault;
use crate::locales::FaultTexts;

/// Takes fields out of an object and collects what is wrong with them. `null` counts as left out.
pub(super) struct Fields<'a> {
    object: &'a Map<String, Value>,
    texts: &'a FaultTexts,
    faults: Vec<FieldFault>,
}

impl<'a> Fields<'a> {
    pub(super) fn of(body: &'a Value, texts: &'a FaultTexts) -> Result<Self, Vec<FieldFault>> {
        match body {
            Value::Object(object) => Ok(Self { object, texts, faults: Vec::new() }),
            _ => Err(vec![FieldFault { field: "body", message: texts.not_an_object.clone() }]),
        }
    }

    /// What was found wrong.
    pub(super) fn faults(self) -> Vec<FieldFault> {
        self.faults
    }

    pub(super) fn fault(&mut self, field: &'static str, message: impl Into<String>) {
        self.faults.push(FieldFault { field, message: message.into() });
    }

    fn get(&self, field: &str) -> Option<&'a Value> {
        self.object.get(field).filter(|value| !value.is_null())
    }

    /// An object within the object; an empty one if it is missing, which is a fault.
    pub(super) fn object(&mut self, field: &'static str) -> Option<Fields<'a>> {
        match self.get(field) {
            None => self.fault(field, self.texts.required.clone()),
            Some(Value::Object(object)) => return Some(Fields { object, texts: self.texts, faults: Vec::new() }),
            Some(_) => self.fault(field, self.texts.not_an_object.clone()),
        }
        None
    }

    /// Text of 1 to `max` characters that is not blank.
    pub(super) fn text(&mut self, field: &'static str, max: usize) -> Option<&'a str> {
        let text = match self.get(field)? {
            Value::String(text) => text.as_str(),
            _ => {
                self.fault(field, self.texts.not_text.clone());
                return None;
            }
        };
        self.check_text(field, text, max)
    }

    /// The rule of [`Fields::text`], for text that stands elsewhere in the request.
    pub(super) fn check_text(&mut self, field: &'static str, text: &'a str, max: usize) -> Option<&'a str> {
        if text.trim().is_empty() {
            self.fault(field, self.texts.blank.clone());
        } else if text.chars().nth(max).is_some() {
            self.fault(field, self.texts.too_long.replace("{max}", &max.to_string()));
        } else {
            return Some(text);
        }
        None
    }

    /// [`Fields::text`] that has to be there.
    pub(super) fn required_text(&mut self, field: &'static str, max: usize) -> Option<&'a str> {
        if self.get(field).is_none() {
            self.fault(field, self.texts.required.clone());
        }
        self.text(field, max)
    }

    /// [`Fields::text`] on one line.
    pub(super) fn without_control(&mut self, field: &'static str, text: Option<&'a str>) -> Option<&'a str> {
        if text?.chars().any(char::is_control) {
            self.fault(field, self.texts.control_characters.clone());
            return None;
        }
        text
    }

    /// [`Fields::text`] that can stand in a path.
    pub(super) fn nameable(&mut self, field: &'static str, text: Option<&'a str>) -> Option<&'a str> {
        let nameable = is_nameable(text?);
        if !nameable {
            self.fault(field, self.texts.dot_segment.clone());
        }
        text.filter(|_| nameable)
    }

    /// 1 to `max` of `a-z0-9_-`.
    pub(super) fn name(&mut self, field: &'static str, max: usize) -> Option<&'a str> {
        let text = self.text(field, usize::MAX)?;
        let allowed = |b: u8| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'_' | b'-');
        if text.len() > max || !text.bytes().all(allowed) {
            self.fault(field, self.texts.name_pattern.replace("{max}", &max.to_string()));
            return None;
        }
        Some(text)
    }

    /// A whole number; `3.0` is one.
    pub(super) fn integer(&mut self, field: &'static str, min: u32, max: u32) -> Option<u32> {
        let value = self.get(field)?;
        let Some(number) = value.as_f64() else {
            self.fault(field, self.texts.not_an_integer.clone());
            return None;
        };
        if number.fract() != 0.0 {
            self.fault(field, self.texts.not_an_integer.clone());
            return None;
        }
        if number < f64::from(min) || number > f64::from(max) {
            self.out_of_range(field, &min.to_string(), &max.to_string());
            return None;
        }
        Some(number as u32)
    }

    /// A number from `min` to `max`.
    pub(super) fn number(&mut self, field: &'static str, min: f64, max: f64) -> Option<f64> {
        match self.get(field)?.as_f64() {
            None => self.fault(field, self.texts.not_a_number.clone()),
            Some(number) if (min..=max).contains(&number) => return Some(number),
            Some(_) => self.out_of_range(field, &format!("{min:.1}"), &format!("{max:.1}")),
        }
        None
    }

    fn out_of_range(&mut self, field: &'static str, min: &str, max: &str) {
        let message = self.texts.out_of_range.replace("{min}", min).replace("{max}", max);
        self.fault(field, message);
    }
}

/// Whether a URL can name it as one segment of its path: browsers, proxies and libraries take `.` and `..` out of a path,
/// also where they are encoded.
pub(super) fn is_nameable(segment: &str) -> bool {
    !matches!(segment, "." | "..")
}
