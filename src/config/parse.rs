//! From a value as written to a typed one within its bounds.

use std::fmt::Display;
use std::ops::RangeInclusive;
use std::path::PathBuf;
use std::time::Duration;

use humantime::format_duration;
use ipnet::IpNet;

use super::document::Refusal;
use super::fault::Origin;
use super::value::{Located, Value, parse_value};

/// Text. In a variable or flag it may, but need not, be quoted as in TOML.
pub(super) fn text(located: &Located) -> Result<String, Refusal> {
    match &located.value {
        Value::Text(text) => Ok(text.clone()),
        Value::Raw(raw) => match parse_value(raw, &Origin::Default) {
            Some(Value::Text(unquoted)) => Ok(unquoted),
            _ => Ok(raw.clone()),
        },
        _ => Err(Refusal::of(located, "must be text in quotes")),
    }
}

/// Text with that many characters, none of them a control character.
pub(super) fn text_of(lengths: RangeInclusive<usize>) -> impl Fn(&Located) -> Result<String, Refusal> {
    move |located| {
        let text = text(located)?;
        if text.chars().any(char::is_control) {
            return Err(Refusal::of(located, "must not contain control characters"));
        }
        if !lengths.contains(&text.chars().count()) || (!text.is_empty() && text.trim().is_empty()) {
            let reason = format!("must have {} to {} characters and not be blank", lengths.start(), lengths.end());
            return Err(Refusal::of(located, reason));
        }
        Ok(text)
    }
}

/// A whole number within bounds.
pub(super) fn integer<T>(bounds: RangeInclusive<T>) -> impl Fn(&Located) -> Result<T, Refusal>
where
    T: TryFrom<i64> + PartialOrd + Display,
{
    move |located| {
        let number = match &located.value {
            Value::Integer(number) => Some(*number),
            Value::Raw(raw) => match parse_value(raw, &Origin::Default) {
                Some(Value::Integer(number)) => Some(number),
                _ => None,
            },
            _ => None,
        };
        let reason = || format!("must be a whole number from {} to {}", bounds.start(), bounds.end());
        number
            .and_then(|number| T::try_from(number).ok())
            .filter(|number| bounds.contains(number))
            .ok_or_else(|| Refusal::of(located, reason()))
    }
}

/// A duration with its unit, within bounds.
pub(super) fn duration(bounds: RangeInclusive<Duration>) -> impl Fn(&Located) -> Result<Duration, Refusal> {
    move |located| {
        let needs_unit = || Refusal::of(located, "a duration needs a unit, such as \"500ms\", \"30s\" or \"1h\"");
        if matches!(located.value, Value::Integer(_) | Value::Other(_)) {
            return Err(needs_unit());
        }
        let text = text(located)?;
        if text.chars().all(|c| c.is_ascii_digit() || c == '.') {
            return Err(needs_unit());
        }
        let duration = humantime::parse_duration(&text)
            .map_err(|error| Refusal::of(located, format!("is not a duration such as \"500ms\" or \"1h\": {error}")))?;
        if !bounds.contains(&duration) {
            let (least, most) = (format_duration(*bounds.start()), format_duration(*bounds.end()));
            return Err(Refusal::of(located, format!("must be between {least} and {most}")));
        }
        Ok(duration)
    }
}

/// One of a few words.
pub(super) fn one_of<T: Copy>(words: &[(&'static str, T)]) -> impl Fn(&Located) -> Result<T, Refusal> {
    move |located| {
        let text = text(located)?;
        let found = words.iter().find(|(word, _)| *word == text);
        found.map(|(_, value)| *value).ok_or_else(|| Refusal::of(located, format!("must be {}", alternatives(words))))
    }
}

/// The words as one reads them: `"a", "b" or "c"`.
fn alternatives<T>(words: &[(&'static str, T)]) -> String {
    let words: Vec<_> = words.iter().map(|(word, _)| format!("\"{word}\"")).collect();
    match words.split_last() {
        Some((last, others)) if !others.is_empty() => format!("{} or {last}", others.join(", ")),
        _ => words.concat(),
    }
}

/// One of a few words, or one that is planned for a later version and refused as such.
pub(super) fn kind<T: Copy>(
    present: &[(&'static str, T)],
    later: &[&'static str],
) -> impl Fn(&Located) -> Result<T, Refusal> {
    move |located| {
        if later.contains(&text(located)?.as_str()) {
            let reason = format!("is not available in this version; use {}", alternatives(present));
            return Err(Refusal::of(located, reason));
        }
        one_of(present)(located)
    }
}

/// A list, each item read by `parse`.
pub(super) fn list<T>(parse: impl Fn(&Located) -> Result<T, Refusal>) -> impl Fn(&Located) -> Result<Vec<T>, Refusal> {
    move |located| {
        let written = match &located.value {
            Value::Raw(raw) => parse_value(raw, &located.origin),
            value => Some(value.clone()),
        };
        match written {
            Some(Value::List(items)) => items.iter().map(&parse).collect(),
            _ => Err(Refusal::of(located, "must be a list such as [\"a\", \"b\"]")),
        }
    }
}

/// A path, which need not exist.
pub(super) fn path(located: &Located) -> Result<PathBuf, Refusal> {
    text_of(1..=4096)(located).map(PathBuf::from)
}

/// A path to a folder that exists.
pub(super) fn existing_folder(located: &Located) -> Result<PathBuf, Refusal> {
    let path = path(located)?;
    match std::fs::metadata(&path) {
        Ok(found) if found.is_dir() => Ok(path),
        Ok(_) => Err(Refusal::of(located, "is not a folder")),
        Err(error) => Err(Refusal::of(located, format!("this folder cannot be read: {error}"))),
    }
}

/// A path to a folder that need not exist yet.
pub(super) fn folder_to_be(located: &Located) -> Result<PathBuf, Refusal> {
    let path = path(located)?;
    if path.exists() && !path.is_dir() {
        return Err(Refusal::of(located, "is not a folder"));
    }
    Ok(path)
}

/// An IP address or a host name to listen on; an IPv6 address may stand in brackets.
pub(super) fn host(located: &Located) -> Result<String, Refusal> {
    let text = text(located)?;
    let bare = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(&text);
    let label = |label: &str| {
        (1..=63).contains(&label.len())
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_')
    };
    // A last label of digits alone is a mistyped IPv4 address, not a name.
    let numeric_end = bare.rsplit('.').next().is_some_and(|last| last.chars().all(|c| c.is_ascii_digit()));
    let is_name = bare.len() <= 253 && !numeric_end && bare.split('.').all(label);
    if bare.parse::<std::net::IpAddr>().is_ok() || (is_name && bare.len() == text.len()) {
        Ok(bare.into())
    } else {
        Err(Refusal::of(located, "must be an IP address or a host name, without a port"))
    }
}

/// A single address, or a network written as `10.0.0.0/8`.
pub(super) fn network(located: &Located) -> Result<IpNet, Refusal> {
    let text = text(located)?;
    let network = text.parse::<IpNet>().ok().or_else(|| text.parse::<std::net::IpAddr>().ok().map(IpNet::from));
    network
        .map(|network| network.trunc())
        .ok_or_else(|| Refusal::of(located, "each entry must be an IP address or a network such as \"10.0.0.0/8\""))
}
