//! Where values come from: the default, the file, or a variable `HABEAS_<SECTION>_<KEY>`, which wins.

use super::{Config, ConfigError};
use std::path::PathBuf;
use toml::{Table, Value};

/// Where a value comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// The program's own.
    Default,
    /// `habeas.toml`.
    File,
    /// The environment.
    Environment,
}

impl Source {
    /// The word shown to people.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Default => "default",
            Self::File => "file",
            Self::Environment => "environment",
        }
    }
}

/// The value of an environment variable; an empty one counts as none.
#[expect(clippy::disallowed_methods, reason = "the one module that may read the environment")]
pub fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|v| !v.is_empty())
}

/// The home of whoever runs the program.
pub fn home() -> Option<PathBuf> {
    variable("HOME").map(PathBuf::from)
}

fn name_of(section: &str, key: &str) -> String {
    format!("HABEAS_{section}_{key}").to_uppercase()
}

fn wrong(name: &str, reason: impl ToString) -> ConfigError {
    ConfigError::Variable { name: name.to_owned(), reason: reason.to_string() }
}

/// The defaults as a table: every section and key there is, each with its kind of value.
fn model() -> Result<Table, ConfigError> {
    Table::try_from(Config::default()).map_err(|e| wrong("defaults", e))
}

/// The settings of the file with the environment over them.
pub(super) fn overlaid(mut written: Table) -> Result<Config, ConfigError> {
    for (section, keys) in model()? {
        for (key, kind) in keys.as_table().into_iter().flatten() {
            let name = name_of(&section, key);
            let Some(text) = variable(&name) else { continue };
            let value = read(&text, kind).ok_or_else(|| wrong(&name, format!("`{text}` is no {}", kind.type_str())))?;
            let place = written.entry(section.clone()).or_insert_with(|| Value::Table(Table::new()));
            if let Some(place) = place.as_table_mut() {
                place.insert(key.clone(), value);
            }
        }
    }
    Config::deserialize_from(written)
}

impl Config {
    fn deserialize_from(table: Table) -> Result<Self, ConfigError> {
        table.try_into().map_err(|e: toml::de::Error| wrong("HABEAS_*", e.message()))
    }
}

/// `text` as a value of the same kind as `like`; nothing for kinds that one line cannot spell.
fn read(text: &str, like: &Value) -> Option<Value> {
    match like {
        Value::String(_) => Some(Value::String(text.to_owned())),
        Value::Integer(_) => text.parse().ok().map(Value::Integer),
        Value::Boolean(_) => text.parse().ok().map(Value::Boolean),
        Value::Array(_) => Some(Value::Array(text.split(',').map(|t| Value::String(t.trim().to_owned())).collect())),
        _ => None,
    }
}

/// Every value with its source.
pub(super) fn shown(config: &Config, written: &Table) -> Result<Vec<(String, String, String, Source)>, ConfigError> {
    let mut rows = Vec::new();
    for (section, keys) in Table::try_from(config.clone()).map_err(|e| wrong("settings", e))? {
        let in_file = |key: &str| written.get(&section).and_then(|s| s.get(key)).is_some();
        for (key, value) in keys.as_table().into_iter().flatten() {
            let source = match () {
                () if variable(&name_of(&section, key)).is_some() => Source::Environment,
                () if in_file(key) => Source::File,
                () => Source::Default,
            };
            rows.push((section.clone(), key.clone(), value.to_string(), source));
        }
    }
    Ok(rows)
}
