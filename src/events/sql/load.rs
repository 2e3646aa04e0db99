//! Statements that read a log of one JSON object a line into the table that the rules' statements expect.
//!
//! Nested objects become columns with dotted names. A value that does not fit its column stops the reading in every
//! dialect; nothing is turned into NULL in silence.

use super::Dialect;
use super::schema::{AT, Column, Schema, Type};
use std::collections::BTreeMap;

/// Digits beyond the millisecond, which the engine cuts off and others would round.
const BEYOND_MS: &str = r"(\.[0-9]{3})[0-9]+";
/// The time zone at the end of an instant, if it says one.
const ZONE: &str = r"([Zz]|[+\-][0-9]{2}(:?[0-9]{2})?)\z";

/// The statements that make the tables of `schema`, the events from the file `log`, other tables from `<table>.ndjson`
/// beside it.
pub fn load(schema: &Schema, dialect: Dialect, log: &str) -> Result<String, String> {
    let mut out = String::new();
    if dialect == Dialect::DuckDb {
        out.push_str("SET TimeZone = 'UTC';\n");
    }
    let mut columns = schema.fields.clone();
    columns.entry(schema.time.clone()).or_insert(Column { ty: Type::Time, nulls: false });
    let time = (schema.time.as_str(), AT);
    out.push_str(&Loading { dialect, columns: &columns, time: Some(time) }.table(&schema.table, log)?);
    let folder = log.rfind('/').and_then(|at| log.get(..=at)).unwrap_or_default();
    for (name, table) in &schema.tables {
        let mut columns = table.fields.clone();
        columns.entry(table.key.clone()).or_insert(Column { ty: Type::Text, nulls: false });
        out.push_str(
            &Loading { dialect, columns: &columns, time: None }.table(name, &format!("{folder}{name}.ndjson"))?,
        );
    }
    Ok(out)
}

struct Loading<'a> {
    dialect: Dialect,
    columns: &'a BTreeMap<String, Column>,
    /// The field with the instant, and the column that gets it.
    time: Option<(&'a str, &'a str)>,
}

/// A tree of keys: what is to be read of an object.
#[derive(Default)]
struct Tree<'a>(BTreeMap<&'a str, Node<'a>>);

enum Node<'a> {
    Value(Column),
    Object(Tree<'a>),
}

