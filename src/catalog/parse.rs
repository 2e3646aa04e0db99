//! From a control's file to a compiled control. Collects all problems of a file instead of stopping at the first.

use super::control::{Applies, Check, CheckKind, Control, DetectCheck, Each, FactsCheck, Join, Need, Reviewed};
use super::params::{Param, record};
use super::raw::{RawCheck, RawControl, RawJoin};
use super::yaml::{Line, Problem, read};
use crate::crypto::hash::Digest;
use crate::evidence::Kinds;
use crate::expr::{ExprError, Program, Scope, Shape, Template, Type};
use crate::findings::Severity;
use crate::lang::Localised;
use crate::law::citation::Framework;
use std::collections::BTreeMap;
use std::sync::Arc;

/// The languages every text must be there in.
pub(super) const LANGUAGES: [&str; 2] = ["en", "zh-CN"];

/// Reads and compiles a control.
pub(super) fn control(kinds: &Kinds, file: &str, bytes: &[u8]) -> Result<Control, Vec<Problem>> {
    let mut raw: RawControl = read(file, bytes).map_err(|p| vec![p])?;
    let mut reader = Reader { kinds, file, problems: Vec::new() };
    let params: BTreeMap<String, Param> = std::mem::take(&mut raw.params)
        .into_iter()
        .map(|(name, p)| {
            (name, Param { ty: p.ty, default: p.default, min: p.min, max: p.max, source: p.source, means: p.means })
        })
        .collect();
    let scope = whole_scope(kinds, &params);
    let applies = raw.applies.take().and_then(|a| {
        reader.localised("applies.otherwise", &a.otherwise);
        let when = reader.condition("applies.when", &a.when, &scope)?;
        Some(Applies { when, otherwise: a.otherwise })
    });
    let many = raw.check.0.len() > 1;
    let raw_checks = std::mem::take(&mut raw.check.0);
    let checks: Vec<_> = raw_checks.into_iter().filter_map(|c| reader.check(c, raw.severity, &scope, many)).collect();
    let answers = reader.answers(&raw.answers);
    let needs = reader.needs(&raw);
    reader.texts(&raw, &params);
    if !reader.problems.is_empty() {
        return Err(reader.problems);
    }
    Ok(Control {
        id: raw.id,
        slug: raw.slug,
        family: file.split('/').next().unwrap_or_default().to_owned(),
        status: raw.status,
        replaced_by: raw.replaced_by,
        severity: raw.severity,
        proof: raw.evidence,
        answers,
        title: raw.title,
        why: raw.why,
        risk: raw.risk,
        remedy: raw.remedy,
        needs,
        applies,
        params,
        checks,
        reviewed: Reviewed { on: raw.reviewed.on, sources: raw.reviewed.sources },
        version: Digest::of(bytes),
        file: file.to_owned(),
    })
}

/// The names every expression of a control may use: each evidence kind, `now`, `params`. The engine fills frames in this
/// order.
fn whole_scope(kinds: &Kinds, params: &BTreeMap<String, Param>) -> Scope {
    let mut scope = Scope::default();
    for kind in kinds.iter() {
        scope.add(&kind.name, kind.shape.clone(), &kind.name);
    }
    scope.add("now", Shape::of(Type::Instant), "now");
    scope.add("params", Shape::of(Type::Record(Arc::new(record(params)))), "params");
    scope
}

struct Reader<'k> {
    kinds: &'k Kinds,
    file: &'k str,
    problems: Vec<Problem>,
}

