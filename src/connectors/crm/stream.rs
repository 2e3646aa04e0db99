//! From a product's own log records to canonical events, as its `connectors/<product>/events.yaml` says.
//!
//! Works line by line and keeps the line's own offset for the report. A line that is not JSON, or belongs to no stream, is
//! passed on unchanged, so that the reader of events counts and reports it. Opens nothing.

use super::raw::{self, As};
use crate::expr::{Frame, Outcome, Program, Scope, Truth, Val};
use serde::Deserialize;
use serde_json::{Map, Value as Json};
use std::collections::BTreeMap;

/// An event mapping that cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("connectors/{product}/events.yaml, {place}: {reason}")]
pub struct MappingError {
    product: String,
    place: String,
    reason: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    product: String,
    #[expect(dead_code, reason = "it tells the reader of the mapping which version it was tried with")]
    verified: String,
    fields: BTreeMap<String, Json>,
    streams: Vec<StreamFile>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct StreamFile {
    name: String,
    source: String,
    when: String,
    ts: Field,
    event: BTreeMap<String, Field>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Field {
    Expression(String),
    Converted { value: String, r#as: As },
    Record(BTreeMap<String, Self>),
}

/// A product's mapping, ready to use.
pub struct Mapping {
    fields: BTreeMap<String, Json>,
    shape: crate::expr::Shape,
    streams: Vec<Stream>,
}

struct Stream {
    source: String,
    when: Program,
    ts: Compiled,
    event: Vec<(String, Compiled)>,
}

enum Compiled {
    Value(Program, Option<As>),
    Record(Vec<(String, Self)>),
}

impl Mapping {
    /// The mapping of a product; `None` when it has none.
    pub fn of(product: &str) -> Result<Option<Self>, MappingError> {
        super::product_file(product, "events.yaml").map(|text| Self::parse(product, text)).transpose()
    }

    fn parse(product: &str, text: &str) -> Result<Self, MappingError> {
        let wrong =
            |place: &str, reason: String| MappingError { product: product.to_owned(), place: place.to_owned(), reason };
        let file: File = serde_saphyr::from_str(text).map_err(|e| wrong("the file", e.to_string()))?;
        debug_assert_eq!(file.product, product);
        let shape = raw::record_shape("record", &file.fields).map_err(|e| wrong("fields", e))?;
        let mut scope = Scope::default();
        scope.add("record", shape.clone(), "record");
        let streams = file.streams.into_iter().map(|s| {
            let name = s.name.clone();
            Stream::compile(s, &scope).map_err(|reason| wrong(&name, reason))
        });
        let streams = streams.collect::<Result<_, _>>()?;
        Ok(Self { fields: file.fields, shape, streams })
    }

    /// The canonical event of one line, without line end; `None` when the line is of no stream of the product.
    pub fn event(&self, line: &[u8]) -> Option<Vec<u8>> {
        let raw: Json = serde_json::from_slice(line).ok()?;
        let cut = Json::Object(raw::cut_fields(raw.as_object()?, &self.fields));
        let record = raw::typed(&cut, &self.shape).ok()?;
        let stream = self.streams.iter().find(|s| s.takes(&record))?;
        serde_json::to_vec(&stream.event(&record)?).ok()
    }
}

impl Stream {
    fn compile(file: StreamFile, scope: &Scope) -> Result<Self, String> {
        let event = file.event.into_iter().map(|(name, field)| Ok((name, Compiled::of(field, scope)?)));
        Ok(Self {
            source: file.source,
            when: Program::condition(&file.when, scope).map_err(|e| e.to_string())?,
            ts: Compiled::of(file.ts, scope)?,
            event: event.collect::<Result<_, String>>()?,
        })
    }

    fn takes(&self, record: &crate::expr::Value) -> bool {
        matches!(self.when.test(&mut Frame::new(vec![Val::of(record)])), Ok(Truth::True))
    }

    fn event(&self, record: &crate::expr::Value) -> Option<Json> {
        let mut event = Map::new();
        event.insert("ts".to_owned(), self.ts.value(record)?);
        event.insert("source".to_owned(), self.source.clone().into());
        for (name, field) in &self.event {
            if let Some(value) = field.value(record) {
                event.insert(name.clone(), value);
            }
        }
        Some(Json::Object(event))
    }
}

impl Compiled {
    fn of(field: Field, scope: &Scope) -> Result<Self, String> {
        let program = |text: &str| Program::compile(text, scope).map_err(|e| e.to_string());
        Ok(match field {
            Field::Expression(text) => Self::Value(program(&text)?, None),
            Field::Converted { value, r#as } => Self::Value(program(&value)?, Some(r#as)),
            Field::Record(fields) => {
                let compiled = fields.into_iter().map(|(name, f)| Ok((name, Self::of(f, scope)?)));
                Self::Record(compiled.collect::<Result<_, String>>()?)
            }
        })
    }

    fn value(&self, record: &crate::expr::Value) -> Option<Json> {
        match self {
            Self::Value(program, conversion) => {
                let mut frame = Frame::new(vec![Val::of(record)]);
                let Ok(Outcome::Value(value)) = program.run(&mut frame) else { return None };
                let json = value.to_json(program.ty());
                conversion.map_or(Some(json.clone()), |c| c.convert(&json))
            }
            Self::Record(fields) => {
                let map: Map<String, Json> =
                    fields.iter().filter_map(|(n, f)| Some((n.clone(), f.value(record)?))).collect();
                (!map.is_empty()).then_some(Json::Object(map))
            }
        }
    }
}
