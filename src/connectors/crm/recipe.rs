//! From a product's raw export to evidence, as its `connectors/<product>/snapshot.yaml` says.
//!
//! Every value is an expression of the controls' own language over the raw files. An expression that needs something the
//! export lacks leaves its field absent: the controls that ask for it come out unknown. The result goes through the same
//! schemas as evidence given directly. Opens nothing: files come as names and bytes.

use super::raw::{self, As};
use crate::clock::Timestamp;
use crate::crypto::hash::Digest;
use crate::evidence::{Evidence, EvidenceError, Kinds, Method, Snapshot, Source};
use crate::expr::{Frame, Outcome, Program, Scope, Shape, Type, Val, Value};
use crate::lang::Localised;
use serde::Deserialize;
use serde_json::{Map, Value as Json};
use std::collections::BTreeMap;

/// A recipe or an export that cannot be used; says which file, which field, and what to do.
#[derive(Debug, thiserror::Error)]
pub enum RecipeError {
    /// There is no recipe for the product.
    #[error("there is no connector `{product}`; there are {known}")]
    NoProduct {
        /// What was asked for.
        product: String,
        /// What there is.
        known: String,
    },
    /// The recipe itself is wrong.
    #[error("connectors/{product}/snapshot.yaml, {place}: {reason}")]
    Recipe {
        /// The product.
        product: String,
        /// Kind and field.
        place: String,
        /// What is wrong.
        reason: String,
    },
    /// A file of the export is not what it should be.
    #[error("`{file}`: {reason}")]
    Export {
        /// The file.
        file: String,
        /// What is wrong, with line or pointer.
        reason: String,
    },
    /// None of the files that the recipe reads is there.
    #[error("no file of a {product} export was found; the recipe reads {wanted}")]
    NothingThere {
        /// The product.
        product: String,
        /// File names.
        wanted: String,
    },
    /// What the recipe made does not fit the evidence schemas.
    #[error(transparent)]
    Evidence(#[from] EvidenceError),
}

/// A file of an export: its name without folder, and its bytes.
#[derive(Clone, Debug)]
pub struct RawFile {
    /// The name, e.g. `settings.json`.
    pub name: String,
    /// The bytes.
    pub bytes: Vec<u8>,
}

/// What a product cannot show, and what to supply instead.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NotObservable {
    /// The topic.
    pub what: String,
    /// Why, and what to do.
    pub why: Localised,
}

