//! `habeas requests add`: a request that came by letter, phone, mail or at the counter, entered by staff.

use super::desk::{Desk, DeskArgs};
use super::recognised;
use crate::app::App;
use crate::authority::Handler;
use crate::cli::exit::{Exit, Failed};
use crate::cli::say;
use crate::clock::{Day, Timestamp};
use crate::crypto::hash::Digest;
use crate::crypto::token::random;
use crate::flows::open_request::{Intake, open_request};
use crate::flows::record_by_hand::ask_task;
use crate::ledger::entry::{Word, word};
use crate::personal::Personal;
use crate::requests::address::{ADDRESS_ON_FILE, EMAIL_ON_FILE};
use crate::requests::command::Effect;
use crate::requests::lawful::first_instant;
use crate::requests::next::days_left;
use crate::requests::open::Asked;
use crate::requests::request::{Channel, Request};
use crate::requests::right::{Regime, Right, Sensitivity};
use crate::store::Personals;
use anyhow::anyhow;
use serde::Deserialize;
use serde_json::json;
use std::io::Read;
use std::path::{Path, PathBuf};

/// Largest file about a person.
const LARGEST_PERSON_BYTES: u64 = 256 * 1024;

/// Enter a request.
#[derive(clap::Args)]
#[command(
    after_help = "The person is described in a file, so that nothing about them stands in the history of the shell:
  name = \"Ann Example\"
  email = \"ann@example.org\"
  language = \"de\"
  address = \"...\"   phone = \"...\"   text = \"what they wrote\"
  email_on_file = \"...\"   address_on_file = \"...\"     # from your records: answers go there, and only there

Examples:
  habeas requests add --as carl --right deletion --channel letter --received 2026-03-05 --person ann.toml
  habeas requests add --as carl --right access --right opt-out --regime ccpa --received 2026-03-05T17:30:00Z \\
      --channel phone --person - < ann.toml"
)]
pub(super) struct Args {
    /// What is asked: access, deletion, rectification, ... May repeat. With --from-..., in place of what was recognised.
    #[arg(long, required_unless_present = "arrived")]
    right: Vec<String>,
    /// Under which law; by default the one that holds at the place. May repeat.
    #[arg(long)]
    regime: Vec<String>,
    /// Where it is handled; by default the organisation's place, where the law has it.
    #[arg(long)]
    place: Vec<String>,
    /// When it was received, which may be before it is entered: a day, or an instant with its offset.
    #[arg(long, required_unless_present_any = ["from_mail", "from_drp", "from_gpc"])]
    received: Option<String>,
    /// How it came; by default by letter.
    #[arg(long, value_parser = ["letter", "phone", "counter", "mail", "form", "api", "signal"])]
    channel: Option<String>,
    /// A mail with its headers (.eml), or `-`: read, shown and confirmed.
    #[arg(long, value_name = "FILE", group = "arrived")]
    from_mail: Option<PathBuf>,
    /// A letter as text, or `-`: read, shown and confirmed.
    #[arg(long, value_name = "FILE", group = "arrived")]
    from_letter: Option<PathBuf>,
    /// A signed message of the Data Rights Protocol 1.0, or `-`.
    #[arg(long, value_name = "FILE", group = "arrived", requires = "agent")]
    from_drp: Option<PathBuf>,
    /// The agent that presented its bearer token with the message.
    #[arg(long)]
    agent: Option<String>,
    /// The value of a browser's Sec-GPC header; only 1 is a signal.
    #[arg(long, value_name = "VALUE", group = "arrived")]
    from_gpc: Option<String>,
    /// Enter what was recognised without asking; what is not sure becomes a task.
    #[arg(long)]
    yes: bool,
    /// File with what is known of the person, or `-` for standard input.
    #[arg(long, value_name = "FILE")]
    person: Option<PathBuf>,
    /// A field whose content the person contests, for a correction. May repeat.
    #[arg(long, value_name = "FIELD")]
    contested: Vec<String>,
    /// The rectification only adds what is missing and contests nothing; then nothing is restricted meanwhile.
    #[arg(long, conflicts_with = "contested")]
    completes: bool,
    /// Special categories, children, financial or location data are concerned.
    #[arg(long)]
    sensitive: bool,
    /// Your own reference: the same reference again is the same request.
    #[arg(long)]
    reference: Option<String>,
}

/// What is known of a person.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Person {
    name: Option<String>,
    email: Option<String>,
    phone: Option<String>,
    address: Option<String>,
    language: Option<String>,
    text: Option<String>,
    email_on_file: Option<String>,
    address_on_file: Option<String>,
}

/// What is about to be entered.
pub(super) struct Entered {
    /// Rights, by their words.
    pub(super) rights: Vec<String>,
    /// Laws, by their ids; none where the place decides.
    pub(super) laws: Vec<String>,
    /// When it was received, where the channel says so.
    pub(super) received_at: Option<Timestamp>,
    /// How it came.
    pub(super) channel: Channel,
    /// What tells it from others, where the channel says so.
    pub(super) key: Option<String>,
    /// What is known of the person.
    pub(super) personals: Personals,
}

