//! The digest of alerts for a mailbox: subject, text and HTML.
//!
//! Most urgent first, alerts of one rule together, at most `LARGEST` in detail, so that a mail stays readable. The HTML loads
//! nothing and runs nothing.

use super::{Alert, Level};
use crate::lang::words::Words;
use std::collections::BTreeMap;
use std::fmt::Write;

/// Rules that a digest shows in detail.
const MOST_RULES: usize = 50;
/// Alerts that a digest shows of one rule.
const MOST_OF_A_RULE: usize = 5;

/// The parts of one mail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Digest {
    /// The subject, one line.
    pub subject: String,
    /// The text.
    pub text: String,
    /// The same as HTML.
    pub html: String,
}

/// The alerts of one rule.
struct Group<'a> {
    level: Level,
    title: &'a str,
    alerts: Vec<&'a Alert>,
}

/// The digest of `alerts` in the language of `words`; `None` when there is nothing to tell.
pub fn digest(alerts: &[Alert], words: &Words) -> Option<Digest> {
    let worst = alerts.iter().map(|a| a.level).max()?;
    let groups = groups(alerts);
    let subject = words.fill(
        "alerts.subject",
        &[
            ("count", alerts.len().to_string()),
            ("worst", words.get(&format!("alerts.level.{}", worst.word())).to_owned()),
        ],
    );
    let span = span(alerts, words);
    Some(Digest { text: text(&subject, &span, &groups, words), html: html(&subject, &span, &groups, words), subject })
}

fn groups(alerts: &[Alert]) -> Vec<Group<'_>> {
    let mut by_rule: BTreeMap<&str, Group<'_>> = BTreeMap::new();
    for alert in alerts {
        let group =
            by_rule.entry(&alert.rule).or_insert(Group { level: alert.level, title: &alert.title, alerts: vec![] });
        group.level = group.level.max(alert.level);
        group.alerts.push(alert);
    }
    let mut groups: Vec<_> = by_rule.into_values().collect();
    groups.iter_mut().for_each(|g| g.alerts.sort_by_key(|a| a.at));
    groups.sort_by_key(|g| (std::cmp::Reverse(g.level), std::cmp::Reverse(g.alerts.len())));
    groups
}

fn span(alerts: &[Alert], words: &Words) -> String {
    let times = || alerts.iter().map(|a| a.at);
    let instant = |at: Option<crate::clock::Timestamp>| at.map(|t| t.to_string()).unwrap_or_default();
    words.fill("alerts.span", &[("first", instant(times().min())), ("last", instant(times().max()))])
}

fn heading(group: &Group<'_>, words: &Words) -> String {
    let level = words.get(&format!("alerts.level.{}", group.level.word())).to_owned();
    let values = [("level", level), ("title", group.title.to_owned()), ("count", group.alerts.len().to_string())];
    words.fill("alerts.heading", &values)
}

fn row(alert: &Alert) -> String {
    let key: Vec<String> = alert.key.iter().map(|f| format!("{}={}", f.name, f.value)).collect();
    let place = alert.last.as_ref().map(|s| format!(" [{}:{}]", s.file, s.offset)).unwrap_or_default();
    format!("{} {} {}x{place}", alert.at, key.join(", "), alert.count)
}

fn more(hidden: usize, words: &Words) -> Option<String> {
    (hidden > 0).then(|| words.fill("alerts.more", &[("count", hidden.to_string())]))
}

