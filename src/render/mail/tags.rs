//! The tags that letters are written with: paragraphs, lists, facts, links, dates and sentences, in both forms.
//!
//! `{{p "key" variant}}` writes the sentence `key.variant`, else `key.other`, else `key`, of the message or of all
//! messages. A link goes through a check of its scheme (T22). Assumes that the context names `lang` and `message`.

use super::marks;
use super::wrap;
use crate::clock::Day;
use chrono::Datelike;
use handlebars::{
    Context, Handlebars, Helper, HelperDef, HelperResult, Output, RenderContext, RenderError, RenderErrorReason,
    Renderable, StringOutput, handlebars_helper,
};

/// The two forms of a letter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    Text,
    Html,
}

/// A tag around a sentence, or around a block.
struct Around {
    open: &'static str,
    close: &'static str,
}

struct Heading;
struct Item;
struct Say;
struct Date;
struct Fact(Form);
struct Link(Form);
/// `if` and `unless` that refuse a value which is not there; those of handlebars take it for false.
struct If(bool);

pub(super) fn register(registry: &mut Handlebars<'static>, form: Form) {
    let around = |text, html: (&'static str, &'static str)| {
        let (open, close) = if form == Form::Text { text } else { html };
        Box::new(Around { open, close })
    };
    registry.register_helper("p", around(("\n", "\n"), ("<p>", "</p>\n")));
    registry.register_helper("ul", around(("\n", "\n"), ("<ul>\n", "</ul>\n")));
    registry.register_helper("li", around(("- ", "\n"), ("<li>", "</li>\n")));
    registry.register_helper("facts", around(("\n", "\n"), ("<table role=\"presentation\">\n", "</table>\n")));
    match form {
        Form::Text => registry.register_helper("h", Box::new(Heading)),
        Form::Html => registry.register_helper("h", around(("", ""), ("<h2>", "</h2>\n"))),
    }
    registry.register_helper("item", Box::new(Item));
    registry.register_helper("say", Box::new(Say));
    registry.register_helper("day", Box::new(Date));
    registry.register_helper("fact", Box::new(Fact(form)));
    registry.register_helper("link", Box::new(Link(form)));
    registry.register_helper("if", Box::new(If(true)));
    registry.register_helper("unless", Box::new(If(false)));
    handlebars_helper!(is: |a: Json, b: Json| a == b);
    registry.register_helper("is", Box::new(is));
}

impl HelperDef for Around {
    fn call<'reg: 'rc, 'rc>(
        &self,
        h: &Helper<'rc>,
        r: &'reg Handlebars<'reg>,
        ctx: &'rc Context,
        rc: &mut RenderContext<'reg, 'rc>,
        out: &mut dyn Output,
    ) -> HelperResult {
        out.write(self.open)?;
        match h.template() {
            Some(block) => block.render(r, ctx, rc, out)?,
            None => out.write(&said(h, r, ctx, rc)?)?,
        }
        Ok(out.write(self.close)?)
    }
}

impl HelperDef for Heading {
    fn call<'reg: 'rc, 'rc>(
        &self,
        h: &Helper<'rc>,
        r: &'reg Handlebars<'reg>,
        ctx: &'rc Context,
        rc: &mut RenderContext<'reg, 'rc>,
        out: &mut dyn Output,
    ) -> HelperResult {
        let text = said(h, r, ctx, rc)?;
        Ok(out.write(&format!("\n{text}\n{}\n", "-".repeat(wrap::columns(&text).min(wrap::LINE_COLUMNS))))?)
    }
}

impl HelperDef for Item {
    fn call<'reg: 'rc, 'rc>(
        &self,
        h: &Helper<'rc>,
        r: &'reg Handlebars<'reg>,
        ctx: &'rc Context,
        rc: &mut RenderContext<'reg, 'rc>,
        out: &mut dyn Output,
    ) -> HelperResult {
        let block = h.template().ok_or_else(|| wrong("`item` needs a block"))?;
        if ctx.data().get("marked").and_then(|m| m.as_bool()) != Some(true) {
            return block.render(r, ctx, rc, out);
        }
        let names: Vec<&str> = h.params().iter().filter_map(|p| p.value().as_str()).collect();
        for name in &names {
            out.write(&format!("{}{name}{}", marks::OPEN, marks::NAMED))?;
        }
        block.render(r, ctx, rc, out)?;
        Ok(out.write(&String::from(marks::CLOSE).repeat(names.len()))?)
    }
}