pub(super) fn run(args: &Args, desk_args: &DeskArgs) -> Result<Exit, Failed> {
    let desk = Desk::open(desk_args)?;
    let by = desk.handler()?;
    let arrived = match (&args.from_mail, &args.from_letter, &args.from_drp, &args.from_gpc) {
        (Some(file), ..) => match recognised::from_mail(&desk, file)? {
            Some(arrived) => Some(arrived),
            None => return Ok(Exit::Done),
        },
        (_, Some(file), ..) => Some(recognised::from_letter(file)?),
        (_, _, Some(file), _) => {
            Some(recognised::from_drp(&desk, &by, file, args.agent.as_deref().unwrap_or_default())?)
        }
        (.., Some(value)) => Some(recognised::from_signal(value, desk.now)?),
        _ => None,
    };
    // Naming the rights is a confirmation; so are a signature and a signal.
    let sure = args.right.is_empty()
        && arrived.as_ref().is_some_and(|a| matches!(a.entered.channel, Channel::Mail | Channel::Letter));
    if sure && !recognised::confirmed(args.yes)? {
        say("Nothing was entered.");
        return Ok(Exit::Done);
    }
    let unsure = args.right.is_empty() && arrived.as_ref().is_some_and(|a| a.unsure);
    let entered = arrived.map_or_else(Entered::nothing, |a| a.entered);
    let intake = intake(&desk, args, entered)?;
    let request = open_request(&desk.app.store, &desk.app.book, &by, intake, desk.now).map_err(super::failed)?;
    if unsure {
        ask_to_look(&desk, &by, &request)?;
    }
    told(&request, desk.now, desk_args.json);
    if unsure && !desk_args.json {
        say("  What it asks is not sure: somebody has the task to look at it.");
    }
    Ok(Exit::Done)
}

impl Entered {
    fn nothing() -> Self {
        Self {
            rights: Vec::new(),
            laws: Vec::new(),
            received_at: None,
            channel: Channel::Letter,
            key: None,
            personals: Personals::new(),
        }
    }
}

/// What staff said, over what the channel said.
fn intake(desk: &Desk, args: &Args, entered: Entered) -> Result<Intake, Failed> {
    let rights = if args.right.is_empty() { entered.rights } else { args.right.clone() };
    let known = |law: &String| desk.app.book.regimes.contains_key(law);
    let laws =
        if args.regime.is_empty() { entered.laws.into_iter().filter(known).collect() } else { args.regime.clone() };
    let asked = asked(&desk.app, (&rights, &laws, &args.place), (&args.contested, args.completes))?;
    let place = asked.first().map_or("", |a| a.place.as_str()).to_uppercase();
    let received_at = match (&args.received, entered.received_at) {
        (Some(text), _) => received(&desk.app, text, &place)?,
        (None, Some(at)) => at,
        (None, None) => return Err(Failed::bad_input(anyhow!("the mail does not say when it came; say --received"))),
    };
    let mut personals = entered.personals;
    if let Some(file) = &args.person {
        personals.extend(person(file)?);
    }
    let key = match (&args.reference, entered.key) {
        (None, Some(key)) => key,
        (reference, _) => key_of(reference.as_deref())?,
    };
    Ok(Intake {
        key,
        channel: args.channel.as_deref().map_or(entered.channel, channel),
        received_at,
        sensitivity: if args.sensitive { Sensitivity::Sensitive } else { Sensitivity::Ordinary },
        asked,
        personals,
    })
}

/// Asks somebody to look at what a letter asks, once.
fn ask_to_look(desk: &Desk, by: &Handler, request: &Request) -> Result<(), Failed> {
    let task = Effect::Task { claim: 0, what: word("recognition-unsure") };
    if desk.app.store.read(by, |r| r.had(&request.id, &task)).map_err(super::store_failed)? {
        return Ok(());
    }
    ask_task(&desk.app, by, &request.id, task, desk.now).map_err(super::store_failed)
}

/// The key of a submission: the caller's own reference, or a new one.
pub(super) fn key_of(reference: Option<&str>) -> Result<String, Failed> {
    let drawn = || random::<16>().map(hex::encode).map_err(Failed::internal);
    reference.map_or_else(drawn, |r| Ok(digested("reference", r)))
}

/// A key that says nothing of what it is made of: what others chose may hold a name or an address.
pub(super) fn digested(kind: &str, text: &str) -> String {
    format!("{kind}:{}", Digest::of(text.as_bytes()))
}

/// Says what was entered.
pub(super) fn told(request: &Request, now: Timestamp, as_json: bool) {
    if as_json {
        say(&super::show::brief(request, now).to_string());
        return;
    }
    say(&format!("Request {}, received {}:", request.id, request.received_at));
    for (at, claim) in request.claims.iter().enumerate() {
        let due = claim.next_due().map_or_else(
            || "no legal date".to_owned(),
            |due| format!("{} due {} ({} days left)", due.clock.as_str(), due.on, days_left(due.before, now)),
        );
        say(&format!("  {at}: {} under {}: {due}", claim.basis.right.word(), claim.basis.regime.as_str()));
    }
}

