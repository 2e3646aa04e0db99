//! Charts as plain shapes, drawn alike on paper and on screen. Every label is text.
//!
//! Coordinates are in points, from the upper left corner.

use super::Teller;
use super::block::Tone;
use crate::findings::{Severity, Verdict};
use serde::Serialize;

/// A drawing.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Drawing {
    /// Its width in points.
    pub width: f32,
    /// Its height in points.
    pub height: f32,
    /// Its shapes, the first one lowest.
    pub shapes: Vec<Shape>,
}

/// One shape.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "shape", rename_all = "snake_case")]
#[expect(missing_docs, reason = "coordinates are what their names say")]
pub enum Shape {
    /// A filled rectangle.
    Rect { x: f32, y: f32, width: f32, height: f32, tone: Tone },
    /// A thin line.
    Line { x1: f32, y1: f32, x2: f32, y2: f32, tone: Tone, thick: bool },
    /// A line of text; `y` is its base line.
    Text { x: f32, y: f32, size: f32, anchor: Anchor, tone: Tone, text: String },
}

/// Which end of a text is at its coordinates.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Anchor {
    /// Its beginning.
    Start,
    /// Its middle.
    Middle,
    /// Its end.
    End,
}

const WIDTH: f32 = 487.0;
const LABELS: f32 = 128.0;
const ROW: f32 = 15.0;
const BAR: f32 = 10.5;
const SIZE: f32 = 8.0;

fn text(x: f32, y: f32, anchor: Anchor, tone: Tone, text: String) -> Shape {
    Shape::Text { x, y, size: SIZE, anchor, tone, text }
}

#[expect(clippy::cast_precision_loss, reason = "counts of controls and findings are far below 2^23 in any drawing")]
const fn real(n: u64) -> f32 {
    n as f32
}

/// Open findings per severity as bars.
pub(super) fn severities(t: &Teller<'_>) -> Drawing {
    let rows = &t.report.summary.by_severity;
    let most = rows.iter().map(|r| r.findings + r.findings_waived).max().unwrap_or(0).max(1);
    // Room to the right for the figure and, where there are any, the waived ones.
    let room = WIDTH - LABELS - 90.0;
    let mut shapes = Vec::new();
    let mut y = 4.0;
    for row in rows {
        let tone = Tone::of_severity(row.severity);
        let open = room * real(row.findings) / real(most);
        let waived = room * real(row.findings_waived) / real(most);
        shapes.push(text(LABELS - 8.0, y + 8.2, Anchor::End, Tone::Plain, t.severity(row.severity)));
        shapes.push(Shape::Rect { x: LABELS, y, width: open.max(0.8), height: BAR, tone });
        if row.findings_waived > 0 {
            shapes.push(Shape::Rect { x: LABELS + open, y, width: waived, height: BAR, tone: Tone::Waived });
        }
        let figure = if row.findings_waived > 0 {
            format!("{} + {} {}", row.findings, row.findings_waived, t.verdict(Verdict::Waived))
        } else {
            row.findings.to_string()
        };
        shapes.push(text(LABELS + open + waived + 5.0, y + 8.2, Anchor::Start, Tone::Plain, figure));
        y += ROW;
    }
    shapes.push(Shape::Line { x1: LABELS, y1: 0.0, x2: LABELS, y2: y, tone: Tone::Quiet, thick: false });
    Drawing { width: WIDTH, height: y, shapes }
}

/// Controls per family, stacked by verdict.
pub(super) fn families(t: &Teller<'_>) -> Drawing {
    let families = &t.report.summary.by_family;
    let most = families.values().map(super::super::model::Counts::total).max().unwrap_or(0).max(1);
    let room = WIDTH - LABELS - 70.0;
    let (mut shapes, mut y) = legend(t);
    for (family, counts) in families {
        shapes.push(text(LABELS - 8.0, y + 8.2, Anchor::End, Tone::Plain, t.family(family)));
        let mut x = LABELS;
        for verdict in Verdict::ALL {
            let count = counts.of(verdict);
            let width = room * real(count) / real(most);
            if count > 0 {
                shapes.push(Shape::Rect { x, y, width, height: BAR, tone: Tone::of_verdict(verdict) });
            }
            x += width;
        }
        shapes.push(text(x + 5.0, y + 8.2, Anchor::Start, Tone::Quiet, figures(&Verdict::ALL.map(|v| counts.of(v)))));
        y += ROW;
    }
    Drawing { width: WIDTH, height: y, shapes }
}