/// How a product's export becomes evidence.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Recipe {
    /// The product's short name.
    pub product: String,
    /// Its name for people.
    pub title: String,
    /// The version the recipe was tried with.
    pub verified: String,
    files: BTreeMap<String, Input>,
    observed: Vec<String>,
    evidence: Vec<Made>,
    /// What the product cannot show.
    #[serde(default)]
    pub not_observable: Vec<NotObservable>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Input {
    from: Vec<From>,
    #[serde(default)]
    entries: Vec<String>,
    fields: BTreeMap<String, Json>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct From {
    file: String,
    shape: FileShape,
    #[serde(default)]
    under: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum FileShape {
    Object,
    Lines,
    List,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Made {
    kind: String,
    #[serde(default)]
    #[expect(dead_code, reason = "it tells the reader of the recipe why; the program has no use for it")]
    why: Option<String>,
    data: Rule,
}

/// How one value comes about.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub(super) enum Rule {
    /// An expression.
    Expression(String),
    /// An expression whose value is converted.
    Converted { value: String, r#as: As },
    /// A record for each element of a list.
    Each { list: String, r#as: String, each: BTreeMap<String, Self> },
    /// The lists that several expressions give, in one.
    Concat { concat: Vec<String> },
    /// A record.
    Record(BTreeMap<String, Self>),
}

/// A raw file, typed.
struct Raw {
    name: String,
    shape: Shape,
    value: Value,
}

/// What a recipe made of an export.
#[derive(Debug)]
pub struct Collected {
    /// The instant of the export: the newest one found in it.
    pub observed_at: Timestamp,
    /// The files of the export that were used, by name, with their digests.
    pub used: BTreeMap<String, Digest>,
}

impl Recipe {
    /// The recipe of a product.
    pub fn of(product: &str) -> Result<Self, RecipeError> {
        let text = super::product_file(product, "snapshot.yaml").ok_or_else(|| RecipeError::NoProduct {
            product: product.to_owned(),
            known: super::products().join(", "),
        })?;
        serde_saphyr::from_str(text).map_err(|e| RecipeError::Recipe {
            product: product.to_owned(),
            place: "the file".to_owned(),
            reason: e.to_string(),
        })
    }

    /// Whether a file of this name belongs to the export.
    pub fn reads(&self, file: &str) -> bool {
        self.files.values().flat_map(|i| &i.from).any(|f| f.file == file)
    }

    /// Makes evidence of the export's files and adds it to `snapshot`.
    pub fn collect(&self, files: &[RawFile], kinds: &Kinds, snapshot: &mut Snapshot) -> Result<Collected, RecipeError> {
        let mut used = BTreeMap::new();
        let raw = self.raw_files(files, &mut used)?;
        if used.is_empty() {
            let wanted: Vec<&str> = self.files.values().flat_map(|i| &i.from).map(|f| f.file.as_str()).collect();
            return Err(RecipeError::NothingThere { product: self.title.clone(), wanted: wanted.join(", ") });
        }
        let stage = Stage::new(&raw);
        let observed_at = self.observed_at(&stage)?;
        for made in &self.evidence {
            if let Some(json) =
                stage.value(&made.data).map_err(|(place, reason)| self.wrong(&made.kind, &place, &reason))?
            {
                let from = Collected { observed_at, used: used.clone() };
                snapshot.add(self.envelope(made, &json, kinds, &from)?)?;
            }
        }
        Ok(Collected { observed_at, used })
    }

    fn wrong(&self, kind: &str, place: &str, reason: &str) -> RecipeError {
        RecipeError::Recipe {
            product: self.product.clone(),
            place: format!("{kind}{place}"),
            reason: reason.to_owned(),
        }
    }

    fn raw_files(&self, files: &[RawFile], used: &mut BTreeMap<String, Digest>) -> Result<Vec<Raw>, RecipeError> {
        let mut raw = Vec::new();
        for (name, input) in &self.files {
            let found = input.from.iter().find_map(|from| Some((from, files.iter().find(|f| f.name == from.file)?)));
            let single = input.from.first().is_some_and(|f| f.shape == FileShape::Object);
            let make = if single { raw::record_shape } else { raw::list_shape };
            let shape =
                make(name, &input.fields).map_err(|reason| self.wrong("files", &format!(".{name}"), &reason))?;
            let value = match found {
                None => Value::Absent,
                Some((from, file)) => {
                    used.insert(file.name.clone(), Digest::of(&file.bytes));
                    let refuse = |reason: String| RecipeError::Export { file: file.name.clone(), reason };
                    let json = input.read(from, file).map_err(refuse)?;
                    raw::typed(&json, &shape).map_err(refuse)?
                }
            };
            raw.push(Raw { name: name.clone(), shape, value });
        }
        Ok(raw)
    }

    fn observed_at(&self, stage: &Stage<'_>) -> Result<Timestamp, RecipeError> {
        let mut newest = None;
        for list in &self.observed {
            let made = stage.expression(list).map_err(|reason| self.wrong("observed", "", &reason))?;
            let instants = made.as_ref().and_then(Json::as_array).into_iter().flatten();
            let instants = instants.filter_map(|t| As::Instant.convert(t)?.as_str()?.parse::<Timestamp>().ok());
            newest = instants.chain(newest).max();
        }
        newest.ok_or_else(|| self.wrong("observed", "", "the export holds no instant by which to date it"))
    }

    fn envelope(&self, made: &Made, json: &Json, kinds: &Kinds, from: &Collected) -> Result<Evidence, RecipeError> {
        let (at, used) = (from.observed_at, &from.used);
        let kind = kinds.get(&made.kind).ok_or_else(|| self.wrong(&made.kind, "", "there is no such evidence kind"))?;
        let data = raw::typed(json, &kind.shape).map_err(|reason| self.wrong(&made.kind, "", &reason))?;
        let files: Vec<&str> = used.keys().map(String::as_str).collect();
        let digests: String = used.values().map(Digest::to_string).collect();
        Ok(Evidence {
            kind: made.kind.clone(),
            data,
            source: Source {
                system: self.title.clone(),
                method: Method::Api,
                collector: format!("habeas connector {} {}", self.product, env!("CARGO_PKG_VERSION")),
                attested_by: None,
            },
            observed_at: at,
            collected_at: at,
            expires_at: None,
            digest: Digest::of(digests.as_bytes()),
            file: files.join(" + "),
        })
    }
}

impl Input {
    fn read(&self, from: &From, file: &RawFile) -> Result<Json, String> {
        let text = std::str::from_utf8(&file.bytes).map_err(|e| format!("not UTF-8 at byte {}", e.valid_up_to()))?;
        match from.shape {
            FileShape::Object => Ok(self.record(&parse(text)?)),
            FileShape::Lines => {
                let lines = (1..).zip(text.lines()).filter(|(_, l)| !l.trim().is_empty());
                lines.map(|(n, l)| parse(l).map(|j| self.record(&j)).map_err(|e| format!("line {n}: {e}"))).collect()
            }
            FileShape::List => {
                let whole = parse(text)?;
                let list = from.under.as_ref().map_or(Some(&whole), |key| whole.get(key));
                let list = list.and_then(Json::as_array).ok_or("the list of records is missing")?;
                Ok(list.iter().map(|r| self.record(r)).collect())
            }
        }
    }

    fn record(&self, raw: &Json) -> Json {
        let Some(map) = raw.as_object() else { return raw.clone() };
        let mut map = map.clone();
        for name in &self.entries {
            if let Some(value) = map.get_mut(name) {
                *value = raw::entries(value);
            }
        }
        Json::Object(raw::cut_fields(&map, &self.fields))
    }
}

fn parse(text: &str) -> Result<Json, String> {
    serde_json::from_str(text).map_err(|e| e.to_string())
}

/// The raw files as names of expressions.
pub(super) struct Stage<'a> {
    scope: Scope,
    values: Vec<Val<'a>>,
}

/// Below which field, and what is wrong there.
type Wrong = (String, String);

impl<'a> Stage<'a> {
    fn new(raw: &'a [Raw]) -> Self {
        let mut stage = Self { scope: Scope::default(), values: Vec::new() };
        for file in raw {
            stage = stage.with(&file.name, file.shape.clone(), Val::of(&file.value));
        }
        stage
    }

    /// A stage with one name more.
    pub(super) fn with(&self, name: &str, shape: Shape, value: Val<'a>) -> Self {
        let mut stage = Self { scope: self.scope.clone(), values: self.values.clone() };
        stage.scope.add(name, shape, name);
        stage.values.push(value);
        stage
    }

    /// The value a rule gives; `None` when the export does not say.
    fn value(&self, rule: &Rule) -> Result<Option<Json>, Wrong> {
        let here = |reason: String| (String::new(), reason);
        match rule {
            Rule::Expression(text) => self.expression(text).map_err(here),
            Rule::Converted { value, r#as } => Ok(self.expression(value).map_err(here)?.and_then(|v| r#as.convert(&v))),
            Rule::Concat { concat } => {
                let mut all = Vec::new();
                for text in concat {
                    match self.expression(text).map_err(here)? {
                        Some(Json::Array(list)) => all.extend(list),
                        _ => return Ok(None),
                    }
                }
                Ok(Some(all.into()))
            }
            Rule::Each { list, r#as, each } => self.each(list, r#as, each),
            Rule::Record(fields) => self.record(fields).map(|map| (!map.is_empty()).then_some(Json::Object(map))),
        }
    }

    fn record(&self, fields: &BTreeMap<String, Rule>) -> Result<Map<String, Json>, Wrong> {
        let mut map = Map::new();
        for (name, rule) in fields {
            if let Some(value) = self.value(rule).map_err(|(below, reason)| (format!(".{name}{below}"), reason))? {
                map.insert(name.clone(), value);
            }
        }
        Ok(map)
    }

    fn each(&self, list: &str, name: &str, fields: &BTreeMap<String, Rule>) -> Result<Option<Json>, Wrong> {
        let wrong = |reason: String| (String::new(), reason);
        let program = Program::compile(list, &self.scope).map_err(|e| wrong(e.to_string()))?;
        let Type::List(element) = program.ty() else { return Err(wrong(format!("`{list}` is not a list"))) };
        let mut frame = Frame::new(self.values.clone());
        let Outcome::Value(Val::List(found)) = program.run(&mut frame).map_err(|e| wrong(e.to_string()))? else {
            return Ok(None);
        };
        let mut records = Vec::new();
        for value in found.iter() {
            let stage = Stage { scope: self.scope.clone(), values: self.values.clone() }.with(
                name,
                element.as_ref().clone(),
                value,
            );
            records.push(Json::Object(stage.record(fields)?));
        }
        Ok(Some(records.into()))
    }

    /// The value of an expression as JSON; `None` when it cannot be known.
    pub(super) fn expression(&self, text: &str) -> Result<Option<Json>, String> {
        let program = Program::compile(text, &self.scope).map_err(|e| e.to_string())?;
        let mut frame = Frame::new(self.values.clone());
        match program.run(&mut frame).map_err(|e| e.to_string())? {
            Outcome::Value(value) => Ok(Some(value.to_json(program.ty()))),
            Outcome::Unknown(_) => Ok(None),
        }
    }
}
