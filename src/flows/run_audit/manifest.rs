//! From what an audit read and found to what its report is made from.

use super::evidence::{Read, records};
use super::{Request, detect, rights};
use crate::catalog::Control;
use crate::clock::Timestamp;
use crate::crypto::hash::Digest;
use crate::evidence::{Evidence, Kinds};
use crate::findings::ControlResult;
use crate::lang::Localised;
use crate::report::input::{self, ControlText, Input, Judged, Parties, Period, Scope};
use serde_json::Value as Json;

/// Everything an audit read.
pub(super) struct Material<'a> {
    pub(super) request: &'a Request,
    pub(super) read: &'a Read,
    pub(super) logs: &'a detect::Logs,
    pub(super) as_of: Timestamp,
    pub(super) catalog: Digest,
    pub(super) controls: &'a [&'a Control],
    pub(super) kinds: &'a Kinds,
}

impl Material<'_> {
    /// The input of the report, for these results (one for each control, in order).
    pub(super) fn into_input(self, results: Vec<ControlResult>) -> Input {
        let parties = self.parties();
        let mut input = Input::new(&parties.controller.clone(), self.period(), self.as_of, self.catalog);
        input.parties = parties;
        input.scope = self.scope();
        input.controls =
            self.controls.iter().zip(results).map(|(c, result)| Judged { text: text(c), result }).collect();
        input.evidence = self.evidence();
        input.logs = self.logs.coverage();
        input.limits = self.limits();
        input.requests = rights::figures(self.kinds, self.read);
        input.previous.clone_from(&self.request.previous);
        input
    }

    fn organisation(&self) -> Json {
        let kind = self.kinds.get("organisation").zip(self.read.snapshot.get("organisation"));
        kind.map_or(Json::Null, |(kind, evidence)| evidence.data.to_json(&kind.shape))
    }

    fn parties(&self) -> Parties {
        let organisation = self.organisation();
        let words = |field: &str| {
            let list = organisation.get(field).and_then(Json::as_array);
            list.into_iter().flatten().filter_map(Json::as_str).map(str::to_owned).collect()
        };
        Parties {
            controller: organisation.get("name").and_then(Json::as_str).unwrap_or_default().to_owned(),
            places: words("establishments"),
            regimes: words("regimes"),
            ..Parties::default()
        }
    }

    fn scope(&self) -> Scope {
        let mut systems: Vec<String> = self.stated().map(|e| e.source.system.clone()).collect();
        systems.sort();
        systems.dedup();
        let exclusions = self
            .read
            .not_observable
            .iter()
            .map(|n| input::Exclusion { what: Localised::from([("en", n.what.as_str())]), reason: n.why.clone() });
        Scope {
            systems,
            only: self.request.only.iter().map(|f| f.word().to_owned()).collect(),
            exclusions: exclusions.collect(),
        }
    }

    /// The evidence that somebody supplied, without what was assumed.
    fn stated(&self) -> impl Iterator<Item = &Evidence> {
        self.read.snapshot.iter().filter(|e| !(self.read.assumed && e.kind == "organisation"))
    }

    fn period(&self) -> Period {
        let observed = self.stated().map(|e| e.observed_at).chain(self.logs.first()).min();
        Period { from: observed.unwrap_or(self.as_of).day_utc(), until: self.as_of.day_utc() }
    }

    fn evidence(&self) -> Vec<input::Evidence> {
        let entry = |e: &Evidence| {
            let data = self.kinds.get(&e.kind).map_or(Json::Null, |k| e.data.to_json(&k.shape));
            input::Evidence {
                kind: e.kind.clone(),
                file: e.file.clone(),
                sha256: e.digest,
                source: e.source.system.clone(),
                method: serde_json::to_value(e.source.method)
                    .ok()
                    .and_then(|m| m.as_str().map(str::to_owned))
                    .unwrap_or_default(),
                observed_at: Some(e.observed_at),
                collected_at: Some(e.collected_at),
                records: records(&data),
            }
        };
        let mut all: Vec<input::Evidence> = self.stated().map(entry).collect();
        all.extend(self.read.ledger.clone());
        all.extend(self.logs.files());
        all.sort();
        all
    }

    fn limits(&self) -> Vec<Localised> {
        let mut limits = self.read.notes.clone();
        if self.request.events.is_empty() {
            limits.push(Localised::from([
                ("en", "no access log was given; what people did could not be looked at"),
                ("zh-CN", "未提供访问日志；无法审查人员的实际操作"),
            ]));
        }
        limits
    }
}

fn text(control: &Control) -> ControlText {
    ControlText {
        id: control.id.clone(),
        slug: control.slug.clone(),
        family: control.family.clone(),
        severity: control.severity,
        proof: serde_json::to_value(control.proof).ok().and_then(|p| p.as_str().map(str::to_owned)).unwrap_or_default(),
        answers: control.answers.iter().map(|(f, c)| (f.word().to_owned(), c.clone())).collect(),
        title: control.title.clone(),
        why: control.why.clone(),
        risk: control.risk.clone(),
        remedy: control.remedy.clone(),
    }
}
