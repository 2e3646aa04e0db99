//! Reports as the common mail systems write them, and mails that only look like one.

use super::*;
use proptest::prelude::*;

fn paths() -> ReturnPaths {
    ReturnPaths::new("bounces", "musterfirma.example", [7; 32])
}

fn came(text: &str, recipient: &str) -> Incoming {
    read(text.replace('\n', "\r\n").as_bytes(), recipient, &paths())
}

fn about(notice: Option<&str>, ids: &[&str]) -> About {
    About { notice: notice.map(str::to_owned), message_ids: ids.iter().map(|i| (*i).to_owned()).collect() }
}

const REPORT: &str = "Return-Path: <>
From: MAILER-DAEMON@mx.example.net (Mail Delivery System)
Subject: Undelivered Mail Returned to Sender
Message-ID: <20260309.1@mx.example.net>
Content-Type: multipart/report; report-type=delivery-status;
\tboundary=\"8C4F1.1741/mx.example.net\"

--8C4F1.1741/mx.example.net
Content-Type: text/plain; charset=us-ascii

I'm sorry to have to inform you that your message could not be delivered.

--8C4F1.1741/mx.example.net
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example.net
Arrival-Date: Mon,  9 Mar 2026 10:00:01 +0100 (CET)

Final-Recipient: rfc822; ann@example.com
Original-Recipient: rfc822;ann@example.com
Action: ACTION
Status: STATUS
Diagnostic-Code: smtp; 550 5.1.1 <ann@example.com>: Recipient address rejected

--8C4F1.1741/mx.example.net
Content-Type: text/rfc822-headers

From: privacy@musterfirma.example
Message-ID: <7c2a90@mail.musterfirma.example>
Subject: HB-1

--8C4F1.1741/mx.example.net--
";

#[test]
fn delivery_reports_are_read() {
    let verp = paths().of("7c2a90");
    let about = about(Some("7c2a90"), &["<7c2a90@mail.musterfirma.example>"]);
    let report = |action: &str, status: &str| came(&REPORT.replace("ACTION", action).replace("STATUS", status), &verp);
    assert_eq!(report("failed", "5.1.1"), Incoming::Bounced { about: about.clone(), status: Some("5.1.1".to_owned()) });
    assert_eq!(
        report("Failed", "5.0.0 (x)"),
        Incoming::Bounced { about: about.clone(), status: Some("5.0.0".to_owned()) }
    );
    assert_eq!(report("delayed", "4.4.1"), Incoming::Delayed { about: about.clone() });
    assert_eq!(report("delivered", "2.0.0"), Incoming::Delivered { about: about.clone() });
    assert_eq!(report("relayed", "2.0.0"), Incoming::Delayed { about });
}

#[test]
fn bounces_without_a_report_are_recognised() {
    let verp = paths().of("7c2a90");
    let qmail = "Return-Path: <>\nFrom: MAILER-DAEMON@mail.example.org\nSubject: failure notice\n\nHi. This is the qmail-send program.\n\n<ann@example.org>:\n192.0.2.7 does not like recipient.\nRemote host said: 550 5.1.1 unknown user\n\n--- Below this line is a copy of the message.\n\nMessage-ID: <7c2a90@mail.musterfirma.example>\n";
    let expected = about(Some("7c2a90"), &["<7c2a90@mail.musterfirma.example>"]);
    assert_eq!(came(qmail, &verp), Incoming::Bounced { about: expected, status: Some("5.1.1".to_owned()) });
    let exim = "From: Mail Delivery System <Mailer-Daemon@mx.example.org>\nX-Failed-Recipients: ann@example.org\nSubject: Mail delivery failed: returning message to sender\n\nmailbox is full\n";
    assert_eq!(came(exim, &verp), Incoming::Bounced { about: about(Some("7c2a90"), &[]), status: None });
    let quoted =
        "From: ann@example.org\nSubject: Undelivered Mail Returned to Sender - what is this?\n\nI got this from you\n";
    assert_eq!(came(quoted, "privacy@musterfirma.example"), Incoming::Answer { about: About::default() });
}

#[test]
fn absence_notices_are_no_answers() {
    for head in [
        "Auto-Submitted: auto-replied\nSubject: Re: HB-1",
        "Subject: Automatic reply: HB-1",
        "Subject: Abwesenheitsnotiz: HB-1",
        "Subject: Réponse automatique : HB-1",
        "Subject: 自动回复：HB-1",
        "X-Autoreply: yes\nSubject: HB-1",
        "Precedence: auto_reply\nSubject: HB-1",
    ] {
        let text =
            format!("From: ann@example.org\nIn-Reply-To: <7c2a90@mail.musterfirma.example>\n{head}\n\nI am away.\n");
        let expected = Incoming::Absence { about: about(None, &["<7c2a90@mail.musterfirma.example>"]) };
        assert_eq!(came(&text, "answers@musterfirma.example"), expected, "{head}");
    }
}

#[test]
fn an_answer_names_what_it_answers() {
    let text = "From: ann@example.org\nMessage-ID: <own@example.org>\nIn-Reply-To: <7c2a90@mail.musterfirma.example>\nReferences: <aa@mail.musterfirma.example>\n <7c2a90@mail.musterfirma.example>\nSubject: Re: HB-1\n\nThank you.\n";
    let ids = ["<7c2a90@mail.musterfirma.example>", "<aa@mail.musterfirma.example>"];
    assert_eq!(came(text, "answers@musterfirma.example"), Incoming::Answer { about: about(None, &ids) });
}

#[test]
fn a_forged_return_path_names_nothing() {
    let forged = "bounces+7c2a90-0000000000000000@musterfirma.example";
    let report = REPORT.replace("ACTION", "failed").replace("STATUS", "5.1.1");
    let Incoming::Bounced { about, .. } = came(&report, forged) else { panic!("no bounce") };
    assert_eq!(about.notice, None);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn nothing_that_comes_in_breaks_the_reader(bytes in prop::collection::vec(any::<u8>(), 0..400), cut in 0_usize..1600) {
        read(&bytes, "x@y.example", &paths());
        let mut damaged = REPORT.replace("ACTION", "failed").into_bytes();
        damaged.truncate(cut);
        damaged.extend(&bytes);
        read(&damaged, &String::from_utf8_lossy(&bytes), &paths());
    }
}
