//! A letter as a mail: addresses checked, headers set, bytes ready to be sent now or after a restart.
//!
//! The same notice always has the same Message-ID, so that a repeated sending is recognised as one (T57). Control
//! characters never reach lettre, which panics on some of them (T29); should it panic all the same, the notice is an error
//! and stays queued.

use crate::clock::Timestamp;
use crate::render::mail::Letter;
use lettre::message::header::{HeaderName, HeaderValue};
use lettre::message::{Mailbox, MultiPart, SinglePart};
use lettre::{Address, Message};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, SystemTime};

/// Longest name beside an address, in characters.
const NAME_LONGEST: usize = 200;
/// Longest reference chain that is written; older ones are left out.
const THREAD_LONGEST: usize = 20;

/// Why a letter cannot become a mail. Says the field, never its value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MailError {
    /// A name or subject has control characters, or is too long.
    #[error("the {0} holds control characters or is longer than {NAME_LONGEST} characters")]
    Deceptive(&'static str),
    /// An address is not one.
    #[error("the {0} is not a mail address")]
    NoAddress(&'static str),
    /// A notice id or domain is not made of letters, digits, dots and hyphens.
    #[error("the {0} is made of other characters than letters, digits, `.` and `-`")]
    NoId(&'static str),
    /// The mail library refused or broke down.
    #[error("the mail could not be put together")]
    Broken,
}

/// An address with the name beside it. Prints nothing.
#[derive(Clone, PartialEq, Eq)]
pub struct Party {
    name: Option<String>,
    address: Address,
}

impl Party {
    /// A party; `what` names the field in an error.
    pub fn new(name: Option<&str>, address: &str, what: &'static str) -> Result<Self, MailError> {
        let name = name.map(str::trim).filter(|n| !n.is_empty());
        if name.is_some_and(|n| !is_harmless(n)) {
            return Err(MailError::Deceptive(what));
        }
        let plain =
            address.len() <= 254 && address.is_ascii() && !address.contains(|c: char| c.is_control() || c == ' ');
        let address = Some(address).filter(|_| plain).and_then(|a| a.parse().ok());
        Ok(Self { name: name.map(str::to_owned), address: address.ok_or(MailError::NoAddress(what))? })
    }

    fn mailbox(&self) -> Mailbox {
        Mailbox::new(self.name.clone(), self.address.clone())
    }
}

impl std::fmt::Debug for Party {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("[personal]")
    }
}

/// Everything around a letter that a mail needs.
#[derive(Clone, Debug)]
pub struct Outgoing<'a> {
    /// Id of the notice: letters, digits, `-`.
    pub notice: &'a str,
    /// Domain of Message-IDs, owned by the controller.
    pub domain: &'a str,
    /// Who writes.
    pub from: Party,
    /// Who is written to; always exactly one (T11).
    pub to: Party,
    /// Where answers go.
    pub reply_to: Option<Party>,
    /// Where bounces go: see `verp`.
    pub return_path: &'a str,
    /// Message-IDs of the conversation, oldest first, the one that is answered last.
    pub thread: &'a [String],
    /// BCP 47 tag of the letter's language.
    pub lang: &'a str,
    /// When it was written.
    pub written_at: Timestamp,
}

/// A mail ready to be sent. Holds personal data; prints only its id.
#[derive(Clone, PartialEq, Eq)]
pub struct Ready {
    /// Message-ID with its angle brackets.
    pub message_id: String,
    /// Envelope sender.
    pub return_path: String,
    /// Envelope recipient.
    pub to: String,
    /// Headers and body, lines ended by CR LF.
    pub bytes: Vec<u8>,
}

impl std::fmt::Debug for Ready {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "mail {}", self.message_id)
    }
}