/// The channel of a word that clap has checked.
pub(super) fn channel(text: &str) -> Channel {
    serde_json::from_value(json!(text)).unwrap_or(Channel::Letter)
}

/// The rights and laws asked for: each right under each law, at the place that is the law's own.
pub(super) fn asked(
    app: &App,
    (rights, regimes, places): (&[String], &[String], &[String]),
    (contested, completes): (&[String], bool),
) -> Result<Vec<Asked>, Failed> {
    let book = &app.book;
    let known = |what: &str, given: &str, all: String| {
        Failed::bad_input(anyhow!("{what}: `{given}` is not known; choose one of: {all}"))
    };
    let places: Vec<String> = if places.is_empty() {
        vec![app.config.organisation.place.to_uppercase()]
    } else {
        places.iter().map(|p| p.to_uppercase()).collect()
    };
    let mut laws: Vec<String> = regimes.iter().map(|r| r.to_lowercase()).collect();
    if laws.is_empty() {
        laws = book
            .regimes
            .iter()
            .filter(|(_, r)| places.iter().any(|p| r.places.contains(p)))
            .map(|(id, _)| id.clone())
            .collect();
        if laws.len() != 1 {
            return Err(Failed::bad_input(anyhow!(
                "regime: say under which law, e.g. --regime eu-gdpr; `habeas clock list` names all"
            )));
        }
    }
    let fields = contested.iter().map(|f| Word::try_from(f.clone()));
    let contested = fields.collect::<Result<_, _>>().map_err(|e| Failed::bad_input(anyhow!("contested: {e}")))?;
    let mut asked = Vec::new();
    for law in &laws {
        let rule = book.regimes.get(law).ok_or_else(|| known("regime", law, listed(book.regimes.keys())))?;
        let place = match (places.iter().find(|p| rule.places.contains(*p)), rule.places.as_slice()) {
            (Some(place), _) | (None, [place]) => place,
            _ => return Err(known("place", &places.join(", "), rule.places.join(", "))),
        };
        for text in rights {
            let right = book.vocabulary.right(text).filter(|r| rule.rights.contains_key(*r)).and_then(Right::from_word);
            let right = right.ok_or_else(|| known("right", text, listed(rule.rights.keys())))?;
            asked.push(Asked {
                right,
                regime: Regime::new(law),
                place: word(&place.to_lowercase()),
                contested: Clone::clone(&contested),
                completes,
            });
        }
    }
    Ok(asked)
}

fn listed<'a>(names: impl Iterator<Item = &'a String>) -> String {
    names.cloned().collect::<Vec<_>>().join(", ")
}

/// When a request was received: an instant, or the first instant of a day at its place.
pub(super) fn received(app: &App, text: &str, place: &str) -> Result<Timestamp, Failed> {
    if let Ok(at) = text.parse() {
        return Ok(at);
    }
    let at = text.parse::<Day>().ok().and_then(|day| first_instant(&app.book, place, day));
    at.ok_or_else(|| {
        Failed::bad_input(anyhow!(
            "received: `{text}` is neither a day such as 2026-03-05 nor an instant such as 2026-03-05T09:30:00Z"
        ))
    })
}

/// Reads a file, or standard input for `-`, up to a limit.
pub(super) fn read_input(path: &Path, limit_bytes: u64) -> Result<Vec<u8>, Failed> {
    if path != Path::new("-") {
        return crate::files::read_limited(path, limit_bytes).map_err(Failed::unreadable);
    }
    let mut bytes = Vec::new();
    let input = std::io::stdin().lock();
    input.take(limit_bytes.saturating_add(1)).read_to_end(&mut bytes).map_err(Failed::unreadable)?;
    if bytes.len() as u64 > limit_bytes {
        return Err(Failed::bad_input(anyhow!("standard input is longer than {limit_bytes} bytes")));
    }
    Ok(bytes)
}

/// What is known of the person. An error says the line, and never what stands there.
pub(super) fn person(path: &Path) -> Result<Personals, Failed> {
    let bytes = read_input(path, LARGEST_PERSON_BYTES)?;
    let text =
        String::from_utf8(bytes).map_err(|_| Failed::bad_input(anyhow!("`{}` is not UTF-8 text", path.display())))?;
    let person: Person = toml::from_str(&text).map_err(|e| {
        let line = e.span().and_then(|s| text.get(..s.start)).map_or(1, |before| before.matches('\n').count() + 1);
        Failed::bad_input(anyhow!(
            "`{}`, line {line}: expected lines such as name = \"...\" with the keys name, email, phone, address, language, text, email_on_file, address_on_file",
            path.display()
        ))
    })?;
    let said = [
        ("name", person.name),
        ("email", person.email),
        ("phone", person.phone),
        ("address", person.address),
        ("language", person.language),
        ("text", person.text),
        (EMAIL_ON_FILE, person.email_on_file),
        (ADDRESS_ON_FILE, person.address_on_file),
    ];
    Ok(said.into_iter().filter_map(|(k, v)| Some((k.to_owned(), Personal::new(v?)))).collect())
}
