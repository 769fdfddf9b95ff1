use std::io::IsTerminal;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use anyhow::Context;
use dostyq_capture::{CaptureError, FileOptions, FileSource, Paced, Source};
use dostyq_speech::{AudioFrame, Level, Marker, RoomId, SampleTime, SegmentId};
use indicatif::{ProgressBar, ProgressStyle};

use crate::cli::Transcribe;
use crate::config::{Models, Translation};
use crate::engines::Engines;
use crate::glossary;
use crate::pipeline::{RoomOptions, start};
use crate::prompter::Prompter;
use crate::room::{LogSink, open_log};
use crate::status::RoomStatus;
use crate::trace::Trace;
use crate::{Stop, export, say, tell};

/// How often the files are written while the work goes on, so that even a kill leaves all but the last of it.
const SAVE_EVERY: Duration = Duration::from_secs(20);
/// How long a stop waits for utterances that were heard already; a recording is read far ahead of what is recognised.
const FINISH_WITHIN: Duration = Duration::from_secs(3);
/// How often the progress is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// `dostyq transcribe`.
pub(super) fn run(options: &Transcribe) -> anyhow::Result<()> {
    let file_options = FileOptions { channel: options.channel, start: SampleTime::ZERO };
    let file = FileSource::open(&options.file, file_options)?;
    std::fs::create_dir_all(&options.out)
        .with_context(|| format!("the folder {} cannot be made: choose another with --out", options.out.display()))?;
    let name = options.file.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    let trace = options.trace.as_deref().map(Trace::create).transpose()?;

    let translation = Translation::BothWays(options.translation.clone());
    let models = Models { speech: options.speech.clone(), translation, ..Models::default() };
    let engines = Engines::start(&models)?;
    let stop = Stop::default();
    stop_on_ctrl_c(&stop)?;

    let bar = progress_bar(file.duration_hint());
    let heard = Arc::new(Mutex::new(Sound::default()));
    let file = Listened { source: file, sound: Arc::clone(&heard) };
    let source: Box<dyn Source> = if options.realtime { Box::new(Paced::new(file)) } else { Box::new(file) };
    // A recording is a room as well: its log is what the files are written from, and is thrown away with the folder.
    let folder = tempfile::tempdir().context("there is no room for temporary files")?;
    let log = open_log(folder.path())?;
    let recording: RoomId = "recording".parse()?;
    log.open(&recording)?;
    let sink = LogSink { log: Arc::clone(&log), room: recording.clone(), stop: stop.clone() };
    let save = || export::write(&options.out, &name, log.as_ref(), &recording);
    let room_options = RoomOptions {
        name: name.clone(),
        language: options.lang,
        terms: glossary::read_for_session(options.glossary.as_deref(), &[])?,
        prompter: Arc::new(Prompter::forgetful()),
        first_segment: SegmentId(1),
        begin: SampleTime::ZERO,
        is_live: options.realtime,
    };
    let status = Arc::new(RoomStatus::default());
    let room = start(&engines, source, Box::new(sink), room_options, Arc::clone(&status), trace, stop.clone())?;

    let mut saved = Instant::now();
    let mut stopped: Option<Instant> = None;
    while !room.has_ended() {
        std::thread::sleep(LOOK_EVERY);
        if stop.is_raised() && stopped.get_or_insert_with(Instant::now).elapsed() >= FINISH_WITHIN {
            engines.recogniser.close();
        }
        bar.set_position(lock(&heard).until.as_millis());
        if saved.elapsed() >= SAVE_EVERY {
            save()?;
            saved = Instant::now();
        }
    }
    let outcome = room.wait();
    bar.finish_and_clear();
    // Whatever ended it, what was understood is written.
    let paths = save()?;
    for path in paths {
        say(&path.display().to_string());
    }
    outcome?;
    let captions = dostyq_archive::collect(log.as_ref(), &recording)?.len();
    report(options, &lock(&heard), captions, status.trouble(), stop.is_raised())
}

/// What the person at the terminal should know besides the files, which are written in any case.
fn report(
    options: &Transcribe,
    sound: &Sound,
    captions: usize,
    trouble: Option<String>,
    was_stopped: bool,
) -> anyhow::Result<()> {
    if let Some(trouble) = trouble {
        anyhow::bail!(trouble);
    }
    let file = options.file.display();
    if was_stopped {
        tell(&format!("dostyq: stopped at {}; the files hold what was captioned until then", sound.until));
    } else if sound.peak_dbfs <= Level::SILENCE.peak_dbfs {
        anyhow::bail!(
            "{file} holds nothing but digital silence: the wrong input was recorded, or another --channel has it"
        );
    } else if captions == 0 {
        tell(&format!("dostyq: no speech was found in {file}; its files are empty"));
    }
    Ok(())
}

/// A first Ctrl-C finishes what was heard; a second one ends the program, which loses nothing already saved.
fn stop_on_ctrl_c(stop: &Stop) -> anyhow::Result<()> {
    let stop = stop.clone();
    ctrlc::set_handler(move || {
        if stop.is_raised() {
            std::process::exit(130);
        }
        stop.raise();
    })
    .context("Ctrl-C cannot be caught")
}

fn progress_bar(duration: Option<Duration>) -> ProgressBar {
    if !std::io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let millis = duration.map(|duration| u64::try_from(duration.as_millis()).unwrap_or(u64::MAX));
    let bar = millis.map_or_else(ProgressBar::no_length, ProgressBar::new);
    if let Ok(style) = ProgressStyle::with_template("{wide_bar} {percent} % of the sound, {elapsed}") {
        bar.set_style(style);
    }
    bar.enable_steady_tick(LOOK_EVERY);
    bar
}

/// What was heard so far.
#[derive(Debug)]
struct Sound {
    until: SampleTime,
    peak_dbfs: f32,
}

impl Default for Sound {
    fn default() -> Self {
        Sound { until: SampleTime::ZERO, peak_dbfs: Level::SILENCE.peak_dbfs }
    }
}

/// A source that lets its progress be seen.
struct Listened {
    source: FileSource,
    sound: Arc<Mutex<Sound>>,
}

impl Source for Listened {
    fn next_frame(&mut self) -> Result<Option<AudioFrame>, CaptureError> {
        let frame = self.source.next_frame()?;
        if let Some(frame) = &frame {
            let mut sound = lock(&self.sound);
            sound.until = frame.span().end;
            sound.peak_dbfs = self.source.report().peak_dbfs;
        }
        Ok(frame)
    }

    fn take_marker(&mut self) -> Option<(SampleTime, Marker)> {
        self.source.take_marker()
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