impl HelperDef for Say {
    fn call<'reg: 'rc, 'rc>(
        &self,
        h: &Helper<'rc>,
        r: &'reg Handlebars<'reg>,
        ctx: &'rc Context,
        rc: &mut RenderContext<'reg, 'rc>,
        out: &mut dyn Output,
    ) -> HelperResult {
        Ok(out.write(&said(h, r, ctx, rc)?)?)
    }
}

impl HelperDef for Date {
    fn call<'reg: 'rc, 'rc>(
        &self,
        h: &Helper<'rc>,
        r: &'reg Handlebars<'reg>,
        ctx: &'rc Context,
        _: &mut RenderContext<'reg, 'rc>,
        out: &mut dyn Output,
    ) -> HelperResult {
        let text = h.param(0).and_then(|p| p.value().as_str()).ok_or_else(|| wrong("`day` needs a date"))?;
        let day: Day = text.parse().map_err(|_| wrong("`day` needs a date such as 2026-03-05"))?;
        let date = day.date();
        let family = ctx.data().get("family").and_then(|f| f.as_str()).unwrap_or("other");
        let plain = |key: &str| plain(ctx, r, key);
        let pattern = plain(&format!("date.{family}")).or_else(|_| plain("date.other"))?;
        let first = if date.day() == 1 { plain("date.first")? } else { date.day().to_string() };
        let month = plain(&format!("month.{}", date.month()))?;
        let year = date.year().to_string();
        Ok(out.write(&pattern.replace("[day]", &first).replace("[month]", &month).replace("[year]", &year))?)
    }
}

impl HelperDef for Fact {
    fn call<'reg: 'rc, 'rc>(
        &self,
        h: &Helper<'rc>,
        r: &'reg Handlebars<'reg>,
        ctx: &'rc Context,
        rc: &mut RenderContext<'reg, 'rc>,
        out: &mut dyn Output,
    ) -> HelperResult {
        let label = said(h, r, ctx, rc)?;
        let block = h.template().ok_or_else(|| wrong("`fact` needs a block"))?;
        let (open, between, close) = match self.0 {
            Form::Text => ("", plain(ctx, r, "colon")?, "\n"),
            Form::Html => ("<tr><th scope=\"row\">", "</th><td>".to_owned(), "</td></tr>\n"),
        };
        out.write(&format!("{open}{label}{between}"))?;
        block.render(r, ctx, rc, out)?;
        Ok(out.write(close)?)
    }
}

impl HelperDef for Link {
    fn call<'reg: 'rc, 'rc>(
        &self,
        h: &Helper<'rc>,
        r: &'reg Handlebars<'reg>,
        ctx: &'rc Context,
        rc: &mut RenderContext<'reg, 'rc>,
        out: &mut dyn Output,
    ) -> HelperResult {
        let url = h.hash_get("to").and_then(|p| p.value().as_str()).ok_or_else(|| wrong("`link` needs to=address"))?;
        if !may_be_linked(url) {
            return Err(wrong("a link is not a plain https address"));
        }
        let label = said(h, r, ctx, rc)?;
        let url = r.get_escape_fn()(url);
        Ok(out.write(&match self.0 {
            Form::Text => format!("\n{label}\n{url}\n"),
            Form::Html => format!("<p class=\"link\"><a href=\"{url}\">{label}</a><br><small>{url}</small></p>\n"),
        })?)
    }
}

