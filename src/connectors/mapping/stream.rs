//! A mapping, compiled: which records belong to which stream, and the event of each.

use super::csv::parse_separator;
use super::fields::Fields;
use super::file::{As, Field, File, Format, InputFile, MappingError, StreamFile};
use super::instant::{Hints, instant};
use super::pattern::{Extract, LinePattern};
use super::reader::{Outcome, Reader, Unread};
use super::record;
use crate::connectors::crm::product_file;
use crate::expr::{Frame, Outcome as Ran, Program, Scope, Truth, Val, Value};
use serde_json::{Map, Value as Json};
use std::collections::BTreeMap;
use std::io::{self, BufRead};

/// Largest mapping, in bytes (T35).
const LARGEST_MAPPING_BYTES: usize = 1 << 20;

/// A product's mapping, ready to use.
#[derive(Debug)]
pub struct Mapping {
    inputs: Vec<Input>,
}

/// A log of one format.
#[derive(Debug)]
pub(super) struct Input {
    pub(super) format: Format,
    pub(super) under: Vec<String>,
    pub(super) columns: Vec<String>,
    pub(super) separator: u8,
    pub(super) line: Option<LinePattern>,
    pub(super) fields: Fields,
    extract: Vec<Extract>,
    ignore: Vec<Program>,
    streams: Vec<Stream>,
}

#[derive(Debug)]
struct Stream {
    source: String,
    when: Program,
    ts: Compiled,
    event: Vec<(String, Compiled)>,
}

#[derive(Debug)]
enum Compiled {
    Value(Program, Option<As>),
    When(Program, Box<Self>),
    Words(Program, BTreeMap<String, Json>, Option<Box<Program>>),
    Record(Vec<(String, Self)>),
}

impl Mapping {
    /// The mapping of a product; `None` when it has none.
    pub fn of(product: &str) -> Result<Option<Self>, MappingError> {
        let file = format!("connectors/{product}/events.yaml");
        let mapping = product_file(product, "events.yaml").map(|text| Self::parse(&file, text)).transpose()?;
        Ok(mapping.map(|(_, m)| m))
    }

    /// A mapping from the text of `file`, with the product's name in it.
    pub fn parse(file: &str, text: &str) -> Result<(String, Self), MappingError> {
        let wrong =
            |place: &str, reason: String| MappingError { file: file.to_owned(), place: place.to_owned(), reason };
        if text.len() > LARGEST_MAPPING_BYTES {
            return Err(wrong(
                "the file",
                format!("it has {} bytes, at most {LARGEST_MAPPING_BYTES} are read", text.len()),
            ));
        }
        let read: File = serde_saphyr::from_str(text).map_err(|e| wrong("the file", e.to_string()))?;
        let inputs = read.inputs.into_iter().map(|input| {
            let name = input.name.clone();
            Input::compile(input).map_err(|(place, reason)| wrong(&format!("{name}{place}"), reason))
        });
        let inputs: Vec<Input> = inputs.collect::<Result<_, _>>()?;
        if inputs.is_empty() {
            return Err(wrong("inputs", "there is none; name at least one".to_owned()));
        }
        Ok((read.product, Self { inputs }))
    }

    /// The canonical event of one line, without line end; `None` when the line gives none. For formats in which a line
    /// stands for itself.
    pub fn event(&self, line: &[u8]) -> Option<Vec<u8>> {
        // Nearly every line of a JSON log is one record: that needs no reader.
        let json = self.inputs.iter().find(|i| matches!(i.format, Format::Json | Format::JsonLines));
        if let (Some(input), Ok(raw)) = (json, record::object(line))
            && let Outcome::Event(event) = input.outcome(raw, Hints::default())
        {
            return Some(event);
        }
        match self.reader(line, Hints::default()).ok()?.next().ok()??.outcome {
            Outcome::Event(event) => Some(event),
            Outcome::Left(_) => None,
        }
    }

    /// Reads a log: finds out by its first bytes which of the product's formats it has.
    pub fn reader<R: BufRead>(&self, log: R, hints: Hints) -> io::Result<Reader<'_, R>> {
        Reader::new(&self.inputs, log, hints)
    }
}

type Wrong = (String, String);

impl Input {
    fn compile(file: InputFile) -> Result<Self, Wrong> {
        let at = |place: &str| {
            let place = format!(", {place}");
            move |reason: String| (place.clone(), reason)
        };
        let line = match (file.format, &file.pattern) {
            (Format::Regex, Some(pattern)) => {
                Some(LinePattern::new(pattern, file.begins.as_deref()).map_err(at("pattern"))?)
            }
            (Format::Regex, None) => return Err(at("pattern")("the format regex needs one".to_owned())),
            (_, Some(_)) => return Err(at("pattern")("only the format regex has one".to_owned())),
            (_, None) => None,
        };
        let separator = parse_separator(file.separator).map_err(at("separator"))?;
        let extract = file.extract.iter().map(Extract::new).collect::<Result<_, _>>().map_err(at("extract"))?;
        let fields = Fields::new(file.fields).map_err(at("fields"))?;
        let mut scope = Scope::default();
        scope.add("record", fields.shape.clone(), "record");
        let condition = |text: &String| Program::condition(text, &scope).map_err(|e| at("ignore")(e.to_string()));
        let ignore = file.ignore.iter().map(condition).collect::<Result<_, _>>()?;
        let (every, ts) = (file.every, file.ts);
        let streams = file.streams.into_iter().map(|stream| {
            let place = at(&stream.name);
            Stream::compile(stream, &every, ts.as_ref(), &scope).map_err(place)
        });
        let streams = streams.collect::<Result<_, _>>()?;
        let (format, under, columns) = (file.format, file.under, file.columns);
        Ok(Self { format, under, columns, separator, line, fields, extract, ignore, streams })
    }

