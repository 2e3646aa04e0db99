//! Conditions of detections: `selection and not 1 of filter_*`.

use super::vocabulary::Expr;
use std::collections::BTreeMap;

/// Depth of parentheses and negations beyond which a condition is refused (threats.md T37).
const DEEPEST: usize = 64;

/// Parses `text` over the named search identifiers. The error says what is wrong with it.
pub(super) fn parse(text: &str, searches: &BTreeMap<String, Expr>) -> Result<Expr, String> {
    let tokens = tokenize(text)?;
    let mut parser = Parser { tokens: &tokens, at: 0, searches, depth: 0 };
    let expr = parser.or()?;
    match parser.peek() {
        None => Ok(expr),
        Some("|") => Err("aggregations after `|` are obsolete in Sigma 2; write a correlation rule instead".to_owned()),
        Some(extra) => Err(format!("`{extra}` is not expected here in the condition `{text}`")),
    }
}

fn tokenize(text: &str) -> Result<Vec<String>, String> {
    let mut tokens = Vec::new();
    let mut word = String::new();
    for c in text.chars().chain([' ']) {
        let alone = matches!(c, '(' | ')' | '|');
        if (alone || c.is_whitespace()) && !word.is_empty() {
            tokens.push(std::mem::take(&mut word));
        }
        if alone {
            tokens.push(c.to_string());
        } else if !c.is_whitespace() {
            word.push(c);
        }
    }
    if tokens.is_empty() { Err("the condition is empty".to_owned()) } else { Ok(tokens) }
}

struct Parser<'a> {
    tokens: &'a [String],
    at: usize,
    searches: &'a BTreeMap<String, Expr>,
    depth: usize,
}

impl<'a> Parser<'a> {
    fn peek(&self) -> Option<&'a str> {
        self.tokens.get(self.at).map(String::as_str)
    }

    fn take(&mut self, word: &str) -> bool {
        let found = self.peek().is_some_and(|t| t.eq_ignore_ascii_case(word));
        self.at += usize::from(found);
        found
    }

    fn or(&mut self) -> Result<Expr, String> {
        let mut of = vec![self.and()?];
        while self.take("or") {
            of.push(self.and()?);
        }
        Ok(Expr::any(of))
    }

    fn and(&mut self) -> Result<Expr, String> {
        let mut of = vec![self.not()?];
        while self.take("and") {
            of.push(self.not()?);
        }
        Ok(Expr::all(of))
    }

    fn not(&mut self) -> Result<Expr, String> {
        if !self.take("not") {
            return self.primary();
        }
        self.deeper()?;
        let inner = self.not()?;
        self.depth -= 1;
        Ok(Expr::Not(Box::new(inner)))
    }

    fn deeper(&mut self) -> Result<(), String> {
        self.depth += 1;
        if self.depth > DEEPEST { Err(format!("the condition is nested deeper than {DEEPEST} levels")) } else { Ok(()) }
    }

    fn primary(&mut self) -> Result<Expr, String> {
        if self.take("(") {
            self.deeper()?;
            let inner = self.or()?;
            self.depth -= 1;
            return if self.take(")") { Ok(inner) } else { Err("a parenthesis is not closed".to_owned()) };
        }
        let Some(word) = self.peek() else { return Err("the condition ends too early".to_owned()) };
        self.at += 1;
        if self.peek().is_some_and(|t| t.eq_ignore_ascii_case("of")) {
            return self.quantified(word);
        }
        match self.searches.get(word) {
            Some(expr) => Ok(expr.clone()),
            None => Err(format!("the condition names `{word}`, which the detection does not define")),
        }
    }

    /// `1 of`, `any of`, `all of`, `3 of`, before `them` or a name with `*`.
    fn quantified(&mut self, quantity: &str) -> Result<Expr, String> {
        self.at += 1;
        let Some(pattern) = self.peek() else { return Err(format!("`{quantity} of` what? Name a search or `them`")) };
        self.at += 1;
        let chosen = self.chosen(pattern);
        if chosen.is_empty() {
            return Err(format!("`{quantity} of {pattern}` names no search of the detection"));
        }
        if quantity.eq_ignore_ascii_case("all") {
            return Ok(Expr::all(chosen));
        }
        let least = if quantity.eq_ignore_ascii_case("any") { Some(1) } else { quantity.parse().ok() };
        match least {
            Some(1) => Ok(Expr::any(chosen)),
            Some(n) if n >= 1 => Ok(Expr::AtLeast(n, chosen)),
            _ => Err(format!("`{quantity} of` is not known; use `1 of`, `any of`, `all of` or a number")),
        }
    }

    fn chosen(&self, pattern: &str) -> Vec<Expr> {
        let them = pattern.eq_ignore_ascii_case("them") && !self.searches.contains_key(pattern);
        // Searches whose name begins with an underscore are left out of `them` by convention.
        let wanted = |name: &str| if them { !name.starts_with('_') } else { star_matches(pattern, name) };
        self.searches.iter().filter(|(name, _)| wanted(name)).map(|(_, e)| e.clone()).collect()
    }
}

/// Whether `name` matches `pattern`, in which `*` stands for any text.
fn star_matches(pattern: &str, name: &str) -> bool {
    let mut parts = pattern.split('*');
    let Some(mut rest) = parts.next().and_then(|head| name.strip_prefix(head)) else { return false };
    let parts: Vec<&str> = parts.collect();
    let Some((last, middle)) = parts.split_last() else { return rest.is_empty() };
    for part in middle {
        let Some(at) = rest.find(part) else { return false };
        rest = rest.get(at + part.len()..).unwrap_or_default();
    }
    rest.ends_with(last)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(condition: &str, true_ones: &[&str]) -> Result<bool, String> {
        let names = ["selection_a", "selection_b", "filter", "_hidden", "kw"];
        let searches = names.iter().enumerate().map(|(i, n)| ((*n).to_owned(), Expr::Is(i))).collect();
        let expr = parse(condition, &searches)?;
        Ok(expr.holds(&mut |p| true_ones.contains(&names[p])))
    }

    #[test]
    fn operators_bind_as_the_specification_says() {
        for (condition, on, want) in [
            ("selection_a or selection_b and filter", &["selection_a"][..], true),
            ("(selection_a or selection_b) and filter", &["selection_a"], false),
            ("not selection_a and filter", &["filter"], true),
            ("not (selection_a and filter)", &["filter"], true),
            ("1 of selection_*", &["selection_b"], true),
            ("all of selection_*", &["selection_b"], false),
            ("2 of them", &["selection_b", "kw"], true),
            ("2 of them", &["selection_b", "_hidden"], false),
            ("ALL of them", &["selection_a", "selection_b", "filter", "kw"], true),
            ("1 of *e*tion* and NOT 1 of filter*", &["selection_a"], true),
            ("any of sel*_b", &["selection_a"], false),
        ] {
            assert_eq!(value(condition, on), Ok(want), "{condition}");
        }
    }

    #[test]
    fn what_is_not_understood_is_named() {
        for (condition, part) in [
            ("selection", "`selection`"),
            ("selection_a | count() > 5", "obsolete"),
            ("(selection_a", "not closed"),
            ("selection_a selection_b", "`selection_b` is not expected"),
            ("0 of them", "`0 of`"),
            ("1 of nothing*", "names no search"),
            ("selection_a and", "ends too early"),
            ("", "empty"),
        ] {
            let error = value(condition, &[]).unwrap_err();
            assert!(error.contains(part), "{condition}: {error}");
        }
        assert!(value(&"(".repeat(100_000), &[]).unwrap_err().contains("nested deeper"));
    }
}
