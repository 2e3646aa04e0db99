//! Makes every character of a text visible, so that no field of a log can move the cursor, end the line, or turn the
//! direction of writing (threats T30).

/// Longest text of one field, in characters; the rest is cut and the cut is shown.
const LONGEST_CHARS: usize = 1024;

/// The text with control characters, changes of writing direction, line separators and other characters without a shape
/// written as escapes (`\n`, `\u001b`, `\u202e`), and cut after 1,024 characters.
pub(super) fn visible(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for (n, c) in text.chars().enumerate() {
        if n == LONGEST_CHARS {
            out.push('…');
            break;
        }
        match c {
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if hidden(c) => out.push_str(&format!("\\u{:04x}", u32::from(c))),
            c => out.push(c),
        }
    }
    out
}

/// Unicode classes Cc, Cf (as far as texts use them), Zl, Zp, and the tag characters.
fn hidden(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_no_shape_is_spelled_out_and_the_rest_is_left_alone() {
        for (text, shown) in [
            ("a|b=c\\d\"e]f", "a|b=c\\d\"e]f"),
            ("Zoë 张伟 🙂", "Zoë 张伟 🙂"),
            ("a\nb\r\tc", "a\\nb\\r\\tc"),
            ("\u{1b}[2J\0\u{7f}\u{9b}", "\\u001b[2J\\u0000\\u007f\\u009b"),
            ("x\u{202e}gpj\u{2066}\u{200f}\u{2028}", "x\\u202egpj\\u2066\\u200f\\u2028"),
            ("\u{feff}\u{e0041}", "\\ufeff\\ue0041"),
        ] {
            assert_eq!(visible(text), shown, "{text:?}");
        }
    }

    #[test]
    fn a_long_text_is_cut_and_says_so() {
        assert_eq!(visible(&"é".repeat(1024)), "é".repeat(1024));
        assert_eq!(visible(&"é".repeat(1025)), format!("{}…", "é".repeat(1024)));
    }
}
