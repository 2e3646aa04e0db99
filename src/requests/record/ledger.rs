//! Rows of requests told by our own ledger: the entries say what happened and when, the state only where and how.
//!
//! A request that only one of the two knows is an error: nothing may be left out of an audit by deleting a row.

use crate::authority::Actor;
use crate::clock::Timestamp;
use crate::ledger::entry::{Entry, Fact};
use crate::requests::identity::Method;
use crate::requests::outcome::Outcome;
use crate::requests::request::{Claim, Request, Stage};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// One row of the kind `requests`. `None` says that it did not happen; what our records cannot tell has no field here.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[expect(missing_docs, reason = "the fields are those of controls/schema/evidence/requests.json, described there")]
pub struct Row {
    pub id: String,
    pub request: String,
    pub right: &'static str,
    pub regime: String,
    pub place: String,
    pub channel: String,
    pub received_at: Option<Timestamp>,
    pub acknowledged_at: Option<Timestamp>,
    pub identity_asked_at: Option<Timestamp>,
    pub identity_level_asked: Option<String>,
    pub identity_received_at: Option<Timestamp>,
    pub document_shown: bool,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub further_events: Vec<Happened>,
    pub clarification_asked_at: Option<Timestamp>,
    pub clarification_received_at: Option<Timestamp>,
    pub fee_asked_at: Option<Timestamp>,
    pub fee_paid_at: Option<Timestamp>,
    pub extension_decided_at: Option<Timestamp>,
    pub extension_reason: Option<String>,
    pub extension_notice_at: Option<Timestamp>,
    pub completed_at: Option<Timestamp>,
    pub answered_at: Option<Timestamp>,
    pub outcome: Option<String>,
    pub grounds: BTreeSet<String>,
    pub prepared_by: Option<String>,
    pub released_by: Option<String>,
    pub appealed_at: Option<Timestamp>,
    pub appeal_answered_at: Option<Timestamp>,
    pub appeal_decided_by: Option<String>,
    /// When the answer that is on its way was sent.
    #[serde(skip)]
    sent_at: Option<Timestamp>,
}

/// A repeated happening.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Happened {
    /// The event, by its name in the law book.
    pub event: &'static str,
    /// When.
    pub at: Timestamp,
}

/// Why the record gives no rows.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RecordError {
    /// An entry tells of a request that is not there, or the other way round.
    #[error("request `{request}` is {seen} and not {missing}; the record is not whole")]
    Torn {
        /// The request.
        request: String,
        /// Where it is.
        seen: &'static str,
        /// Where it is not.
        missing: &'static str,
    },
    /// An entry that is none.
    #[error(transparent)]
    Entry(#[from] crate::ledger::Error),
}

/// One row for each claim of `requests`, in their order, told by the `entries` of the ledger.
pub fn rows(requests: &[Request], entries: &[Vec<u8>]) -> Result<Vec<Row>, RecordError> {
    let mut of: BTreeMap<String, Vec<Entry>> = BTreeMap::new();
    for (seq, bytes) in (0_u64..).zip(entries) {
        let entry = Entry::parse(seq, bytes)?;
        if let Some(id) = entry.object.as_str().strip_prefix("request/") {
            of.entry(id.to_owned()).or_default().push(entry);
        }
    }
    let mut rows = Vec::new();
    for request in requests {
        let torn = || RecordError::Torn { request: request.id.to_string(), seen: "stored", missing: "in the ledger" };
        let entries = of.remove(request.id.as_str()).ok_or_else(torn)?;
        if !entries.first().is_some_and(|e| agrees(request, e)) {
            return Err(torn());
        }
        let mut claims: Vec<Row> = (1..).zip(&request.claims).map(|(n, c)| Row::received(request, n, c)).collect();
        entries.iter().for_each(|entry| tell(&mut claims, entry));
        rows.append(&mut claims);
    }
    match of.into_keys().next() {
        Some(request) => Err(RecordError::Torn { request, seen: "in the ledger", missing: "stored" }),
        None => Ok(rows),
    }
}

/// Whether the first entry is the receipt of this request, claim by claim.
fn agrees(request: &Request, entry: &Entry) -> bool {
    let claims = request.claims.iter().enumerate().all(|(i, claim)| {
        let what = format!("{}:{}", claim.basis.regime.as_str(), claim.basis.right.word());
        matches!(entry.facts.get(&format!("claim:{i}")), Some(Fact::Word(w)) if w.as_str() == what)
    });
    let received = entry.facts.get("received-at") == Some(&Fact::Instant(request.received_at));
    entry.action.as_str() == "request.received" && claims && received
}

