//! Reads what comes back: delivery reports (RFC 3464), bounces that keep to no standard, absence notices, answers.
//!
//! All of it is hostile: sizes are bounded, nothing is rendered, and a report only counts for a notice whose return path or
//! Message-ID it names. Never keeps the words of a report, which may hold addresses.

use super::verp::ReturnPaths;

/// Longest mail that is read, in bytes.
const LONGEST_BYTES: usize = 1 << 20;
/// Most header lines of one part.
const HEADERS_MOST: usize = 500;
/// Most parts of a report.
const PARTS_MOST: usize = 16;

/// What a mail that came in is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Incoming {
    /// A notice did not arrive.
    Bounced {
        /// Which.
        about: About,
        /// Status as in RFC 3463, e.g. `5.1.1`, where one is given.
        status: Option<String>,
    },
    /// A server is still trying.
    Delayed {
        /// Which.
        about: About,
    },
    /// A server reports arrival.
    Delivered {
        /// Which.
        about: About,
    },
    /// An absence notice: says nothing about arrival in time, and is no answer.
    Absence {
        /// To which notice, where that is known.
        about: About,
    },
    /// A person's mail; `about` where it belongs to a notice of ours.
    Answer {
        /// To which notice.
        about: About,
    },
}

/// Which notice a mail is about.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct About {
    /// By its return path: certain.
    pub notice: Option<String>,
    /// By the Message-IDs it names, ours and others', to be looked up.
    pub message_ids: Vec<String>,
}

struct Part<'a> {
    headers: Vec<(String, String)>,
    body: &'a str,
}

/// Reads a mail that came in for `recipient`, the envelope's address.
pub fn read(bytes: &[u8], recipient: &str, paths: &ReturnPaths) -> Incoming {
    let text =
        String::from_utf8_lossy(bytes.get(..bytes.len().min(LONGEST_BYTES)).unwrap_or_default()).replace("\r\n", "\n");
    let whole = Part::read(&text);
    let about = about(&whole, &text, recipient, paths);
    if let Some(report) = delivery_status(&whole) {
        let status = report.field("status").and_then(status_in);
        return match report.field("action").map(|a| a.trim().to_ascii_lowercase()).as_deref() {
            Some("failed") => Incoming::Bounced { about, status },
            Some("delayed") => Incoming::Delayed { about },
            Some("delivered") => Incoming::Delivered { about },
            // `relayed` and `expanded` say that the trace ends; anything else says nothing (RFC 3464 2.3.3).
            _ => Incoming::Delayed { about },
        };
    }
    if is_absence(&whole) {
        return Incoming::Absence { about };
    }
    if let Some(status) = plain_bounce(&whole) {
        return Incoming::Bounced { about, status };
    }
    Incoming::Answer { about }
}

impl<'a> Part<'a> {
    fn read(text: &'a str) -> Self {
        let (head, body) = text.split_once("\n\n").unwrap_or((text, ""));
        let mut headers: Vec<(String, String)> = Vec::new();
        for line in head.lines().take(HEADERS_MOST) {
            if line.starts_with([' ', '\t']) {
                if let Some((_, value)) = headers.last_mut() {
                    value.push(' ');
                    value.push_str(line.trim());
                }
            } else if let Some((name, value)) = line.split_once(':') {
                headers.push((name.trim().to_ascii_lowercase(), value.trim().to_owned()));
            }
        }
        Self { headers, body }
    }

    fn field(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(n, _)| n == name).map(|(_, v)| v.as_str())
    }

    fn kind(&self) -> String {
        self.field("content-type").unwrap_or_default().split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
    }

    fn boundary(&self) -> Option<&str> {
        let (_, after) = self.field("content-type")?.split_once("boundary=")?;
        let value = after.trim().strip_prefix('"').map_or_else(|| after.split(';').next(), |q| q.split('"').next());
        value.map(str::trim).filter(|b| !b.is_empty())
    }

    fn parts(&self) -> Vec<Part<'a>> {
        let Some(boundary) = self.boundary() else { return vec![] };
        let line = format!("--{boundary}");
        self.body
            .split(line.as_str())
            .skip(1)
            .take(PARTS_MOST)
            .map(|p| Part::read(p.trim_start_matches('\n')))
            .collect()
    }
}

