//! Field modifiers: `Field|contains|all: [...]` becomes an expression over predicates.
//!
//! Modifiers apply to the values in the order written, as the specification says. An unknown or impossible combination is
//! an error that names it.

use super::vocabulary::{Expr, FieldId, HourFields, Question, Vocabulary};
use crate::events::value::Number;
use crate::events::value::network::Network;
use crate::events::value::test::{Order, Test, TimePart};
use crate::events::value::text::{Pattern, Piece, TextTest};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;
use std::collections::BTreeMap;

/// Compiled size beyond which a regular expression is refused (threats.md T36).
const REGEX_LIMIT_BYTES: usize = 1 << 20;
/// Variants beyond which `windash` is refused.
const MOST_VARIANTS: usize = 1024;

/// Every modifier: those of the Sigma appendix 2.1.0, then ours.
pub const MODIFIERS: [&str; 33] = [
    "all",
    "startswith",
    "endswith",
    "contains",
    "exists",
    "cased",
    "neq",
    "windash",
    "re",
    "i",
    "m",
    "s",
    "base64",
    "base64offset",
    "utf16le",
    "utf16be",
    "utf16",
    "wide",
    "lt",
    "lte",
    "gt",
    "gte",
    "minute",
    "hour",
    "day",
    "week",
    "month",
    "year",
    "cidr",
    "expand",
    "fieldref",
    "after",
    "outside",
];

/// Lists that `expand` may put in place of `%name%`.
pub type Placeholders = BTreeMap<String, Vec<String>>;

/// A value on its way through the modifiers.
#[derive(Clone, Debug)]
enum Item {
    Text(Pattern),
    Bytes(Vec<u8>),
    Number(Number),
    Flag(bool),
    Null,
}

#[derive(Default)]
struct Chain {
    all: bool,
    cased: bool,
    negated: bool,
    exists: bool,
    cidr: bool,
    fieldref: bool,
    after: bool,
    outside: bool,
    regex: Option<String>,
    order: Option<Order>,
    part: Option<TimePart>,
}

impl Chain {
    /// Modifiers that say what a value is exclude each other: none may be dropped in silence.
    fn check(&self) -> Result<(), String> {
        let ordered = self.order.is_some() || self.part.is_some();
        let kinds = [
            (self.exists, "exists"),
            (self.cidr, "cidr"),
            (self.fieldref, "fieldref"),
            (self.after, "after"),
            (self.outside, "outside"),
            (self.regex.is_some(), "re"),
            (ordered, "a comparison"),
        ];
        let set: Vec<&str> = kinds.iter().filter(|(on, _)| *on).map(|(_, word)| *word).collect();
        match set.as_slice() {
            [first, second, ..] => Err(format!("{first} and {second} exclude each other")),
            [kind] if self.cased && *kind != "fieldref" => Err(format!("`cased` means nothing with {kind}")),
            _ => Ok(()),
        }
    }
}

/// Compiles one entry of a detection: `key` with its modifiers and its value or values.
pub(super) fn compile(
    key: &str,
    value: &Value,
    vocabulary: &mut Vocabulary,
    placeholders: &Placeholders,
) -> Result<Expr, String> {
    let mut parts = key.split('|');
    let name = parts.next().unwrap_or_default();
    let field = if name.is_empty() { None } else { Some(vocabulary.field(name)) };
    let modifiers: Vec<&str> = parts.collect();
    let literal = modifiers.iter().any(|m| matches!(*m, "re" | "cidr" | "fieldref" | "after" | "outside"));
    let mut items = values_of(value, literal)?;
    let mut chain = Chain::default();
    for modifier in &modifiers {
        apply(modifier, &mut chain, &mut items, placeholders).map_err(|e| format!("`{key}`: {e}"))?;
    }
    chain.check().map_err(|e| format!("`{key}`: {e}"))?;
    if chain.all && items.len() < 2 {
        return Err(format!("`{key}`: `all` needs a list of at least two values"));
    }
    if field.is_none() && (chain.exists || chain.fieldref) {
        return Err(format!("`{key}`: this modifier needs a field"));
    }
    let asked = Asked { key: name, field, chain: &chain };
    let tests: Result<Vec<Expr>, String> = items.iter().map(|item| asked.predicate(item, vocabulary)).collect();
    let tests = tests.map_err(|e| format!("`{key}`: {e}"))?;
    let joined = if chain.all { Expr::all(tests) } else { Expr::any(tests) };
    Ok(if chain.negated { Expr::Not(Box::new(joined)) } else { joined })
}

