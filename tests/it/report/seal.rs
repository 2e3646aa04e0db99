//! Signed reports: what independent validators say of them, and that every attack on one is refused.

use super::{sample, tools};
use habeas::clock::Timestamp;
use habeas::keyring::{Keyring, open};
use habeas::lang::words;
use habeas::report::pdf::{Fonts, render};
use habeas::report::seal::{Anchors, Seal, VerifyError, attachment, sign, verify};
use habeas::report::{Input, build, json};
use std::path::Path;

fn at() -> Timestamp {
    "2026-11-23T07:00:00Z".parse().unwrap()
}

fn keyring(dir: &Path, who: &str) -> Keyring {
    open(&dir.join(who), "Nordlicht Vertrieb GmbH", who, at()).unwrap()
}

/// A short report, so that many variants of it can be checked.
fn paper() -> Vec<u8> {
    let mut input: Input = sample::input();
    input.controls.truncate(1);
    input.controls[0].result.findings.truncate(2);
    input.evidence.truncate(1);
    render(&build(input), words::of("en").unwrap(), Fonts::embedded().unwrap()).unwrap().bytes
}

fn seal(field: &'static str, certify: bool) -> Seal<'static> {
    Seal { field, certify, at: at(), reason: "Audit report", words: words::of("en").unwrap(), stamp: None }
}

fn signed(keys: &Keyring) -> Vec<u8> {
    sign(&paper(), &seal("auditor", true), &keys.signing).unwrap()
}

fn trust(keys: &Keyring) -> Anchors {
    Anchors::from_pem(keys.root_pem.as_bytes()).unwrap()
}

fn refusal(pdf: &[u8]) -> String {
    verify(pdf, None).expect_err("an attack was accepted").to_string()
}

#[test]
fn a_signed_report_holds_and_says_who_vouches_for_it() {
    let dir = tempfile::tempdir().unwrap();
    let keys = keyring(dir.path(), "Ann Auditor");
    let pdf = signed(&keys);
    assert_eq!(pdf, signed(&keys), "the same key, report and time give the same bytes");
    let open = verify(&pdf, None).unwrap();
    assert_eq!(open.signatures[0].trusted, None);
    let checked = verify(&pdf, Some(&trust(&keys))).unwrap();
    let [one] = checked.signatures.as_slice() else { panic!("{checked:?}") };
    assert_eq!((one.signer.as_str(), one.trusted, one.certifies), ("Ann Auditor", Some(true), true));
    assert_eq!((one.claimed_at, one.level), (Some(at()), "PAdES B-B"));
    let stranger = keyring(dir.path(), "Stranger");
    let error = verify(&pdf, Some(&trust(&stranger))).unwrap_err().to_string();
    assert!(error.contains("not the certificate given as trusted"), "{error}");
}

#[test]
fn the_officer_countersigns_and_both_signatures_hold() {
    let dir = tempfile::tempdir().unwrap();
    let (auditor, officer) = (keyring(dir.path(), "Auditor"), keyring(dir.path(), "Officer"));
    let once = signed(&auditor);
    let twice = sign(&once, &seal("officer", false), &officer.signing).unwrap();
    let both = Anchors::from_pem(format!("{}{}", auditor.root_pem, officer.root_pem).as_bytes()).unwrap();
    let checked = verify(&twice, Some(&both)).unwrap();
    let fields: Vec<_> = checked.signatures.iter().map(|s| (s.field.as_str(), s.certifies)).collect();
    assert_eq!(fields, [("auditor", true), ("officer", false)]);
    assert!(verify(&twice, Some(&trust(&auditor))).is_err(), "each chain has to lead to a trusted certificate");
    assert!(sign(&twice, &seal("officer", false), &officer.signing).is_err(), "a field is signed once");
    assert!(sign(&once, &seal("officer", true), &officer.signing).is_err(), "only the first signature certifies");
    assert!(sign(&once, &seal("nobody", false), &officer.signing).is_err());
}

#[test]
fn every_changed_byte_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let keys = keyring(dir.path(), "Auditor");
    let pdf = signed(&keys);
    let base = paper().len();
    let container = memchr::memmem::rfind(&pdf, b"/Contents <").unwrap() + 11;
    let used = 2 * 1700;
    // The container closely, because it is what no digest covers; the rest loosely.
    let places = (container..container + used)
        .step_by(17)
        .chain((container + 2 * 6144 - 4)..(container + 2 * 6144 + 2))
        .chain((base..pdf.len()).step_by(211))
        .chain((0..base).step_by(2999));
    let mut accepted = Vec::new();
    for (n, place) in places.enumerate() {
        let flip = [0x01_u8, 0x20][n % 2];
        let mut changed = pdf.clone();
        changed[place] ^= flip;
        if verify(&changed, None).is_ok() {
            accepted.push((place, flip));
        }
    }
    assert!(accepted.is_empty(), "accepted changes at {accepted:?}");
}