impl Loading<'_> {
    fn table(&self, name: &str, path: &str) -> Result<String, String> {
        let tree = self.tree()?;
        let table = self.dialect.table(name)?;
        let mut chosen = Vec::new();
        for (field, column) in self.columns {
            let value = self.value(field, *column)?;
            match self.time {
                Some((time, at)) if time == field => chosen.push(format!("{value} AS {}", self.dialect.name(at)?)),
                _ => chosen.push(format!("{value} AS {}", self.dialect.name(field)?)),
            }
        }
        let chosen = chosen.join(",\n  ");
        let path = self.dialect.text(path)?;
        match self.dialect {
            Dialect::DuckDb => {
                let types = self.pairs(&tree)?;
                let types: Result<Vec<String>, String> = types
                    .iter()
                    .map(|(n, t)| Ok(format!("{}: {}", self.dialect.text(n)?, self.dialect.text(t)?)))
                    .collect();
                Ok(format!(
                    "CREATE OR REPLACE TABLE {table} AS SELECT\n  {chosen}\nFROM read_json({path}, format = 'newline_delimited', maximum_object_size = 2097152,\n  columns = {{{}}}) AS r;\n",
                    types?.join(", ")
                ))
            }
            Dialect::DataFusion => {
                let lines = self.dialect.name(&format!("{name} lines"))?;
                Ok(format!(
                    "CREATE OR REPLACE EXTERNAL TABLE {lines} ({}) STORED AS JSON LOCATION {path};\nCREATE OR REPLACE TABLE {table} AS SELECT\n  {chosen}\nFROM {lines} AS r;\n",
                    self.columns_of(&tree)?
                ))
            }
            Dialect::Spark => {
                let lines = self.dialect.name(&format!("{} lines", name.replace('.', " ")))?;
                Ok(format!(
                    "CREATE OR REPLACE TEMPORARY VIEW {lines} ({}) USING json OPTIONS (path {path}, mode 'FAILFAST');\nCREATE OR REPLACE TEMPORARY VIEW {table} AS SELECT\n  {chosen}\nFROM {lines} AS r;\n",
                    self.columns_of(&tree)?
                ))
            }
        }
    }

    fn tree(&self) -> Result<Tree<'_>, String> {
        let mut tree = Tree::default();
        for (field, column) in self.columns {
            let both = || format!("`{field}` is both a value and an object in the schema");
            let mut at = &mut tree;
            let mut keys = field.split('.').peekable();
            while let Some(key) = keys.next() {
                let last = keys.peek().is_none();
                let new = || if last { Node::Value(*column) } else { Node::Object(Tree::default()) };
                if last && at.0.contains_key(key) {
                    return Err(both());
                }
                match at.0.entry(key).or_insert_with(new) {
                    Node::Object(inner) => at = inner,
                    Node::Value(_) if last => break,
                    Node::Value(_) => return Err(both()),
                }
            }
        }
        Ok(tree)
    }

    /// The names at the top with the types they are read as.
    fn pairs(&self, tree: &Tree<'_>) -> Result<Vec<(String, String)>, String> {
        let one = |(name, node): (&&str, &Node<'_>)| {
            Ok(match node {
                Node::Value(column) => ((*name).to_owned(), self.read_as(*column)),
                Node::Object(inner) => ((*name).to_owned(), self.object(inner)?),
            })
        };
        tree.0.iter().map(one).collect()
    }

    fn object(&self, tree: &Tree<'_>) -> Result<String, String> {
        let pairs = self.pairs(tree)?;
        let one = |(name, ty): &(String, String)| {
            let between = if self.dialect == Dialect::Spark { ":" } else { "" };
            Ok(format!("{}{between} {ty}", self.dialect.name(name)?))
        };
        let inner: Result<Vec<String>, String> = pairs.iter().map(one).collect();
        Ok(match self.dialect {
            Dialect::DuckDb => format!("STRUCT({})", inner?.join(", ")),
            Dialect::DataFusion | Dialect::Spark => format!("STRUCT<{}>", inner?.join(", ")),
        })
    }

    fn columns_of(&self, tree: &Tree<'_>) -> Result<String, String> {
        let pairs = self.pairs(tree)?;
        let one = |(name, ty): &(String, String)| Ok(format!("{} {ty}", self.dialect.name(name)?));
        let all: Result<Vec<String>, String> = pairs.iter().map(one).collect();
        Ok(all?.join(", "))
    }

    fn read_as(&self, column: Column) -> String {
        let text = self.dialect.text_type();
        match column.ty {
            Type::Text | Type::Time => text.to_owned(),
            Type::Whole => "BIGINT".to_owned(),
            Type::Real => "DOUBLE".to_owned(),
            Type::Flag => "BOOLEAN".to_owned(),
            Type::Texts if self.dialect == Dialect::DuckDb => format!("{text}[]"),
            Type::Texts => format!("ARRAY<{text}>"),
        }
    }

    /// The field's value out of the objects it lies in.
    fn value(&self, field: &str, column: Column) -> Result<String, String> {
        let mut value = "r".to_owned();
        for (depth, key) in field.split('.').enumerate() {
            value = match self.dialect {
                Dialect::DataFusion if depth > 0 => format!("get_field({value}, {})", self.dialect.text(key)?),
                _ => format!("{value}.{}", self.dialect.name(key)?),
            };
        }
        if column.ty == Type::Time { self.instant(&value) } else { Ok(value) }
    }

    /// Milliseconds since 1970 of an RFC 3339 text; without a zone it is UTC.
    fn instant(&self, x: &str) -> Result<String, String> {
        let text = |t: &str| self.dialect.text(t);
        let kept = if self.dialect == Dialect::Spark { "$1" } else { r"\1" };
        let cut = format!("regexp_replace({x}, {}, {})", text(BEYOND_MS)?, text(kept)?);
        Ok(match self.dialect {
            Dialect::DuckDb => format!("epoch_ms(CAST({cut} AS TIMESTAMPTZ))"),
            Dialect::DataFusion => format!("CAST(to_timestamp_millis({cut}) AS BIGINT)"),
            Dialect::Spark => {
                let zoned = format!("CASE WHEN regexp_like({cut}, {}) THEN {cut} ELSE {cut} || 'Z' END", text(ZONE)?);
                format!("unix_millis(CAST({zoned} AS TIMESTAMP))")
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_is_a_value_or_an_object() {
        let mut schema = Schema::new("ts");
        let column = Column { ty: Type::Text, nulls: true };
        schema.fields.insert("geo".to_owned(), column);
        assert!(load(&schema, Dialect::DuckDb, "a.ndjson").is_ok());
        schema.fields.insert("geo.country".to_owned(), column);
        assert!(load(&schema, Dialect::DuckDb, "a.ndjson").unwrap_err().contains("both a value and an object"));
    }
}
