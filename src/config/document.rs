//! Reads a merged configuration key by key, so that every fault is found and none hides another.

use super::fault::{Fault, Faults, Origin};
use super::value::{Located, Table, Value, parse_value, shown_name};

/// A value could not be read; its faults have been recorded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Faulty;

/// Why a value is wrong, and how it is shown; `None` does not show it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Refusal {
    pub(super) found: Option<String>,
    pub(super) reason: String,
}

impl Refusal {
    /// Refuses a value that may be shown.
    pub(super) fn of(located: &Located, reason: impl Into<String>) -> Self {
        Self { found: Some(located.value.shown()), reason: reason.into() }
    }

    /// Refuses a value that may be a secret or hold one.
    pub(super) fn hidden(reason: impl Into<String>) -> Self {
        Self { found: None, reason: reason.into() }
    }
}

/// A merged configuration while it is being read.
pub(super) struct Document {
    root: Table,
    pub(super) faults: Faults,
    known: Vec<(String, &'static str)>,
    unknown: Vec<(String, String, Origin)>,
}

impl Document {
    pub(super) fn new(root: Table, faults: Faults) -> Self {
        Self { root, faults, known: Vec::new(), unknown: Vec::new() }
    }

    /// Opens the section `[name]`.
    pub(super) fn section(&mut self, name: &'static str) -> Section<'_> {
        let (entries, origin) = match self.root.remove(name) {
            Some(Located { value: Value::Table(entries), origin }) => (entries, origin),
            other => (Table::new(), other.map_or(Origin::Default, |located| located.origin)),
        };
        Section { document: self, kind: name, path: name.into(), entries, origin }
    }

    /// The items of `[[name]]`, to be opened one by one, and where the list was written.
    pub(super) fn items(&mut self, name: &'static str) -> (Vec<Located>, Origin) {
        match self.root.remove(name) {
            Some(Located { value: Value::List(items), origin }) => (items, origin),
            other => (Vec::new(), other.map_or(Origin::Default, |located| located.origin)),
        }
    }

    /// Opens item `index` of `[[kind]]`.
    pub(super) fn item(&mut self, kind: &'static str, index: usize, located: Located) -> Result<Section<'_>, Faulty> {
        let path = format!("{kind}[{index}]");
        match located.value {
            Value::Table(entries) => Ok(Section { document: self, kind, path, entries, origin: located.origin }),
            _ => {
                let reason = format!("each item of {kind} must be a table");
                self.faults.push(Fault { key: path, found: None, origin: located.origin, reason });
                Err(Faulty)
            }
        }
    }

    /// Every key the code has asked for, as `section.key`.
    #[cfg(test)]
    pub(super) fn known_keys(&self) -> std::collections::BTreeSet<String> {
        self.known.iter().map(|(section, key)| format!("{section}.{key}")).collect()
    }

    /// Records a fault for every key and section that nothing has read. To be called once all sections are read.
    pub(super) fn refuse_unknown(&mut self) {
        for (path, key, origin) in std::mem::take(&mut self.unknown) {
            let section = path.split('[').next().unwrap_or(&path);
            let hint =
                self.nearest_key(section, &key).map_or_else(String::new, |known| format!("; did you mean {known}?"));
            self.refuse(format!("{path}.{}", shown_name(&key)), origin, format!("unknown key{hint}"));
        }
        for (name, located) in std::mem::take(&mut self.root) {
            let is_section = matches!(located.value, Value::Table(_) | Value::List(_));
            let sections = self.known.iter().map(|(section, _)| section.as_str());
            let close = if is_section { nearest(&name, sections).map(str::to_owned) } else { self.elsewhere(&name) };
            let hint = close.map_or_else(String::new, |known| format!("; did you mean {known}?"));
            self.refuse(
                shown_name(&name),
                located.origin,
                format!("unknown {}{hint}", if is_section { "section" } else { "key" }),
            );
        }
    }

    fn refuse(&mut self, key: String, origin: Origin, reason: String) {
        self.faults.push(Fault { key, found: None, origin, reason });
    }

    fn nearest_key(&self, section: &str, key: &str) -> Option<String> {
        let in_section = self.known.iter().filter(|(known, _)| known == section).map(|(_, key)| *key);
        nearest(key, in_section).map(str::to_owned).or_else(|| self.elsewhere(key))
    }

    /// The key of that very name in any section.
    fn elsewhere(&self, key: &str) -> Option<String> {
        let found = self.known.iter().find(|(_, known)| *known == key);
        found.map(|(section, key)| format!("{section}.{key}"))
    }
}

/// The name that `wrong` was probably meant to be: one that it is a prefix of, or one a few typos away.
fn nearest<'a>(wrong: &str, names: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let slips = |name: &str| match name.strip_prefix(wrong) {
        Some(rest) if rest.starts_with('_') => 0,
        _ => strsim::damerau_levenshtein(wrong, name),
    };
    let allowed = (wrong.chars().count() / 3).clamp(1, 4);
    names.map(|name| (slips(name), name)).filter(|(slips, _)| *slips <= allowed).min().map(|(_, name)| name)
}

/// One table of keys. A key that is not read by the time this is dropped is unknown.
pub(super) struct Section<'d> {
    document: &'d mut Document,
    kind: &'static str,
    path: String,
    entries: Table,
    origin: Origin,
}