/// The fields about the recipient of a report (RFC 3464 2.3), which follow those about the message.
fn delivery_status<'a>(whole: &Part<'a>) -> Option<Part<'a>> {
    if whole.kind() != "multipart/report" {
        return None;
    }
    let part = whole.parts().into_iter().find(|p| p.kind() == "message/delivery-status")?;
    let groups = part.body.split("\n\n").map(Part::read);
    groups.into_iter().find(|g| g.field("action").is_some())
}

fn about(whole: &Part<'_>, text: &str, recipient: &str, paths: &ReturnPaths) -> About {
    let addressed = [Some(recipient), whole.field("to"), whole.field("x-original-to"), whole.field("delivered-to")];
    let words = addressed.into_iter().flatten().flat_map(|t| t.split([' ', ',', '<', '>']));
    let notice = words.filter_map(|address| paths.notice(address)).next();
    let mut message_ids = Vec::new();
    let named = ["in-reply-to", "references"].into_iter().filter_map(|n| whole.field(n));
    // A bounce carries the headers of what bounced, or its beginning, in whatever form.
    let copied =
        text.lines().filter_map(|l| l.trim().get(..11).filter(|h| h.eq_ignore_ascii_case("message-id:")).map(|_| l));
    for id in named.chain(copied.skip(usize::from(whole.field("message-id").is_some()))).flat_map(ids_in) {
        if !message_ids.contains(&id) && message_ids.len() < 50 {
            message_ids.push(id);
        }
    }
    About { notice, message_ids }
}

fn ids_in(text: &str) -> Vec<String> {
    let found = text.split('<').skip(1).filter_map(|p| p.split_once('>')).map(|(id, _)| format!("<{id}>"));
    found.filter(|id| super::mail::is_message_id(id)).collect()
}

fn is_absence(whole: &Part<'_>) -> bool {
    let auto = whole.field("auto-submitted").unwrap_or_default().to_ascii_lowercase();
    let subject = whole.field("subject").unwrap_or_default().to_lowercase();
    let precedence = whole.field("precedence").unwrap_or_default().to_ascii_lowercase();
    let marked = ["x-autoreply", "x-autorespond", "x-auto-reply-from", "x-mail-autoreply"];
    auto.starts_with("auto-replied")
        || precedence == "auto_reply"
        || marked.iter().any(|name| whole.field(name).is_some())
        || ABSENCE.iter().any(|words| subject.starts_with(words))
}

/// How the subjects of absence notices begin that carry no mark.
const ABSENCE: [&str; 12] = [
    "automatic reply",
    "auto-reply",
    "out of office",
    "out of the office",
    "automatische antwort",
    "abwesenheitsnotiz",
    "abwesend",
    "réponse automatique",
    "absence du bureau",
    "absent du bureau",
    "自动回复",
    "自動回覆",
];

/// How the subjects of bounces begin that are no reports.
const BOUNCES: [&str; 11] = [
    "undelivered mail",
    "undeliverable",
    "mail delivery failed",
    "mail delivery failure",
    "delivery status notification (failure)",
    "failure notice",
    "returned mail",
    "delivery failure",
    "unzustellbar",
    "échec de la remise",
    "系统退信",
];

/// Whether a mail without a report is a bounce; with the status that it mentions, if it mentions one.
fn plain_bounce(whole: &Part<'_>) -> Option<Option<String>> {
    let from = whole.field("from").unwrap_or_default().to_ascii_lowercase();
    let machine = ["mailer-daemon@", "postmaster@", "mail-daemon@"].iter().any(|m| from.contains(m));
    let empty_path = whole.field("return-path").is_some_and(|p| p.trim() == "<>");
    let subject = whole.field("subject").unwrap_or_default().to_lowercase();
    let says = BOUNCES.iter().any(|words| subject.starts_with(words));
    let failed = whole.field("x-failed-recipients").is_some();
    // A person may quote such a subject; only a machine has both signs.
    let bounced = failed || (says && (machine || empty_path));
    bounced.then(|| whole.body.lines().take(200).find_map(status_in))
}

/// A status of RFC 3463 (`5.1.1`) in a line.
fn status_in(line: &str) -> Option<String> {
    let words = line.split(|c: char| !c.is_ascii_digit() && c != '.');
    let is_status = |w: &&str| {
        let parts: Vec<&str> = w.split('.').collect();
        let [class, subject, detail] = parts.as_slice() else { return false };
        matches!(*class, "2" | "4" | "5") && (1..=3).contains(&subject.len()) && (1..=3).contains(&detail.len())
    };
    words.into_iter().find(is_status).map(str::to_owned)
}

#[cfg(test)]
mod tests;
