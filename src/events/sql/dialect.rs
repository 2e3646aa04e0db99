//! What differs between the dialects: how names and literals are quoted, and what a few functions are called.
//!
//! INVARIANT: every name and every text that comes from a rule, a schema or a path reaches a statement through `name` or
//! `text` alone (threats.md T26).

use crate::events::value::test::{Order, TimePart};

/// The SQL engines that statements are written for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    /// DuckDB.
    DuckDb,
    /// Apache DataFusion, embedded or on Ballista.
    DataFusion,
    /// Spark, and what speaks its SQL.
    Spark,
}

impl Dialect {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::DataFusion, Self::Spark, Self::DuckDb];

    /// The word on the command line.
    pub const fn word(self) -> &'static str {
        match self {
            Self::DuckDb => "duckdb",
            Self::DataFusion => "datafusion",
            Self::Spark => "spark",
        }
    }

    /// The dialect called `word`.
    pub fn of_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|d| d.word() == word)
    }

    /// Whether names that differ only in case are one name, even when quoted.
    pub const fn ignores_case_of_names(self) -> bool {
        !matches!(self, Self::DataFusion)
    }

    /// A name as an identifier.
    pub fn name(self, name: &str) -> Result<String, String> {
        if name.is_empty() || name.chars().any(char::is_control) {
            return Err(format!("the name {name:?} is empty or holds a control character, which no identifier may"));
        }
        match self {
            Self::Spark if name.contains("${") => {
                Err(format!("the name `{name}` holds `${{`, which Spark replaces before it reads a statement"))
            }
            Self::Spark => Ok(format!("`{}`", name.replace('`', "``"))),
            Self::DuckDb | Self::DataFusion => Ok(format!("\"{}\"", name.replace('"', "\"\""))),
        }
    }

    /// A table's name; dots lead from catalog to schema to table.
    pub fn table(self, name: &str) -> Result<String, String> {
        let parts: Result<Vec<String>, String> = name.split('.').map(|part| self.name(part)).collect();
        Ok(parts?.join("."))
    }

    /// A text as a literal.
    pub fn text(self, text: &str) -> Result<String, String> {
        if text.contains('\0') {
            return Err(format!("the text {text:?} holds the character NUL, which no literal may"));
        }
        Ok(match self {
            // Spark reads backslashes in literals, and replaces `${...}` even there before it reads a statement.
            Self::Spark => {
                format!("'{}'", text.replace('\\', "\\\\").replace('\'', "\\'").replace("${", "\\u0024{"))
            }
            Self::DuckDb | Self::DataFusion => format!("'{}'", text.replace('\'', "''")),
        })
    }

    /// A whole number as a literal of 64 bits.
    pub fn whole(self, n: i64) -> String {
        format!("CAST('{n}' AS BIGINT)")
    }

    /// A number as a literal of double precision; read from text, so that it is the very number the rule means.
    pub fn real(self, n: f64) -> String {
        format!("CAST('{n:e}' AS DOUBLE)")
    }

    /// The type of texts.
    pub const fn text_type(self) -> &'static str {
        match self {
            Self::Spark => "STRING",
            Self::DuckDb | Self::DataFusion => "VARCHAR",
        }
    }

    /// Whether the text `x` has no character beyond ASCII.
    pub(super) fn is_ascii(self, x: &str) -> String {
        match self {
            Self::DuckDb => format!("strlen({x}) = length({x})"),
            Self::DataFusion | Self::Spark => format!("octet_length({x}) = character_length({x})"),
        }
    }

    /// Whether `x` contains the literal `y`.
    pub(super) fn contains(self, x: &str, y: &str) -> String {
        format!("contains({x}, {y})")
    }

    /// Whether `x` starts with the literal `y`.
    pub(super) fn starts(self, x: &str, y: &str) -> String {
        let function = if self == Self::Spark { "startswith" } else { "starts_with" };
        format!("{function}({x}, {y})")
    }

    /// Whether `x` ends with the literal `y`.
    pub(super) fn ends(self, x: &str, y: &str) -> String {
        let function = if self == Self::Spark { "endswith" } else { "ends_with" };
        format!("{function}({x}, {y})")
    }

    /// Whether `x` is like the pattern literal, in which a backslash takes a sign's meaning away.
    pub(super) fn like(self, x: &str, pattern: &str) -> String {
        let escape = if self == Self::DuckDb { " ESCAPE '\\'" } else { "" };
        format!("{x} LIKE {pattern}{escape}")
    }

    /// Whether something in `x` matches the regular expression literal.
    pub(super) fn matches(self, x: &str, pattern: &str) -> String {
        let function = match self {
            Self::DuckDb => "regexp_matches",
            Self::DataFusion => "regexp_like",
            Self::Spark => "regexp_like",
        };
        format!("{function}({x}, {pattern})")
    }

    /// `x` without what matches the regular expression literal.
    pub(super) fn without(self, x: &str, pattern: &str) -> String {
        let every = if self == Self::Spark { "" } else { ", 'g'" };
        format!("regexp_replace({x}, {pattern}, ''{every})")
    }

    /// A whole number divided by another, both at least 0, without its fraction.
    pub(super) fn divided(self, x: &str, by: &str) -> String {
        match self {
            Self::DuckDb => format!("({x} // {by})"),
            Self::DataFusion => format!("({x} / {by})"),
            Self::Spark => format!("({x} DIV {by})"),
        }
    }

    /// A part of the instant `ms` (milliseconds since 1970) in UTC.
    pub(super) fn time_part(self, ms: &str, part: TimePart) -> String {
        // Counted from midnight or the hour, also before 1970.
        let within = |length: u32| format!("((({ms} % {length}) + {length}) % {length})");
        let word = match part {
            TimePart::Minute => return self.divided(&within(3_600_000), "60000"),
            TimePart::Hour => return self.divided(&within(86_400_000), "3600000"),
            TimePart::Day => "day",
            TimePart::Week => "week",
            TimePart::Month => "month",
            TimePart::Year => "year",
        };
        let at = match self {
            Self::DuckDb => format!("epoch_ms({ms})"),
            Self::DataFusion => format!("to_timestamp_millis({ms})"),
            // A date from its number knows no session time zone.
            Self::Spark => format!("date_from_unix_date(CAST((({ms} - {}) DIV 86400000) AS INT))", within(86_400_000)),
        };
        format!("date_part('{word}', {at})")
    }

    /// How many different values `x` has in the window `over`.
    pub(super) fn distinct(self, x: &str, over: &str) -> String {
        match self {
            Self::Spark => format!("size(collect_set({x}) OVER ({over}))"),
            Self::DuckDb | Self::DataFusion => format!("count(DISTINCT {x}) OVER ({over})"),
        }
    }

    /// The values of `x` in the window `over`, smallest first.
    pub(super) fn sorted(self, x: &str, over: &str) -> String {
        match self {
            Self::DuckDb => format!("list_sort(list({x}) OVER ({over}))"),
            Self::DataFusion => format!("array_sort(array_agg({x}) OVER ({over}))"),
            Self::Spark => format!("array_sort(collect_list({x}) OVER ({over}))"),
        }
    }

    /// The value at `index` (from 1) of a list.
    pub(super) fn element(self, list: &str, index: &str) -> String {
        match self {
            Self::Spark => format!("element_at({list}, CAST({index} AS INT))"),
            Self::DuckDb | Self::DataFusion => format!("{list}[{index}]"),
        }
    }

    /// A list of texts.
    pub(super) fn list(self, of: &[String]) -> String {
        let inner = of.join(", ");
        match (self, of.is_empty()) {
            (Self::DuckDb, true) => "CAST([] AS VARCHAR[])".to_owned(),
            (Self::DataFusion, true) => "CAST(make_array() AS VARCHAR[])".to_owned(),
            (Self::Spark, true) => "CAST(array() AS ARRAY<STRING>)".to_owned(),
            (Self::DuckDb, false) => format!("[{inner}]"),
            (Self::DataFusion, false) => format!("make_array({inner})"),
            (Self::Spark, false) => format!("array({inner})"),
        }
    }

    /// Whether `test`, written about `y`, holds of one element of the list `x`.
    pub(super) fn any(self, x: &str, test: &str) -> Result<String, String> {
        match self {
            Self::DuckDb => Ok(format!("len(list_filter({x}, lambda y: {test})) > 0")),
            Self::Spark => Ok(format!("exists({x}, y -> {test})")),
            Self::DataFusion => Err("DataFusion cannot ask a question of every element of a list".to_owned()),
        }
    }
}

