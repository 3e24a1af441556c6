//! The layers of a configuration (defaults, file, environment, flags) and how one overrides another.

use super::cli::Cli;
use super::fault::{Fault, Faults, Origin};
use super::value::{Located, Table, Value, parse_document, parse_value, shown_name};
use super::variables::Environment;

/// The variable that names the configuration file when `--config` does not.
pub(super) const FILE_VARIABLE: &str = "GENERATION_CONFIG";
/// What the variables that set keys begin with.
pub(super) const VARIABLE_PREFIX: &str = "GENERATION__";

/// The embedded defaults, which are also the documentation of every key.
pub(super) const DEFAULTS: &str = include_str!("../../config/default.toml");

/// A configuration file: its path, who named it, and its content if it could be read.
pub(super) struct File {
    pub(super) path: String,
    pub(super) named_by: Origin,
    pub(super) content: std::io::Result<Vec<u8>>,
}

impl File {
    /// Reads the file that the flag or else the variable names.
    pub(super) fn read(cli: &Cli, environment: &Environment) -> Option<Self> {
        let by_flag = cli.config.as_deref().map(|path| (path, Origin::Flag("--config")));
        let by_variable = || {
            let path = environment.get(FILE_VARIABLE)?;
            Some((path, Origin::Variable(FILE_VARIABLE.into())))
        };
        let (path, named_by) = by_flag.or_else(by_variable)?;
        Some(Self { path: path.to_owned(), named_by, content: std::fs::read(path) })
    }
}

/// The defaults as a table.
pub(super) fn defaults() -> Table {
    parse_document(DEFAULTS, &|_| Origin::Default).expect("the embedded defaults are valid TOML: a test reads them")
}

/// The file as a table; an unreadable or malformed one is a fault and counts as empty.
pub(super) fn file(file: File, faults: &mut Faults) -> Table {
    let File { path, named_by, content } = file;
    let shown = Value::Text(path.clone()).shown();
    let mut fault =
        |origin, reason| faults.push(Fault { key: "config".into(), found: Some(shown.clone()), origin, reason });
    let bytes = match content {
        Ok(bytes) => bytes,
        Err(error) => {
            fault(named_by, format!("this file cannot be read: {error}"));
            return Table::new();
        }
    };
    let ends: Vec<usize> = (0..bytes.len()).filter(|&at| bytes[at] == b'\n').collect();
    let line_of = |offset: usize| 1 + ends.partition_point(|&end| end < offset);
    let origin = |offset: usize| Origin::File { path: path.clone(), line: line_of(offset) };
    let text = match std::str::from_utf8(&bytes) {
        Ok(text) => text,
        Err(error) => {
            fault(origin(error.valid_up_to()), "this file is not UTF-8 text".into());
            return Table::new();
        }
    };
    parse_document(text, &origin).unwrap_or_else(|errors| {
        for (offset, message) in errors {
            fault(origin(offset), format!("this file is not valid TOML: {message}"));
        }
        Table::new()
    })
}

/// The variables that begin with the prefix, as two tables: those that set a key, then those that set a whole section.
pub(super) fn environment(variables: &Environment, faults: &mut Faults) -> [Table; 2] {
    let (mut keys, mut wholes) = (Table::new(), Table::new());
    for (name, text) in variables.iter() {
        let Some(path) = name.strip_prefix(VARIABLE_PREFIX) else { continue };
        if text.is_empty() {
            continue;
        }
        let origin = Origin::Variable(shown_name(name));
        let mut fault = |reason: String| {
            faults.push(Fault { key: shown_name(&path.to_lowercase()), found: None, origin: origin.clone(), reason });
        };
        if path.chars().any(char::is_lowercase) {
            fault(format!("variable names must be in upper case: {}", shown_name(&name.to_uppercase())));
            continue;
        }
        if text.contains(char::REPLACEMENT_CHARACTER) {
            fault("the value is not UTF-8 text".into());
            continue;
        }
        let path = path.to_lowercase();
        let (section, key) = path.split_once("__").map_or((path.as_str(), None), |(section, key)| (section, Some(key)));
        let raw = Value::Raw(text.to_owned());
        match key {
            Some(key) => insert(&mut keys, section, key, Located { value: raw, origin }),
            None => {
                let value = parse_value(text, &origin).unwrap_or(raw);
                wholes.insert(section.into(), Located { value, origin });
            }
        }
    }
    [keys, wholes]
}

/// The flags that were given, as a table.
pub(super) fn flags(cli: &Cli) -> Table {
    let mut table = Table::new();
    let flags =
        [("host", "--host", &cli.host), ("port", "--port", &cli.port), ("data_dir", "--data-dir", &cli.data_dir)];
    for (key, flag, text) in flags {
        if let Some(text) = text {
            insert(&mut table, "server", key, Located { value: Value::Raw(text.clone()), origin: Origin::Flag(flag) });
        }
    }
    table
}

fn insert(table: &mut Table, section: &str, key: &str, located: Located) {
    let origin = located.origin.clone();
    let section = table.entry(section.into()).or_insert_with(|| Located { value: Value::Table(Table::new()), origin });
    if let Value::Table(entries) = &mut section.value {
        entries.insert(key.into(), located);
    }
}

/// Lays `upper` over `lower`, key by key within a section; lists are replaced as a whole.
///
/// A section written as something else is a fault, and what lies below it stays.
pub(super) fn cover(lower: &mut Table, upper: Table, faults: &mut Faults) {
    for (name, located) in upper {
        let Some(below) = lower.get_mut(&name) else {
            lower.insert(name, located);
            continue;
        };
        let mut fault = |reason: String| {
            faults.push(Fault { key: name.clone(), found: None, origin: located.origin.clone(), reason });
        };
        match (&mut below.value, located.value) {
            (Value::Table(entries), Value::Table(new)) => entries.extend(new),
            (Value::Table(_), _) => fault(format!("this is a section: write [{name}] and its keys below")),
            (Value::List(items), Value::List(new)) => {
                *items = new;
                below.origin = located.origin;
            }
            (Value::List(_), _) => fault(format!(
                "this is a list of tables: write [[{name}]] once for each, or in a variable [{{ key = \"value\" }}]"
            )),
            (_, value) => *below = Located { value, origin: located.origin },
        }
    }
}
