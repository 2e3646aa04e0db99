//! Plain text in lines that any mail program shows whole.

use unicode_linebreak::{BreakOpportunity, linebreaks};

/// Longest line, in columns; a Chinese character takes two.
pub(super) const LINE_COLUMNS: usize = 76;

/// The text with its lines broken, without blanks at their ends, and with at most one empty line between paragraphs.
pub(super) fn paragraphs(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + text.len() / 40);
    let mut blank = true;
    for line in text.lines().map(str::trim_end) {
        if line.trim().is_empty() {
            if !blank {
                out.push('\n');
            }
            blank = true;
        } else {
            broken(line, &mut out);
            blank = false;
        }
    }
    format!("{}\n", out.trim_end())
}

/// Width of a text in columns.
pub(super) fn columns(text: &str) -> usize {
    text.chars().map(|c| if is_wide(c) { 2 } else { 1 }).sum()
}

fn is_wide(c: char) -> bool {
    matches!(c, '\u{1100}'..='\u{115F}' | '\u{2E80}'..='\u{A4CF}' | '\u{AC00}'..='\u{D7A3}' | '\u{F900}'..='\u{FAFF}'
        | '\u{FE30}'..='\u{FE4F}' | '\u{FF00}'..='\u{FF60}' | '\u{20000}'..='\u{3FFFD}')
}

fn broken(line: &str, out: &mut String) {
    // An address that is broken cannot be clicked.
    if columns(line) <= LINE_COLUMNS || line.contains("https://") {
        out.push_str(line);
        out.push('\n');
        return;
    }
    let hang = if line.starts_with("- ") { "  " } else { "" };
    let mut current = String::new();
    let mut from = 0;
    for (to, kind) in linebreaks(line) {
        let piece = line.get(from..to).unwrap_or_default();
        from = to;
        if columns(&current) + columns(piece.trim_end()) > LINE_COLUMNS && !current.trim().is_empty() {
            out.push_str(current.trim_end());
            out.push('\n');
            current = hang.to_owned();
        }
        current.push_str(piece);
        if kind == BreakOpportunity::Mandatory {
            out.push_str(current.trim_end());
            out.push('\n');
            current.clear();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_short_and_nothing_is_lost() {
        let text = format!("\n\n\n{}\n\n\n\n- {}\n{}\n", "word ".repeat(60), "item ".repeat(40), "法律".repeat(90));
        let wrapped = paragraphs(&text);
        assert!(wrapped.lines().all(|l| columns(l) <= LINE_COLUMNS), "{wrapped}");
        let letters = |t: &str| t.chars().filter(|c| !c.is_whitespace()).collect::<String>();
        assert_eq!(letters(&wrapped), letters(&text));
        assert!(!wrapped.contains("\n\n\n") && wrapped.contains("\n  item"));
    }

    #[test]
    fn addresses_stay_whole() {
        let address = format!("https://example.com/{}", "a-b/".repeat(40));
        assert!(paragraphs(&address).contains(&address));
    }
}
