//! Case folding as Sigma wants it: text is compared without regard to case, in all of Unicode.
//!
//! Folding is lower case, upper case, lower case, character by character, which also makes `ß` and `ẞ` equal to `ss` and the
//! Kelvin sign equal to `k`. It knows no locale: the Turkish dotless i stays a letter of its own.

/// Writes the folded form of `text` to `out`, replacing what was there.
pub fn fold_into(text: &str, out: &mut String) {
    out.clear();
    if text.is_ascii() {
        out.push_str(text);
        out.make_ascii_lowercase();
    } else {
        out.extend(text.chars().flat_map(char::to_lowercase).flat_map(char::to_uppercase).flat_map(char::to_lowercase));
    }
}

/// One character for one: the folded form where that is a single character, else the lower case or the character itself.
pub fn fold_char(c: char) -> char {
    let single = |mut of: std::char::ToLowercase| of.next().filter(|_| of.next().is_none());
    let lower = single(c.to_lowercase()).unwrap_or(c);
    let mut upper = lower.to_uppercase();
    match (upper.next(), upper.next()) {
        (Some(u), None) => single(u.to_lowercase()).unwrap_or(lower),
        _ => lower,
    }
}

/// The folded form of `text`.
pub fn fold(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    fold_into(text, &mut out);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folding_meets_across_scripts() {
        for (a, b) in [
            ("STRASSE", "Straße"),
            ("ΣΊΣΥΦΟΣ", "σίσυφος"),
            ("\u{212A}elvin", "KELVIN"),
            ("ÅSE", "åse"),
            ("STRAẞE", "straße"),
        ] {
            assert_eq!(fold(a), fold(b), "{a} {b}");
        }
        assert_ne!(fold("ı"), fold("é"));
    }
}
