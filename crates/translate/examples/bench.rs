//! Translates what `scripts/bench translation` asks for, and says what each sentence took.
//!
//! usage: `bench ONNX_RUNTIME_LIBRARY MODEL_FOLDER`
//!
//! In comes a line of JSON a sentence, `{"text", "from", "to", "beams"}`; out goes one with the translation, its tokens
//! and the milliseconds from text to text, of the clock and of the processor. The last line tells the memory.
#![allow(clippy::print_stdout, reason = "it is a program for a terminal")]

use std::error::Error;
use std::fs;
use std::io::{self, BufRead};
use std::path::Path;
use std::time::{Duration, Instant};

use cpu_time::ProcessTime;
use dostyq_speech::Lang;
use dostyq_translate::{Direction, OnnxOptions, OnnxTranslator, Search};
use serde::Deserialize;
use serde_json::json;

#[derive(Deserialize)]
struct Job {
    text: String,
    from: String,
    to: String,
    beams: usize,
}

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [library, folder] = &arguments[..] else {
        return Err("usage: bench ONNX_RUNTIME_LIBRARY MODEL_FOLDER".into());
    };
    let environment = ort::init_from(library)?.build()?;
    let empty = resident_mb("VmRSS")?;
    let mut translator = OnnxTranslator::open(&environment, Path::new(folder), &OnnxOptions::default())?;
    for line in io::stdin().lock().lines() {
        let job: Job = serde_json::from_str(&line?)?;
        let direction = Direction { from: job.from.parse::<Lang>()?, to: job.to.parse::<Lang>()? };
        let how = Search { beams: job.beams, ..Search::GREEDY };
        let (began, began_cpu) = (Instant::now(), ProcessTime::try_now()?);
        let tokens = translator.decode(&job.text, direction, &[], &how)?;
        let text = translator.text(&tokens)?;
        let (cpu_ms, wall_ms) = (millis(began_cpu.try_elapsed()?), millis(began.elapsed()));
        println!("{}", json!({ "text": text, "tokens": tokens.len(), "cpu_ms": cpu_ms, "wall_ms": wall_ms }));
    }
    println!("{}", json!({ "empty_mb": empty, "peak_mb": resident_mb("VmHWM")? }));
    Ok(())
}

fn millis(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}

/// What the kernel says of this process: `VmRSS` now, `VmHWM` at most.
fn resident_mb(field: &str) -> Result<f64, Box<dyn Error>> {
    let status = fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix(field)).ok_or("the kernel does not say")?;
    let kilobytes: f64 = line.trim_matches([':', ' ', '\t', 'k', 'B']).parse()?;
    Ok(kilobytes / 1024.0)
}
