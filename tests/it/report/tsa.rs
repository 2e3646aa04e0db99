//! Time stamps by an authority that is not ours: `openssl ts` behind a small server, and what goes wrong with it.

use super::{sample, tools};
use crate::cli::habeas;
use habeas::clock::Clock;
use habeas::connectors::alerts::Trust;
use habeas::connectors::tsa::Authority;
use habeas::crypto::hash::Digest;
use habeas::crypto::stamp::{Wanted, check};
use habeas::keyring::open;
use habeas::lang::words;
use habeas::report::pdf::{Fonts, render};
use habeas::report::seal::{Anchors, Seal, sign, verify};
use habeas::report::{Input, build};
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};
use tempfile::TempDir;

/// The authority; ends when dropped, because its input is closed.
pub struct Tsa {
    child: Child,
    alive: Option<ChildStdin>,
    port: u16,
    pub home: TempDir,
}

impl Tsa {
    /// `None` where Python or openssl is missing and nobody demands them.
    pub fn start() -> Option<Self> {
        tools::run("openssl", &["version"])?;
        let home = tempfile::tempdir().unwrap();
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/tsa/server.py");
        let mut python = Command::new("python3");
        let python = python.arg(script).arg(home.path()).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = python.spawn().ok()?;
        let alive = child.stdin.take();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        Some(Self { child, alive, port: line.trim().parse().unwrap(), home })
    }

    /// The address of one of its answers: `tsr` is the right one.
    pub fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}/{path}", self.port)
    }

    /// Its root certificate.
    pub fn root(&self) -> String {
        std::fs::read_to_string(self.home.path().join("root.pem")).unwrap()
    }

    fn anchors(&self) -> Anchors {
        Anchors::from_pem(self.root().as_bytes()).unwrap()
    }

    fn at(&self, path: &str, policy: Option<&str>) -> Authority {
        let anchors = Some(self.anchors().certificates().to_vec());
        Authority::at(&self.url(path), Trust::new(None).unwrap(), anchors, policy.map(str::to_owned)).unwrap()
    }
}

impl Drop for Tsa {
    fn drop(&mut self) {
        drop(self.alive.take());
        let _ = self.child.wait();
    }
}

#[test]
fn a_stamp_holds_for_its_bytes_alone_and_every_failure_is_named() {
    let Some(tsa) = Tsa::start() else { return };
    let digest = Digest::of(b"a checkpoint");
    let (token, stamp) = tsa.at("tsr", Some("1.2.3.4.2")).stamp(&digest, 7).unwrap();
    assert_eq!((stamp.policy.as_str(), stamp.trusted), ("1.2.3.4.2", Some(true)));
    assert!((Clock::Real.now().millis() - stamp.at.millis()).abs() < 3_600_000, "{stamp:?}");
    for (path, says) in [
        ("other-bytes", "for other bytes"),
        ("replay", "its nonce differs"),
        ("expired", "was not in force"),
        ("down", "503"),
        ("elsewhere", "302"),
        ("page", "`text/html` instead"),
        ("huge", "more than 65536 bytes"),
        ("short", "less than it announced"),
    ] {
        // A replayed answer is about the same bytes, as an attacker would choose it.
        let error = tsa.at(path, None).stamp(&digest, 8).unwrap_err().to_string();
        assert!(error.contains(says), "{path}: {error}");
    }
    let kept = |digest: &Digest, anchors: Option<&Anchors>| {
        check(&token, &Wanted { digest, nonce: None, policy: None, anchors: anchors.map(Anchors::certificates) })
    };
    assert_eq!(kept(&digest, None).unwrap().trusted, None);
    assert!(kept(&Digest::of(b"other"), None).is_err());
    let dir = tempfile::tempdir().unwrap();
    let stranger = open(&dir.path().join("keys"), "Other", "Other", Clock::Real.now()).unwrap();
    let stranger = Anchors::from_pem(stranger.root_pem.as_bytes()).unwrap();
    assert!(kept(&digest, Some(&stranger)).unwrap_err().to_string().contains("given as trusted"));
    let nobody = Authority::at("http://127.0.0.1:1/tsr", Trust::new(None).unwrap(), None, None).unwrap();
    assert!(nobody.stamp(&digest, 1).unwrap_err().to_string().contains("could not be reached"));
}

#[test]
fn only_tls_or_this_machine_is_asked() {
    for (url, fits) in [
        ("https://tsa.example/tsr", true),
        ("http://localhost:8080/tsr", true),
        ("http://[::1]/tsr", true),
        ("http://tsa.example/tsr", false),
        ("ftp://tsa.example/tsr", false),
        ("https://user@tsa.example/", false),
        ("https://tsa.example/a b", false),
        ("tsa.example", false),
    ] {
        assert_eq!(Authority::at(url, Trust::new(None).unwrap(), None, None).is_ok(), fits, "{url}");
    }
}