/// The sign of a comparison.
pub(super) const fn sign(order: Order) -> &'static str {
    match order {
        Order::Less => "<",
        Order::LessOrEqual => "<=",
        Order::Greater => ">",
        Order::GreaterOrEqual => ">=",
        Order::Equal => "=",
        Order::NotEqual => "<>",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_texts_cannot_leave_their_quotes() {
        for (dialect, name, text) in [
            (Dialect::DuckDb, r#""a"";--""#, r"'it''s \ ${x}'"),
            (Dialect::DataFusion, r#""a"";--""#, r"'it''s \ ${x}'"),
            (Dialect::Spark, r#"`a";--`"#, r"'it\'s \\ \u0024{x}'"),
        ] {
            assert_eq!(dialect.name("a\";--").as_deref(), Ok(name));
            assert_eq!(dialect.text(r"it's \ ${x}").as_deref(), Ok(text));
            assert!(dialect.name("").is_err() && dialect.name("a\nb").is_err() && dialect.text("a\0b").is_err());
        }
        assert_eq!(Dialect::Spark.name("a`b").as_deref(), Ok("`a``b`"));
        assert!(Dialect::Spark.name("${env:HOME}").is_err());
        assert_eq!(Dialect::Spark.table("lake.audit.events").as_deref(), Ok("`lake`.`audit`.`events`"));
    }

    #[test]
    fn numbers_keep_every_digit() {
        assert_eq!(Dialect::DuckDb.whole(i64::MIN), "CAST('-9223372036854775808' AS BIGINT)");
        assert_eq!(Dialect::DuckDb.real(0.1), "CAST('1e-1' AS DOUBLE)");
    }
}
