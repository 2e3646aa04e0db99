//! Alerts as their receivers see them: every form read back by a parser that is not ours, every place a real server.

use habeas::alerts::syslog::{Host, around_cef, frame, message};
use habeas::alerts::webhook::Secret;
use habeas::alerts::{Alert, Level, Staff, cef, ocsf};
use habeas::clock::Clock;
use habeas::connectors::alerts::{Courier, Pace, Sending, Spool, State, Target, Trust};
use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

/// Values that have to arrive as the second text, whatever the form.
const HARD: [(&str, &str); 14] = [
    ("plain", "plain"),
    ("a|b\\|c", "a|b\\|c"),
    ("k=v k2=v2", "k=v k2=v2"),
    ("say \"]\" [x]", "say \"]\" [x]"),
    ("back\\slash\\", "back\\slash\\"),
    ("line\r\nCEF:0|evil|", "line\\r\\nCEF:0|evil|"),
    ("<1>1 - - - - - -", "<1>1 - - - - - -"),
    ("esc \u{1b}[2J nul \0", "esc \\u001b[2J nul \\u0000"),
    ("gpj\u{202e}exe", "gpj\\u202eexe"),
    ("Zoë 张伟 🙂", "Zoë 张伟 🙂"),
    ("\u{2028}\u{2029}\u{85}", "\\u2028\\u2029\\u0085"),
    ("{\"json\": [1]}", "{\"json\": [1]}"),
    ("%s ${x} `y`", "%s ${x} `y`"),
    ("'; drop table", "'; drop table"),
];

fn firing(value: &str, n: usize) -> String {
    json!({"rule": format!("Rule {value}"), "id": format!("r-{n}"), "level": "high", "key": {"actor": value, "action": "export"},
        "at": "2026-03-05T09:30:00.125Z", "count": 12, "value": 1.5,
        "first": {"file": "/var/log/crm.ndjson", "offset": 7}, "last": {"file": "/var/log/crm.ndjson", "offset": n}})
    .to_string()
}

fn alert(value: &str, n: usize) -> Alert {
    Alert::of_firing(&firing(value, n), 1, &Staff::Revealed, Level::Low).unwrap()
}

fn hard() -> Vec<Alert> {
    HARD.iter().enumerate().map(|(n, (value, _))| alert(value, n)).collect()
}

/// Python with the parsers, or nothing where it is missing and nobody demands it.
fn receiver(arguments: &[&str]) -> Option<Child> {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/alerts/receiver.py");
    let demanded = std::env::var("HABEAS_CHECK_TOOLS").is_ok_and(|v| v == "1");
    let parsers = "import cefp, py_ocsf_models, standardwebhooks, syslog_rfc5424_parser";
    let there = Command::new("python").args(["-c", parsers]).stderr(Stdio::null()).status().is_ok_and(|s| s.success());
    assert!(there || !demanded, "python with the packages of scripts/requirements.txt is needed to read alerts back");
    let start =
        || Command::new("python").arg(script).args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn();
    there.then(|| start().unwrap())
}

/// What an independent parser reads in `bytes`; nothing where there is none.
fn read_back(form: &str, bytes: &[u8]) -> Option<Vec<Value>> {
    let mut child = receiver(&["read", form])?;
    child.stdin.take().unwrap().write_all(bytes).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{form} was not understood");
    Some(String::from_utf8(output.stdout).unwrap().lines().map(|l| serde_json::from_str(l).unwrap()).collect())
}

fn lines(all: &[Alert], write: impl Fn(&Alert) -> String) -> Vec<u8> {
    all.iter().map(|a| write(a) + "\n").collect::<String>().into_bytes()
}

#[test]
fn syslog_is_read_back_by_a_parser_of_rfc_5424() {
    let host = Host::new("crm.example.org").unwrap();
    let stream: Vec<u8> = hard().iter().flat_map(|a| frame(&message(a, &host))).collect();
    let Some(read) = read_back("frames", &stream) else { return };
    assert_eq!(read.len(), HARD.len());
    for ((alert, read), (_, shown)) in hard().iter().zip(&read).zip(HARD) {
        assert_eq!((&read["severity"], &read["facility"]), (&json!(3), &json!(13)));
        assert_eq!((&read["at"], &read["host"]), (&json!("2026-03-05T09:30:00.125Z"), &json!("crm.example.org")));
        assert_eq!((&read["app"], &read["msgid"]), (&json!("habeas"), &json!("firing")));
        let facts = &read["sd"]["habeas@32473"];
        assert_eq!((&facts["id"], &facts["rule"]), (&json!(alert.id), &json!(alert.rule)));
        assert_eq!((&facts["count"], &facts["lastFile"]), (&json!("12"), &json!("crm.ndjson")));
        assert_eq!(read["sd"]["key@32473"], json!({"actor": shown, "action": "export"}));
        assert_eq!(read["text"], json!(format!("\u{feff}Rule {shown} (action=export, actor={shown}), 12x")));
    }
}

