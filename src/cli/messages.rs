//! `habeas messages`: lets a data protection officer read every letter before one is sent.

use super::exit::{Exit, Failed};
use super::say;
use crate::law::book::Lawbook;
use crate::notify::contents::{self, Place, places};
use crate::notify::messages::sample::Scene;
use crate::notify::messages::{KINDS, Kind, STAFF};
use crate::render::mail::{Letter, Letters, letters};
use anyhow::anyhow;
use serde_json::json;

/// Read every letter that Habeas writes, and check that each says what the law asks for.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  habeas messages list
  habeas messages show --message denial --regime eu-gdpr
  habeas messages preview --message denial --regime eu-gdpr --right deletion --lang de
  habeas messages preview --message access-answer --regime ccpa --right access --lang en --html > letter.html
  habeas messages check")]
pub(super) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(clap::Subcommand)]
enum Command {
    /// List the messages, the rights they belong to and the languages they are written in.
    List {
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
    /// Show what a message must contain, with the source of each duty.
    Show {
        /// Which message, as in `list`.
        #[arg(long)]
        message: String,
        /// Only this regime.
        #[arg(long)]
        regime: Option<String>,
        /// Language of the output: en or zh-CN.
        #[arg(long, default_value = "en")]
        lang: String,
    },
    /// Write a message with invented values.
    Preview(Preview),
    /// Write every letter of every regime, right, outcome and language, and look for what each must contain.
    Check {
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
}

#[derive(clap::Args)]
struct Preview {
    /// Which message, as in `list`.
    #[arg(long)]
    message: String,
    /// Under which law.
    #[arg(long, default_value = "eu-gdpr")]
    regime: String,
    /// Which right was exercised.
    #[arg(long, default_value = "access")]
    right: String,
    /// Language of the letter.
    #[arg(long, default_value = "en")]
    lang: String,
    /// Only this outcome, as the previews name them.
    #[arg(long)]
    outcome: Option<String>,
    /// The page instead of the text.
    #[arg(long)]
    html: bool,
}

/// Runs `habeas messages`.
pub(super) fn run(args: Args) -> Result<Exit, Failed> {
    let letters = letters().map_err(Failed::internal)?;
    let book = Lawbook::built_in().map_err(|errors| {
        Failed::internal(anyhow!("{}", errors.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")))
    })?;
    match args.command {
        Command::List { json } => list(letters, json),
        Command::Show { message, regime, lang } => show(&book, &message, regime.as_deref(), &lang),
        Command::Preview(preview) => print_preview(letters, &book, &preview),
        Command::Check { json } => check(letters, &book, json),
    }
}

fn list(letters: &Letters, as_json: bool) -> Result<Exit, Failed> {
    let langs: Vec<&str> = letters.langs().collect();
    let kinds: Vec<Kind> = KINDS.into_iter().chain([STAFF]).collect();
    if as_json {
        let rows: Vec<_> =
            kinds.iter().map(|k| json!({"message": k.name, "rights": k.rights(), "langs": langs})).collect();
        say(&serde_json::to_string_pretty(&rows).map_err(Failed::internal)?);
        return Ok(Exit::Done);
    }
    for kind in kinds {
        let rights = if kind.rights().is_empty() { "every right".to_owned() } else { kind.rights().join(", ") };
        say(&format!("{:<26} {rights}", kind.name));
    }
    say(&format!("\nLanguages: {}", langs.join(", ")));
    Ok(Exit::Done)
}

fn kind_named(name: &str) -> Result<Kind, Failed> {
    Kind::named(name)
        .ok_or_else(|| Failed::bad_input(anyhow!("there is no message `{name}`; `habeas messages list` names all")))
}

fn show(book: &Lawbook, message: &str, only: Option<&str>, lang: &str) -> Result<Exit, Failed> {
    let kind = kind_named(message)?;
    if let Some(unknown) = only.filter(|o| !book.regimes.contains_key(*o)) {
        return Err(Failed::bad_input(anyhow!("there is no regime `{unknown}`")));
    }
    for (id, regime) in book.regimes.iter().filter(|(id, _)| only.is_none_or(|o| o == id.as_str())) {
        for item in regime.contents.messages.get(kind.name).into_iter().flatten() {
            let duty = if item.required { "law     " } else { "practice" };
            let only = if item.rights.is_empty() { String::new() } else { format!(" [{}]", item.rights.join(", ")) };
            say(&format!("{id:<8} {duty} {:<22} {}{only} ({})", item.id, item.text.get(lang), item.cite));
        }
    }
    Ok(Exit::Done)
}

fn print_preview(letters: &Letters, book: &Lawbook, asked: &Preview) -> Result<Exit, Failed> {
    let kind = kind_named(&asked.message)?;
    let bad = |what: &str, value: &str, known: String| {
        Failed::bad_input(anyhow!("there is no {what} `{value}`; known are {known}"))
    };
    let Some(regime) = book.regimes.get(&asked.regime) else {
        return Err(bad("regime", &asked.regime, book.regimes.keys().cloned().collect::<Vec<_>>().join(", ")));
    };
    if !letters.langs().any(|l| l == asked.lang) {
        return Err(bad("language", &asked.lang, letters.langs().collect::<Vec<_>>().join(", ")));
    }
    let rights: Vec<&str> = regime.rights.keys().map(String::as_str).filter(|r| kind.concerns(r)).collect();
    if !rights.contains(&asked.right.as_str()) {
        return Err(bad("such letter for the right", &asked.right, rights.join(", ")));
    }
    let scene = Scene::new(&asked.regime, &asked.right, &asked.lang);
    let head = scene.letterhead(book, &asked.regime);
    let samples = kind.samples(&scene).map_err(Failed::internal)?;
    let wanted = |outcome: &str| asked.outcome.as_deref().is_none_or(|o| o == outcome);
    let mut chosen = samples.into_iter().filter(|(outcome, _)| wanted(outcome)).peekable();
    if chosen.peek().is_none() {
        return Err(Failed::bad_input(anyhow!("`{}` has no such letter under `{}`", kind.name, asked.regime)));
    }
    for (outcome, message) in chosen {
        let letter = kind.write(letters, &head, message, &asked.lang).map_err(Failed::internal)?;
        print_letter(&letter, outcome, asked.html);
        if asked.html {
            break;
        }
    }
    Ok(Exit::Done)
}

fn print_letter(letter: &Letter, outcome: &str, html: bool) {
    if html {
        say(letter.html.trim_end());
    } else {
        say(&format!("==== {outcome}\nSubject: {}\n\n{}", letter.subject, letter.text));
    }
}

fn check(letters: &Letters, book: &Lawbook, as_json: bool) -> Result<Exit, Failed> {
    let all: Vec<Place<'_>> = places(letters, book);
    let checked = contents::check(letters, book, &all).map_err(Failed::internal)?;
    if as_json {
        let gaps = checked.gaps.iter().map(|g| {
            let l = &g.letter;
            json!({"message": l.message, "regime": l.regime, "right": l.right, "outcome": l.outcome, "lang": l.lang,
                   "item": g.item, "cite": g.cite})
        });
        let gaps: Vec<_> = gaps.collect();
        let whole = json!({"letters": checked.letters, "items": checked.items, "gaps": gaps});
        say(&serde_json::to_string_pretty(&whole).map_err(Failed::internal)?);
    } else {
        for gap in &checked.gaps {
            let l = &gap.letter;
            let place = format!("{} {} {} {} {}", l.message, l.regime, l.right, l.outcome, l.lang);
            say(&format!("{place}: does not say `{}` ({})", gap.item, gap.cite));
        }
        say(&format!("{} letters, {} items, {} missing", checked.letters, checked.items, checked.gaps.len()));
    }
    Ok(if checked.gaps.is_empty() { Exit::Done } else { Exit::Findings })
}