#[test]
fn cut_extended_and_rewritten_files_are_refused() {
    let dir = tempfile::tempdir().unwrap();
    let keys = keyring(dir.path(), "Auditor");
    let pdf = signed(&keys);
    assert!(verify(&pdf[..pdf.len() - 1], None).is_err());
    assert!(refusal(&[&pdf[..], b"\n"].concat()).contains("bytes follow the last signature"));
    assert!(matches!(verify(&paper(), None), Err(VerifyError::Invalid(r)) if r.contains("no signature")));
    assert!(matches!(verify(b"hello", None), Err(VerifyError::NotPdf(_))));
    assert!(matches!(verify(b"", None), Err(VerifyError::NotPdf(_))));
    assert!(matches!(verify(b"%PDF-1.7\n%%EOF", None), Err(VerifyError::NotPdf(_) | VerifyError::Invalid(_))));
    let mut document = lopdf::Document::load_mem(&pdf).unwrap();
    let mut rewritten = Vec::new();
    document.save_to(&mut rewritten).unwrap();
    assert!(verify(&rewritten, None).is_err());
}

/// Appends a revision that changes one object of a signed file, as an attacker would (overlay and shadow attacks).
fn overlaid(pdf: &[u8], id: u32, object: &str) -> Vec<u8> {
    let document = lopdf::Document::load_mem(pdf).unwrap();
    let root = document.trailer.get(b"Root").unwrap().as_reference().unwrap().0;
    let start = memchr::memmem::rfind(pdf, b"startxref").unwrap();
    let previous = String::from_utf8_lossy(&pdf[start + 10..]).split_whitespace().next().unwrap().to_owned();
    let mut out = pdf.to_vec();
    let place = out.len();
    out.extend(format!("{id} 0 obj\n{object}\nendobj\n").bytes());
    let xref = out.len();
    let size = document.max_id + 1;
    out.extend(format!("xref\n{id} 1\n{place:010} 00000 n \n").bytes());
    let ids = "[<00112233445566778899aabbccddeeff> <00112233445566778899aabbccddeeff>]";
    out.extend(format!("trailer\n<</Size {size}/Root {root} 0 R/Info {root} 0 R/ID {ids}/Prev {previous}>>\n").bytes());
    out.extend(format!("startxref\n{xref}\n%%EOF\n").bytes());
    out
}