fn values_of(value: &Value, literal: bool) -> Result<Vec<Item>, String> {
    match value {
        Value::Array(list) if list.is_empty() => Err("an empty list of values matches nothing; remove it".to_owned()),
        Value::Array(list) => list.iter().map(|v| item_of(v, literal)).collect(),
        one => Ok(vec![item_of(one, literal)?]),
    }
}

fn item_of(value: &Value, literal: bool) -> Result<Item, String> {
    Ok(match value {
        Value::String(s) if literal => Item::Text(Pattern::literal(s)),
        Value::String(s) => Item::Text(Pattern::parse(s)),
        Value::Number(n) => {
            Item::Number(Number::parse(&n.to_string()).ok_or_else(|| format!("`{n}` is out of range"))?)
        }
        Value::Bool(b) => Item::Flag(*b),
        Value::Null => Item::Null,
        Value::Array(_) | Value::Object(_) => {
            return Err("a value is a list or a map where a text, number, boolean or null is expected".to_owned());
        }
    })
}

fn apply(word: &str, chain: &mut Chain, items: &mut Vec<Item>, lists: &Placeholders) -> Result<(), String> {
    if !MODIFIERS.contains(&word) {
        return Err(match word {
            "ignorecase" | "multiline" | "dotall" => format!("`{word}` is not in Sigma 2; use `i`, `m` or `s`"),
            _ => format!("the modifier `{word}` is not known"),
        });
    }
    match word {
        "all" => chain.all = true,
        "cased" => chain.cased = true,
        "exists" => chain.exists = true,
        "cidr" => chain.cidr = true,
        "fieldref" => chain.fieldref = true,
        "after" => chain.after = true,
        "outside" => chain.outside = true,
        "re" => chain.regex = Some(String::new()),
        "i" | "m" | "s" => match &mut chain.regex {
            Some(flags) if flags.contains(word) => {}
            Some(flags) => flags.push_str(word),
            None => return Err(format!("`{word}` is a flag of `re` and must follow it")),
        },
        "contains" => each_pattern(items, |p| p.open(true, true))?,
        "startswith" => each_pattern(items, |p| p.open(false, true))?,
        "endswith" => each_pattern(items, |p| p.open(true, false))?,
        "windash" => *items = spread(items, windash)?,
        "base64" => *items = spread(items, |i| Ok(vec![text_item(&STANDARD.encode(bytes_of(i)?))]))?,
        "base64offset" => *items = spread(items, base64offset)?,
        "wide" | "utf16le" => *items = spread(items, |i| utf16(i, u16::to_le_bytes, &[]))?,
        "utf16be" => *items = spread(items, |i| utf16(i, u16::to_be_bytes, &[]))?,
        "utf16" => *items = spread(items, |i| utf16(i, u16::to_le_bytes, &[0xFF, 0xFE]))?,
        "expand" => *items = spread(items, |i| expand(i, lists))?,
        _ => return apply_order(word, chain),
    }
    Ok(())
}

fn apply_order(word: &str, chain: &mut Chain) -> Result<(), String> {
    if word == "neq" {
        chain.negated = true;
    } else if let Some(order) = Order::of_word(word).filter(|o| *o != Order::Equal) {
        if chain.order.replace(order).is_some() {
            return Err("two comparisons exclude each other; give them as two entries".to_owned());
        }
    } else if let Some(part) = TimePart::of_word(word) {
        chain.part = Some(part);
    } else {
        return Err(format!("the modifier `{word}` is not known"));
    }
    Ok(())
}

fn each_pattern(items: &mut [Item], change: impl Fn(Pattern) -> Pattern) -> Result<(), String> {
    for item in items {
        let pattern = match item {
            Item::Text(p) => std::mem::take(p),
            Item::Number(Number::Whole(n)) => Pattern::literal(&n.to_string()),
            Item::Number(Number::Real(n)) => Pattern::literal(&n.to_string()),
            Item::Bytes(b) => Pattern::literal(&utf8(b)?),
            Item::Flag(_) | Item::Null => return Err("this modifier needs a text".to_owned()),
        };
        *item = Item::Text(change(pattern));
    }
    Ok(())
}