impl Reader<'_> {
    fn problem(&mut self, field: &str, reason: impl Into<String>) {
        self.problems.push(Problem::new(self.file, field, reason));
    }

    /// Keeps what is right, notes what is wrong with its line.
    fn keep<T>(&mut self, field: &str, line: &Line, result: Result<T, ExprError>) -> Option<T> {
        result
            .map_err(|e| self.problems.push(Problem::new(self.file, field, e.to_string()).at(line.referenced.line())))
            .ok()
    }

    fn condition(&mut self, field: &str, line: &Line, scope: &Scope) -> Option<Program> {
        self.keep(field, line, Program::condition(&line.value, scope))
    }

    fn program(&mut self, field: &str, line: &Line, scope: &Scope) -> Option<Program> {
        self.keep(field, line, Program::compile(&line.value, scope))
    }

    fn localised(&mut self, field: &str, text: &Localised) {
        for lang in LANGUAGES {
            if !text.has(lang) {
                self.problem(field, format!("the text in `{lang}` is missing"));
            }
        }
    }

    fn texts(&mut self, raw: &RawControl, params: &BTreeMap<String, Param>) {
        self.localised("title", &raw.title);
        self.localised("why", &raw.why);
        self.localised("risk", &raw.risk);
        self.localised("remedy", &raw.remedy);
        for (name, param) in params {
            self.localised(&format!("params.{name}.means"), &param.means);
            if let Err(wanted) = param.value(&param.default) {
                self.problem(&format!("params.{name}.default"), format!("`{}` must be {wanted}", param.default));
            }
        }
    }

    fn answers(&mut self, raw: &BTreeMap<String, Vec<String>>) -> BTreeMap<Framework, Vec<String>> {
        let mut answers = BTreeMap::new();
        for (word, citations) in raw {
            let Some(framework) = Framework::from_word(word) else {
                let known: Vec<_> = Framework::ALL.iter().map(|f| f.word()).collect();
                self.problem("answers", format!("there is no framework `{word}`; there are {}", known.join(", ")));
                continue;
            };
            for citation in citations.iter().filter(|c| !framework.knows(c)) {
                self.problem(
                    &format!("answers.{word}"),
                    format!("the law tables do not know `{citation}` in {}", framework.name("en")),
                );
            }
            answers.insert(framework, citations.clone());
        }
        answers
    }

    fn needs(&mut self, raw: &RawControl) -> BTreeMap<String, Need> {
        for kind in raw.needs.keys().filter(|k| self.kinds.get(k).is_none()) {
            self.problems.push(Problem::new(self.file, "needs", format!("there is no evidence kind `{kind}`")));
        }
        let mut needs = BTreeMap::new();
        for (kind, need) in &raw.needs {
            match u32::try_from(need.fresh_for_days) {
                Ok(fresh_for_days @ 1..=36_500) => drop(needs.insert(kind.clone(), Need { fresh_for_days })),
                _ => self.problem(&format!("needs.{kind}.fresh_for_days"), "must be from 1 to 36500 days"),
            }
        }
        needs
    }

    fn check(&mut self, raw: RawCheck, severity: Severity, scope: &Scope, many: bool) -> Option<Check> {
        let name = raw.name.clone().unwrap_or_default();
        let at = if name.is_empty() { "check".to_owned() } else { format!("check.{name}") };
        let is_kebab =
            !name.is_empty() && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-');
        if many && !is_kebab {
            self.problem(&at, "every check of a list needs a `name` in kebab-case");
        }
        let severity = raw.severity.unwrap_or(severity);
        let kind = if raw.detect.is_some() {
            CheckKind::Detect(Box::new(self.detect(&at, raw)?))
        } else {
            CheckKind::Facts(Box::new(self.facts(&at, raw, scope.clone())?))
        };
        Some(Check { name, severity, kind })
    }

    fn detect(&mut self, at: &str, raw: RawCheck) -> Option<DetectCheck> {
        let has_facts = raw.each.is_some() || raw.require.is_some() || raw.filter.is_some() || !raw.join.0.is_empty();
        if has_facts || raw.record.is_some() || !raw.show.is_empty() || raw.when_empty.is_some() {
            self.problem(at, "a check with `detect` takes only `name`, `severity` and `says` beside it");
        }
        let says = self.says_text(at, raw.says)?;
        for lang in LANGUAGES {
            if let Err(e) = crate::expr::segments(says.get(lang)) {
                self.problem(&format!("{at}.says.{lang}"), e.to_string());
            }
        }
        Some(DetectCheck { rules: raw.detect?, says })
    }

    fn says_text(&mut self, at: &str, says: Option<Localised>) -> Option<Localised> {
        let field = format!("{at}.says");
        match says {
            Some(says) => {
                self.localised(&field, &says);
                Some(says)
            }
            None => {
                self.problem(&field, "the sentence of a finding is missing");
                None
            }
        }
    }

    fn facts(&mut self, at: &str, raw: RawCheck, mut scope: Scope) -> Option<FactsCheck> {
        let each = match (&raw.each, &raw.element) {
            (Some(each), Some(element)) => Some(self.each(at, each, element, &mut scope)?),
            (None, None) => None,
            _ => {
                self.problem(at, "`each` and `as` belong together");
                return None;
            }
        };
        if each.is_none() && (raw.filter.is_some() || raw.record.is_some() || raw.when_empty.is_some()) {
            self.problem(at, "`where`, `record` and `when_empty` need `each`");
        }
        let mut joins = Vec::new();
        for (name, join) in &raw.join.0 {
            joins.push(self.join(&format!("{at}.join.{name}"), name, join, &mut scope)?);
        }
        let filter = raw.filter.as_ref().and_then(|f| self.condition(&format!("{at}.where"), f, &scope));
        let require = match &raw.require {
            Some(require) => self.condition(&format!("{at}.require"), require, &scope),
            None => {
                self.problem(at, "`require` is missing: what must hold");
                None
            }
        };
        let says = self.says_text(at, raw.says);
        let says = says.map(|says| self.templates(at, &says, &scope));
        let show = raw.show.iter().filter_map(|s| self.program(&format!("{at}.show"), s, &scope)).collect();
        let record = raw.record.as_ref().and_then(|r| self.program(&format!("{at}.record"), r, &scope));
        Some(FactsCheck {
            each,
            joins,
            filter,
            require: require?,
            says: says?,
            show,
            record,
            when_empty: raw.when_empty.unwrap_or_default(),
        })
    }

    fn templates(&mut self, at: &str, says: &Localised, scope: &Scope) -> BTreeMap<String, Template> {
        let mut templates = BTreeMap::new();
        for lang in says.tags() {
            match Template::compile(says.get(lang), scope) {
                Ok(template) => drop(templates.insert(lang.to_owned(), template)),
                Err(e) => self.problem(&format!("{at}.says.{lang}"), e.to_string()),
            }
        }
        templates
    }

    /// A path to a collection, and the shape of its elements.
    fn collection(&mut self, field: &str, line: &Line, scope: &Scope) -> Option<(Program, Shape)> {
        let program = self.program(field, line, scope)?;
        let path = program.origin().is_some_and(|o| !o.contains('[')) && !line.value.contains('(');
        match (program.ty(), path) {
            (Type::List(element), true) => {
                let shape = element.as_ref().clone();
                Some((program, shape))
            }
            (ty, _) => {
                let reason = format!(
                    "`{}` must be a collection of the evidence, such as users or net.endpoints, but it is {}",
                    line.value,
                    ty.words()
                );
                self.problems.push(Problem::new(self.file, field, reason).at(line.referenced.line()));
                None
            }
        }
    }

    fn fresh_name(&mut self, field: &str, name: &str, scope: &Scope) {
        if scope.has(name) {
            self.problem(
                field,
                format!("the name `{name}` is already taken by the evidence, by `now`, `params` or another join"),
            );
        }
    }

    fn each(&mut self, at: &str, each: &Line, element: &str, scope: &mut Scope) -> Option<Each> {
        let (over, shape) = self.collection(&format!("{at}.each"), each, scope)?;
        self.fresh_name(&format!("{at}.as"), element, scope);
        let id_field = match &shape.ty {
            Type::Record(record) => ["id", "person_id"].iter().find_map(|id| record.find(id)).map(|(at, _)| at),
            _ => None,
        };
        let origin = format!("{}[]", over.origin().unwrap_or_default());
        let slot = scope.add(element, shape, &origin);
        Some(Each { over, slot, element: element.to_owned(), id_field })
    }

    fn join(&mut self, at: &str, name: &str, join: &RawJoin, scope: &mut Scope) -> Option<Join> {
        let (within, shape) = self.collection(&format!("{at}.in"), &join.within, scope)?;
        let Type::Record(record) = &shape.ty else {
            self.problem(at, "a join needs a collection of records");
            return None;
        };
        let Some((on, _)) = record.find(&join.on) else {
            self.problem(
                &format!("{at}.on"),
                format!("the records of `{}` have no field `{}`", join.within.value, join.on),
            );
            return None;
        };
        let equals = self.program(&format!("{at}.equals"), &join.equals, scope)?;
        self.fresh_name(at, name, scope);
        let path = within.origin().unwrap_or_default();
        let (origin, shape) = match join.many {
            true => (path.to_owned(), Shape::of(Type::List(Arc::new(shape)))),
            false => (format!("{path}[]"), Shape { nullable: true, ..shape }),
        };
        let slot = scope.add(name, shape, &origin);
        Some(Join { name: name.to_owned(), slot, within, on, equals, many: join.many })
    }
}
