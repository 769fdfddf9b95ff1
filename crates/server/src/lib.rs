//! Configuration becomes the wired pipeline: the `dostyq` program as a library, so that tests can run it.
//!
//! [`pipeline`] is the one place where the stages meet, in the order of a caption's path. The rest is what a server
//! needs around it: [`config`], the engines, HTTP pages, the commands of the program.
//!
//! ```
//! use dostyq_server::config::Config;
//!
//! let config = Config::parse("[[room]]\nname = \"hall\"\ntitle = \"Үлкен зал\"\n[room.input]\ndevice = \"default\"\n")?;
//! assert_eq!(config.rooms[0].name.as_str(), "hall");
//! assert!(Config::parse("[[rooms]]\n").unwrap_err().to_string().contains("unknown field `rooms`"));
//! # Ok::<(), dostyq_server::config::ConfigError>(())
//! ```

mod access;
mod authorship;
mod bench;
pub mod cli;
mod commands;
pub mod config;
mod engines;
mod eval;
mod export;
mod glossary;
mod interpreter;
mod local_address;
mod open_files;
mod operator_key;
pub mod pipeline;
mod prompter;
pub mod roles;
mod room;
mod status;
mod stop;
mod tls;
mod trace;
mod translator_thread;
mod web;

use std::process::ExitCode;

pub use stop::Stop;

/// What the program returns to its caller when the input, not the program, is at fault.
const BAD_INPUT: u8 = 2;

/// Runs one command line to its end.
pub fn run(cli: cli::Cli) -> ExitCode {
    match commands::run(cli) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // One line: what happened, and each cause behind it that adds something.
            let mut line = String::new();
            for cause in error.chain().map(ToString::to_string) {
                if !line.contains(&cause) {
                    line.push_str(if line.is_empty() { "" } else { ": " });
                    line.push_str(&cause);
                }
            }
            tell(&format!("dostyq: {line}"));
            ExitCode::from(BAD_INPUT)
        }
    }
}

/// Writes a line for the person at the terminal. Standard output is for results, so this goes to standard error.
#[allow(clippy::print_stderr)]
fn tell(line: &str) {
    eprintln!("{line}");
}

/// Writes a line of a command's result.
#[allow(clippy::print_stdout)]
fn say(line: &str) {
    println!("{line}");
}
