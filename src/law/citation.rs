//! The provisions that controls may cite, and the names of the laws and standards they stand in.
//!
//! The tables are data (`citations.json`). They hold numbers and, for the laws themselves, short titles in our own words;
//! never the text of a standard. A citation that is not in the tables is a mistake, not a new law.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::OnceLock;

/// A law or standard.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Framework {
    /// Regulation (EU) 2016/679.
    Gdpr,
    /// The GDPR as retained in the United Kingdom.
    UkGdpr,
    /// California Civil Code 1798.
    Ccpa,
    /// California Code of Regulations, title 11, 7000 ff.
    CcpaRegs,
    /// The Personal Information Protection Law of China.
    Pipl,
    /// The Network Data Security Management Regulations of China.
    Ndsmr,
    /// ISO/IEC 27001:2022, Annex A.
    Iso27001,
    /// ISO/IEC 27701:2025, Annex A.
    Iso27701,
    /// NIST SP 800-53 revision 5.
    Nist80053,
    /// NIST Privacy Framework.
    Nistpf,
    /// NIST Cybersecurity Framework 2.0.
    Csf2,
    /// AICPA trust services criteria.
    Soc2,
    /// CIS Controls version 8.
    Cis8,
    /// PCI DSS version 4.
    Pci4,
    /// OWASP ASVS version 5.
    Asvs5,
    /// NIST SP 800-63B revision 4.
    Nist80063b,
}

/// Word, English and Chinese name, in the order of `Framework::ALL`.
const NAMES: [(&str, &str, &str); 16] = [
    ("gdpr", "GDPR", "欧盟《通用数据保护条例》(GDPR)"),
    ("uk-gdpr", "UK GDPR", "英国《通用数据保护条例》(UK GDPR)"),
    ("ccpa", "CCPA (Cal. Civ. Code)", "加州《消费者隐私法》(CCPA)"),
    ("ccpa-regs", "CCPA Regulations (11 CCR)", "加州 CCPA 实施条例 (11 CCR)"),
    ("pipl", "PIPL", "《个人信息保护法》"),
    ("ndsmr", "Network Data Security Management Regulations", "《网络数据安全管理条例》"),
    ("iso27001", "ISO/IEC 27001:2022", "ISO/IEC 27001:2022"),
    ("iso27701", "ISO/IEC 27701:2025", "ISO/IEC 27701:2025"),
    ("nist80053", "NIST SP 800-53 Rev. 5", "NIST SP 800-53 Rev. 5"),
    ("nistpf", "NIST Privacy Framework", "NIST 隐私框架"),
    ("csf2", "NIST CSF 2.0", "NIST 网络安全框架 2.0"),
    ("soc2", "SOC 2 (Trust Services Criteria)", "SOC 2(信任服务准则)"),
    ("cis8", "CIS Controls v8", "CIS 控制措施 v8"),
    ("pci4", "PCI DSS v4", "PCI DSS v4"),
    ("asvs5", "OWASP ASVS 5.0", "OWASP ASVS 5.0"),
    ("nist80063b", "NIST SP 800-63B-4", "NIST SP 800-63B-4"),
];

impl Framework {
    /// All of them: laws first.
    pub const ALL: [Self; 16] = [
        Self::Gdpr,
        Self::UkGdpr,
        Self::Ccpa,
        Self::CcpaRegs,
        Self::Pipl,
        Self::Ndsmr,
        Self::Iso27001,
        Self::Iso27701,
        Self::Nist80053,
        Self::Nistpf,
        Self::Csf2,
        Self::Soc2,
        Self::Cis8,
        Self::Pci4,
        Self::Asvs5,
        Self::Nist80063b,
    ];

    #[expect(clippy::indexing_slicing, reason = "the table has a row for each framework; a test goes through all")]
    const fn row(self) -> (&'static str, &'static str, &'static str) {
        NAMES[self as usize]
    }

