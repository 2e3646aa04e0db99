//! `habeas requests due`: the clocks of one request with their derivation, or what is due within some days.

use super::desk::{Desk, DeskArgs};
use super::show::derived;
use crate::cli::clock::told;
use crate::cli::exit::{Exit, Failed};
use crate::cli::say;

/// The legal dates of a request, each with the steps that led to it.
#[derive(clap::Args)]
#[command(after_help = "Example:
  habeas requests due 1f0c --as carl --lang zh-CN")]
pub(super) struct Args {
    /// The request's id, or its beginning.
    request: String,
    /// Language: en or zh-CN.
    #[arg(long, default_value = "en", value_parser = ["en", "zh-CN"])]
    lang: String,
}

pub(super) fn run(args: &Args, desk_args: &DeskArgs) -> Result<Exit, Failed> {
    let desk = Desk::open(desk_args)?;
    let request = desk.request(&desk.signed()?, &args.request)?;
    let outcomes = request.claims.iter().map(|claim| derived(&desk, claim)).collect::<Result<Vec<_>, _>>()?;
    let book = &desk.app.book;
    if desk_args.json {
        let all: Vec<_> = outcomes.iter().map(|o| o.to_json(book, &args.lang)).collect();
        say(&serde_json::to_string_pretty(&all).map_err(Failed::internal)?);
    } else {
        outcomes.iter().for_each(|o| say(&told(book, o, &args.lang)));
    }
    Ok(Exit::Done)
}
