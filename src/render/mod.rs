//! The handlebars registry and the pages it knows; sole user of handlebars.
//!
//! Every value is escaped; the templates are part of the program and are linted by a test, so that no page can print
//! markup that came from data (T22, T24). Assumes that partials form no circle: handlebars would overflow the stack.

pub mod mail;
mod report;

pub use report::{ReportPage, report_html};

use handlebars::{Handlebars, RenderErrorReason};
use serde::Serialize;
use std::io::{self, Write};
use std::sync::LazyLock;

/// Longest page, in bytes.
const PAGE_LONGEST_BYTES: usize = 64 * 1024 * 1024;

/// Every template: name and text. Names with a slash are partials.
const TEMPLATES: [(&str, &str); 3] = [
    ("report", include_str!("../../templates/report.hbs")),
    ("report/block", include_str!("../../templates/report/block.hbs")),
    ("report/style", include_str!("../../templates/report/style.hbs")),
];

static REGISTRY: LazyLock<Result<Handlebars<'static>, String>> = LazyLock::new(registry);

/// A page and its template.
pub trait Page: Serialize {
    /// Name of the template.
    const TEMPLATE: &'static str;
}

/// A page could not be made.
#[derive(Debug, thiserror::Error)]
pub enum RenderError {
    /// A template is broken, or names a value that the page does not have.
    #[error("the page `{page}` could not be made: {reason}")]
    Template {
        /// The page's template.
        page: &'static str,
        /// What is wrong, with line and column.
        reason: String,
    },
    /// The page would be longer than any browser likes.
    #[error("the page `{page}` is longer than {PAGE_LONGEST_BYTES} bytes; use the JSON or CSV file instead")]
    TooLong {
        /// The page's template.
        page: &'static str,
    },
}

/// The page as HTML.
pub fn html<P: Page>(page: &P) -> Result<String, RenderError> {
    let broken = |reason: String| RenderError::Template { page: P::TEMPLATE, reason };
    let registry = REGISTRY.as_ref().map_err(|e| broken(e.clone()))?;
    let mut out = Limited::to(PAGE_LONGEST_BYTES);
    registry.render_to_write(P::TEMPLATE, page, &mut out).map_err(|e| match e.reason() {
        RenderErrorReason::IOError(_) => RenderError::TooLong { page: P::TEMPLATE },
        _ => broken(e.to_string()),
    })?;
    String::from_utf8(out.into_bytes()).map_err(|e| broken(e.to_string()))
}

fn registry() -> Result<Handlebars<'static>, String> {
    let mut registry = Handlebars::new();
    registry.set_strict_mode(true);
    for (name, text) in TEMPLATES {
        registry.register_template_string(name, text).map_err(|e| e.to_string())?;
    }
    Ok(registry)
}

/// A writer that stops at so many bytes.
struct Limited {
    bytes: Vec<u8>,
    longest_bytes: usize,
}

impl Limited {
    const fn to(longest_bytes: usize) -> Self {
        Self { bytes: Vec::new(), longest_bytes }
    }

    fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }
}

impl Write for Limited {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.bytes.len().saturating_add(bytes.len()) > self.longest_bytes {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        self.bytes.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::{BTreeMap, BTreeSet};

    #[test]
    fn no_template_prints_unescaped() {
        for (name, text) in TEMPLATES {
            assert!(!text.contains("{{{") && !text.contains("{{&"), "{name} prints unescaped");
            for attribute in ["onclick", "onload", "javascript:", "<script"] {
                assert!(!text.contains(attribute), "{name} holds {attribute}");
            }
        }
    }

    #[test]
    fn partials_form_no_circle() {
        let calls = |text: &str| {
            let parts = text.split("{{>").skip(1).filter_map(|p| p.split([' ', '}']).find(|w| !w.is_empty()));
            parts.map(str::to_owned).collect::<BTreeSet<_>>()
        };
        let graph: BTreeMap<_, _> = TEMPLATES.iter().map(|(n, t)| ((*n).to_owned(), calls(t))).collect();
        for start in graph.keys() {
            let mut seen = BTreeSet::new();
            let mut next: Vec<_> = graph[start].iter().cloned().collect();
            while let Some(name) = next.pop() {
                assert_ne!(&name, start, "{start} includes itself");
                if seen.insert(name.clone()) {
                    next.extend(graph[&name].iter().cloned());
                }
            }
        }
    }
}