    /// The word used in files and on the command line.
    pub const fn word(self) -> &'static str {
        self.row().0
    }

    /// The framework with this word.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|f| f.word() == word)
    }

    /// Its name in `lang`, else in English.
    pub fn name(self, lang: &str) -> &'static str {
        if lang == "zh-CN" { self.row().2 } else { self.row().1 }
    }

    /// Whether the tables know a citation, e.g. `32(1)(b)` of the GDPR.
    pub fn knows(self, citation: &str) -> bool {
        let Some(table) = tables().get(self.word()) else { return false };
        if table.contains_key(citation) {
            return true;
        }
        // Laws are cited by paragraph: the article must be in the table and the paragraph among those it has.
        let Some((article, rest)) = citation.split_once('(') else { return false };
        table.get(article).is_some_and(|entry| entry.paragraphs > 0 && paragraph_exists(rest, entry.paragraphs))
    }

    /// Short title of the provision, in our own words, in `lang`; empty when there is none.
    pub fn title(self, citation: &str, lang: &str) -> &'static str {
        let Some(table) = tables().get(self.word()) else { return "" };
        let article = citation.split('(').next().unwrap_or(citation);
        let entry = table.get(citation).or_else(|| table.get(article));
        entry.map_or("", |e| if lang == "zh-CN" && !e.zh.is_empty() { &e.zh } else { &e.en })
    }

    /// Every citation in the table, in order.
    pub fn citations(self) -> impl Iterator<Item = &'static str> {
        tables().get(self.word()).into_iter().flat_map(|t| t.keys().map(String::as_str))
    }
}

/// Whether `2)(b)` names one of the first `count` paragraphs, then letters or numbers in parentheses.
fn paragraph_exists(rest: &str, count: u32) -> bool {
    let mut parts = rest.split('(');
    let number = parts.next().and_then(|p| p.strip_suffix(')')).and_then(|p| p.parse::<u32>().ok());
    let plain = |p: &str| {
        p.strip_suffix(')')
            .is_some_and(|p| !p.is_empty() && p.len() <= 4 && p.chars().all(|c| c.is_ascii_alphanumeric()))
    };
    number.is_some_and(|n| (1..=count).contains(&n)) && parts.all(plain)
}

/// One row of the tables.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Entry {
    en: String,
    zh: String,
    /// How many numbered paragraphs the article has; 0 when it is cited only as listed.
    paragraphs: u32,
}

type Tables = BTreeMap<String, BTreeMap<String, Entry>>;

fn tables() -> &'static Tables {
    static TABLES: OnceLock<Tables> = OnceLock::new();
    TABLES.get_or_init(|| serde_json::from_str(include_str!("citations.json")).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tables_can_be_read_and_have_every_framework() {
        serde_json::from_str::<Tables>(include_str!("citations.json")).unwrap();
        for framework in Framework::ALL {
            assert!(framework.citations().next().is_some(), "{}", framework.word());
            assert_eq!(Framework::from_word(framework.word()), Some(framework));
        }
    }

    #[test]
    fn articles_and_paragraphs_that_do_not_exist_are_unknown() {
        for (framework, citation, known) in [
            (Framework::Gdpr, "32(1)(b)", true),
            (Framework::Gdpr, "99", true),
            (Framework::Gdpr, "100", false),
            (Framework::Gdpr, "32(9)", false),
            (Framework::Gdpr, "32(", false),
            (Framework::Gdpr, "Art. 32", false),
            (Framework::Pipl, "74", true),
            (Framework::Pipl, "75", false),
            (Framework::Pipl, "51(3)", true),
            (Framework::Iso27001, "A.8.5", true),
            (Framework::Iso27001, "A.9.1", false),
            (Framework::CcpaRegs, "7123(c)(18)", true),
            (Framework::CcpaRegs, "7999", false),
        ] {
            assert_eq!(framework.knows(citation), known, "{} {citation}", framework.word());
        }
    }
}
