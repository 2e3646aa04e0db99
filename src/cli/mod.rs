//! The command line: translates words into one flow each, and its outcome into an exit code.
//!
//! One file per command, each with its `Args` and `run`. Output goes to standard output, complaints to standard error.

mod alert;
mod audit;
mod backtest;
mod controls;
mod demo;
mod doctor;
mod events;
pub mod exit;
mod export;
mod clock;
mod config;
mod lawbook;
mod ledger;
mod map;
mod messages;
mod out;
mod progress;
mod reporting;
mod requests;
mod stamp;
mod verify;

use clap::Parser;
use exit::{Exit, Failed, explained};
use out::say;
use std::process::ExitCode;

/// Audits a CRM against privacy law and carries data subjects' requests to a proven end.
#[derive(Parser)]
#[command(name = "habeas", version, arg_required_else_help = true)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(clap::Subcommand)]
enum Command {
    Alert(alert::Args),
    Audit(Box<audit::Args>),
    Clock(clock::Args),
    Config(config::Args),
    Controls(controls::Args),
    Demo(demo::Args),
    Doctor(doctor::Args),
    Events(events::Args),
    Ledger(ledger::Args),
    Messages(messages::Args),
    Requests(requests::Args),
    Verify(verify::Args),
}

fn dispatch(command: Command) -> Result<Exit, Failed> {
    match command {
        Command::Alert(args) => alert::run(args),
        Command::Audit(args) => audit::run(*args),
        Command::Clock(args) => clock::run(args),
        Command::Config(args) => config::run(&args),
        Command::Controls(args) => controls::run(args),
        Command::Demo(args) => demo::run(args),
        Command::Doctor(args) => doctor::run(&args),
        Command::Events(args) => events::run(args),
        Command::Ledger(args) => ledger::run(args),
        Command::Messages(args) => messages::run(args),
        Command::Requests(args) => requests::run(args),
        Command::Verify(args) => verify::run(args),
    }
}

/// Runs the command line of this process.
pub fn run() -> ExitCode {
    // Only the tests' own build has fail points: they end it at any write.
    let _points = fail::has_failpoints().then(fail::FailScenario::setup);
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(e) => {
            let exit = if e.use_stderr() { Exit::BadInput } else { Exit::Done };
            // Nobody is left to tell when the terminal itself cannot be written to.
            let _ = e.print();
            return exit.into();
        }
    };
    match dispatch(cli.command) {
        Ok(exit) => out::settled(exit).into(),
        Err(failed) => {
            complain(&failed.source);
            failed.exit.into()
        }
    }
}

fn complain(error: &anyhow::Error) {
    out::tell(&format!("habeas: {}", explained(error)));
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_sound() {
        super::Cli::command().debug_assert();
    }
}
