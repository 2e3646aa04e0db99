//! Evidence files: what is taken, what is refused and how, with the `jsonschema` crate as the judge of what fits.

use habeas::clock::Timestamp;
use habeas::evidence::{Kinds, Snapshot, decode_json};
use habeas::expr::{Shape, Type, Value};
use proptest::prelude::*;
use serde_json::{Value as Json, json};

fn kinds() -> &'static Kinds {
    Kinds::embedded().unwrap()
}

fn envelope(kind: &str, data: &str) -> String {
    format!(
        r#"{{"habeas":"evidence/1","kind":"{kind}","source":{{"system":"crm","method":"export","collector":"test"}},
        "observed_at":"2026-11-22T00:00:00Z","collected_at":"2026-11-22T01:00:00Z","data":{data}}}"#
    )
}

fn refused(bytes: &[u8]) -> String {
    Snapshot::default().add_file(kinds(), "crm/users.json", bytes).expect_err("must be refused").to_string()
}

#[test]
fn an_envelope_is_read_with_its_source_times_and_hash() {
    let text = envelope("users", r#"[{"id":"u1","last_login":null,"created":"2026-01-01T02:00:00+02:00"}]"#);
    let mut snapshot = Snapshot::default();
    snapshot.add_file(kinds(), "users.json", text.as_bytes()).unwrap();
    let users = snapshot.get("users").unwrap();
    assert_eq!(users.source.system, "crm");
    assert_eq!(users.digest, habeas::crypto::hash::Digest::of(text.as_bytes()));
    let shape = &kinds().get("users").unwrap().shape;
    assert_eq!(users.data.to_json(shape), json!([{"id": "u1", "last_login": null, "created": "2026-01-01T00:00:00Z"}]));
    assert!(snapshot.get("hr").is_none(), "what nobody supplied is absent");
    snapshot.add_file(kinds(), "hr.json", envelope("hr", "[]").as_bytes()).unwrap();
    assert_eq!(snapshot.get("hr").unwrap().data.elements().map(<[Value]>::len), Some(0), "what is empty is not absent");
}

#[test]
fn the_order_of_keys_does_not_matter_and_a_byte_order_mark_is_harmless() {
    let text = "\u{feff}{\"data\":[],\"kind\":\"users\",\"collected_at\":\"2026-11-22T01:00:00Z\",\"observed_at\":\"2026-11-22T00:00:00Z\",\
        \"source\":{\"collector\":\"c\",\"method\":\"sql\",\"system\":\"s\"},\"habeas\":\"evidence/1\"}";
    Snapshot::default().add_file(kinds(), "users.json", text.as_bytes()).unwrap();
}

#[test]
fn a_bundle_holds_several_kinds_and_each_only_once() {
    let bundle = |parts: &[String]| format!(r#"{{"habeas":"snapshot/1","evidence":[{}]}}"#, parts.join(","));
    let mut snapshot = Snapshot::default();
    snapshot
        .add_file(kinds(), "all.json", bundle(&[envelope("users", "[]"), envelope("pw", "{}")]).as_bytes())
        .unwrap();
    assert_eq!(snapshot.iter().map(|e| e.kind.as_str()).collect::<Vec<_>>(), ["pw", "users"]);
    let again = snapshot.add_file(kinds(), "more.json", envelope("users", "[]").as_bytes()).unwrap_err().to_string();
    assert!(again.contains("`users`") && again.contains("`all.json`") && again.contains("`more.json`"), "{again}");
}

#[test]
fn what_does_not_fit_is_refused_with_its_place() {
    let users = |data: &str| refused(envelope("users", data).as_bytes());
    for (said, wanted) in [
        (
            users(r#"[{"id":"u1"},{"id":"u2","active":"yes"}]"#),
            "kind `users`, at `/1/active`: expected true or false, found \"yes\"",
        ),
        (users(r#"[{"id":"u1","rolles":[]}]"#), "at `/0`: expected one of the keys active, admin,"),
        (users(r#"[{"active":true}]"#), "at `/0`: expected an object with `id`, found one without"),
        (users(r#"[{"id":"u1","id":"u2"}]"#), "at `/0`: expected the key `id` once, found it twice"),
        (users(r#"[{"id":"u1","created":"yesterday"}]"#), "at `/0/created`: expected an instant such as"),
        (users(r#"[{"id":"u1","created":"9999-01-01T00:00:00Z"}]"#), "between 1900 and 2200, found \"9999-"),
        (users(r#"[{"id":"u1","created":null}]"#), "at `/0/created`: expected an instant, found null"),
        (users(r#"[{"id":"u1","roles":["a",7]}]"#), "at `/0/roles/1`: expected text, found 7"),
        (users(r#"{"u1":{}}"#), "at `/`: expected a list, found an object"),
        (users("[1]"), "at `/0`: expected a record, found 1"),
        (
            refused(envelope("devices", r#"[{"id":"d","ownership":"mine"}]"#).as_bytes()),
            "expected one of corporate, byod, unknown, found \"mine\"",
        ),
        (refused(envelope("usres", "[]").as_bytes()), "there is no evidence kind `usres`; there are access_reviews,"),
        (refused(br#"[{"id":"u1"}]"#), "every file needs an envelope"),
        (refused(br#"{"habeas":"evidence/1","habeas":"evidence/1"}"#), "duplicate field `habeas`"),
        (refused(br#"{"habeas":"evidence/2","data":[]}"#), "it must be `evidence/1`"),
        (refused(envelope("users", "[]").replace("\"export\"", "\"attestation\"").as_bytes()), "an attestation needs"),
        (refused(envelope("users", "[]").replace("2026-11-22T00", "2026-13-22T00").as_bytes()), "is not an instant"),
        (refused(b"{\"habeas\":\"evidence/1\xff\"}"), "is not UTF-8: the byte at offset 21 does not belong"),
        (refused(b""), "EOF while parsing"),
        (refused(br#"{"habeas":"evidence/1","#), "EOF while parsing"),
        (refused(format!("{} {{}}", envelope("users", "[]")).as_bytes()), "trailing characters"),
    ] {
        assert!(said.contains(wanted) && said.contains("crm/users.json"), "{said}\n  lacks {wanted}");
    }
}

#[test]
fn nesting_without_end_is_an_error_and_not_a_crash() {
    for deep in ["[".repeat(100_000), "{\"a\":".repeat(100_000)] {
        let said = refused(deep.as_bytes());
        assert!(said.contains("recursion limit") || said.contains("EOF") || said.contains("envelope"), "{said}");
        let said = refused(envelope("users", &deep).as_bytes());
        assert!(said.contains("crm/users.json"), "{said}");
        let closed = "[".repeat(100_000) + &"]".repeat(100_000);
        let said = refused(envelope("users", &closed).as_bytes());
        assert!(said.contains("expected a record, found a list"), "{said}");
    }
}

#[test]
fn an_attestation_counts_until_it_expires() {
    let text = envelope("officer", "{}")
        .replace("\"export\"", "\"attestation\"")
        .replace("\"test\"", "\"form\",\"attested_by\":\"CISO\"")
        .replace("\"data\"", "\"expires_at\":\"2026-12-01T00:00:00Z\",\"data\"");
    let mut snapshot = Snapshot::default();
    snapshot.add_file(kinds(), "officer.json", text.as_bytes()).unwrap();
    let at = |t: &str| t.parse::<Timestamp>().unwrap();
    let officer = snapshot.get("officer").unwrap();
    assert!(!officer.is_expired(at("2026-11-30T23:59:59.999Z")));
    assert!(officer.is_expired(at("2026-12-01T00:00:00Z")));
}

#[test]
fn every_schema_is_a_valid_json_schema_and_the_envelope_is_described() {
    for kind in kinds().iter() {
        let schema: Json = serde_json::from_str(&kind.schema).unwrap();
        jsonschema::meta::validate(&schema).unwrap_or_else(|e| panic!("{}: {e}", kind.name));
        assert!(!kind.description.is_empty(), "{} says nothing of itself", kind.name);
    }
    let read =
        |name| std::fs::read_to_string(format!("{}/controls/schema/{name}.json", env!("CARGO_MANIFEST_DIR"))).unwrap();
    let schema: Json = serde_json::from_str(&read("envelope")).unwrap();
    let validator = jsonschema::options().should_validate_formats(true).build(&schema).unwrap();
    let good: Json = serde_json::from_str(&envelope("users", "[]")).unwrap();
    assert!(validator.is_valid(&good));
    for (pointer, bad) in
        [("habeas", json!("x")), ("observed_at", json!("x")), ("source", json!({})), ("extra", json!(1))]
    {
        let mut broken = good.clone();
        broken[pointer] = bad;
        assert!(!validator.is_valid(&broken), "{pointer}");
    }
    let mut attested = good;
    attested["source"]["method"] = json!("attestation");
    assert!(!validator.is_valid(&attested), "an attestation must say who and until when");
}

/// Data for a shape: mostly what fits, here and there something that does not.
fn data(shape: &Shape, depth: u32) -> BoxedStrategy<Json> {
    let odd = prop::sample::select(vec![
        json!(null),
        json!(true),
        json!(0),
        json!(-3),
        json!(1.5),
        json!(2.0),
        json!(1e300),
        json!(""),
        json!("x"),
        json!([]),
        json!({}),
        json!("2026-01-01"),
        json!("2026-01-01T00:00:00Z"),
        json!("2026-02-30T00:00:00Z"),
        json!("2026-01-01T00:00:00"),
        json!([[]]),
        json!({"id": 1}),
    ]);
    let fit = match &shape.ty {
        Type::Bool => any::<bool>().prop_map(Json::from).boxed(),
        Type::Int => any::<i32>().prop_map(Json::from).boxed(),
        Type::Double => prop_oneof![any::<i32>().prop_map(Json::from), (-1e6..1e6).prop_map(Json::from)].boxed(),
        Type::Text if shape.allowed.is_empty() => "[a-z]{0,4}".prop_map(Json::from).boxed(),
        Type::Text => prop::sample::select(shape.allowed.clone()).prop_map(Json::from).boxed(),
        Type::Instant => (1950..2100_i32, 1..13_u32, 1..32_u32, 0..25_u32)
            .prop_map(|(y, m, d, h)| Json::from(format!("{y}-{m:02}-{d:02}T{h:02}:00:00+01:00")))
            .boxed(),
        Type::Day => (1950..2100_i32, 1..13_u32, 1..32_u32)
            .prop_map(|(y, m, d)| Json::from(format!("{y}-{m:02}-{d:02}")))
            .boxed(),
        Type::List(of) if depth > 0 => prop::collection::vec(data(of, depth - 1), 0..3).prop_map(Json::from).boxed(),
        Type::Record(record) if depth > 0 => {
            let fields: Vec<_> = record
                .fields()
                .iter()
                .map(|f| {
                    let name = f.name.clone();
                    let weight = if f.required { 30 } else { 1 };
                    prop_oneof![weight => data(&f.shape, depth - 1).prop_map(Some), 1 => Just(None)]
                        .prop_map(move |v| v.map(|v| (name.clone(), v)))
                })
                .collect();
            let extra = prop_oneof![30 => Just(None), 1 => Just(Some(("surprise".to_owned(), json!(1))))];
            (fields, extra)
                .prop_map(|(fields, extra)| Json::Object(fields.into_iter().flatten().chain(extra).collect()))
                .boxed()
        }
        Type::List(_) => Just(json!([])).boxed(),
        _ => Just(json!({})).boxed(),
    };
    let nothing = if shape.nullable { 20 } else { 1 };
    prop_oneof![400 => fit, nothing => Just(Json::Null), 4 => odd].boxed()
}

/// Our one-pass decoder takes exactly what the `jsonschema` crate takes with formats asserted.
#[test]
fn the_decoder_agrees_with_an_independent_validator() {
    let mut config = ProptestConfig::with_cases(60);
    config.failure_persistence = None;
    let (taken, refused) = (std::cell::Cell::new(0), std::cell::Cell::new(0));
    for kind in kinds().iter() {
        let schema: Json = serde_json::from_str(&kind.schema).unwrap();
        let validator = jsonschema::options().should_validate_formats(true).build(&schema).unwrap();
        let mut runner = proptest::test_runner::TestRunner::new_with_rng(
            config.clone(),
            proptest::test_runner::TestRng::deterministic_rng(proptest::test_runner::RngAlgorithm::ChaCha),
        );
        runner
            .run(&data(&kind.shape, 6), |json| {
                let ours = decode_json(&json, &kind.shape);
                let fits = validator.is_valid(&json);
                prop_assert_eq!(ours.is_ok(), fits, "{}: {} {:?}", kind.name, json, ours.err());
                let count = if fits { &taken } else { &refused };
                count.set(count.get() + 1);
                Ok(())
            })
            .unwrap_or_else(|e| panic!("{}: {e}", kind.name));
    }
    println!("{} taken and {} refused by both", taken.get(), refused.get());
    assert!(taken.get() > 500 && refused.get() > 500, "the generator is one-sided");
}