fn spread(items: &[Item], make: impl Fn(&Item) -> Result<Vec<Item>, String>) -> Result<Vec<Item>, String> {
    let mut out = Vec::new();
    for item in items {
        out.extend(make(item)?);
        if out.len() > MOST_VARIANTS {
            return Err(format!("this expands to more than {MOST_VARIANTS} values"));
        }
    }
    Ok(out)
}

fn text_item(text: &str) -> Item {
    Item::Text(Pattern::literal(text))
}

fn utf8(bytes: &[u8]) -> Result<String, String> {
    String::from_utf8(bytes.to_vec())
        .map_err(|_| "this encoding is no text; follow it with `base64` or `base64offset`".to_owned())
}

fn bytes_of(item: &Item) -> Result<Vec<u8>, String> {
    match item {
        Item::Bytes(b) => Ok(b.clone()),
        Item::Text(p) => match p.plain() {
            Some(text) => Ok(text.as_bytes().to_vec()),
            None => Err("an encoded value cannot hold wildcards; put `contains` after the encoding".to_owned()),
        },
        _ => Err("only text can be encoded".to_owned()),
    }
}

fn utf16(item: &Item, order: fn(u16) -> [u8; 2], mark: &[u8]) -> Result<Vec<Item>, String> {
    let text = utf8(&bytes_of(item)?)?;
    let units = text.encode_utf16().flat_map(order);
    Ok(vec![Item::Bytes(mark.iter().copied().chain(units).collect())])
}

/// The three texts one of which appears when the value stands somewhere inside a Base64 text: characters that depend on
/// neighbouring bytes are left off.
fn base64offset(item: &Item) -> Result<Vec<Item>, String> {
    const FIRST: [usize; 3] = [0, 2, 3];
    let bytes = bytes_of(item)?;
    if bytes.len() < 2 {
        // In the middle of a Base64 text nothing of a single byte stands by itself: an empty text would match everything.
        return Err("`base64offset` needs at least two bytes".to_owned());
    }
    Ok((0..3usize)
        .zip(FIRST)
        .map(|(shift, first)| {
            let mut padded = vec![b' '; shift];
            padded.extend_from_slice(&bytes);
            let encoded = STANDARD.encode(&padded);
            // One byte over fills two characters, of which the second depends on what follows; two fill three.
            let last = match padded.len() % 3 {
                0 => encoded.len(),
                1 => encoded.len().saturating_sub(3),
                _ => encoded.len().saturating_sub(2),
            };
            text_item(encoded.get(first..last).unwrap_or_default())
        })
        .collect())
}

/// All spellings of command-line flags: every dash or slash that begins a word is each of the five dashes.
fn windash(item: &Item) -> Result<Vec<Item>, String> {
    const DASHES: [char; 5] = ['-', '/', '–', '—', '―'];
    let Item::Text(pattern) = item else { return Err("`windash` needs a text".to_owned()) };
    let mut variants = vec![Vec::new()];
    let mut before = None;
    for piece in &pattern.0 {
        let Piece::Literal(text) = piece else {
            variants.iter_mut().for_each(|v| v.push(piece.clone()));
            before = None;
            continue;
        };
        let mut spelled = vec![String::new()];
        let mut chars = text.chars().peekable();
        while let Some(c) = chars.next() {
            let word = |c: Option<&char>| c.is_some_and(|c| c.is_alphanumeric() || *c == '_');
            let flag = DASHES.contains(&c) && !word(before.as_ref()) && word(chars.peek());
            let options: &[char] = if flag { &DASHES } else { &[c] };
            spelled = spelled.iter().flat_map(|s| options.iter().map(move |o| format!("{s}{o}"))).collect();
            if spelled.len() * variants.len() > MOST_VARIANTS {
                return Err(format!("`windash` expands to more than {MOST_VARIANTS} values"));
            }
            before = Some(c);
        }
        let ends = |v: &Vec<Piece>| {
            spelled.iter().map(|s| [v.as_slice(), &[Piece::Literal(s.clone())]].concat()).collect::<Vec<_>>()
        };
        variants = variants.iter().flat_map(ends).collect();
    }
    Ok(variants.into_iter().map(|v| Item::Text(Pattern(v))).collect())
}