#[test]
fn a_report_with_a_stamp_is_b_t_for_others_too_and_any_bit_of_the_stamp_counts() {
    let Some(tsa) = Tsa::start() else { return };
    let dir = tempfile::tempdir().unwrap();
    let now = Clock::Real.now();
    let keys = open(&dir.path().join("keys"), "Nordlicht", "Ann Auditor", now).unwrap();
    let mut input: Input = sample::input();
    input.controls.truncate(1);
    input.controls[0].result.findings.truncate(1);
    input.evidence.truncate(1);
    let words = words::of("en").unwrap();
    let paper = render(&build(input), words, Fonts::embedded().unwrap()).unwrap().bytes;
    let authority = tsa.at("tsr", None);
    let ask = |digest: &Digest| authority.stamp(digest, 9).ok().map(|(token, _)| token);
    let seal = |stamp| Seal { field: "auditor", certify: true, at: now, reason: "Audit report", words, stamp };
    let pdf = sign(&paper, &seal(Some(&ask)), &keys.signing).unwrap();
    let both = format!("{}{}", keys.root_pem, tsa.root());
    let checked = verify(&pdf, Some(&Anchors::from_pem(both.as_bytes()).unwrap())).unwrap();
    assert_eq!((checked.signatures[0].level, checked.signatures[0].stamp.is_some()), ("PAdES B-T", true));
    let half = verify(&pdf, Some(&Anchors::from_pem(keys.root_pem.as_bytes()).unwrap())).unwrap();
    assert_eq!(half.signatures[0].level, "PAdES B-B", "nobody who is trusted vouches for the stamp");
    assert!(half.signatures[0].stamp_not_trusted.is_some());

    let refused = sign(&paper, &seal(Some(&|_| None)), &keys.signing).unwrap();
    assert_eq!(verify(&refused, None).unwrap().signatures[0].level, "PAdES B-B", "no stamp, and nothing lost");
    let other = |_: &Digest| authority.stamp(&Digest::of(b"other"), 10).ok().map(|(token, _)| token);
    let wrong = sign(&paper, &seal(Some(&other)), &keys.signing).unwrap();
    assert!(verify(&wrong, None).unwrap_err().to_string().contains("for other bytes"));

    let (file, roots) = (dir.path().join("stamped.pdf"), dir.path().join("roots.pem"));
    std::fs::write(&file, &pdf).unwrap();
    std::fs::write(&roots, &both).unwrap();
    let (file, roots) = (file.to_str().unwrap(), roots.to_str().unwrap());
    let pyhanko =
        ["sign", "validate", "--no-revocation-check", "--trust", roots, "--trust-replace", "--pretty-print", file];
    if let Some(output) = tools::run("pyhanko", &pyhanko) {
        let said = tools::said(&output);
        assert!(output.status.success() && said.contains("The signature is judged VALID"), "{said}");
        assert!(
            said.contains("timestamp") && said.contains("Signer's certificate is trusted") || said.contains("time"),
            "{said}"
        );
    }
    if let Some(output) = tools::run("pdfsig", &["-nocert", file]) {
        assert!(tools::said(&output).contains("Signature is Valid"), "{}", tools::said(&output));
    }
    flipped(&pdf);
}

/// Turning any bit of the container, the stamp included, is found. Every 149th digit, so that it stays quick.
fn flipped(pdf: &[u8]) {
    let start = pdf.windows(11).position(|w| w == b"/Contents <").unwrap() + 11;
    let length = 2 * (4 + usize::from_str_radix(std::str::from_utf8(&pdf[start + 4..start + 8]).unwrap(), 16).unwrap());
    let mut unnoticed = Vec::new();
    for at in (start..start + length).step_by(149) {
        let mut changed = pdf.to_vec();
        changed[at] = if pdf[at] == b'0' { b'1' } else { b'0' };
        if verify(&changed, None).is_ok() {
            unnoticed.push(at - start);
        }
    }
    assert!(unnoticed.is_empty(), "digits of the container that nobody checks: {unnoticed:?}");
}

#[test]
fn checkpoints_are_stamped_beside_themselves_and_checked_offline() {
    let Some(tsa) = Tsa::start() else { return };
    let dir = tempfile::tempdir().unwrap();
    let log = dir.path().join("log");
    std::fs::create_dir(&log).unwrap();
    let key = crate::cli::ledger::exported(&log, 5);
    let (log_arg, root) = (log.to_str().unwrap(), tsa.home.path().join("root.pem"));
    let root = root.to_str().unwrap();
    let down = habeas(&["ledger", "stamp", log_arg, "--tsa", &tsa.url("down"), "--tsa-trust", root]);
    assert_eq!(down.status.code(), Some(1), "{down:?}");
    assert!(!log.join("checkpoint.tst").exists());
    let done = habeas(&["ledger", "stamp", log_arg, "--tsa", &tsa.url("tsr"), "--tsa-trust", root]);
    assert_eq!(done.status.code(), Some(0), "{done:?}");
    let verify = || habeas(&["ledger", "verify", log_arg, "--key", &key, "--trust", root]);
    let good = verify();
    assert_eq!(good.status.code(), Some(0), "{good:?}");
    assert!(String::from_utf8_lossy(&good.stdout).contains("time-stamped"), "{good:?}");
    let mut token = std::fs::read(log.join("checkpoint.tst")).unwrap();
    let last = token.len() - 1;
    token[last] ^= 1;
    std::fs::write(log.join("checkpoint.tst"), token).unwrap();
    let bad = verify();
    assert_eq!(bad.status.code(), Some(1), "{bad:?}");
}
