//! The commands of the program, one a file.

mod check;
mod devices;
mod engine_stage;
mod models;
mod serve;
pub(crate) mod token;
mod transcribe;
mod translate;

use std::io::IsTerminal;

use tracing_subscriber::EnvFilter;

use crate::cli::{Cli, Command, Eval};
pub(crate) use serve::{announce, wait_for_a_signal};

pub(crate) fn run(cli: Cli) -> anyhow::Result<()> {
    start_log();
    match cli.command {
        Command::Serve(options) => serve::run(&options),
        Command::Transcribe(options) => transcribe::run(&options),
        Command::Translate(options) => translate::run(&options),
        Command::Export(options) => crate::export::run(&options),
        Command::Token(command) => token::run(command),
        Command::Devices => devices::run(),
        Command::Eval(Eval::Speech(options)) => crate::eval::run(&options),
        Command::Eval(Eval::Text(options)) => crate::eval::text::run(&options),
        Command::Bench(command) => crate::bench::run(command),
        Command::Models(command) => models::run(command),
        Command::Check { config } => check::run(&config),
    }
}

/// The program's own log, on standard error; `RUST_LOG` sets how much it says.
fn start_log() {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info,async_nats=warn"));
    // What its decoders say of a damaged recording reaches people as one error with a remedy, not as their own lines.
    let filter = "symphonia=off".parse().map_or(filter.clone(), |quiet| filter.add_directive(quiet));
    let log = tracing_subscriber::fmt().with_env_filter(filter).with_target(false);
    // A second start in one process (a test) keeps the first one's log.
    log.with_writer(std::io::stderr).with_ansi(std::io::stderr().is_terminal()).try_init().ok();
}