#[test]
fn cef_is_read_back_by_a_parser_of_cef() {
    let Some(read) = read_back("cef", &lines(&hard(), cef::event)) else { return };
    assert_eq!(read.len(), HARD.len());
    for ((alert, read), (_, shown)) in hard().iter().zip(&read).zip(HARD) {
        let text = read.to_string();
        let all: Vec<&Value> = flat(read);
        let has = |v: &str| all.iter().any(|x| x.as_str() == Some(v));
        assert!(has(&format!("Rule {shown}")) && has(shown) && has(&alert.id) && has(&alert.rule), "{text}");
        assert!(has("8") && has("1772703000125") && has("crm.ndjson"), "{text}");
    }
    let framed = lines(&hard(), |a| around_cef(a, &Host::unnamed()));
    let read = read_back("syslog", &framed).unwrap();
    assert_eq!(read[0]["text"], json!(cef::event(&hard()[0])));
}

fn flat(value: &Value) -> Vec<&Value> {
    match value {
        Value::Object(fields) => fields.values().flat_map(flat).collect(),
        Value::Array(items) => items.iter().flat_map(flat).collect(),
        other => vec![other],
    }
}

#[test]
fn a_key_of_many_fields_loses_none_in_cef() {
    let key: serde_json::Map<String, Value> = (0..9).map(|n| (format!("f{n}"), json!(format!("v{n}")))).collect();
    let mut line: Value = serde_json::from_str(&firing("x", 1)).unwrap();
    line["key"] = Value::Object(key);
    let alert = Alert::of_firing(&line.to_string(), 1, &Staff::Revealed, Level::Low).unwrap();
    let text = cef::event(&alert);
    for n in 0..9 {
        assert!(text.contains(&format!("v{n}")), "{text}");
    }
    assert!(text.contains("cs6Label=more") && !text.contains("cs7"), "{text}");
}

#[test]
fn ocsf_is_read_back_by_a_model_of_the_schema() {
    let Some(read) = read_back("ocsf", &lines(&hard(), |a| ocsf::finding(a).to_string())) else { return };
    assert_eq!(read.len(), HARD.len());
    for ((alert, read), (_, shown)) in hard().iter().zip(&read).zip(HARD) {
        assert_eq!((&read["class_uid"], &read["severity"], &read["count"]), (&json!(2004), &json!(4), &json!(12)));
        assert_eq!((&read["uid"], &read["analytic"]), (&json!(alert.id), &json!(alert.rule)));
        assert_eq!((&read["title"], &read["time"]), (&json!(format!("Rule {shown}")), &json!(1_772_703_000_125_i64)));
        assert_eq!(read["evidences"][0]["data"]["key"]["actor"], json!(shown));
    }
}

// Delivery.

fn sending(ca: Option<&[u8]>) -> Sending {
    let secret = Some(Secret::parse(&Secret::text_of(&[5; 32])).unwrap());
    Sending { host: Host::unnamed(), secret, trust: Trust::new(ca).unwrap(), clock: Clock::Real }
}

/// A courier that does not wait between tries.
fn courier(to: &str, spool: &Path) -> Courier {
    let pace = Pace { first: Duration::ZERO, longest: Duration::ZERO };
    Courier::new(Target::parse(to).unwrap(), Spool::open(spool).unwrap(), 1 << 20, pace)
}

/// Visits until nothing waits; says how many tries failed.
fn visit_until_taken(courier: &mut Courier, sending: &Sending) -> usize {
    for failed in 0..1000 {
        match courier.visit(sending, Instant::now(), 0).unwrap() {
            State::Idle => return failed,
            State::Waits(..) => {}
        }
    }
    panic!("1000 tries and it was not taken");
}

#[test]
fn a_tcp_receiver_gets_every_alert_whole_and_once_it_is_back() {
    let dir = tempfile::tempdir().unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let to = format!("syslog://{}", listener.local_addr().unwrap());
    // Down: nobody listens.
    let address = listener.local_addr().unwrap();
    drop(listener);
    let mut first = courier(&to, dir.path());
    first.put(&hard()).unwrap();
    assert!(matches!(first.visit(&sending(None), Instant::now(), 0).unwrap(), State::Waits(_, Some(_))));
    // The sender is stopped and started again.
    drop(first);
    let listener = TcpListener::bind(address).unwrap();
    let taking = std::thread::spawn(move || {
        let mut stream = Vec::new();
        listener.accept().unwrap().0.read_to_end(&mut stream).unwrap();
        stream
    });
    let mut second = courier(&to, dir.path());
    visit_until_taken(&mut second, &sending(None));
    let expected: Vec<u8> = hard().iter().flat_map(|a| frame(&message(a, &Host::unnamed()))).collect();
    assert_eq!(taking.join().unwrap(), expected);
    assert_eq!((second.taken(), second.waiting_bytes()), (HARD.len() as u64, 0));
}