fn text(subject: &str, span: &str, groups: &[Group<'_>], words: &Words) -> String {
    let mut out = format!("{subject}\n{span}\n");
    for group in groups.iter().take(MOST_RULES) {
        let _ = write!(out, "\n{}\n", heading(group, words));
        for alert in group.alerts.iter().take(MOST_OF_A_RULE) {
            let _ = writeln!(out, "  {}", row(alert));
        }
        if let Some(more) = more(group.alerts.len().saturating_sub(MOST_OF_A_RULE), words) {
            let _ = writeln!(out, "  {more}");
        }
    }
    if let Some(more) = more(groups.iter().skip(MOST_RULES).map(|g| g.alerts.len()).sum(), words) {
        let _ = write!(out, "\n{more}\n");
    }
    let _ = write!(out, "\n{}\n", words.get("alerts.pseudonyms"));
    out
}

fn html(subject: &str, span: &str, groups: &[Group<'_>], words: &Words) -> String {
    let mut out = format!(
        "<!DOCTYPE html>\n<html lang=\"{}\"><head><meta charset=\"utf-8\"><title>{title}</title></head><body>\n<h1>{title}</h1>\n<p>{}</p>\n",
        words.tag(),
        escaped(span),
        title = escaped(subject)
    );
    for group in groups.iter().take(MOST_RULES) {
        let _ = write!(out, "<h2>{}</h2>\n<ul>\n", escaped(&heading(group, words)));
        for alert in group.alerts.iter().take(MOST_OF_A_RULE) {
            let _ = writeln!(out, "<li>{}</li>", escaped(&row(alert)));
        }
        if let Some(more) = more(group.alerts.len().saturating_sub(MOST_OF_A_RULE), words) {
            let _ = writeln!(out, "<li>{}</li>", escaped(&more));
        }
        out.push_str("</ul>\n");
    }
    if let Some(more) = more(groups.iter().skip(MOST_RULES).map(|g| g.alerts.len()).sum(), words) {
        let _ = writeln!(out, "<p>{}</p>", escaped(&more));
    }
    let _ = writeln!(out, "<p>{}</p>\n</body></html>", escaped(words.get("alerts.pseudonyms")));
    out
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;").replace('\'', "&#39;")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::alerts::Staff;
    use crate::lang::words;

    fn alert(rule: &str, level: &str, actor: &str, second: usize) -> Alert {
        let line = serde_json::json!({"rule": rule, "level": level, "key": {"actor": actor}, "count": 1,
            "at": format!("2026-03-05T09:00:{second:02}Z"), "first": {"file": "a", "offset": 0}, "last": {"file": "a", "offset": second}});
        Alert::of_firing(&line.to_string(), 1, &Staff::Revealed, Level::Low).unwrap()
    }

    #[test]
    fn the_most_urgent_rule_stands_first_and_what_is_cut_is_counted() {
        let mut alerts: Vec<Alert> = (0..7).map(|s| alert("Slow", "low", "u1", s)).collect();
        alerts.push(alert("Fire", "critical", "u2", 9));
        let digest = digest(&alerts, words::of("en").unwrap()).unwrap();
        assert!(digest.subject.contains('8') && digest.subject.contains("critical"), "{}", digest.subject);
        assert!(digest.text.find("Fire").unwrap() < digest.text.find("Slow").unwrap());
        assert_eq!(digest.text.matches("actor=u1").count(), 5);
        assert!(digest.text.contains("2 more"), "{}", digest.text);
        assert!(digest.text.contains("2026-03-05T09:00:00Z") && digest.text.contains("2026-03-05T09:00:09Z"));
        assert!(super::digest(&[], words::of("en").unwrap()).is_none());
    }

    #[test]
    fn the_html_holds_no_markup_of_others_and_both_languages_say_everything() {
        let alerts = [alert("<script>x</script>", "high", "\"><img src=x>&'", 1)];
        for tag in words::tags() {
            let digest = digest(&alerts, words::of(tag).unwrap()).unwrap();
            assert!(!digest.html.contains("<script") && !digest.html.contains("<img"), "{}", digest.html);
            assert!(digest.html.contains("&lt;script&gt;") && digest.text.contains("<script>"));
            for text in [&digest.subject, &digest.text, &digest.html] {
                assert!(!text.contains("alerts.") && !text.contains('{'), "{text}");
            }
        }
    }
}
