//! Sentences with expressions in braces: `Account {user.id} signs in without a second factor.`

use super::compile::{Program, Scope};
use super::error::ExprError;
use super::eval::{Frame, Outcome};
use super::text::plain;

/// A piece of a template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Segment {
    /// Text to be printed as it is.
    Text(String),
    /// An expression whose value is printed.
    Expression(String),
}

/// Splits a template; `{{` and `}}` stand for the braces themselves.
pub fn segments(source: &str) -> Result<Vec<Segment>, ExprError> {
    let broken = |reason: &str| ExprError::Syntax { source_text: source.to_owned(), reason: reason.to_owned() };
    let mut out = Vec::new();
    let mut text = String::new();
    let mut rest = source;
    while let Some(at) = rest.find(['{', '}']) {
        let (before, from) = rest.split_at(at);
        text.push_str(before);
        if let Some(after) = from.strip_prefix("{{").or_else(|| from.strip_prefix("}}")) {
            text.push_str(from.get(..1).unwrap_or_default());
            rest = after;
        } else if let Some(inside) = from.strip_prefix('{') {
            let end = closing(inside).ok_or_else(|| broken("a `{` is never closed; write `{{` for a brace"))?;
            let (expression, after) = inside.split_at(end);
            if !text.is_empty() {
                out.push(Segment::Text(std::mem::take(&mut text)));
            }
            out.push(Segment::Expression(expression.trim().to_owned()));
            rest = after.get(1..).unwrap_or_default();
        } else {
            return Err(broken("a `}` has no `{` before it; write `}}` for a brace"));
        }
    }
    text.push_str(rest);
    if !text.is_empty() {
        out.push(Segment::Text(text));
    }
    Ok(out)
}

/// Where the brace that closes an expression stands: outside quotes and inner braces.
fn closing(inside: &str) -> Option<usize> {
    let mut quote = None;
    let mut depth = 0_usize;
    for (at, c) in inside.char_indices() {
        match (quote, c) {
            (Some(q), _) if c == q => quote = None,
            (Some(_), _) => {}
            (None, '"' | '\'') => quote = Some(c),
            (None, '{') => depth += 1,
            (None, '}') if depth == 0 => return Some(at),
            (None, '}') => depth -= 1,
            _ => {}
        }
    }
    None
}

/// A compiled template.
#[derive(Debug)]
pub struct Template {
    parts: Vec<Part>,
}

#[derive(Debug)]
enum Part {
    Text(String),
    Program(Program),
}

impl Template {
    /// Compiles a template over the names of `scope`.
    pub fn compile(source: &str, scope: &Scope) -> Result<Self, ExprError> {
        let parts = segments(source)?.into_iter().map(|s| match s {
            Segment::Text(text) => Ok(Part::Text(text)),
            Segment::Expression(expression) => Program::compile(&expression, scope).map(Part::Program),
        });
        Ok(Self { parts: parts.collect::<Result<_, _>>()? })
    }

    /// The expressions in it.
    pub fn programs(&self) -> impl Iterator<Item = &Program> {
        self.parts.iter().filter_map(|p| match p {
            Part::Program(program) => Some(program),
            Part::Text(_) => None,
        })
    }

    /// The sentence; what is unknown is printed as `?`.
    pub fn render<'a>(&'a self, frame: &mut Frame<'a>) -> String {
        let mut out = String::new();
        for part in &self.parts {
            match part {
                Part::Text(text) => out.push_str(text),
                Part::Program(program) => match program.run(frame) {
                    Ok(Outcome::Value(value)) => out.push_str(&plain(&value)),
                    _ => out.push('?'),
                },
            }
        }
        out
    }
}
