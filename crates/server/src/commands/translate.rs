//! `dostyq translate`: text, or subtitles that keep their times.

mod input;
mod share;
mod srt;
mod subtitles;

use std::fs::File;
use std::io::{self, BufRead, BufReader, Write};

use anyhow::Context;
use dostyq_speech::Lang;
use dostyq_translate::{Direction, Memory, Origin, Search, TranslateError, Translator};

use crate::cli::Translate;
use crate::engines::open_translation;
use crate::tell;
use input::Input;

/// `dostyq translate`.
pub(super) fn run(options: &Translate) -> anyhow::Result<()> {
    let direction = direction(options.from, options.to)?;
    let (name, reader): (String, Box<dyn BufRead>) = match &options.file {
        None => ("standard input".into(), Box::new(io::stdin().lock())),
        Some(path) => {
            let name = path.display().to_string();
            let is_folder = path.is_dir();
            let file = File::open(path).with_context(|| format!("{name} cannot be read: check the path"))?;
            anyhow::ensure!(!is_folder, "{name} is a folder: name a text or a file of subtitles (SRT)");
            (name, Box::new(BufReader::new(file)))
        }
    };
    let is_srt =
        options.file.as_ref().is_some_and(|path| path.extension().is_some_and(|e| e.eq_ignore_ascii_case("srt")));
    let memory = load_memory(options)?;
    // Faults of the subtitles are told before the model is loaded.
    let input = Input::open(name, reader, is_srt)?;
    let mut translator = open_translation(&options.model, direction, Search::default())?;
    let mut machine =
        |sentence: &str, direction: Direction| translator.translate(sentence, direction.from, direction.to);
    let mut desk = Desk { memory, machine: &mut machine, counts: Counts::default() };
    let mut out = io::stdout().lock();
    let written = match input {
        Input::Lines(lines) => translate_lines(lines, direction, &mut desk, &mut out),
        Input::Subtitles(file) => translate_subtitles(&file, direction, &mut desk, &mut out),
    };
    desk.report(!options.memory.is_empty());
    match written {
        // Whoever read it has had enough, as `head` has.
        Err(error) if error.downcast_ref::<io::Error>().is_some_and(|e| e.kind() == io::ErrorKind::BrokenPipe) => {
            Ok(())
        }
        other => other,
    }
}

/// None where each text is to be judged by its letters.
fn direction(from: Option<Lang>, to: Option<Lang>) -> anyhow::Result<Option<Direction>> {
    let Some(from) = from.or(to.map(Lang::other)) else { return Ok(None) };
    let to = to.unwrap_or(from.other());
    anyhow::ensure!(from != to, "--from and --to are the same language: name the other one");
    Ok(Some(Direction { from, to }))
}

fn load_memory(options: &Translate) -> anyhow::Result<Memory> {
    let mut memory = Memory::default();
    for path in &options.memory {
        let imported = memory.load(path)?;
        imported.faults.iter().for_each(|fault| tell(&format!("dostyq: {fault}")));
        if imported.more_faults > 0 {
            tell(&format!("dostyq: {}: {} more entries are left out", path.display(), imported.more_faults));
        }
    }
    Ok(memory)
}

/// Where sentences are handed in: what the memory knows it answers, the rest the machine does.
struct Desk<'m> {
    memory: Memory,
    machine: &'m mut dyn FnMut(&str, Direction) -> Result<String, TranslateError>,
    counts: Counts,
}

#[derive(Debug, Default, PartialEq, Eq)]
struct Counts {
    sentences: usize,
    same: usize,
    near: usize,
    /// Texts that the model could not take.
    untranslated: usize,
    /// Cues of more than two lines.
    long_cues: usize,
}

impl Desk<'_> {
    /// Translates a text; one that the model cannot take stays as it is.
    fn translate(&mut self, text: &str, direction: Direction) -> anyhow::Result<String> {
        let Desk { memory, machine, counts } = self;
        let mut ask = |sentence: &str| match machine(sentence, direction) {
            Err(TranslateError::Text { .. }) => {
                counts.untranslated += 1;
                Ok(sentence.to_owned())
            }
            answer => answer,
        };
        let parts = memory.translate(text, direction, &mut ask)?;
        for part in &parts {
            counts.sentences += 1;
            match part.origin {
                Origin::Memory { similarity } if similarity < 1.0 => counts.near += 1,
                Origin::Memory { .. } => counts.same += 1,
                Origin::Machine => {}
            }
        }
        let texts = parts.iter().map(|part| part.text.as_str()).filter(|text| !text.is_empty());
        Ok(texts.collect::<Vec<_>>().join(" "))
    }

    /// What the person at the terminal should know besides the text.
    fn report(&self, has_memory: bool) {
        let Counts { sentences, same, near, untranslated, long_cues } = self.counts;
        if has_memory {
            tell(&format!(
                "dostyq: of {sentences} sentence(s), the memory knew {}, {near} of them by a near match",
                same + near
            ));
        }
        if untranslated > 0 {
            tell(&format!("dostyq: {untranslated} piece(s) could not be translated and stand as they are"));
        }
        if long_cues > 0 {
            tell(&format!("dostyq: {long_cues} cue(s) have more than two lines, since their times were kept"));
        }
    }
}

/// Each line by itself and at once, so that the program can stand in a pipe.
fn translate_lines(
    lines: impl Iterator<Item = anyhow::Result<String>>,
    direction: Option<Direction>,
    desk: &mut Desk<'_>,
    out: &mut dyn Write,
) -> anyhow::Result<()> {
    for line in lines {
        let line = line?;
        let direction = direction.unwrap_or_else(|| input::guess_direction(&line));
        let translated = desk.translate(&line, direction)?;
        writeln!(out, "{translated}")?;
        out.flush()?;
    }
    Ok(())
}

fn translate_subtitles(
    file: &srt::File,
    direction: Option<Direction>,
    desk: &mut Desk<'_>,
    out: &mut dyn Write,
) -> anyhow::Result<()> {
    let texts = file.cues.iter().flat_map(|cue| &cue.lines).map(String::as_str);
    let direction = direction.unwrap_or_else(|| input::guess_direction(&texts.collect::<Vec<_>>().join(" ")));
    let translated =
        subtitles::translate(&file.cues, direction.to, &mut |sentence| desk.translate(sentence, direction))?;
    desk.counts.long_cues = translated.iter().filter(|lines| lines.len() > subtitles::MAX_LINES).count();
    out.write_all(srt::write(file, &translated).as_bytes())?;
    Ok(out.flush()?)
}

#[cfg(test)]
mod tests;
