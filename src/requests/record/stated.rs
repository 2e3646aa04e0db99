//! One row of requests, read with three values: stated, stated as never, not known.

use crate::clock::Timestamp;
use serde_json::Value as Json;

/// What a row says about something that may have happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Known {
    /// It happened then.
    At(Timestamp),
    /// It did not happen.
    Never,
    /// The row does not say.
    Unknown,
}

/// Fields of a row and the event of the law that each is. `further_events` and `recipients` come on top.
const EVENTS: [(&str, &str); 13] = [
    ("acknowledged_at", "acknowledged"),
    ("identity_asked_at", "identity_asked"),
    ("identity_received_at", "identity_received"),
    ("clarification_asked_at", "clarification_asked"),
    ("clarification_received_at", "clarification_received"),
    ("fee_asked_at", "fee_asked"),
    ("fee_paid_at", "fee_paid"),
    ("extension_notice_at", "extension_notice"),
    ("completed_at", "completed"),
    ("completed_at", "erasure_completed"),
    ("answered_at", "answered"),
    ("appealed_at", "appeal_received"),
    ("appeal_answered_at", "appeal_answered"),
];

/// One row.
#[derive(Clone, Copy, Debug)]
pub(super) struct Claim<'a>(pub(super) &'a Json);

impl<'a> Claim<'a> {
    /// A text; `None` when it is not stated.
    pub(super) fn text(self, field: &str) -> Option<&'a str> {
        self.0.get(field).and_then(Json::as_str)
    }

    /// When something happened.
    pub(super) fn at(self, field: &str) -> Known {
        known(self.0.get(field))
    }

    /// When the event of the law happened first.
    pub(super) fn event(self, event: &str) -> Known {
        match EVENTS.iter().find(|(_, e)| *e == event) {
            Some((field, _)) => self.at(field),
            None if event == "recipients_told" => self.recipients_told(),
            // No row has a field for it: nobody claims that it happened.
            None => Known::Never,
        }
    }

    /// Everything that happened, by the events of the law.
    pub(super) fn events(self) -> Vec<(&'a str, Timestamp)> {
        let mut events: Vec<(&str, Timestamp)> = Vec::new();
        let named = EVENTS.iter().map(|(_, event)| *event).chain(["recipients_told"]);
        events.extend(named.filter_map(|event| match self.event(event) {
            Known::At(at) => Some((event, at)),
            _ => None,
        }));
        let further = self.0.get("further_events").and_then(Json::as_array);
        events.extend(further.into_iter().flatten().filter_map(|e| {
            match (e.get("event")?.as_str(), known(e.get("at"))) {
                (Some(event), Known::At(at)) => Some((event, at)),
                _ => None,
            }
        }));
        events
    }

    /// Whether nobody had to be told: there was no recipient, or telling each was impossible or disproportionate.
    pub(super) fn nobody_to_tell(self) -> bool {
        let recipients = self.0.get("recipients").and_then(Json::as_array);
        recipients.is_some_and(|all| all.iter().all(is_excused))
    }

    /// When the last recipient was told.
    fn recipients_told(self) -> Known {
        let Some(recipients) = self.0.get("recipients").and_then(Json::as_array) else { return Known::Unknown };
        let mut last = Known::Never;
        for recipient in recipients.iter().filter(|r| !is_excused(r)) {
            match (known(recipient.get("told_at")), last) {
                (Known::At(at), Known::At(before)) => last = Known::At(at.max(before)),
                (Known::At(at), _) => last = Known::At(at),
                (Known::Never, _) => return Known::Never,
                (Known::Unknown, _) => return Known::Unknown,
            }
        }
        last
    }
}

fn is_excused(recipient: &Json) -> bool {
    recipient.get("not_told_because").is_some_and(Json::is_string)
}

fn known(field: Option<&Json>) -> Known {
    match field {
        None => Known::Unknown,
        Some(Json::Null) => Known::Never,
        // The schema has let in instants only.
        Some(value) => value.as_str().and_then(|t| t.parse().ok()).map_or(Known::Unknown, Known::At),
    }
}
