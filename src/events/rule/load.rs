//! Rule sets: documents put together, global parts merged, filters applied, references resolved.

use super::RuleError;
use super::correlation::{self, Correlation, Kind};
use super::detection::{Written, compile_section};
use super::document::{Document, read};
use super::modifier::Placeholders;
use super::vocabulary::{Enrichment, Expr, NetworkOf, Vocabulary};
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// What a rule does.
#[derive(Clone, Debug)]
pub enum Body {
    /// Looks at one event.
    Detection(Expr),
    /// Looks at the matches of other rules, given by their numbers in the set.
    Correlation(Box<Correlation>, Vec<usize>),
}

/// A rule ready to be planned.
#[derive(Clone, Debug)]
pub struct Rule {
    /// Its title.
    pub title: String,
    /// Its id, else its name, else its title.
    pub id: String,
    /// The name other rules refer to it by.
    pub name: Option<String>,
    /// `informational`, `low`, `medium`, `high`, `critical`, or empty.
    pub level: String,
    /// Whether it reports its own matches: not when it only serves correlations.
    pub reports: bool,
    /// What it does.
    pub body: Body,
    /// How a detection was written, and after it the filters that were laid over it.
    pub written: Vec<Written>,
}

/// All rules of a run, with the fields and predicates they speak of.
#[derive(Debug, Default)]
pub struct RuleSet {
    /// The rules, in the order given; a correlation comes after every rule it refers to.
    pub rules: Vec<Rule>,
    /// Their fields and predicates.
    pub vocabulary: Vocabulary,
}

/// What a rule set is made from, besides the rules.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// Lists for the modifier `expand`.
    pub placeholders: Placeholders,
}

impl RuleSet {
    /// Reads rule files (name, text). Every error found is given, not only the first.
    pub fn from_files(files: &[(String, String)], settings: &Settings) -> Result<Self, Vec<RuleError>> {
        let mut errors = Vec::new();
        let mut documents = Vec::new();
        for (name, text) in files {
            match read(name, text).map(with_globals) {
                Ok(docs) => documents.extend(docs),
                Err(e) => errors.push(e),
            }
        }
        match Self::from_documents(&documents, settings) {
            Ok(set) if errors.is_empty() => Ok(set),
            Ok(_) => Err(errors),
            Err(more) => {
                errors.extend(more);
                Err(errors)
            }
        }
    }

    /// Puts documents together.
    pub fn from_documents(documents: &[Document], settings: &Settings) -> Result<Self, Vec<RuleError>> {
        let mut set = Self::default();
        let mut errors = Vec::new();
        let mut drafts = Vec::new();
        let mut filters = Vec::new();
        for document in documents {
            if document.map.contains_key("filter") {
                filters.push(document);
                continue;
            }
            match draft(document, settings, &mut set.vocabulary) {
                Ok(one) => drafts.push(one),
                Err(e) => errors.push(e),
            }
        }
        for filter in filters {
            errors.extend(apply_filter(filter, &mut drafts, settings, &mut set.vocabulary).err());
        }
        if errors.is_empty() {
            match resolve(drafts) {
                Ok(rules) => set.rules = rules,
                Err(more) => errors = more,
            }
        }
        if errors.is_empty() { Ok(set) } else { Err(errors) }
    }
}

struct Draft<'a> {
    document: &'a Document,
    title: String,
    id: Option<String>,
    name: Option<String>,
    level: String,
    silent: bool,
    body: DraftBody,
    written: Vec<Written>,
}

enum DraftBody {
    Detection(Expr),
    Correlation(Box<Correlation>, bool),
}

impl Draft<'_> {
    fn fires_at_no_event(&self) -> bool {
        let DraftBody::Correlation(c, _) = &self.body else { return false };
        matches!(&c.kind, Kind::Extension(e) if e.fires_at_no_event())
    }

    fn is_called(&self, reference: &str) -> bool {
        [self.id.as_deref(), self.name.as_deref()].contains(&Some(reference))
    }
}

