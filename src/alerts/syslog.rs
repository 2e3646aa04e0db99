//! RFC 5424 syslog messages and the octet counting of RFC 6587 (3.4.1).

use super::Alert;
use std::fmt::Write;

/// `log audit`, RFC 5424 table 1.
const FACILITY: u16 = 13;
/// The enterprise number of our structured data. We have none assigned; 32473 is reserved for examples (RFC 5612), so that it
/// cannot be mistaken for anybody's.
const ENTERPRISE: u32 = 32_473;
/// Longest name of a parameter (RFC 5424 6.3.3).
const LONGEST_NAME: usize = 32;
/// Longest host name (RFC 5424 6).
const LONGEST_HOST: usize = 255;

/// The name of the sending host as the header wants it: 1 to 255 printable ASCII characters without spaces.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Host(String);

impl Host {
    /// The host called `name`; `None` when the header cannot hold that name.
    pub fn new(name: &str) -> Option<Self> {
        let fits = (1..=LONGEST_HOST).contains(&name.len()) && name.bytes().all(|b| b.is_ascii_graphic());
        fits.then(|| Self(name.to_owned()))
    }

    /// No name: the receiver knows whom it got the message from.
    pub fn unnamed() -> Self {
        Self("-".to_owned())
    }
}

/// The alert as one message: its facts as structured data, one line of words as text.
pub fn message(alert: &Alert, host: &Host) -> String {
    let mut out = header(alert, host);
    let _ = write!(out, "[habeas@{ENTERPRISE}");
    parameter(&mut out, "id", &alert.id);
    parameter(&mut out, "rule", &alert.rule);
    parameter(&mut out, "level", alert.level.word());
    parameter(&mut out, "count", &alert.count.to_string());
    if let Some(value) = alert.value {
        parameter(&mut out, "value", &value.to_string());
    }
    for (spot, file, offset) in [(&alert.first, "firstFile", "firstOffset"), (&alert.last, "lastFile", "lastOffset")] {
        if let Some(spot) = spot {
            parameter(&mut out, file, &spot.file);
            parameter(&mut out, offset, &spot.offset.to_string());
        }
    }
    out.push(']');
    if !alert.key.is_empty() {
        let _ = write!(out, "[key@{ENTERPRISE}");
        alert.key.iter().for_each(|f| parameter(&mut out, &name(&f.name), &f.value));
        out.push(']');
    }
    // Text in UTF-8 begins with the byte order mark (RFC 5424 6.4).
    let _ = write!(out, " \u{feff}{}", alert.line());
    out
}

/// A CEF event as the text of a message without structured data.
pub fn around_cef(alert: &Alert, host: &Host) -> String {
    format!("{}- {}", header(alert, host), super::cef::event(alert))
}

/// A JSON text as the text of a message without structured data.
pub fn around_json(alert: &Alert, host: &Host, json: &str) -> String {
    format!("{}- \u{feff}{json}", header(alert, host))
}

/// PRI, VERSION, TIMESTAMP, HOSTNAME, APP-NAME, PROCID, MSGID and the space after them.
fn header(alert: &Alert, host: &Host) -> String {
    let priority = FACILITY * 8 + u16::from(alert.level.syslog());
    format!("<{priority}>1 {} {} habeas - {} ", alert.at, host.0, alert.kind.word())
}

fn parameter(out: &mut String, name: &str, value: &str) {
    let _ = write!(out, " {name}=\"");
    for c in value.chars() {
        // RFC 5424 6.3.3: these three and no others.
        if matches!(c, '"' | '\\' | ']') {
            out.push('\\');
        }
        out.push(c);
    }
    out.push('"');
}

/// A parameter's name: printable ASCII without `=`, `]`, `"` and space. A name may occur twice (RFC 5424 6.3.3), so that two
/// fields that become alike stay two.
fn name(field: &str) -> String {
    let fits = |c: char| c.is_ascii_graphic() && !matches!(c, '=' | ']' | '"');
    let name: String = field.chars().take(LONGEST_NAME).map(|c| if fits(c) { c } else { '_' }).collect();
    if name.is_empty() { "_".to_owned() } else { name }
}

/// The message with its length in bytes before it, as a stream carries it.
pub fn frame(message: &str) -> Vec<u8> {
    format!("{} {message}", message.len()).into_bytes()
}
