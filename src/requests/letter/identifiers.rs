//! Identifiers that a letter gives: e-mail addresses, telephone numbers, customer numbers, dates of birth.

use regex::Regex;
use std::sync::LazyLock;

/// What kind of identifier it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum IdentifierKind {
    /// An e-mail address.
    Email,
    /// A telephone number, as written.
    Phone,
    /// A customer, contract or account number named as such.
    CustomerNumber,
    /// A date of birth named as such.
    BirthDate,
}

/// One identifier; personal, so the caller wraps it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Identifier {
    /// Its kind.
    pub kind: IdentifierKind,
    /// Its value as written, without surrounding space.
    pub value: String,
}

const PATTERNS: [(IdentifierKind, &str); 4] = [
    (IdentifierKind::Email, r"(?i)([a-z0-9._%+-]{1,64}@[a-z0-9-]+(?:\.[a-z0-9-]+)*\.[a-z]{2,24})"),
    (IdentifierKind::Phone, r"((?:\+|\b00)[1-9][0-9 ()/.-]{6,18}[0-9]|\b1[3-9][0-9]{9}\b)"),
    (
        IdentifierKind::CustomerNumber,
        r"(?i)(?:customer|client|contract|account|kunden|vertrags|klant|cliente|client[eè]le|客户|会员)[ -]?(?:no|number|nummer|nr|id|numéro|número|numero|编号|号)?\.?[ :#n°º：]{1,5}([A-Z0-9][A-Z0-9/-]{3,24})",
    ),
    (
        IdentifierKind::BirthDate,
        r"(?i)(?:born|birth|geboren|geburtsdatum|née? le|naissance|nacimiento|nato|nata|nascita|geboorte|出生)[^0-9\n]{0,20}([0-3]?[0-9][./-][01]?[0-9][./-](?:19|20)[0-9]{2}|(?:19|20)[0-9]{2}[-年][01]?[0-9][-月][0-3]?[0-9])",
    ),
];

static COMPILED: LazyLock<Vec<(IdentifierKind, Regex)>> = LazyLock::new(|| {
    let compile = |(kind, pattern): (IdentifierKind, &str)| Regex::new(pattern).ok().map(|r| (kind, r));
    PATTERNS.into_iter().filter_map(compile).collect()
});

/// The identifiers in `letter`, each once, in order of kind and value.
pub(super) fn find(letter: &str) -> Vec<Identifier> {
    let mut found: Vec<Identifier> = Vec::new();
    for (kind, pattern) in COMPILED.iter() {
        for capture in pattern.captures_iter(letter) {
            if let Some(value) = capture.get(1) {
                found.push(Identifier { kind: *kind, value: value.as_str().trim().to_owned() });
            }
        }
    }
    found.sort();
    found.dedup();
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_pattern_compiles() {
        assert_eq!(COMPILED.len(), PATTERNS.len());
    }

    #[test]
    fn identifiers_are_found_as_written() {
        let letter = "My e-mail is Ann.Lee+crm@example.co.uk, phone +49 30 1234-567.\nKundennummer: K-20931\n\
                      geboren am 03.04.1981\n手机 13800138000，出生日期：1990年5月6日\nArticle 15 GDPR, 2016/679, 12.05.2026";
        let got: Vec<_> = find(letter).into_iter().map(|i| (i.kind, i.value)).collect();
        let want = [
            (IdentifierKind::Email, "Ann.Lee+crm@example.co.uk"),
            (IdentifierKind::Phone, "+49 30 1234-567"),
            (IdentifierKind::Phone, "13800138000"),
            (IdentifierKind::CustomerNumber, "K-20931"),
            (IdentifierKind::BirthDate, "03.04.1981"),
            (IdentifierKind::BirthDate, "1990年5月6"),
        ];
        let want: Vec<_> = want.into_iter().map(|(k, v)| (k, v.to_owned())).collect();
        assert_eq!(got, want);
    }
}
