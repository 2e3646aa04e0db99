//! The logs of an audit, and what the event engine found in them: one pass for all controls.

use super::{AuditError, Progress, ReadError, Request};
use crate::catalog::Control;
use crate::clock::Timestamp;
use crate::connectors::logs::{Coverage, Fingerprint, Input, Options, scan};
use crate::connectors::mapping::{Hints, Mapping};
use crate::engine::Detections;
use crate::engine::detections::{Detected, Detector, Found, Gathered, Silence, Silences};
use crate::events::coverage::Sight;
use crate::events::hash::Seed;
use crate::events::memory::LATENESS_MS;
use crate::evidence::{Kinds, Snapshot};
use crate::report::input::{self, BadLine, Evidence, LogCoverage};
use serde_json::Value as Json;
use std::path::Path;
use std::sync::Arc;

/// The logs of an audit.
#[derive(Debug, Default)]
pub(super) struct Logs {
    coverage: Coverage,
    fingerprints: Vec<Fingerprint>,
    /// What the controls' rules found; `None` without a log.
    found: Option<Arc<Found>>,
    silences: Vec<Silence>,
    product: String,
}

/// Reads the logs of `request` once, with the rules of all `controls`.
pub(super) fn read(
    request: &Request,
    controls: &[&Control],
    (kinds, snapshot): (&Kinds, &Snapshot),
    progress: &mut dyn FnMut(Progress),
) -> Result<Logs, AuditError> {
    if request.events.is_empty() {
        return Ok(Logs::default());
    }
    let wrong = |e: &dyn std::fmt::Display| AuditError::from(ReadError::Log(e.to_string()));
    let of = request.events.iter().map(|p| size(p)).sum();
    progress(Progress::Events { done: 0, of });
    let mapping = request.connector.as_ref().map(|p| Mapping::of(p)).transpose().map_err(|e| wrong(&e))?.flatten();
    let detector = Detector::compile(controls, &request.overrides).map_err(|e| AuditError::Internal(e.to_string()))?;
    let context = detector.context(&|kind| data(kinds, snapshot, kind));
    let (mut inputs, mut fingerprints) = (Vec::new(), Vec::new());
    for path in &request.events {
        let (input, fingerprint) = Input::open_with_fingerprint(path).map_err(|e| wrong(&e))?;
        inputs.push(input);
        fingerprints.push(fingerprint);
    }
    let names: Vec<String> = inputs.iter().map(|i| i.name.clone()).collect();
    let (mut gathered, mut silences) = (Gathered::default(), Silences::default());
    let hints = Hints { taken_at: request.as_of, ..Hints::default() };
    let mapping = mapping.as_ref().map(|m| (m, hints));
    let coverage = scan((detector.plan(), &context), inputs, mapping, options(), &mut |f| {
        silences.add(&detector, &f);
        gathered.add(&f);
    });
    let coverage = coverage.map_err(|e| wrong(&e))?;
    let mut sight = Sight::default();
    coverage.sources.iter().for_each(|(_, s)| sight.join(s));
    progress(Progress::Events { done: of, of });
    let found = Found::new(detector, gathered, sight, names, &context);
    let product = request.connector.clone().unwrap_or_default();
    Ok(Logs { coverage, fingerprints, found: Some(Arc::new(found)), silences: silences.found(), product })
}

fn options() -> Options {
    let threads = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    // An audit gives the same bytes for the same input, so its seed is fixed.
    Options { threads, lateness_ms: LATENESS_MS, seed: Seed::default() }
}

fn size(path: &Path) -> u64 {
    path.metadata().map_or(0, |m| m.len())
}

/// The data of an evidence kind; `None` when it is absent.
fn data(kinds: &Kinds, snapshot: &Snapshot, kind: &str) -> Option<Json> {
    Some(snapshot.get(kind)?.data.to_json(&kinds.get(kind)?.shape))
}

impl Logs {
    fn span(&self) -> Option<(i64, i64)> {
        self.found.as_ref().and_then(|f| f.sight().tally.span_ms)
    }

    /// Instant of the last event.
    pub(super) fn last(&self) -> Option<Timestamp> {
        self.span().and_then(|(_, last)| Timestamp::from_millis(last))
    }

    /// Instant of the first event.
    pub(super) fn first(&self) -> Option<Timestamp> {
        self.span().and_then(|(first, _)| Timestamp::from_millis(first))
    }

    /// What the rules found, as of `as_of`.
    pub(super) fn detections(
        &self,
        kinds: &Kinds,
        snapshot: &Snapshot,
        as_of: Timestamp,
    ) -> Option<Box<dyn Detections>> {
        let found = Arc::clone(self.found.as_ref()?);
        let classes = data(kinds, snapshot, "log").and_then(|l| l.get("classes").cloned());
        Some(Box::new(Detected::new(found, classes, as_of)))
    }

    /// What the logs cover, log by log.
    pub(super) fn coverage(&self) -> Vec<LogCoverage> {
        (0u16..).zip(&self.coverage.sources).map(|(file, (name, sight))| self.coverage_of(file, name, sight)).collect()
    }

    /// The logs as evidence, with the digests of their files.
    pub(super) fn files(&self) -> Vec<Evidence> {
        let one = |((name, sight), fingerprint): (&(String, Sight), &Fingerprint)| Evidence {
            kind: "events".to_owned(),
            file: name.clone(),
            sha256: fingerprint.digest(),
            source: if self.product.is_empty() { "log".to_owned() } else { self.product.clone() },
            method: "export".to_owned(),
            observed_at: sight.tally.span_ms.and_then(|(_, last)| Timestamp::from_millis(last)),
            collected_at: None,
            records: sight.tally.events,
        };
        self.coverage.sources.iter().zip(&self.fingerprints).map(one).collect()
    }

    fn coverage_of(&self, file: u16, name: &str, sight: &Sight) -> LogCoverage {
        let tally = &sight.tally;
        let instant = |at: Option<i64>| at.and_then(Timestamp::from_millis);
        let samples = tally.bad.iter().flat_map(|(why, (_, places))| {
            places.iter().map(|p| BadLine { offset: p.offset(), reason: why.word().to_owned() })
        });
        let gap = |s: &Silence| {
            let (from, until) = (Timestamp::from_millis(s.from_ms)?, Timestamp::from_millis(s.until_ms)?);
            Some(input::Silence { source: s.source.clone(), from, until })
        };
        LogCoverage {
            source: name.to_owned(),
            first: instant(tally.span_ms.map(|s| s.0)),
            last: instant(tally.span_ms.map(|s| s.1)),
            lines: tally.lines,
            events: tally.events,
            bad_lines: tally.bad_lines(),
            unread: tally.bad.iter().map(|(why, (count, _))| (why.word().to_owned(), *count)).collect(),
            late: sight.late,
            duplicates: tally.doubles,
            ids_forgotten: tally.forgotten,
            samples: samples.collect(),
            gaps: self.silences.iter().filter(|s| s.file == file).filter_map(gap).collect(),
        }
    }
}