/// The Message-ID of a notice: always the same.
pub fn message_id(notice: &str, domain: &str) -> Result<String, MailError> {
    let is_id =
        |t: &str| !t.is_empty() && t.len() <= 128 && t.bytes().all(|b| b.is_ascii_alphanumeric() || b"-.".contains(&b));
    if !is_id(notice) {
        return Err(MailError::NoId("notice id"));
    }
    if !is_id(domain) {
        return Err(MailError::NoId("domain"));
    }
    Ok(format!("<{notice}@{domain}>"))
}

/// Puts a letter together as a mail.
pub fn mail(letter: &Letter, around: &Outgoing<'_>) -> Result<Ready, MailError> {
    if !is_harmless(&letter.subject) {
        return Err(MailError::Deceptive("subject"));
    }
    let message_id = message_id(around.notice, around.domain)?;
    let return_path = Party::new(None, around.return_path, "return path")?.address.to_string();
    let bytes = catch_unwind(AssertUnwindSafe(|| put_together(letter, around, &message_id)))
        .map_err(|_| MailError::Broken)?
        .ok_or(MailError::Broken)?;
    Ok(Ready { message_id, return_path, to: around.to.address.to_string(), bytes })
}

fn put_together(letter: &Letter, around: &Outgoing<'_>, message_id: &str) -> Option<Vec<u8>> {
    let millis = u64::try_from(around.written_at.millis()).ok()?;
    let at = SystemTime::UNIX_EPOCH.checked_add(Duration::from_millis(millis))?;
    let mut builder = Message::builder()
        .date(at)
        .from(around.from.mailbox())
        .to(around.to.mailbox())
        .subject(letter.subject.clone())
        .message_id(Some(message_id.to_owned()));
    if let Some(reply_to) = &around.reply_to {
        builder = builder.reply_to(reply_to.mailbox());
    }
    let thread: Vec<&str> = around.thread.iter().map(String::as_str).filter(|id| is_message_id(id)).collect();
    if let Some(answered) = thread.last() {
        let recent = thread.get(thread.len().saturating_sub(THREAD_LONGEST)..).unwrap_or_default();
        builder = builder.in_reply_to((*answered).to_owned()).references(recent.join(" "));
    }
    // RFC 3834: nobody's absence notice should answer, and no mailing list should take it.
    for (name, value) in [
        ("Auto-Submitted", "auto-generated"),
        ("X-Auto-Response-Suppress", "OOF, AutoReply"),
        ("Content-Language", around.lang),
    ] {
        let name = HeaderName::new_from_ascii(name.to_owned()).ok()?;
        builder = builder.raw_header(HeaderValue::new(name, value.to_owned()));
    }
    let parts = MultiPart::alternative()
        .boundary(format!("part-{}", around.notice))
        .singlepart(SinglePart::plain(letter.text.clone()))
        .singlepart(SinglePart::html(letter.html.clone()));
    Some(builder.multipart(parts).ok()?.formatted())
}

/// Whether a Message-ID that somebody else wrote may stand in a header of ours.
pub fn is_message_id(id: &str) -> bool {
    let inner = id.strip_prefix('<').and_then(|i| i.strip_suffix('>'));
    inner.is_some_and(|i| {
        i.contains('@') && i.len() <= 250 && i.bytes().all(|b| b.is_ascii_graphic() && !b"<>".contains(&b))
    })
}

