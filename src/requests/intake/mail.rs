//! A mail as it was pasted or saved (RFC 5322, MIME): who wrote, when it came, what it says, and what it answers.
//!
//! Mail is hostile: nothing in it is followed, opened or shown as it is. HTML is read as its text. Attachments are named
//! and counted, not opened.

use super::Draft;
use crate::clock::Timestamp;
use crate::personal::Personal;
use crate::requests::letter::{Lexicon, recognise};
use mail_parser::{MessageParser, MimeHeaders};

/// Largest mail, in bytes: three attachments of 10 MiB in base64, and room for the text.
pub const MAIL_LIMIT_BYTES: usize = 48 << 20;

/// A mail that cannot be read as one.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MailError {
    /// Larger than the limit.
    #[error(
        "the mail has {size_bytes} bytes; the limit is {MAIL_LIMIT_BYTES}; enter the request by hand and file the mail"
    )]
    TooLarge {
        /// Its size.
        size_bytes: usize,
    },
    /// No headers, or no sender.
    #[error("this is not a whole mail with its headers; save it as .eml, or paste its text as a letter")]
    NotAMail,
}

/// A mail and what it asks.
#[derive(Debug)]
pub struct Mail {
    /// The draft made of it.
    pub draft: Draft,
    /// Its subject line.
    pub subject: Personal<String>,
    /// Its Message-ID, to find answers to it and to know it again.
    pub message_id: Option<String>,
    /// Message-IDs it answers or refers to, oldest first: a reply to one of our letters belongs to that request.
    pub refers_to: Vec<String>,
    /// Whether a machine wrote it (RFC 3834): an absence notice or a bounce is no request.
    pub automatic: bool,
    /// Names of its attachments; they are not opened.
    pub attachments: Vec<Personal<String>>,
}

/// Reads a mail.
///
/// # Errors
/// When it is too large or no mail; its text is never part of the error.
pub fn read(lexicon: &Lexicon, bytes: &[u8]) -> Result<Mail, MailError> {
    if bytes.len() > MAIL_LIMIT_BYTES {
        return Err(MailError::TooLarge { size_bytes: bytes.len() });
    }
    let message = MessageParser::default().parse(bytes).ok_or(MailError::NotAMail)?;
    let from = message.from().and_then(|a| a.first()).and_then(|a| a.address()).ok_or(MailError::NotAMail)?;
    let text = message.body_text(0).unwrap_or_default().into_owned();
    let subject = message.subject().unwrap_or_default().to_owned();
    // The subject often says it all ("Auskunft nach Art. 15 DSGVO"), so it is read as the first line.
    let recognised = recognise(lexicon, &format!("{subject}\n{text}"));
    let mut refers_to = ids(message.references());
    refers_to.extend(ids(message.in_reply_to()).into_iter().filter(|id| !refers_to.contains(id)).collect::<Vec<_>>());
    let names = message.attachments().map(|a| a.attachment_name().unwrap_or_default().to_owned());
    Ok(Mail {
        draft: Draft {
            received_at: received_at(&message),
            from: Some(Personal::new(from.to_owned())),
            text: Personal::new(text),
            recognised,
        },
        subject: Personal::new(subject),
        message_id: message.message_id().map(str::to_owned),
        refers_to,
        automatic: is_automatic(&message),
        attachments: names.map(Personal::new).collect(),
    })
}

/// When our own server took the mail in; the sender's `Date` is only a claim, but better than nothing.
fn received_at(message: &mail_parser::Message<'_>) -> Option<Timestamp> {
    let stamped = message.received().and_then(|r| r.date());
    let at = stamped.or_else(|| message.date().copied())?;
    Timestamp::from_millis(at.to_timestamp().checked_mul(1000)?)
}

fn ids(value: &mail_parser::HeaderValue<'_>) -> Vec<String> {
    let list = value.as_text_list().map(|l| l.iter().map(|t| t.to_string()).collect::<Vec<_>>());
    list.or_else(|| value.as_text().map(|t| vec![t.to_owned()])).unwrap_or_default()
}

