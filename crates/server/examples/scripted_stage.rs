//! A machine of a cluster in whose rooms a script speaks: everything of `dostyq serve --role infer` but sound and models.
//! For `tests/cluster.rs`, and for trying a cluster out.
//!
//! `scripted_stage CONFIG [LINES_A_SECOND]`

use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use dostyq_server::Stop;
use dostyq_server::config::{Config, Room};
use dostyq_server::pipeline::CaptionSink;
use dostyq_server::roles::{Play, Stage, run_scripted};
use dostyq_speech::{Author, Caption, CaptionEvent, Lang, Marker, OpenCaption, SampleTime, SegmentId, TimeSpan, Word};

/// Words of a line.
const WORDS: [&str; 12] = [
    "Құрметті",
    "қонақтар",
    "бүгін",
    "біз",
    "екі",
    "тілде",
    "бірдей",
    "сөйлейтін",
    "залдың",
    "есігін",
    "айқара",
    "ашамыз",
];

/// Says a line again and again, word by word, with the moment of its end in its text.
struct ScriptedStage {
    /// Between the ends of two lines.
    every: Duration,
}

struct ScriptedPlay(JoinHandle<()>);

impl Stage for ScriptedStage {
    fn play(
        &self,
        _: &Room,
        begin: SampleTime,
        first_segment: SegmentId,
        mut sink: Box<dyn CaptionSink>,
        stop: Stop,
    ) -> anyhow::Result<Box<dyn Play>> {
        let every = self.every;
        let play = move || {
            sink.mark(begin, Marker::Started);
            let start = Instant::now();
            for number in 0.. {
                let segment = SegmentId(first_segment.0 + number);
                let span = span(begin, start.elapsed());
                sink.show(CaptionEvent::Open(open(segment, span)));
                let due = start + every * u32::try_from(number + 1).unwrap_or(u32::MAX);
                std::thread::sleep(due.saturating_duration_since(Instant::now()));
                if stop.is_raised() {
                    sink.show(CaptionEvent::Dropped(segment));
                    break;
                }
                sink.show(CaptionEvent::Final(line(segment, span)));
            }
            sink.mark(span(begin, start.elapsed()).end, Marker::Ended);
        };
        Ok(Box::new(ScriptedPlay(std::thread::Builder::new().name("script".into()).spawn(play)?)))
    }
}

impl Play for ScriptedPlay {
    fn wait(self: Box<Self>) -> anyhow::Result<()> {
        self.0.join().map_err(|_| anyhow::anyhow!("the script failed"))
    }
}

fn span(begin: SampleTime, since: Duration) -> TimeSpan {
    let at = SampleTime::from_millis(begin.as_millis() + u64::try_from(since.as_millis()).unwrap_or(0));
    TimeSpan::new(at, SampleTime::from_millis(at.as_millis() + 1))
}

fn open(segment: SegmentId, span: TimeSpan) -> OpenCaption {
    let (lang, committed, tentative) = (Lang::Kazakh, WORDS[..6].join(" "), WORDS[6..].join(" "));
    OpenCaption { segment, lang, spoken: lang, span, committed, tentative }
}

fn line(segment: SegmentId, span: TimeSpan) -> Caption {
    let micros = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_micros();
    let word = |text: &&str| Word { text: (*text).to_owned(), span, confidence: 0.987 };
    Caption {
        segment,
        revision: 0,
        lang: Lang::Kazakh,
        spoken: Lang::Kazakh,
        lang_confidence: 0.99,
        span,
        text: format!("{} @{micros}", WORDS.join(" ")),
        words: WORDS.iter().map(word).collect(),
        author: Author::Machine,
    }
}

fn main() -> ExitCode {
    let filter = tracing_subscriber::EnvFilter::from_default_env();
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
    let mut arguments = std::env::args().skip(1);
    let (Some(path), rate) = (arguments.next(), arguments.next()) else { return ExitCode::from(2) };
    let rate = rate.and_then(|rate| rate.parse().ok()).unwrap_or(1.0);
    let stage = Arc::new(ScriptedStage { every: Duration::from_secs_f64(1.0 / rate) });
    let ran = Config::read(Path::new(&path)).map_err(Into::into).and_then(|config| run_scripted(&config, stage));
    match ran {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!("{error:#}");
            ExitCode::from(2)
        }
    }
}
