//! How quickly a translation memory answers: `memory_speed MEMORY.tsv… [--ask SENTENCES.tsv]`.
//!
//! Loads the files, then looks up each hundredth sentence as it is, with a letter wrong, and with a word in place of
//! another, and, with `--ask`, all sentences of a file that is not in the memory. Prints microseconds and how many were
//! found, by kind, and each near match of the last kind, for a reader to judge.

#![allow(clippy::print_stdout, reason = "the figures are the result")]

use std::path::Path;
use std::time::{Duration, Instant};

use dostyq_speech::Lang;
use dostyq_translate::{Direction, Memory};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let ask = arguments.iter().position(|argument| argument == "--ask").unwrap_or(arguments.len());
    let mut memory = Memory::default();
    let began = Instant::now();
    let mut sentences = Vec::new();
    for path in &arguments[..ask] {
        let imported = memory.load(Path::new(path))?;
        println!("{path}: {} pairs, {} left out", imported.pairs, imported.faults.len() + imported.more_faults);
        sentences.extend(pairs(path)?);
    }
    println!("{} pairs in {:.1} s, {} MB resident", memory.len(), began.elapsed().as_secs_f32(), resident_mb());

    let sample: Vec<_> = sentences.iter().step_by(100).collect();
    let misspelt = |text: &str| {
        let letters: Vec<char> = text.chars().collect();
        let at = letters.len() / 2;
        letters.iter().enumerate().filter(|(i, _)| *i != at).map(|(_, c)| *c).collect::<String>()
    };
    let other_word = |text: &str| {
        let mut words: Vec<&str> = text.split(' ').collect();
        let at = words.len() / 2;
        words[at] = "табурет";
        words.join(" ")
    };
    for lang in Lang::ALL {
        let texts = |change: &dyn Fn(&str) -> String| sample.iter().map(|pair| change(pair.text(lang))).collect();
        time("as it is", &memory, lang, texts(&str::to_owned), false);
        time("a letter missing", &memory, lang, texts(&misspelt), false);
        time("a word replaced", &memory, lang, texts(&other_word), false);
        if let Some(path) = arguments.get(ask + 1) {
            let texts = pairs(path)?.iter().map(|pair| pair.text(lang).to_owned()).collect();
            time("not in the memory", &memory, lang, texts, true);
        }
    }
    Ok(())
}

struct Pair {
    kazakh: String,
    russian: String,
}

impl Pair {
    fn text(&self, lang: Lang) -> &str {
        match lang {
            Lang::Kazakh => &self.kazakh,
            Lang::Russian => &self.russian,
        }
    }
}

fn pairs(path: &str) -> std::io::Result<Vec<Pair>> {
    let text = std::fs::read_to_string(path)?;
    let pair = |line: &str| {
        let (kazakh, russian) = line.split_once('\t')?;
        Some(Pair { kazakh: kazakh.to_owned(), russian: russian.to_owned() })
    };
    Ok(text.lines().filter_map(pair).collect())
}

fn time(kind: &str, memory: &Memory, lang: Lang, texts: Vec<String>, tells: bool) {
    let direction = Direction { from: lang, to: lang.other() };
    let (mut took, mut same, mut near) = (Vec::new(), 0, 0);
    for text in &texts {
        let began = Instant::now();
        let found = memory.find(text, direction);
        took.push(began.elapsed());
        match found {
            Some(found) if found.similarity < 1.0 => {
                near += 1;
                if tells {
                    println!("  {:.2} {text}\n       {}", found.similarity, found.source);
                }
            }
            Some(_) => same += 1,
            None => {}
        }
    }
    took.sort_unstable();
    let micros = |share: f64| {
        let place = (took.len().saturating_sub(1) as f64 * share) as usize;
        took.get(place).map_or(0, Duration::as_micros)
    };
    println!(
        "{lang} {kind}: {} asked, {same} same, {near} near; µs p50 {} p95 {} most {}",
        texts.len(),
        micros(0.5),
        micros(0.95),
        micros(1.0)
    );
}

/// Zero where the system does not tell.
fn resident_mb() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap_or_default();
    line.split_whitespace().next().and_then(|kilobytes| kilobytes.parse::<u64>().ok()).unwrap_or_default() / 1024
}