#[test]
fn later_revisions_are_refused_even_when_they_are_signed_again() {
    let dir = tempfile::tempdir().unwrap();
    let (keys, other) = (keyring(dir.path(), "Auditor"), keyring(dir.path(), "Attacker"));
    let pdf = signed(&keys);
    let document = lopdf::Document::load_mem(&pdf).unwrap();
    let page = document.get_dictionary(document.get_pages()[&1]).unwrap();
    let content = page.get(b"Contents").unwrap().as_reference().unwrap().0;
    let (catalog, form) = {
        let root = document.trailer.get(b"Root").unwrap().as_reference().unwrap();
        let form = document.get_dictionary(root).unwrap().get(b"AcroForm").unwrap().as_reference().unwrap();
        (root.0, form.0)
    };
    for (id, object, change) in [
        (content, "<</Length 3>>\nstream\nq Q\nendstream".to_owned(), format!("object {content} was changed")),
        (document.max_id + 1, "<</Type/Annot>>".to_owned(), format!("object {} was added", document.max_id + 1)),
    ] {
        let hidden = overlaid(&pdf, id, &object);
        let reason = refusal(&hidden);
        assert!(reason.contains("bytes follow the last signature"), "{reason}");
        let covered_up = sign(&hidden, &seal("officer", false), &other.signing).unwrap();
        let reason = refusal(&covered_up);
        assert!(reason.contains(&change), "{reason}");
    }
    for (id, object) in [(form, "<</Fields[]>>".to_owned()), (catalog, "<</Type/Catalog>>".to_owned())] {
        assert!(verify(&overlaid(&pdf, id, &object), None).is_err(), "a removed signature was not noticed");
    }
}

#[test]
fn the_attached_result_is_the_one_that_was_written() {
    let mut input: Input = sample::input();
    input.controls.truncate(3);
    let report = build(input);
    let pdf = render(&report, words::of("zh-CN").unwrap(), Fonts::embedded().unwrap()).unwrap().bytes;
    assert_eq!(attachment(&pdf).unwrap(), json::write(&report));
}

#[test]
fn independent_validators_call_it_valid_and_trusted() {
    let dir = tempfile::tempdir().unwrap();
    let keys = keyring(dir.path(), "Tomás Řezníček");
    let report = sample::report();
    for lang in words::tags() {
        let pdf = render(&report, words::of(lang).unwrap(), Fonts::embedded().unwrap()).unwrap().bytes;
        let pdf = sign(&pdf, &seal("auditor", true), &keys.signing).unwrap();
        let file = dir.path().join(format!("{lang}.pdf"));
        std::fs::write(&file, pdf).unwrap();
        let file = file.to_str().unwrap();
        poppler_says_valid(file);
        qpdf_says_sound(file);
        pyhanko_says_trusted(file, dir.path().join("Tomás Řezníček/root.pem").to_str().unwrap());
    }
}

#[test]
fn independent_validators_accept_the_second_signature_as_the_only_change() {
    let dir = tempfile::tempdir().unwrap();
    let (auditor, officer) = (keyring(dir.path(), "Auditor"), keyring(dir.path(), "Officer"));
    let twice = sign(&signed(&auditor), &seal("officer", false), &officer.signing).unwrap();
    let (file, roots) = (dir.path().join("twice.pdf"), dir.path().join("roots.pem"));
    std::fs::write(&file, twice).unwrap();
    std::fs::write(&roots, format!("{}{}", auditor.root_pem, officer.root_pem)).unwrap();
    qpdf_says_sound(file.to_str().unwrap());
    pyhanko_says_trusted(file.to_str().unwrap(), roots.to_str().unwrap());
}

fn poppler_says_valid(file: &str) {
    let Some(output) = tools::run("pdfsig", &["-nocert", file]) else { return };
    let said = tools::said(&output);
    assert!(said.contains("Signature is Valid") && said.contains("Total document signed"), "{said}");
    assert!(said.contains("ETSI.CAdES.detached"), "{said}");
}

fn qpdf_says_sound(file: &str) {
    let Some(output) = tools::run("qpdf", &["--check", file]) else { return };
    assert!(output.status.success() && !tools::said(&output).contains("WARNING"), "{}", tools::said(&output));
}

fn pyhanko_says_trusted(file: &str, root: &str) {
    let arguments =
        ["sign", "validate", "--no-revocation-check", "--trust", root, "--trust-replace", "--pretty-print", file];
    let Some(output) = tools::run("pyhanko", &arguments) else { return };
    let said = tools::said(&output);
    assert!(output.status.success() && !said.contains("INVALID"), "{said}");
    for word in [
        "The signature is cryptographically sound",
        "The signer's certificate is trusted",
        "The signature is judged VALID",
    ] {
        assert!(said.contains(word), "{word} is missing in\n{said}");
    }
}
