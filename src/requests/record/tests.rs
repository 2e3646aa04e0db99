//! Rows judged by the built-in law book, field by field left out.

use super::*;

fn book() -> Lawbook {
    Lawbook::built_in().unwrap()
}

/// A row with everything stated and nothing happened, then changed by `change`.
fn row(right: &str, regime: &str, place: &str, received_at: &str, change: &[(&str, Json)]) -> Json {
    let mut row = json!({"id": "r1:1", "request": "r1", "right": right, "regime": regime, "place": place, "received_at": received_at, "grounds": [], "recipients": []});
    for field in [
        "acknowledged_at",
        "identity_asked_at",
        "identity_received_at",
        "clarification_asked_at",
        "clarification_received_at",
        "fee_asked_at",
        "fee_paid_at",
        "extension_decided_at",
        "extension_notice_at",
        "completed_at",
        "answered_at",
        "appealed_at",
        "appeal_answered_at",
    ] {
        row[field] = Json::Null;
    }
    for (field, value) in change {
        if *value == json!("(left out)") {
            row.as_object_mut().unwrap().remove(*field);
        } else {
            row[*field] = value.clone();
        }
    }
    row
}

/// The period about `duty`, if there is one.
fn period(row: Json, duty: &str) -> Option<Json> {
    let judged = judge(&book(), &[row]);
    assert!(judged.undated.is_empty(), "{:?}", judged.undated);
    judged.clocks.as_array().unwrap().iter().find(|c| c["duty"] == duty).cloned()
}

fn due(row: Json, duty: &str) -> Json {
    period(row, duty).map_or(Json::Null, |p| p["due_on"].clone())
}

#[test]
fn due_dates_are_those_of_the_clocks_whatever_somebody_stated() {
    let at = |day: &str| format!("{day}T09:00:00Z");
    let out = || json!("(left out)");
    for (right, regime, place, received, change, duty, expected) in [
        (
            "access",
            "eu-gdpr",
            "DE",
            at("2026-03-05"),
            vec![("stated_due_on", json!("2027-01-01"))],
            "answer",
            "2026-04-07",
        ),
        (
            "access",
            "eu-gdpr",
            "DE",
            at("2026-11-30"),
            vec![("extension_notice_at", json!(at("2026-12-30")))],
            "answer",
            "2027-03-01",
        ),
        (
            "access",
            "eu-gdpr",
            "DE",
            at("2026-05-08"),
            vec![("extension_notice_at", json!(at("2026-06-09")))],
            "answer",
            "2026-06-08",
        ),
        (
            "access",
            "eu-gdpr",
            "DE",
            at("2026-05-08"),
            vec![("extension_decided_at", json!(at("2026-06-01")))],
            "extension-notice",
            "2026-06-08",
        ),
        ("access", "ccpa", "US-CA", "2026-07-01T05:30:00Z".into(), vec![], "answer", "2026-08-14"),
        ("access", "ccpa", "US-CA", at("2026-01-05"), vec![], "acknowledgement", "2026-01-20"),
        ("opt-out", "ccpa", "US-CA", at("2026-12-14"), vec![], "stop", "2027-01-06"),
        ("access", "pipl", "CN", at("2026-04-30"), vec![("place", out())], "answer", "2026-05-30"),
        ("complaint", "uk-gdpr", "GB-ENG", at("2026-07-01"), vec![], "acknowledgement", "2026-07-30"),
        (
            "access",
            "uk-gdpr",
            "GB-ENG",
            at("2026-02-10"),
            vec![("identity_asked_at", json!(at("2026-02-11"))), ("identity_received_at", json!(at("2026-02-20")))],
            "answer",
            "2026-03-20",
        ),
        (
            "access",
            "us-va",
            "US-VA",
            at("2026-03-01"),
            vec![("appealed_at", json!(at("2026-06-10")))],
            "appeal",
            "2026-08-09",
        ),
    ] {
        assert_eq!(due(row(right, regime, place, &received, &change), duty), expected, "{right} {regime} {received}");
    }
}