fn is_automatic(message: &mail_parser::Message<'_>) -> bool {
    let header = |name: &str| message.header_raw(name.to_owned()).map(|v| v.trim().to_ascii_lowercase());
    let auto = header("Auto-Submitted").is_some_and(|v| v != "no");
    let bulk = header("Precedence").is_some_and(|v| matches!(v.as_str(), "bulk" | "junk" | "auto_reply" | "list"));
    let bounce = header("Return-Path").is_some_and(|v| v == "<>");
    auto || bulk || bounce || header("X-Autoreply").is_some()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::personal::Purpose;
    use crate::requests::letter::Kind;

    fn lexicon() -> Lexicon {
        Lexicon::embedded().unwrap()
    }

    const MAIL: &str = "Received: from mx.example by mail.controller.example; Fri, 1 May 2026 09:15:02 +0200\r\n\
        From: =?utf-8?q?Zo=C3=AB_Krause?= <zoe@example.org>\r\nTo: info@controller.example\r\n\
        Date: Thu, 30 Apr 2026 23:59:00 +0200\r\nMessage-ID: <a1@example.org>\r\nIn-Reply-To: <ack.77@controller.example>\r\n\
        Subject: =?utf-8?q?Antrag_auf_L=C3=B6schung?=\r\nMIME-Version: 1.0\r\nContent-Type: text/html; charset=iso-8859-1\r\n\
        Content-Transfer-Encoding: quoted-printable\r\n\r\n\
        <p>Bitte <b>l=F6schen</b> Sie meine Daten nach Art. 17 DSGVO und best=E4tigen Sie mir das.</p><script>alert(1)</script>\r\n";

    #[test]
    fn a_mail_becomes_a_draft_with_our_own_receipt_time() {
        let mail = read(&lexicon(), MAIL.as_bytes()).unwrap();
        assert_eq!(mail.draft.received_at.unwrap().to_string(), "2026-05-01T07:15:02Z");
        assert_eq!(mail.draft.from.unwrap().reveal_for(Purpose::Handling), "zoe@example.org");
        assert_eq!(mail.draft.recognised.rights[0].right, "deletion");
        assert_eq!(
            (mail.draft.recognised.kind, mail.draft.recognised.language.as_deref()),
            (Kind::Request, Some("de"))
        );
        assert_eq!(
            (mail.message_id.as_deref(), mail.refers_to),
            (Some("a1@example.org"), vec!["ack.77@controller.example".to_owned()])
        );
        let text = mail.draft.text.reveal_for(Purpose::Handling).clone();
        assert!(text.contains("löschen") && !text.contains("<b>"), "{text}");
        assert!(!mail.automatic);
    }

    #[test]
    fn machines_and_things_that_are_no_mail_are_told_apart() {
        let auto = MAIL.replacen("Subject:", "Auto-Submitted: auto-replied\r\nSubject:", 1);
        assert!(read(&lexicon(), auto.as_bytes()).unwrap().automatic);
        let bounce = format!("Return-Path: <>\r\n{MAIL}");
        assert!(read(&lexicon(), bounce.as_bytes()).unwrap().automatic);
        for none in ["", "please delete my data", "Subject: no sender\r\n\r\nhello"] {
            assert_eq!(read(&lexicon(), none.as_bytes()).unwrap_err(), MailError::NotAMail, "{none}");
        }
        let large = vec![b'a'; MAIL_LIMIT_BYTES + 1];
        assert!(matches!(read(&lexicon(), &large), Err(MailError::TooLarge { .. })));
    }

    #[test]
    fn no_prefix_of_a_mail_makes_it_panic() {
        for end in 0..MAIL.len() {
            let _ = read(&lexicon(), &MAIL.as_bytes()[..end]);
        }
    }
}