/// Counts that are not zero, in the order of the legend, so that the colours are not needed.
fn figures(counts: &[u64]) -> String {
    counts.iter().map(u64::to_string).collect::<Vec<_>>().join(" · ")
}

fn legend(t: &Teller<'_>) -> (Vec<Shape>, f32) {
    let mut shapes = Vec::new();
    for (i, verdict) in (0_u8..).zip(Verdict::ALL) {
        let x = f32::from(i) * 97.0;
        shapes.push(Shape::Rect { x, y: 2.0, width: 8.0, height: 8.0, tone: Tone::of_verdict(verdict) });
        shapes.push(text(x + 12.0, 9.5, Anchor::Start, Tone::Plain, t.verdict(verdict)));
    }
    (shapes, 20.0)
}

/// Open findings per severity from audit to audit, as grouped bars; `None` without an earlier audit.
pub(super) fn history(t: &Teller<'_>) -> Option<Drawing> {
    let points = &t.report.trend.as_ref()?.history;
    let most = points.iter().map(|p| p.findings.iter().sum::<u64>().max(p.unknown)).max().unwrap_or(0).max(1);
    let (top, tall) = (32.0, 88.0);
    let base = top + tall;
    let pitch = (WIDTH / real(points.len().max(1) as u64)).min(150.0);
    let bar = (pitch * 0.24).min(34.0);
    let mut shapes = history_legend(t);
    for (point, x) in points.iter().zip(std::iter::successors(Some(0.0_f32), |x| Some(x + pitch))) {
        let left = x + pitch / 2.0 - bar - 3.0;
        let mut y = base;
        for (severity, count) in Severity::ALL.into_iter().zip(point.findings).rev() {
            let height = tall * real(count) / real(most);
            y -= height;
            if count > 0 {
                shapes.push(Shape::Rect { x: left, y, width: bar, height, tone: Tone::of_severity(severity) });
            }
        }
        let unknown = tall * real(point.unknown) / real(most);
        let right = left + bar + 6.0;
        shapes.push(Shape::Rect { x: right, y: base - unknown, width: bar, height: unknown, tone: Tone::Unknown });
        let total: u64 = point.findings.iter().sum();
        let middle = bar / 2.0;
        shapes.push(text(left + middle, y - 3.0, Anchor::Middle, Tone::Plain, total.to_string()));
        shapes.push(text(right + middle, base - unknown - 3.0, Anchor::Middle, Tone::Plain, point.unknown.to_string()));
        let day = point.as_of.day_utc().to_string();
        shapes.push(text(x + pitch / 2.0, base + 12.0, Anchor::Middle, Tone::Plain, day));
    }
    shapes.push(Shape::Line { x1: 0.0, y1: base, x2: WIDTH, y2: base, tone: Tone::Quiet, thick: false });
    Some(Drawing { width: WIDTH, height: base + 18.0, shapes })
}

fn history_legend(t: &Teller<'_>) -> Vec<Shape> {
    let severities = Severity::ALL.map(|s| (Tone::of_severity(s), t.severity(s)));
    let all = severities.into_iter().chain([(Tone::Unknown, t.w("trend.unknown_controls"))]);
    let mut shapes = Vec::new();
    for (i, (tone, label)) in (0_u8..).zip(all) {
        let x = f32::from(i) * 84.0;
        shapes.push(Shape::Rect { x, y: 2.0, width: 8.0, height: 8.0, tone });
        shapes.push(text(x + 12.0, 9.5, Anchor::Start, Tone::Plain, label));
    }
    shapes
}
