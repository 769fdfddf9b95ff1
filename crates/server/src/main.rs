//! The `dostyq` program.

use std::process::ExitCode;

use clap::Parser;

fn main() -> ExitCode {
    dostyq_server::run(dostyq_server::cli::Cli::parse())
}