#[test]
fn a_receiver_that_breaks_off_is_sent_everything_again() {
    let dir = tempfile::tempdir().unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let to = format!("syslog://{}", listener.local_addr().unwrap());
    let many: Vec<Alert> = (0..200).map(|n| alert("x", n)).collect();
    let taking = std::thread::spawn(move || {
        // Closing with bytes unread resets the connection.
        let (mut broken, _) = listener.accept().unwrap();
        broken.read_exact(&mut [0; 10]).unwrap();
        drop(broken);
        let mut stream = Vec::new();
        listener.accept().unwrap().0.read_to_end(&mut stream).unwrap();
        stream
    });
    let mut courier = courier(&to, dir.path());
    courier.put(&many).unwrap();
    assert_eq!(visit_until_taken(&mut courier, &sending(None)), 1);
    let expected: Vec<u8> = many.iter().flat_map(|a| frame(&message(a, &Host::unnamed()))).collect();
    assert_eq!(taking.join().unwrap(), expected);
}

struct Server {
    _child: Child,
    _alive: ChildStdin,
    heard: std::io::Lines<BufReader<ChildStdout>>,
    port: u64,
}

impl Server {
    fn start(arguments: &[&str]) -> Option<Self> {
        let mut child = receiver(arguments)?;
        let (alive, out) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
        let mut server = Self { _child: child, _alive: alive, heard: BufReader::new(out).lines(), port: 0 };
        server.port = server.next()["port"].as_u64().unwrap();
        Some(server)
    }

    fn next(&mut self) -> Value {
        serde_json::from_str(&self.heard.next().unwrap().unwrap()).unwrap()
    }
}

/// A certificate for `name` by an authority of its own, as files; the authority's PEM.
fn certificate(dir: &Path, name: &str) -> (PathBuf, PathBuf, String) {
    let authority_key = rcgen::KeyPair::generate().unwrap();
    let mut authority = rcgen::CertificateParams::new(Vec::new()).unwrap();
    authority.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    let root = authority.self_signed(&authority_key).unwrap().pem();
    let issuer = rcgen::Issuer::new(authority, authority_key);
    let key = rcgen::KeyPair::generate().unwrap();
    let leaf = rcgen::CertificateParams::new(vec![name.to_owned()]).unwrap().signed_by(&key, &issuer).unwrap();
    let (cert_path, key_path) = (dir.join("cert.pem"), dir.join("key.pem"));
    std::fs::write(&cert_path, leaf.pem()).unwrap();
    std::fs::write(&key_path, key.serialize_pem()).unwrap();
    (cert_path, key_path, root)
}

#[test]
fn a_webhook_is_signed_as_its_receiver_expects_and_tried_again_when_refused() {
    let dir = tempfile::tempdir().unwrap();
    let (cert, key, root) = certificate(dir.path(), "localhost");
    let secret = dir.path().join("secret");
    std::fs::write(&secret, Secret::text_of(&[5; 32])).unwrap();
    let arguments = ["hook", cert.to_str().unwrap(), key.to_str().unwrap(), secret.to_str().unwrap(), "2"];
    let Some(mut server) = Server::start(&arguments) else { return };
    let to = format!("https://localhost:{}/hook?team=privacy", server.port);
    let mut courier = courier(&to, &dir.path().join("spool"));
    courier.put(&hard()).unwrap();
    assert_eq!(visit_until_taken(&mut courier, &sending(Some(root.as_bytes()))), 2);
    assert_eq!([server.next(), server.next()], [json!({"refused": true}), json!({"refused": true})]);
    for (alert, (_, shown)) in hard().iter().zip(HARD) {
        let heard = server.next();
        assert_eq!((&heard["right"], &heard["fresh"]), (&json!(true), &json!(true)));
        assert_eq!((&heard["id"], &heard["path"]), (&json!(alert.id), &json!("/hook?team=privacy")));
        assert_eq!((&heard["body"]["type"], &heard["body"]["version"]), (&json!("habeas.alert"), &json!(1)));
        assert_eq!(heard["body"]["alert"]["key"][1]["value"], json!(shown));
    }
}

#[test]
fn a_tls_receiver_is_believed_only_with_a_certificate_for_its_name() {
    let dir = tempfile::tempdir().unwrap();
    let (cert, key, root) = certificate(dir.path(), "localhost");
    let Some(mut server) = Server::start(&["syslogs", cert.to_str().unwrap(), key.to_str().unwrap()]) else { return };
    let good = format!("syslogs://localhost:{}", server.port);
    let mut public = courier(&good, &dir.path().join("public"));
    public.put(&hard()).unwrap();
    let refused = public.visit(&sending(None), Instant::now(), 0).unwrap();
    assert!(matches!(refused, State::Waits(_, Some(_))) && public.taken() == 0, "an unknown authority was believed");

    let mut by_address = courier(&format!("syslogs://127.0.0.1:{}", server.port), &dir.path().join("address"));
    by_address.put(&hard()).unwrap();
    let refused = by_address.visit(&sending(Some(root.as_bytes())), Instant::now(), 0).unwrap();
    assert!(matches!(refused, State::Waits(_, Some(_))) && by_address.taken() == 0, "another name was believed");

    let mut right = courier(&good, &dir.path().join("right"));
    right.put(&hard()).unwrap();
    visit_until_taken(&mut right, &sending(Some(root.as_bytes())));
    for alert in hard() {
        assert_eq!(server.next()["sd"]["habeas@32473"]["id"], json!(alert.id));
    }
}