/// Puts the values of lists in place of `%name%`, also inside a text; `\%` is a plain percent sign.
fn expand(item: &Item, lists: &Placeholders) -> Result<Vec<Item>, String> {
    let Item::Text(pattern) = item else { return Ok(vec![item.clone()]) };
    let mut variants = vec![Vec::new()];
    for piece in &pattern.0 {
        let spellings = match piece {
            Piece::Literal(text) => filled(text, lists)?,
            wildcard => vec![vec![wildcard.clone()]],
        };
        variants = variants.iter().flat_map(|v| spellings.iter().map(|s| [v.as_slice(), s].concat())).collect();
        if variants.len() > MOST_VARIANTS {
            return Err(format!("`expand` gives more than {MOST_VARIANTS} values"));
        }
    }
    Ok(variants.into_iter().map(|v| Item::Text(Pattern::joined(v))).collect())
}

/// All spellings of a literal text with its placeholders filled in.
fn filled(text: &str, lists: &Placeholders) -> Result<Vec<Vec<Piece>>, String> {
    let mut variants = vec![Vec::new()];
    let mut rest = text;
    while let Some(at) = rest.find('%') {
        let (before, after) = (rest.get(..at).unwrap_or_default(), rest.get(at + 1..).unwrap_or_default());
        if let Some(plain) = before.strip_suffix('\\') {
            add(&mut variants, &format!("{plain}%"));
            rest = after;
            continue;
        }
        let Some((name, behind)) = after.split_once('%').filter(|(n, _)| !n.is_empty()) else {
            return Err("`expand` needs `%name%`; write a plain percent sign as `\\%`".to_owned());
        };
        let list = lists
            .get(name)
            .ok_or_else(|| format!("the placeholder `%{name}%` has no values; give them with `--placeholders`"))?;
        add(&mut variants, before);
        let ends =
            |v: &Vec<Piece>| list.iter().map(|l| [v.as_slice(), &Pattern::parse(l).0].concat()).collect::<Vec<_>>();
        variants = variants.iter().flat_map(ends).collect();
        rest = behind;
    }
    add(&mut variants, rest);
    Ok(variants)
}

fn add(variants: &mut [Vec<Piece>], text: &str) {
    variants.iter_mut().for_each(|v| v.push(Piece::Literal(text.to_owned())));
}

struct Asked<'a> {
    key: &'a str,
    field: Option<FieldId>,
    chain: &'a Chain,
}

impl Asked<'_> {
    fn predicate(&self, item: &Item, vocabulary: &mut Vocabulary) -> Result<Expr, String> {
        let chain = self.chain;
        let question = if chain.exists {
            return self.exists(item, vocabulary);
        } else if matches!(item, Item::Null) {
            Question::Null
        } else if chain.after {
            after(item, vocabulary)?
        } else if chain.outside {
            outside(plain(item)?, vocabulary)
        } else if chain.fieldref {
            Question::SameAs(vocabulary.field(plain(item)?), chain.cased)
        } else {
            Question::Any(self.test(item)?)
        };
        if self.field.is_none() && !matches!(question, Question::Any(_)) {
            return Err("a keyword must be a text or a number".to_owned());
        }
        let mut says = format!("{}{}: {}", self.key, spelled(chain), shown(item));
        if says.len() > 4096 {
            says = format!(
                "{}: {}",
                says.get(..256).unwrap_or_default(),
                crate::crypto::hash::Digest::of(says.as_bytes()).short(32)
            );
        }
        Ok(Expr::Is(vocabulary.predicate(self.field, question, says)))
    }

    fn exists(&self, item: &Item, vocabulary: &mut Vocabulary) -> Result<Expr, String> {
        let Item::Flag(wanted) = item else { return Err("`exists` takes `true` or `false`".to_owned()) };
        let is = Expr::Is(vocabulary.predicate(self.field, Question::Exists, format!("{}|exists", self.key)));
        Ok(if *wanted { is } else { Expr::Not(Box::new(is)) })
    }

    fn test(&self, item: &Item) -> Result<Test, String> {
        let chain = self.chain;
        if let Some(flags) = &chain.regex {
            return regex(plain(item)?, flags);
        }
        if chain.cidr {
            let text = plain(item)?;
            return Network::parse(text)
                .map(Test::Cidr)
                .ok_or_else(|| format!("`{text}` is no network in CIDR notation"));
        }
        let number = match item {
            Item::Number(n) => Some(*n),
            Item::Text(p) => p.plain().and_then(|t| Number::parse(t.trim())),
            _ => None,
        };
        if let Some(part) = chain.part {
            let Some(Number::Whole(n)) = number else {
                return Err("a part of a date is compared with a whole number".to_owned());
            };
            return Ok(Test::Time(part, chain.order.unwrap_or(Order::Equal), n));
        }
        if let Some(order) = chain.order {
            return number.map(|n| Test::Compare(order, n)).ok_or_else(|| "this comparison needs a number".to_owned());
        }
        Ok(match item {
            // A keyword is looked for inside every value.
            Item::Text(p) if self.field.is_none() => {
                Test::Text(TextTest::new(&p.clone().open(true, true), chain.cased))
            }
            Item::Number(Number::Whole(n)) if self.field.is_none() => {
                Test::Text(TextTest::new(&Pattern::literal(&n.to_string()).open(true, true), chain.cased))
            }
            Item::Text(p) => Test::Text(TextTest::new(p, chain.cased)),
            Item::Bytes(b) => Test::Text(TextTest::new(&Pattern::literal(&utf8(b)?), chain.cased)),
            Item::Number(n) => Test::Equal(*n),
            Item::Flag(b) => Test::Flag(*b),
            Item::Null => return Err("null takes no modifier".to_owned()),
        })
    }
}

