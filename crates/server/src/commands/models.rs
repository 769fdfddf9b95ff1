use std::io::IsTerminal;
use std::path::Path;
use std::time::Duration;

use dostyq_models::{Presence, Progress, Step, TrimOptions, Trimmed, Trust};
use indicatif::{ProgressBar, ProgressStyle};

use crate::cli::Models;
use crate::engines::store;
use crate::say;

/// `dostyq models`.
pub(super) fn run(command: Models) -> anyhow::Result<()> {
    let store = store()?;
    match command {
        Models::List => {
            for listing in store.list() {
                let model = &listing.model;
                let presence = match listing.presence {
                    Presence::Here => "here",
                    Presence::Absent => "not here",
                    Presence::Damaged => "damaged",
                    Presence::OtherMachine => "not for this machine",
                };
                say(&format!("{}\t{presence}\t{}\t{}", model.name, model.licence, model.note));
            }
        }
        Models::Pull { names, accept_unverified } => {
            let trust = if accept_unverified { Trust::FirstDownload } else { Trust::Pinned };
            for name in names {
                let bar = Bar::new();
                let files = store.pull(&name, trust, &mut |progress| bar.show(&progress))?;
                bar.clear();
                say(&format!("{name}: {}", files.main_file().display()));
            }
        }
        Models::Verify { names } => return verify(&store, names),
        Models::Import { path, name, quantise } => {
            let bar = Bar::new();
            let files = store.import(&path, name.as_deref(), quantise, &mut |progress| bar.show(&progress))?;
            bar.clear();
            say(&format!("{}: {}", files.name, files.main_file().display()));
        }
        Models::Trim { folder, out, corpus, size } => {
            let bar = Bar::new();
            let options = TrimOptions { corpus, size };
            let trimmed = dostyq_models::trim(&folder, &out, &options, &mut |progress| bar.show(&progress))?;
            bar.clear();
            say(&told(&out, &trimmed));
        }
    }
    Ok(())
}

/// What a trimming has done, in one line.
fn told(out: &Path, trimmed: &Trimmed) -> String {
    let [tokens_before, tokens] = trimmed.tokens;
    let [bytes_before, bytes] = trimmed.bytes.map(|bytes| bytes.div_ceil(1_000_000));
    let covered = trimmed.covered.map_or(String::new(), |share| format!(", {:.2} % of the texts", share * 100.0));
    let out = out.display();
    format!("{out}: {tokens} of {tokens_before} tokens{covered}, {bytes} of {bytes_before} MB")
}

fn verify(store: &dostyq_models::Store, names: Vec<String>) -> anyhow::Result<()> {
    let here = |store: &dostyq_models::Store| -> Vec<String> {
        let known = store.list().into_iter();
        known.filter(|l| matches!(l.presence, Presence::Here | Presence::Damaged)).map(|l| l.model.name).collect()
    };
    let names = if names.is_empty() { here(store) } else { names };
    let mut faults = 0;
    for name in names {
        let bar = Bar::new();
        let checks = store.verify(&name, &mut |progress| bar.show(&progress))?;
        bar.clear();
        for check in checks {
            match check.fault {
                None => say(&format!("{name}: {} is right", check.path.display())),
                Some(fault) => {
                    faults += 1;
                    say(&fault.to_string());
                }
            }
        }
    }
    if faults > 0 {
        anyhow::bail!("{faults} file(s) are not right, see above");
    }
    Ok(())
}

/// A progress bar that is only there where somebody can see it move.
struct Bar(ProgressBar);

impl Bar {
    fn new() -> Bar {
        let bar = if std::io::stderr().is_terminal() { ProgressBar::no_length() } else { ProgressBar::hidden() };
        if let Ok(style) = ProgressStyle::with_template("{msg} {bytes} / {total_bytes} {wide_bar}") {
            bar.set_style(style);
        }
        bar.enable_steady_tick(Duration::from_millis(200));
        Bar(bar)
    }

    fn show(&self, progress: &Progress<'_>) {
        let step = match progress.step {
            Step::Wait => "waiting for another pull of",
            Step::Download => "fetching",
            Step::Unpack => "unpacking",
            Step::Convert => "converting",
            Step::Copy => "copying",
            Step::Verify => "checking",
        };
        self.0.set_message(format!("{step} {}", progress.subject));
        if let Some(total) = progress.total {
            self.0.set_length(total);
        }
        self.0.set_position(progress.done);
    }

    fn clear(self) {
        self.0.finish_and_clear();
    }
}
