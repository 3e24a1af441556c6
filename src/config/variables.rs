//! Variables that other keys name: where secrets come from.

use std::collections::BTreeMap;

use super::document::{Faulty, Refusal, Section};
use super::fault::Origin;
use super::parse::text;
use super::secret::Secret;
use super::value::Located;

/// The process's environment.
pub(super) type Environment = BTreeMap<String, String>;

/// What a variable holds, without blanks around it; `None` if it is not set or holds nothing else.
pub(super) fn value<'e>(environment: &'e Environment, variable: &str) -> Option<&'e str> {
    environment.get(variable).map(|text| text.trim()).filter(|text| !text.is_empty())
}

/// The name of the variable that `key` names, if it names one, and the secret in it, if it is set.
pub(super) fn secret(
    section: &mut Section<'_>,
    key: &'static str,
    environment: &Environment,
) -> Result<(Option<String>, Option<Secret>), Faulty> {
    let Some(variable) = section.optional(key, name)? else { return Ok((None, None)) };
    // Files and pipes that keys are pasted from end in a newline, which no header may contain.
    let Some(secret) = value(environment, &variable) else { return Ok((Some(variable), None)) };
    if !secret.chars().all(|c| c.is_ascii_graphic()) {
        let reason = "the key in this variable has characters that keys do not have (its value is not shown)";
        return Err(section.fault(key, None, Origin::Variable(variable), reason.into()));
    }
    let secret = Secret::new(secret);
    Ok((Some(variable), Some(secret)))
}

/// As [`secret`], but a variable that is named must be set.
pub(super) fn needed_secret(
    section: &mut Section<'_>,
    key: &'static str,
    environment: &Environment,
) -> Result<Option<Secret>, Faulty> {
    let written_at = section.origin_of(key);
    match secret(section, key, environment)? {
        (Some(variable), None) => {
            Err(section.fault(key, None, written_at, format!("the variable {variable} is not set")))
        }
        (_, secret) => Ok(secret),
    }
}

/// A variable's name in upper case. Anything else is refused and not shown: it may be a key, pasted into the wrong place.
pub(super) fn name(located: &Located) -> Result<String, Refusal> {
    let name = text(located).map_err(|Refusal { reason, .. }| Refusal::hidden(reason))?;
    let fits = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_';
    if (1..=128).contains(&name.len()) && name.chars().all(fits) && !name.starts_with(|c: char| c.is_ascii_digit()) {
        return Ok(name);
    }
    Err(Refusal::hidden(
        "must be the name of an environment variable, such as \"OPENAI_API_KEY\" (its value is not shown)",
    ))
}
