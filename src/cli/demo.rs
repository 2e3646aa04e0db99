//! `habeas demo`: the whole tour on the example company.

use super::audit;
use super::exit::{Exit, Failed};
use super::progress::Bars;
use super::reporting::{self, Languages};
use crate::clock::Timestamp;
use crate::demo::{self, Settings};
use crate::files;
use crate::flows::run_audit::{Request, run_audit};
use crate::web::exhibit::{self, Exhibit, Exhibits};
use anyhow::Context;
use std::path::PathBuf;

/// See what Habeas does, on an example company with planted weaknesses and incidents.
///
/// Makes the company's evidence and a month of its access log, audits it, and writes the report. Everything it writes
/// is below the folder; nothing leaves this machine.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  habeas demo
  habeas demo --no-serve --dir out
  habeas demo --seed 7 --lang zh-CN")]
pub(super) struct Args {
    /// Folder for the company and its report; made when missing.
    #[arg(long, value_name = "DIR", default_value = "demo")]
    dir: PathBuf,
    /// Chooses the company; the same number gives the same bytes.
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
    /// Only write; do not show the report on http://127.0.0.1.
    #[arg(long)]
    no_serve: bool,
    /// Port for showing the report; 0 takes a free one.
    #[arg(long, value_name = "PORT", default_value_t = 8460)]
    port: u16,
    /// Lines of the access log.
    #[arg(long, value_name = "N", default_value_t = demo::DEFAULT_EVENTS, hide = true)]
    events: usize,
    /// The instant of the company.
    #[arg(long, value_name = "INSTANT", hide = true)]
    as_of: Option<Timestamp>,
    /// Language of the PDF, the page and the table: en or zh-CN.
    #[arg(long, value_name = "LANG", default_value = "en")]
    lang: String,
}

/// Runs `habeas demo`.
pub(super) fn run(args: Args) -> Result<Exit, Failed> {
    let write = reporting::Args {
        out: args.dir.join("audit"),
        lang: args.lang.clone(),
        keys: Some(args.dir.join("keys")),
        unsigned: false,
        stamp: super::stamp::Args::default(),
        json: false,
    };
    let languages = Languages::of(&write)?;
    let request = make_company(&args)?;
    let bars = Bars::new();
    let audited = run_audit(&request, &mut |p| bars.show(p, languages.words)).map_err(audit::failed)?;
    bars.done();
    let written = reporting::write(&audited.report, &write, &languages)?;
    reporting::tell(&audited, &written, &write, &languages)?;
    if !args.no_serve {
        serve(&args, &write, &written.files)?;
    }
    Ok(Exit::Done)
}

/// Writes the company's evidence and log below the folder.
fn make_company(args: &Args) -> Result<Request, Failed> {
    let mut settings = Settings::with_seed(args.seed).context("the default instant").map_err(Failed::internal)?;
    settings.events = args.events;
    settings.as_of = args.as_of.unwrap_or(settings.as_of);
    let company = demo::company(&settings).map_err(Failed::internal)?;
    let evidence = args.dir.join("evidence");
    reporting::folder(&evidence)?;
    for (kind, envelope) in &company.evidence {
        let bytes = serde_json::to_vec_pretty(envelope).map_err(Failed::internal)?;
        files::write_whole(&evidence.join(format!("{kind}.json")), &bytes).map_err(Failed::unreadable)?;
    }
    let log = args.dir.join("access-log.ndjson");
    files::write_whole(&log, &company.events).map_err(Failed::unreadable)?;
    Ok(Request { evidence: vec![evidence], events: vec![log], ..Request::default() })
}

fn serve(args: &Args, write: &reporting::Args, written: &[&str]) -> Result<(), Failed> {
    let mut exhibits = Exhibits::new();
    for name in written {
        let bytes = files::read_limited(&write.out.join(name), 1 << 30).map_err(Failed::unreadable)?;
        exhibits.insert((*name).to_owned(), Exhibit::new(name, bytes));
    }
    let names: Vec<String> = exhibits.keys().cloned().collect();
    exhibit::serve("report.html", exhibits, args.port, |address| {
        super::say(&format!("\nhttp://{address}/"));
        names.iter().for_each(|name| super::say(&format!("http://{address}/{name}")));
        super::say("Ctrl-C ends it.");
    })
    .with_context(|| {
        format!("port {} of 127.0.0.1 cannot be used; choose another with --port, or leave with --no-serve", args.port)
    })
    .map_err(Failed::unreadable)
}
