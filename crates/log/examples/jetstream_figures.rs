//! What a log in NATS JetStream costs: `jetstream_figures REPLICAS ADDRESS…`, against servers that run.

use std::time::{Duration, Instant};

use dostyq_log::{Credentials, EventLog, FeedStep, JetStreamLog, NatsOptions};
use dostyq_speech::{Author, Caption, Entry, Lang, Offset, SampleTime, SegmentId, TimeSpan, Word};

/// Appends that are measured, one after another.
const APPENDS: u64 = 1000;
/// Events that a machine catches up with: a hub's ring.
const CATCH_UP: u64 = 512;

fn line(number: u64) -> Entry {
    let words = "Құрметті қонақтар бүгін біз екі тілде бірдей сөйлейтін залдың есігін айқара ашамыз";
    let span = TimeSpan::new(SampleTime::from_millis(number * 3000), SampleTime::from_millis(number * 3000 + 2900));
    let word = |text: &str| Word { text: text.to_owned(), span, confidence: 0.987_654 };
    Entry::Final(Caption {
        segment: SegmentId(number),
        revision: 0,
        lang: Lang::Kazakh,
        spoken: Lang::Kazakh,
        lang_confidence: 0.987_654,
        span,
        text: words.to_owned(),
        words: words.split(' ').map(word).collect(),
        author: Author::Machine,
    })
}

#[allow(clippy::print_stdout, reason = "the figures")]
fn main() -> Result<(), async_nats::Error> {
    let mut arguments = std::env::args().skip(1);
    let replicas = arguments.next().ok_or("the number of replicas is missing")?.parse()?;
    let options = NatsOptions {
        servers: arguments.collect(),
        tenant: "figures".parse()?,
        replicas,
        credentials: Credentials::None,
        name: "figures".into(),
    };
    let log = JetStreamLog::connect(&options)?;
    let room = format!("room-{}", std::process::id()).parse()?;
    let head = log.open(&room)?;
    let mut took = Vec::new();
    for number in 1..=APPENDS {
        let began = Instant::now();
        log.append(&room, &line(number))?;
        took.push(began.elapsed());
        std::thread::sleep(Duration::from_millis(2));
    }
    took.sort();
    let at = |percent: usize| took[took.len() * percent / 100].as_secs_f64() * 1000.0;
    println!("append, {replicas} replica(s): p50 {:.2} ms, p99 {:.2} ms", at(50), at(99));

    for _ in 0..3 {
        let began = Instant::now();
        let read = log.read(&room, Offset(APPENDS - CATCH_UP), CATCH_UP as usize)?.len();
        println!("a page of {read} events: {:.0} ms", began.elapsed().as_secs_f64() * 1000.0);
        let began = Instant::now();
        let mut feed = log.feed(&room, head.epoch, Offset(APPENDS - CATCH_UP));
        for _ in 0..CATCH_UP {
            assert!(matches!(log.wait(feed.next()), FeedStep::Event(_)));
        }
        println!("catching up with {CATCH_UP} events: {:.0} ms", began.elapsed().as_secs_f64() * 1000.0);
    }
    let name = format!("CAP-log+figures+{room}");
    let info =
        log.wait(async { log.jetstream().get_stream(&name).await?.get_info().await.map_err(async_nats::Error::from) })?;
    println!("a line of 12 words: {} bytes in the stream", info.state.bytes / info.state.messages);
    println!("of these, its text: {} bytes", serde_json::to_string(&line(1))?.len());
    Ok(())
}