/// Merges `action: global` documents of a file into those after it; `action: reset` forgets them, `repeat` repeats.
fn with_globals(documents: Vec<Document>) -> Vec<Document> {
    let mut global = Map::new();
    let mut last = Map::new();
    let mut out = Vec::new();
    for mut document in documents {
        let action = document.map.remove("action").and_then(|a| a.as_str().map(str::to_owned));
        match action.as_deref() {
            Some("global") => merge(&mut global, document.map),
            Some("reset") => global = Map::new(),
            Some("repeat") => {
                let mut merged = last.clone();
                merge(&mut merged, std::mem::take(&mut document.map));
                document.map = merged;
                out.push(document);
            }
            _ => {
                let mut merged = global.clone();
                merge(&mut merged, std::mem::take(&mut document.map));
                last = merged.clone();
                document.map = merged;
                out.push(document);
            }
        }
    }
    out
}

fn merge(into: &mut Map<String, Value>, from: Map<String, Value>) {
    for (key, value) in from {
        match (into.get_mut(&key), value) {
            (Some(Value::Object(old)), Value::Object(new)) => merge(old, new),
            (_, value) => {
                into.insert(key, value);
            }
        }
    }
}

fn draft<'a>(document: &'a Document, settings: &Settings, vocabulary: &mut Vocabulary) -> Result<Draft<'a>, RuleError> {
    let title = document.text("title")?.or(document.text("name")?);
    let Some(title) = title else { return Err(document.error("title", "the rule has no `title`")) };
    enrichments(document, vocabulary)?;
    networks(document, vocabulary)?;
    let mut written = Vec::new();
    let body = match (document.map.get("detection"), document.map.get("correlation")) {
        (Some(Value::Object(section)), None) => {
            let compiled = compile_section(section, &[], vocabulary, &settings.placeholders);
            let (expr, as_written) = compiled
                .map_err(|(keys, what)| misfit(document, "detection", &keys, format!("rule `{title}`: {what}")))?;
            written.push(as_written);
            DraftBody::Detection(expr)
        }
        (None, Some(Value::Object(section))) => {
            let generate = |map: &Map<String, Value>| map.get("generate") == Some(&Value::Bool(true));
            let generates = generate(section) || generate(&document.map);
            DraftBody::Correlation(Box::new(correlation::parse(document, section)?), generates)
        }
        (Some(_), Some(_)) => {
            return Err(document.error(
                "correlation",
                format!("rule `{title}` has both a detection and a correlation; put them in documents of their own"),
            ));
        }
        _ => {
            return Err(
                document.error("title", format!("rule `{title}` has neither a `detection` nor a `correlation`"))
            );
        }
    };
    // Our extension `silent: true`: matches are counted, never reported.
    let silent = document.map.get("silent") == Some(&Value::Bool(true));
    Ok(Draft {
        document,
        title,
        id: document.text("id")?,
        name: document.text("name")?,
        level: document.text("level")?.unwrap_or_default(),
        silent,
        body,
        written,
    })
}

/// Our extension `enrich: {person: {table: users, key: actor}}`: rows of the context as further fields of the event.
fn enrichments(document: &Document, vocabulary: &mut Vocabulary) -> Result<(), RuleError> {
    let error = |what: String| document.error("enrich", what);
    let Some(section) = document.map.get("enrich") else { return Ok(()) };
    let Some(section) = section.as_object() else { return Err(error("`enrich` is not a map".to_owned())) };
    for (name, one) in section {
        let text = |key: &str| one.get(key).and_then(Value::as_str);
        let (Some(table), Some(key)) = (text("table"), text("key")) else {
            return Err(error(format!("`{name}` under `enrich` needs `table` and `key`")));
        };
        let wanted = Enrichment { name: name.clone(), table: table.to_owned(), key: vocabulary.field(key) };
        match vocabulary.enrichments.iter().find(|e| e.name == *name) {
            None => vocabulary.enrichments.push(wanted),
            Some(same) if *same == wanted => {}
            Some(_) => return Err(error(format!("`{name}` is enriched in two different ways; rename one"))),
        }
    }
    Ok(())
}

