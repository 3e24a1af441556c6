//! A value together with where it was written.

use std::collections::BTreeMap;

use toml::Spanned;
use toml::de::{DeInteger, DeTable, DeValue};

use super::fault::Origin;

/// A table of values by key.
pub(super) type Table = BTreeMap<String, Located>;

/// A value and its origin. No `Debug`: a key may have been pasted into the wrong place.
#[derive(Clone)]
pub(super) struct Located {
    pub(super) value: Value,
    pub(super) origin: Origin,
}

/// A value as it was written.
#[derive(Clone)]
pub(super) enum Value {
    Boolean(bool),
    Integer(i64),
    Text(String),
    List(Vec<Located>),
    Table(Table),
    /// From a variable or flag: text whose meaning depends on the key that reads it.
    Raw(String),
    /// A well-formed value no key takes (a date, a fraction, a number beyond 64 bits), as it was written.
    Other(String),
}

const SHOWN_CHARACTERS: usize = 80;

impl Value {
    /// The value for a fault's text: shortened, on one line, and without what might stand inside lists and tables.
    pub(super) fn shown(&self) -> String {
        match self {
            Self::Boolean(value) => value.to_string(),
            Self::Integer(value) => value.to_string(),
            Self::Text(text) | Self::Raw(text) => quoted(text),
            Self::Other(text) => shortened(text),
            Self::List(items) => format!("a list of {}", items.len()),
            Self::Table(_) => "a table".into(),
        }
    }
}

fn shortened(text: &str) -> String {
    match text.char_indices().nth(SHOWN_CHARACTERS) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.into(),
    }
}

/// A name for a fault's text: as it is, or quoted where it might be mistaken for something else.
pub(super) fn shown_name(name: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    if !name.is_empty() && name.len() <= SHOWN_CHARACTERS && name.chars().all(plain) {
        name.into()
    } else {
        quoted(name)
    }
}

fn quoted(text: &str) -> String {
    format!("{:?}", shortened(text))
}

/// Reads a TOML document; `origin` names the place of a byte offset.
///
/// # Errors
/// Every syntax error as byte offset and message. The messages quote nothing of the document, which may hold secrets.
pub(super) fn parse_document(text: &str, origin: &dyn Fn(usize) -> Origin) -> Result<Table, Vec<(usize, String)>> {
    let (table, errors) = DeTable::parse_recoverable(text);
    if errors.is_empty() {
        return Ok(locate_table(table.get_ref(), origin));
    }
    let offset = |error: &toml::de::Error| error.span().map_or(0, |span| span.start);
    Err(errors.iter().map(|error| (offset(error), error.message().to_owned())).collect())
}

/// Reads one TOML value, such as a list in an environment variable; `None` if it is not one.
pub(super) fn parse_value(text: &str, origin: &Origin) -> Option<Value> {
    let parsed = DeValue::parse(text.trim()).ok()?;
    Some(locate(&parsed, &|_| origin.clone()).value)
}

fn locate_table(table: &DeTable<'_>, origin: &dyn Fn(usize) -> Origin) -> Table {
    let entry = |(key, value): (&Spanned<_>, &Spanned<DeValue<'_>>)| {
        let key: &Spanned<toml::de::DeString<'_>> = key;
        // The key's place, not the value's: a table's own span may begin elsewhere.
        let located = Located { value: locate(value, origin).value, origin: origin(key.span().start) };
        (key.get_ref().to_string(), located)
    };
    table.iter().map(entry).collect()
}

fn locate(value: &Spanned<DeValue<'_>>, origin: &dyn Fn(usize) -> Origin) -> Located {
    let plain = match value.get_ref() {
        DeValue::String(text) => Value::Text(text.to_string()),
        DeValue::Integer(number) => integer(number),
        DeValue::Float(number) => Value::Other(number.to_string()),
        DeValue::Boolean(flag) => Value::Boolean(*flag),
        DeValue::Datetime(time) => Value::Other(time.to_string()),
        DeValue::Array(items) => Value::List(items.iter().map(|item| locate(item, origin)).collect()),
        DeValue::Table(table) => Value::Table(locate_table(table, origin)),
    };
    Located { value: plain, origin: origin(value.span().start) }
}

fn integer(number: &DeInteger<'_>) -> Value {
    i64::from_str_radix(number.as_str(), number.radix())
        .map_or_else(|_| Value::Other(number.to_string()), Value::Integer)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at_line(offset: usize) -> Origin {
        Origin::File { path: String::new(), line: offset }
    }

    #[test]
    fn values_know_where_they_were_written() {
        let table = parse_document("a = 1\n[b]\nc = [2,\n 3]\n", &at_line).unwrap();
        assert_eq!(table["a"].origin, at_line(0));
        let Value::Table(b) = &table["b"].value else { panic!("b is no table") };
        assert_eq!(b["c"].origin, at_line(10));
        let Value::List(items) = &b["c"].value else { panic!("c is no list") };
        assert_eq!(items[1].origin, at_line(19));
    }

    #[test]
    fn syntax_errors_are_all_told_and_quote_nothing() {
        let errors = parse_document("key = sk-secret\nother = [\"sk-secret\n", &at_line).err().unwrap();
        assert!(errors.len() >= 2, "{errors:?}");
        assert!(!format!("{errors:?}").contains("secret"), "{errors:?}");
    }

    #[test]
    fn numbers_beyond_64_bits_are_kept_as_text() {
        let table = parse_document("a = 99999999999999999999\nb = 0xff\nc = 1_000", &at_line).unwrap();
        assert!(matches!(&table["a"].value, Value::Other(text) if text == "99999999999999999999"));
        assert!(matches!(table["b"].value, Value::Integer(255)));
        assert!(matches!(table["c"].value, Value::Integer(1000)));
    }

    #[test]
    fn long_values_are_shortened_and_kept_on_one_line() {
        let shown = Value::Text(format!("a\n{}", "한".repeat(500))).shown();
        assert!(!shown.contains('\n') && shown.chars().count() < 100, "{shown}");
        assert_eq!(Value::List(vec![]).shown(), "a list of 0");
    }
}