impl Section<'_> {
    /// Reads a key that always has a value.
    pub(super) fn read<T>(
        &mut self,
        key: &'static str,
        parse: impl FnOnce(&Located) -> Result<T, Refusal>,
    ) -> Result<T, Faulty> {
        self.optional(key, parse)?.ok_or_else(|| {
            let origin = self.origin.clone();
            self.fault(key, None, origin, "a value is required".into())
        })
    }

    /// Reads a key, or takes the default.
    pub(super) fn read_or<T>(
        &mut self,
        key: &'static str,
        default: T,
        parse: impl FnOnce(&Located) -> Result<T, Refusal>,
    ) -> Result<T, Faulty> {
        Ok(self.optional(key, parse)?.unwrap_or(default))
    }

    /// Reads a key that may be left out.
    pub(super) fn optional<T>(
        &mut self,
        key: &'static str,
        parse: impl FnOnce(&Located) -> Result<T, Refusal>,
    ) -> Result<Option<T>, Faulty> {
        let Some(located) = self.take(key) else { return Ok(None) };
        match parse(&located) {
            Ok(value) => Ok(Some(value)),
            Err(Refusal { found, reason }) => Err(self.fault(key, found, located.origin, reason)),
        }
    }

    /// Takes a key's value as it was written.
    pub(super) fn take(&mut self, key: &'static str) -> Option<Located> {
        self.document.known.push((self.kind.into(), key));
        self.entries.remove(key)
    }

    /// Opens the table under `key`, which `kind` names in full; an empty one if it is missing.
    pub(super) fn table(&mut self, key: &'static str, kind: &'static str) -> Result<Section<'_>, Faulty> {
        let located = self.take(key);
        let written_at = located.as_ref().map_or_else(|| self.origin.clone(), |located| located.origin.clone());
        let entries = match located.map(|located| located.value) {
            None => Some(Table::new()),
            Some(Value::Raw(raw)) => match parse_value(&raw, &written_at) {
                Some(Value::Table(entries)) => Some(entries),
                _ => None,
            },
            Some(Value::Table(entries)) => Some(entries),
            Some(_) => None,
        };
        let Some(entries) = entries else {
            let reason = "must be a table such as { kind = \"hashing\" }";
            return Err(self.fault(key, None, written_at, reason.into()));
        };
        let path = format!("{}.{key}", self.path);
        Ok(Section { document: self.document, kind, path, entries, origin: written_at })
    }

    /// Refuses each of `keys` that has a value.
    pub(super) fn refuse_keys(&mut self, keys: &[&'static str], reason: &str) -> Result<(), Faulty> {
        let mut result = Ok(());
        for key in keys {
            if let Some(located) = self.take(key) {
                result = Err(self.fault(key, None, located.origin, reason.into()));
            }
        }
        result
    }

    /// Records a fault of `key`.
    pub(super) fn fault(&mut self, key: &str, found: Option<String>, origin: Origin, reason: String) -> Faulty {
        self.document.faults.push(Fault { key: format!("{}.{key}", self.path), found, origin, reason });
        Faulty
    }

    /// Where `key` was written, or its table if it was not.
    pub(super) fn origin_of(&self, key: &str) -> Origin {
        self.entries.get(key).map_or(&self.origin, |located| &located.origin).clone()
    }
}

impl Drop for Section<'_> {
    fn drop(&mut self) {
        let left = std::mem::take(&mut self.entries).into_iter();
        self.document.unknown.extend(left.map(|(key, located)| (self.path.clone(), key, located.origin)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nearest_finds_slips_and_beginnings_but_not_strangers() {
        let names = ["preview_interval", "heartbeat", "connect_timeout", "retry"];
        let nearest = |wrong| nearest(wrong, names.iter().copied());
        assert_eq!(nearest("hearbeat"), Some("heartbeat"));
        assert_eq!(nearest("preview_intervall"), Some("preview_interval"));
        assert_eq!(nearest("connect"), Some("connect_timeout"));
        assert_eq!(nearest("rerty"), Some("retry"));
        assert_eq!(nearest("colour"), None);
        assert_eq!(nearest(""), None);
    }
}
