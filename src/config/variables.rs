//! Environment variables, among them those that hold secrets.

use std::collections::BTreeMap;

use secrecy::SecretString;

use super::document::{Faulty, Refusal, Section};
use super::fault::Origin;
use super::parse::text;
use super::value::Located;

/// The process's environment. It holds keys, so nothing prints it.
pub(super) struct Environment(BTreeMap<String, String>);

impl FromIterator<(String, String)> for Environment {
    fn from_iter<I: IntoIterator<Item = (String, String)>>(variables: I) -> Self {
        Self(variables.into_iter().collect())
    }
}

impl Environment {
    /// All variables, by name.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, text)| (name.as_str(), text.as_str()))
    }

    /// A variable exactly as it is set; `None` if it is unset or empty.
    pub(super) fn get(&self, variable: &str) -> Option<&str> {
        self.0.get(variable).map(String::as_str).filter(|text| !text.is_empty())
    }
}

/// A variable without the blanks around it; `None` if it is unset or blank.
pub(super) fn value<'e>(environment: &'e Environment, variable: &str) -> Option<&'e str> {
    environment.get(variable).map(str::trim).filter(|text| !text.is_empty())
}

/// The name of the variable that `key` names, if it names one, and the secret in it, if it is set.
pub(super) fn secret(
    section: &mut Section<'_>,
    key: &'static str,
    environment: &Environment,
) -> Result<(Option<String>, Option<SecretString>), Faulty> {
    let Some(variable) = section.optional(key, name)? else { return Ok((None, None)) };
    // Files and pipes that keys are pasted from end in a newline, which no header may contain.
    let Some(secret) = value(environment, &variable) else { return Ok((Some(variable), None)) };
    if !secret.chars().all(|c| c.is_ascii_graphic()) {
        let reason = "this variable has characters that no key has (its value is not shown)";
        return Err(section.fault(key, None, Origin::Variable(variable), reason.into()));
    }
    let secret = SecretString::from(secret);
    Ok((Some(variable), Some(secret)))
}

/// As [`secret`], but a variable that is named must be set.
pub(super) fn needed_secret(
    section: &mut Section<'_>,
    key: &'static str,
    environment: &Environment,
) -> Result<Option<SecretString>, Faulty> {
    let written_at = section.origin_of(key);
    match secret(section, key, environment)? {
        (Some(variable), None) => {
            Err(section.fault(key, None, written_at, format!("the variable {variable} is not set")))
        }
        (_, secret) => Ok(secret),
    }
}

/// The name of a variable, in upper case. Anything else is refused and not shown: it may be a key in the wrong place.
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