impl HelperDef for If {
    fn call<'reg: 'rc, 'rc>(
        &self,
        h: &Helper<'rc>,
        r: &'reg Handlebars<'reg>,
        ctx: &'rc Context,
        rc: &mut RenderContext<'reg, 'rc>,
        out: &mut dyn Output,
    ) -> HelperResult {
        let asked = h.param(0).ok_or_else(|| wrong("`if` needs a value"))?;
        if asked.is_value_missing() {
            return Err(wrong(&format!("`if` asks for a value that is not there: {:?}", asked.relative_path())));
        }
        let holds = match asked.value() {
            serde_json::Value::Null => false,
            serde_json::Value::Bool(b) => *b,
            serde_json::Value::String(s) => !s.is_empty(),
            serde_json::Value::Array(a) => !a.is_empty(),
            serde_json::Value::Number(_) | serde_json::Value::Object(_) => true,
        };
        let block = if holds == self.0 { h.template() } else { h.inverse() };
        block.map_or(Ok(()), |b| b.render(r, ctx, rc, out))
    }
}

/// Only https, and nothing in it that a reader or a program could take for something else; no personal data in addresses
/// means above all no mail address (T31).
pub(super) fn may_be_linked(url: &str) -> bool {
    let Some(rest) = url.strip_prefix("https://") else { return false };
    let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let plain = |c: char| c.is_ascii_graphic() && !"\"'<>`\\{}|^@".contains(c);
    !host.is_empty() && host.contains('.') && url.len() <= 2000 && url.chars().all(plain)
}

/// The sentence that a tag names by its first parameter and, as variants, by the others.
fn said<'reg: 'rc, 'rc>(
    h: &Helper<'rc>,
    r: &'reg Handlebars<'reg>,
    ctx: &'rc Context,
    rc: &mut RenderContext<'reg, 'rc>,
) -> Result<String, RenderError> {
    let key = h.param(0).and_then(|p| p.value().as_str()).ok_or_else(|| wrong("a tag names no sentence"))?;
    let mut keys = vec![];
    let mut variant = key.to_owned();
    for part in h.params().iter().skip(1) {
        let part = part.value().as_str().ok_or_else(|| wrong(&format!("`{key}` has a variant that is no text")))?;
        variant = format!("{variant}.{part}");
        keys.insert(0, variant.clone());
    }
    keys.extend([format!("{key}.other"), key.to_owned()]);
    let found = keys.iter().find_map(|key| names(ctx, key).into_iter().find_map(|n| r.get_template(&n)));
    let template = found.ok_or_else(|| wrong(&format!("there is no sentence `{}`", keys.join("`, `"))))?;
    let mut out = StringOutput::new();
    template.render(r, ctx, rc, &mut out)?;
    out.into_string().map_err(|e| wrong(&e.to_string()))
}

/// A sentence without values, such as the name of a month.
fn plain(ctx: &Context, r: &Handlebars<'_>, key: &str) -> Result<String, RenderError> {
    let name = names(ctx, key).into_iter().find(|n| r.has_template(n));
    r.render(&name.ok_or_else(|| wrong(&format!("there is no sentence `{key}`")))?, &())
}

fn names(ctx: &Context, key: &str) -> [String; 2] {
    let text = |field: &str| ctx.data().get(field).and_then(|v| v.as_str()).unwrap_or_default();
    [super::sentence(text("lang"), text("message"), key), super::sentence(text("lang"), "shared", key)]
}

fn wrong(reason: &str) -> RenderError {
    RenderErrorReason::Other(reason.to_owned()).into()
}

#[cfg(test)]
mod tests {
    use super::may_be_linked;

    #[test]
    fn only_plain_https_is_linked() {
        for good in ["https://privacy.example.com/s/abc", "https://a.example/?t=x%20y"] {
            assert!(may_be_linked(good), "{good}");
        }
        for bad in [
            "javascript:alert(1)",
            "http://a.example/",
            "https://",
            "https://localhost/",
            "https://a.example/\" onclick=\"x",
            "https://a.example/\r\nX: y",
            "https://a@b.example/",
            "https://a.example/?m=ann@example.com",
            "HTTPS://a.example/",
            "https://ä.example/",
        ] {
            assert!(!may_be_linked(bad), "{bad}");
        }
    }
}