/// Our extension `networks: {src.net: {of: src.ip, v4: 24, v6: 64}}`: the network of an address as a field of its own.
fn networks(document: &Document, vocabulary: &mut Vocabulary) -> Result<(), RuleError> {
    let error = |what: String| document.error("networks", what);
    let Some(section) = document.map.get("networks") else { return Ok(()) };
    let Some(section) = section.as_object() else { return Err(error("`networks` is not a map".to_owned())) };
    for (name, one) in section {
        let bits = |key: &str, default: u32, most: u32| match one.get(key) {
            None => Some(default),
            Some(n) => n.as_u64().and_then(|n| u32::try_from(n).ok()).filter(|n| *n <= most),
        };
        let of = one.get("of").and_then(Value::as_str);
        let (Some(of), Some(v4), Some(v6)) = (of, bits("v4", 24, 32), bits("v6", 64, 128)) else {
            return Err(error(format!(
                "`{name}` under `networks` needs `of` (a field), and `v4`, `v6` are numbers of bits"
            )));
        };
        let wanted = NetworkOf { field: vocabulary.field(name), address: vocabulary.field(of), v4, v6 };
        match vocabulary.networks.iter().find(|n| n.field == wanted.field) {
            None => vocabulary.networks.push(wanted),
            Some(same) if *same == wanted => {}
            Some(_) => return Err(error(format!("`{name}` is made in two different ways; rename one"))),
        }
    }
    Ok(())
}

fn misfit(document: &Document, section: &str, keys: &[String], what: String) -> RuleError {
    let path: Vec<&str> = std::iter::once(section).chain(keys.iter().map(String::as_str)).collect();
    document.error_below(&path, what)
}