#[test]
fn what_is_left_out_can_only_make_a_date_unknown_never_a_pass() {
    let late = ("answered_at", json!("2026-04-20T09:00:00Z"));
    let in_time = ("answered_at", json!("2026-04-01T09:00:00Z"));
    let answer = |change: &[(&str, Json)]| {
        period(row("access", "eu-gdpr", "DE", "2026-03-05T09:00:00Z", change), "answer").unwrap()
    };
    // Everything said: late, with its date.
    assert_eq!(answer(std::slice::from_ref(&late))["late_from"], "2026-04-07T22:00:00Z");
    for left_out in ["identity_asked_at", "extension_notice_at", "clarification_asked_at"] {
        let out = (left_out, json!("(left out)"));
        // A standstill or an extension might excuse it.
        assert!(answer(&[late.clone(), out.clone()]).get("late_from").is_none(), "{left_out}");
        // Nothing could make it late.
        assert_eq!(answer(&[in_time.clone(), out])["late_from"], "2026-04-07T22:00:00Z", "{left_out}");
    }
    assert!(answer(&[("answered_at", json!("(left out)"))]).get("met_at").is_none());
    assert_eq!(answer(&[])["met_at"], Json::Null, "said to be open");
}

#[test]
fn recipients_have_a_period_only_when_there_is_somebody_to_tell() {
    let erased = |recipients: Json| {
        let change = [("completed_at", json!("2026-07-06T09:00:00Z")), ("recipients", recipients)];
        period(row("deletion", "eu-gdpr", "DE", "2026-06-30T09:00:00Z", &change), "recipient-notice")
    };
    assert_eq!(erased(json!([])), None);
    assert_eq!(erased(json!([{"id": "a", "told_at": null, "not_told_because": "wound up"}])), None);
    let told =
        erased(json!([{"id": "a", "told_at": "2026-07-07T09:00:00Z"}, {"id": "b", "told_at": "2026-07-20T09:00:00Z"}]));
    assert_eq!(
        told.map(|p| (p["due_on"].clone(), p["met_at"].clone())),
        Some((json!("2026-07-13"), json!("2026-07-20T09:00:00Z")))
    );
    let one_missing = erased(json!([{"id": "a", "told_at": "2026-07-07T09:00:00Z"}, {"id": "b", "told_at": null}]));
    assert_eq!(one_missing.map(|p| p["met_at"].clone()), Some(Json::Null));
    assert!(erased(json!("(left out)")).unwrap().get("met_at").is_none());
}

#[test]
fn a_row_that_cannot_be_judged_says_why_and_stays_unknown() {
    let bad = |change: &[(&str, Json)]| {
        let judged = judge(&book(), &[row("access", "eu-gdpr", "DE", "2026-03-05T09:00:00Z", change)]);
        assert!(judged.clocks[0].get("late_from").is_none());
        judged.undated[0].1.clone()
    };
    for (field, value, expected) in [
        ("place", json!("(left out)"), "counts by the place"),
        ("place", json!("Mars"), "`MARS` is not known"),
        ("right", json!("teleport"), "`teleport` is not known"),
        ("right", json!("(left out)"), "which right"),
        ("regime", json!("(left out)"), "which law"),
        ("regime", json!("klingon"), "no `stated_due_on`"),
        ("received_at", json!("(left out)"), "when it was received"),
        ("answered_at", json!("2026-03-01T09:00:00Z"), "before the receipt"),
    ] {
        let why = bad(&[(field, value)]);
        assert!(why.contains(expected), "{field}: {why}");
    }
    let stated = [("regime", json!("klingon")), ("stated_due_on", json!("2026-03-20"))];
    let judged = judge(&book(), &[row("access", "x", "DE", "2026-03-05T09:00:00Z", &stated)]);
    assert_eq!(
        (&judged.clocks[0]["basis"], &judged.clocks[0]["late_from"]),
        (&json!("stated"), &json!("2026-03-21T00:00:00Z"))
    );
}

#[test]
fn the_law_of_a_row_is_the_books() {
    let law = |right: &str, regime: &str| {
        judge(&book(), &[row(right, regime, "DE", "2026-03-05T09:00:00Z", &[])]).law[0].clone()
    };
    let opt_out = law("opt-out", "ccpa");
    assert_eq!((&opt_out["verification"], &opt_out["may_extend"]), (&json!("never"), &json!(false)));
    let erasure = law("erasure", "eu-gdpr");
    assert_eq!((&erasure["verification"], &erasure["second_person"]), (&json!("on-doubt"), &json!(true)));
    assert!(erasure["grounds"].as_array().unwrap().contains(&json!("legal-claims")));
    assert_eq!(law("marketing-objection", "eu-gdpr")["grounds"], json!([]), "no ground against GDPR 21(3)");
    assert!(law("access", "appi").get("grounds").is_none(), "a regime without a list is not one without grounds");
    assert_eq!(law("access", "klingon"), json!({"id": "r1:1", "second_person": true}));
}