/// Applies one entry to the claim it is about; the confirmation of a receipt is about all.
fn tell(claims: &mut [Row], entry: &Entry) {
    let letter = entry.fact_word("letter");
    if letter == Some("acknowledgement") && entry.action.as_str() == "request.letter-sent" {
        claims.iter_mut().for_each(|row| row.acknowledged_at = row.acknowledged_at.or(entry.fact_instant("sent-at")));
        return;
    }
    let claim = match entry.facts.get("claim") {
        Some(Fact::Count(n)) => usize::try_from(*n).ok(),
        _ => None,
    };
    if let Some(row) = claim.and_then(|n| claims.get_mut(n)) {
        row.apply(entry, letter);
    }
}

impl Row {
    fn received(request: &Request, number: usize, claim: &Claim) -> Self {
        let channel = serde_json::to_value(request.channel).ok().and_then(|c| c.as_str().map(str::to_owned));
        let document_shown = request.identity.proofs().iter().any(|p| p.method == Method::Document);
        Self {
            id: format!("{}:{number}", request.id),
            request: request.id.to_string(),
            right: claim.basis.right.word(),
            regime: claim.basis.regime.as_str().to_owned(),
            place: claim.basis.place.as_str().to_uppercase(),
            channel: channel.unwrap_or_default(),
            received_at: Some(claim.basis.received_at),
            document_shown,
            grounds: kept(&claim.stage),
            ..Self::default()
        }
    }

    fn apply(&mut self, entry: &Entry, letter: Option<&str>) {
        let at = Some(entry.at);
        match entry.action.as_str().strip_prefix("request.").unwrap_or_default() {
            "identity-asked" => {
                self.happened("identity_asked", entry.at, |row| &mut row.identity_asked_at);
                self.identity_level_asked = entry.fact_word("needed").map(str::to_owned);
            }
            // Taken up again after a question about who asks: the proof was there.
            "accepted" if self.identity_asked_at.is_some() => {
                self.happened("identity_received", entry.at, |row| &mut row.identity_received_at);
            }
            "clarification-asked" => {
                self.happened("clarification_asked", entry.at, |row| &mut row.clarification_asked_at);
            }
            "clarified" => self.happened("clarification_received", entry.at, |row| &mut row.clarification_received_at),
            "extension-decided" => {
                self.extension_decided_at = at;
                self.extension_reason = entry.fact_word("reason").map(str::to_owned);
            }
            "letter-sent" => self.letter(letter, entry.fact_instant("sent-at")),
            "plan-proposed" | "told" => self.prepared_by = officer(&entry.actor),
            "plan-released" => self.released_by = officer(&entry.actor),
            "read-back" | "confirmed" => self.completed_at = self.completed_at.or(at),
            "not-confirmed" => self.completed_at = None,
            "denied" => {
                self.released_by = officer(&entry.actor);
                self.grounds.extend(entry.facts.iter().filter_map(ground));
            }
            "answered" => self.answered(entry),
            "withdrawn" => (self.answered_at, self.outcome) = (at, Some("withdrawn".to_owned())),
            "appealed" => self.appealed_at = self.appealed_at.or(at),
            "appeal-decided" => self.appeal_decided_by = officer(&entry.actor),
            _ => {}
        }
    }

    /// Notes the first time of a happening in its field, and every further one beside it.
    fn happened(&mut self, event: &'static str, at: Timestamp, field: fn(&mut Self) -> &mut Option<Timestamp>) {
        match field(self) {
            first @ None => *first = Some(at),
            Some(_) => self.further_events.push(Happened { event, at }),
        }
    }

    fn letter(&mut self, letter: Option<&str>, sent_at: Option<Timestamp>) {
        match letter {
            Some("extension-notice") if self.extension_decided_at <= sent_at => {
                self.extension_notice_at = self.extension_notice_at.or(sent_at);
            }
            Some("answer") => self.sent_at = sent_at,
            _ => {}
        }
    }

    fn answered(&mut self, entry: &Entry) {
        let at = self.sent_at.or(Some(entry.at));
        if self.appealed_at.is_some() {
            self.appeal_answered_at = self.appeal_answered_at.or(at);
        } else {
            self.answered_at = self.answered_at.or(at);
        }
        self.outcome = entry.fact_word("outcome").map(str::to_owned);
    }
}

/// Grounds on which a plan keeps something.
fn kept(stage: &Stage) -> BTreeSet<String> {
    let outcome = match stage {
        Stage::Ready { outcome } | Stage::Answered { outcome } | Stage::Appealed { outcome } => outcome,
        _ => return BTreeSet::new(),
    };
    match outcome {
        Outcome::Done(evidence) => evidence.plan().kept.values().map(|g| g.as_str().to_owned()).collect(),
        Outcome::Denied(_) | Outcome::Told(_) => BTreeSet::new(),
    }
}

fn ground((name, fact): (&String, &Fact)) -> Option<String> {
    match fact {
        Fact::Word(ground) if name.starts_with("field:") => Some(ground.as_str().to_owned()),
        _ => None,
    }
}

/// The member of staff behind an entry, by role and id.
fn officer(actor: &Actor) -> Option<String> {
    actor.officer().map(|_| actor.to_string())
}