    /// The event of a raw record.
    pub(super) fn outcome(&self, mut raw: Map<String, Json>, hints: Hints) -> Outcome {
        self.extract.iter().for_each(|e| e.apply(&mut raw));
        let Some(record) = self.fields.read(&raw) else { return Outcome::Left(Unread::Malformed) };
        if self.ignore.iter().any(|i| holds(i, &record)) {
            return Outcome::Left(Unread::Ignored);
        }
        let Some(stream) = self.streams.iter().find(|s| holds(&s.when, &record)) else {
            return Outcome::Left(Unread::NotMapped);
        };
        stream.event(&record, hints)
    }
}

fn holds(program: &Program, record: &Value) -> bool {
    matches!(program.test(&mut Frame::new(vec![Val::of(record)])), Ok(Truth::True))
}

fn value_of(program: &Program, record: &Value) -> Option<Json> {
    match program.run(&mut Frame::new(vec![Val::of(record)])) {
        Ok(Ran::Value(value)) => Some(value.to_json(program.ty())).filter(|v| !v.is_null()),
        _ => None,
    }
}

impl Stream {
    fn compile(
        file: StreamFile,
        every: &BTreeMap<String, Field>,
        ts: Option<&Field>,
        scope: &Scope,
    ) -> Result<Self, String> {
        let ts = file.ts.as_ref().or(ts).ok_or("there is no `ts`, neither here nor for the whole input")?;
        let mut event = every.clone();
        event.extend(file.event);
        if !event.contains_key("action") {
            return Err("the event has no `action`".to_owned());
        }
        let event = event.into_iter().map(|(name, field)| {
            Compiled::of(field, scope).map(|c| (name.clone(), c)).map_err(|e| format!("{name}: {e}"))
        });
        Ok(Self {
            source: file.source,
            when: Program::condition(&file.when, scope).map_err(|e| format!("when: {e}"))?,
            ts: Compiled::of(ts.clone(), scope).map_err(|e| format!("ts: {e}"))?,
            event: event.collect::<Result<_, String>>()?,
        })
    }

    fn event(&self, record: &Value, hints: Hints) -> Outcome {
        let Some(ts) = self.ts.value(record, hints) else { return Outcome::Left(Unread::NoTime) };
        let mut event = Map::new();
        event.insert("ts".to_owned(), ts);
        event.insert("source".to_owned(), self.source.clone().into());
        for (name, field) in &self.event {
            if let Some(value) = field.value(record, hints) {
                event.insert(name.clone(), value);
            }
        }
        if !event.contains_key("action") {
            return Outcome::Left(Unread::NotMapped);
        }
        Outcome::Event(Json::Object(event).to_string().into_bytes())
    }
}

impl Compiled {
    fn of(field: Field, scope: &Scope) -> Result<Self, String> {
        let program = |text: &str| Program::compile(text, scope).map_err(|e| e.to_string());
        Ok(match field {
            Field::Expression(text) => Self::Value(program(&text)?, None),
            Field::Converted(c) => {
                let value = Self::Value(program(&c.value)?, c.r#as);
                match c.when {
                    Some(when) => {
                        Self::When(Program::condition(&when, scope).map_err(|e| e.to_string())?, Box::new(value))
                    }
                    None => value,
                }
            }
            Field::Words(w) => {
                Self::Words(program(&w.value)?, w.words, w.otherwise.as_deref().map(program).transpose()?.map(Box::new))
            }
            Field::Record(fields) => {
                let compiled = fields.into_iter().map(|(name, f)| Ok((name, Self::of(f, scope)?)));
                Self::Record(compiled.collect::<Result<_, String>>()?)
            }
        })
    }

    fn value(&self, record: &Value, hints: Hints) -> Option<Json> {
        match self {
            Self::Value(program, None) => value_of(program, record),
            Self::Value(program, Some(As::Instant)) => {
                let at = match value_of(program, record)? {
                    Json::String(text) => instant(&text, hints)?,
                    number => instant(&number.to_string(), hints)?,
                };
                Some(at.to_string().into())
            }
            Self::When(when, value) => holds(when, record).then(|| value.value(record, hints)).flatten(),
            Self::Words(program, words, otherwise) => {
                let word = value_of(program, record)?;
                let found = words.get(word.as_str().map_or_else(|| word.to_string(), str::to_owned).as_str());
                found.cloned().or_else(|| value_of(otherwise.as_ref()?, record))
            }
            Self::Record(fields) => {
                let map: Map<String, Json> =
                    fields.iter().filter_map(|(n, f)| Some((n.clone(), f.value(record, hints)?))).collect();
                (!map.is_empty()).then_some(Json::Object(map))
            }
        }
    }
}