fn apply_filter(
    filter: &Document,
    drafts: &mut [Draft<'_>],
    settings: &Settings,
    vocabulary: &mut Vocabulary,
) -> Result<(), RuleError> {
    let Some(section) = filter.map.get("filter").and_then(Value::as_object) else {
        return Err(filter.error("filter", "`filter` is not a map"));
    };
    let compiled = compile_section(section, &["rules"], vocabulary, &settings.placeholders);
    let (expr, written) = compiled.map_err(|(keys, what)| misfit(filter, "filter", &keys, what))?;
    let condition = section.get("condition").and_then(Value::as_str).unwrap_or_default();
    if condition.trim_start().get(..4).is_some_and(|word| word.eq_ignore_ascii_case("not ")) {
        return Err(filter.error(
            "condition",
            format!(
                "a filter's condition says what to leave out, and `{condition}` would leave out everything else; write it \
                 without `not`, or as `({condition})` if that is meant"
            ),
        ));
    }
    let references: Vec<&str> = match section.get("rules") {
        Some(Value::String(any)) if any == "any" => Vec::new(),
        Some(Value::Array(list)) => list.iter().filter_map(Value::as_str).collect(),
        Some(Value::String(one)) => vec![one],
        _ => return Err(filter.error("rules", "a filter needs `rules`: a list of ids or names, or `any`")),
    };
    for reference in &references {
        if !drafts.iter().any(|d| d.is_called(reference)) {
            return Err(filter.error("rules", format!("the filter names `{reference}`, which is not among the rules")));
        }
    }
    for draft in drafts.iter_mut().filter(|d| references.is_empty() || references.iter().any(|r| d.is_called(r))) {
        // The filter's condition describes what a rule is to leave out (Sigma filters 2.0).
        if let DraftBody::Detection(own) = &mut draft.body {
            let kept = std::mem::replace(own, Expr::All(Vec::new()));
            *own = Expr::All(vec![kept, Expr::Not(Box::new(expr.clone()))]);
            draft.written.push(written.clone());
        }
    }
    Ok(())
}

/// Resolves references and puts every correlation after the rules it refers to.
fn resolve(drafts: Vec<Draft<'_>>) -> Result<Vec<Rule>, Vec<RuleError>> {
    let mut errors = duplicates(&drafts);
    let mut refers: Vec<Vec<usize>> = Vec::new();
    let mut silent = vec![false; drafts.len()];
    for draft in &drafts {
        let mut found = Vec::new();
        if let DraftBody::Correlation(c, generates) = &draft.body {
            for reference in &c.rules {
                match drafts.iter().position(|d| d.is_called(reference)) {
                    Some(at) if drafts.get(at).is_some_and(Draft::fires_at_no_event) => errors
                        .push(draft.document.error(
                        "rules",
                        format!(
                            "`{reference}` fires when time has passed, at no event, so no correlation can look at it"
                        ),
                    )),
                    Some(at) => found.push(at),
                    None => {
                        errors.push(draft.document.error(
                            "rules",
                            format!("the correlation names `{reference}`, which is not among the rules"),
                        ))
                    }
                }
            }
            if !generates {
                found
                    .iter()
                    .filter_map(|at| Some((*at, silent.get(*at)?)))
                    .map(|(at, _)| at)
                    .collect::<Vec<_>>()
                    .into_iter()
                    .for_each(|at| {
                        if let Some(flag) = silent.get_mut(at) {
                            *flag = true;
                        }
                    });
            }
        }
        refers.push(found);
    }
    let Some(order) = sorted(&refers) else {
        let circular = |d: &&Draft<'_>| matches!(d.body, DraftBody::Correlation(..));
        let first = drafts.iter().find(circular).map(|d| d.document);
        errors.extend(
            first.map(|d| d.error_below(&["correlation", "rules"], "correlations refer to each other in a circle")),
        );
        return Err(errors);
    };
    if !errors.is_empty() {
        return Err(errors);
    }
    let place: BTreeMap<usize, usize> = order.iter().enumerate().map(|(new, old)| (*old, new)).collect();
    let mut drafts: Vec<Option<Draft<'_>>> = drafts.into_iter().map(Some).collect();
    let build = |old: &usize| {
        let draft = drafts.get_mut(*old)?.take()?;
        let to = refers.get(*old)?.iter().filter_map(|o| place.get(o).copied()).collect();
        let reports = !draft.silent && !silent.get(*old).copied().unwrap_or(false);
        Some(finish(draft, to, reports))
    };
    Ok(order.iter().filter_map(build).collect())
}

fn finish(draft: Draft<'_>, refers: Vec<usize>, reports: bool) -> Rule {
    let body = match draft.body {
        DraftBody::Detection(expr) => Body::Detection(expr),
        DraftBody::Correlation(c, _) => Body::Correlation(c, refers),
    };
    let id = draft.id.or_else(|| draft.name.clone()).unwrap_or_else(|| draft.title.clone());
    Rule { title: draft.title, id, name: draft.name, level: draft.level, reports, body, written: draft.written }
}

fn duplicates(drafts: &[Draft<'_>]) -> Vec<RuleError> {
    let mut seen: BTreeMap<&str, usize> = BTreeMap::new();
    let mut errors = Vec::new();
    for (n, draft) in drafts.iter().enumerate() {
        for (key, called) in [("id", &draft.id), ("name", &draft.name)] {
            let Some(called) = called else { continue };
            if seen.insert(called, n).is_some_and(|before| before != n) {
                errors.push(draft.document.error(key, format!("`{called}` is the {key} of two rules")));
            }
        }
    }
    errors
}

/// An order in which every rule comes after those it refers to, else as given; `None` when there is a circle.
fn sorted(refers: &[Vec<usize>]) -> Option<Vec<usize>> {
    let mut order: Vec<usize> = Vec::with_capacity(refers.len());
    let mut done = vec![false; refers.len()];
    while order.len() < refers.len() {
        let before = order.len();
        for (n, to) in refers.iter().enumerate() {
            let ready = to.iter().all(|t| done.get(*t).copied().unwrap_or(true));
            if let Some(flag) = done.get_mut(n).filter(|d| !**d && ready) {
                *flag = true;
                order.push(n);
            }
        }
        if order.len() == before {
            return None;
        }
    }
    Some(order)
}