fn plain(item: &Item) -> Result<&str, String> {
    match item {
        Item::Text(p) => p.plain().ok_or_else(|| "this modifier takes a plain text".to_owned()),
        _ => Err("this modifier takes a text".to_owned()),
    }
}

fn regex(pattern: &str, flags: &str) -> Result<Test, String> {
    // Flags are part of the expression, so that whoever reads it later has the whole meaning.
    let whole = if flags.is_empty() { pattern.to_owned() } else { format!("(?{flags}){pattern}") };
    regex::RegexBuilder::new(&whole)
        .size_limit(REGEX_LIMIT_BYTES)
        .dfa_size_limit(REGEX_LIMIT_BYTES)
        .build()
        .map(|r| Test::Regex(Box::new(r)))
        .map_err(|e| {
            // The crate draws a picture; its last line says what is wrong.
            let told = e.to_string();
            let last = told.lines().next_back().unwrap_or_default();
            format!("the regular expression `{pattern}` cannot be used: {}", last.trim_start_matches("error: "))
        })
}

/// `after: hr.end_at + 1h`: our own modifier; the field's instant is later than another field's, plus a time.
fn after(item: &Item, vocabulary: &mut Vocabulary) -> Result<Question, String> {
    let text = plain(item)?;
    let (field, plus) = text.split_once('+').map_or((text, None), |(f, p)| (f, Some(p.trim())));
    let plus_ms =
        plus.map_or(Some(0), super::correlation::timespan_ms).ok_or_else(|| format!("`{text}` is not `field + 1h`"))?;
    Ok(Question::After(vocabulary.field(field.trim()), plus_ms))
}

/// `outside: hr.schedule`: our own modifier; the instant lies outside the hours that the row gives.
fn outside(row: &str, vocabulary: &mut Vocabulary) -> Question {
    let mut of = |field: &str| vocabulary.field(&format!("{row}.{field}"));
    Question::Outside(HourFields { days: of("days"), from: of("from"), to: of("to"), zone: of("tz") })
}

fn spelled(chain: &Chain) -> String {
    let mut out = String::new();
    let words = [
        (chain.cased, "cased"),
        (chain.cidr, "cidr"),
        (chain.fieldref, "fieldref"),
        (chain.after, "after"),
        (chain.outside, "outside"),
    ];
    for (_, word) in words.iter().filter(|(on, _)| *on) {
        out = format!("{out}|{word}");
    }
    if let Some(part) = chain.part {
        out = format!("{out}|{part:?}").to_lowercase();
    }
    if let Some(order) = chain.order {
        out = format!("{out}|{order:?}");
    }
    if let Some(flags) = &chain.regex {
        out = format!("{out}|re|{flags}");
    }
    out
}

fn shown(item: &Item) -> String {
    match item {
        Item::Text(p) => {
            let piece = |p: &Piece| match p {
                Piece::Literal(t) => t.replace('\\', r"\\").replace('*', r"\*").replace('?', r"\?"),
                Piece::One => "?".to_owned(),
                Piece::Many => "*".to_owned(),
            };
            format!("'{}'", p.0.iter().map(piece).collect::<String>())
        }
        Item::Bytes(b) => format!("bytes {}", hex::encode(b)),
        Item::Number(Number::Whole(n)) => n.to_string(),
        Item::Number(Number::Real(n)) => n.to_string(),
        Item::Flag(b) => b.to_string(),
        Item::Null => "null".to_owned(),
    }
}
