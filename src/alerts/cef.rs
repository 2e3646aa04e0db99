//! ArcSight Common Event Format, version 0.

use super::alert::Field;
use super::{Alert, PRODUCT, VERSION};
use std::fmt::Write;

/// Custom text fields that CEF has: `cs1` to `cs6`.
const CUSTOM: usize = 6;

/// The alert as one CEF event, without a line end.
pub fn event(alert: &Alert) -> String {
    let mut out = format!(
        "CEF:0|{PRODUCT}|{PRODUCT}|{VERSION}|{}|{}|{}|",
        header(&alert.rule),
        header(&alert.title),
        alert.level.cef()
    );
    let _ =
        write!(out, "rt={} externalId={} cat={} cnt={}", alert.at.millis(), alert.id, alert.kind.word(), alert.count);
    for (n, field) in custom(&alert.key).iter().enumerate() {
        let n = n + 1;
        let _ = write!(out, " cs{n}Label={} cs{n}={}", extension(&field.name), extension(&field.value));
    }
    if let Some(spot) = &alert.last {
        let _ = write!(out, " fname={} cn1Label=offset cn1={}", extension(&spot.file), spot.offset);
    }
    if let Some(spot) = &alert.first {
        let _ = write!(out, " oldFileName={} cn2Label=first offset cn2={}", extension(&spot.file), spot.offset);
    }
    if let Some(value) = alert.value {
        let _ = write!(out, " cfp1Label=value cfp1={value}");
    }
    let _ = write!(out, " msg={}", extension(&alert.line()));
    out
}

/// The key in at most six fields; when there are more, the last one holds the rest as JSON.
fn custom(key: &[Field]) -> Vec<Field> {
    if key.len() <= CUSTOM {
        return key.to_vec();
    }
    let (own, rest) = key.split_at(CUSTOM - 1);
    let rest: serde_json::Map<_, _> = rest.iter().map(|f| (f.name.clone(), f.value.clone().into())).collect();
    let rest = Field { name: "more".to_owned(), value: serde_json::Value::Object(rest).to_string() };
    own.iter().cloned().chain(std::iter::once(rest)).collect()
}

/// In the header, `|` and `\` are escaped; line ends cannot occur.
fn header(text: &str) -> String {
    text.replace('\\', "\\\\").replace('|', "\\|")
}

/// In the extension, `=` and `\` are escaped; line ends cannot occur, `|` stands as it is.
fn extension(text: &str) -> String {
    text.replace('\\', "\\\\").replace('=', "\\=")
}