fn is_harmless(text: &str) -> bool {
    let deceives = |c: char| {
        c.is_control()
            || matches!(c, '\u{2028}' | '\u{2029}' | '\u{200E}' | '\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}')
    };
    text.chars().count() <= NAME_LONGEST && !text.chars().any(deceives)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn letter() -> Letter {
        let [subject, text, html] =
            ["HB-1: we have received your request", "Grüße, 您好\n", "<p>Grüße</p>"].map(str::to_owned);
        Letter { subject, text, html }
    }

    fn around<'a>(to: Party, thread: &'a [String]) -> Outgoing<'a> {
        Outgoing {
            notice: "7c2a90",
            domain: "mail.musterfirma.example",
            from: Party::new(Some("Musterfirma GmbH"), "privacy@musterfirma.example", "sender").unwrap(),
            to,
            reply_to: Some(Party::new(None, "answers@musterfirma.example", "reply address").unwrap()),
            return_path: "bounces+7c2a90@musterfirma.example",
            thread,
            lang: "de",
            written_at: "2026-03-09T09:00:00Z".parse().unwrap(),
        }
    }

    fn headers(mail: &Ready) -> Vec<String> {
        let text = String::from_utf8(mail.bytes.clone()).unwrap();
        let head = text.split("\r\n\r\n").next().unwrap().replace("\r\n ", " ");
        head.split("\r\n").map(str::to_owned).collect()
    }

    #[test]
    fn a_mail_is_the_same_every_time_and_belongs_to_its_conversation() {
        let thread = ["<a@x.example>", "nonsense\r\nBcc: x", "<b@x.example>"].map(str::to_owned);
        let to = Party::new(Some("Ann Müller"), "ann@example.com", "recipient").unwrap();
        let mail = mail(&letter(), &around(to.clone(), &thread)).unwrap();
        assert_eq!(mail, super::mail(&letter(), &around(to, &thread)).unwrap());
        let headers = headers(&mail);
        for line in [
            "Message-ID: <7c2a90@mail.musterfirma.example>",
            "In-Reply-To: <b@x.example>",
            "References: <a@x.example> <b@x.example>",
            "Reply-To: answers@musterfirma.example",
            "Auto-Submitted: auto-generated",
            "Content-Language: de",
            "Date: Mon, 09 Mar 2026 09:00:00 +0000",
        ] {
            assert!(headers.contains(&line.to_owned()), "{line} is not in {headers:#?}");
        }
        assert_eq!(
            (mail.to.as_str(), mail.return_path.as_str()),
            ("ann@example.com", "bounces+7c2a90@musterfirma.example")
        );
        assert_eq!(format!("{mail:?}"), "mail <7c2a90@mail.musterfirma.example>");
    }

    #[test]
    fn what_could_forge_a_header_is_refused() {
        for name in ["Ann\r\nBcc: x@evil.example", "Ann\nX", "Ann\u{0}", "\u{202E}nnA", &"a".repeat(201)] {
            assert_eq!(Party::new(Some(name), "a@b.example", "recipient"), Err(MailError::Deceptive("recipient")));
        }
        for address in [
            "a@b.example\r\nRCPT TO:<x@evil.example>",
            "a b@c.example",
            "a",
            "@",
            "a@b@c",
            "ä@b.example",
            "a@b.example,c@d.example",
        ] {
            assert!(Party::new(None, address, "recipient").is_err(), "{address}");
        }
        let to = Party::new(None, "a@b.example", "recipient").unwrap();
        let forged = Letter { subject: "x\r\nBcc: y@z.example".to_owned(), ..letter() };
        assert_eq!(mail(&forged, &around(to, &[])), Err(MailError::Deceptive("subject")));
        assert!(
            message_id("a b", "x.example").is_err() && message_id("a", "x>y").is_err() && message_id("", "x").is_err()
        );
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(10_000))]

        #[test]
        fn no_name_panics_or_adds_a_line_or_a_recipient(name in "\\PC{0,40}|(?s:.{0,40})") {
            let Ok(to) = Party::new(Some(&name), "ann@example.com", "recipient") else {
                return Ok(());
            };
            let mail = mail(&letter(), &around(to, &[])).unwrap();
            let lines = headers(&mail);
            prop_assert_eq!(lines.len(), 11, "{:#?}", lines);
            prop_assert_eq!(lines.iter().filter(|l| l.starts_with("To: ")).count(), 1);
            let recipients = lines.iter().find(|l| l.starts_with("To: ")).unwrap();
            prop_assert!(recipients.ends_with("ann@example.com>") || recipients.ends_with("ann@example.com"));
            prop_assert_eq!(mail.to.as_str(), "ann@example.com");
        }
    }
}
