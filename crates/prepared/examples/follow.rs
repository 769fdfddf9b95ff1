//! How well a speech is followed, offline, on what a recogniser made of a recording.
//!
//! usage: follow TRACE.jsonl REFERENCE.json LANG [FILLER.txt]
//!
//! TRACE: the first line has `seconds` and `voiced`, stretches in seconds; each other line is a draft with `at` (seconds
//! after the start at which it was ready), `edge` (up to where its sound was heard), `seg`, `final`, `lang` and `words` (word, start, end, confidence).
//! REFERENCE: as `scripts/score_trace.py` reads it. The script is made of the reference segments in LANG, whole or changed;
//! FILLER has sentences that nobody says in the recording.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "it prints figures")]

use std::collections::BTreeMap;
use std::error::Error;

use dostyq_prepared::{Draft, Follower, PreparedSpeech, Step};
use dostyq_speech::{Lang, SampleTime, SegmentId, TimeSpan, Word};
use serde::Deserialize;

#[derive(Deserialize)]
struct Head {
    seconds: f64,
    voiced: Vec<(f64, f64)>,
}

#[derive(Deserialize)]
struct TraceDraft {
    at: f64,
    edge: f64,
    seg: u64,
    #[serde(rename = "final")]
    is_final: bool,
    lang: Lang,
    words: Vec<(String, f64, f64, f32)>,
}

#[derive(Deserialize)]
struct Reference {
    segments: Vec<Segment>,
}

#[derive(Deserialize, Clone)]
struct Segment {
    start: f64,
    end: f64,
    lang: Lang,
    text: String,
    #[serde(default)]
    words: Vec<(String, f64, f64)>,
}

impl Segment {
    /// When each word of the text ends: as the reference says, or spread evenly.
    fn word_ends(&self) -> Vec<f64> {
        let count = one_line(&self.text).split(' ').count();
        if self.words.len() == count {
            return self.words.iter().map(|word| word.2).collect();
        }
        (1..=count).map(|n| self.start + (self.end - self.start) * n as f64 / count as f64).collect()
    }
}

/// A word of the script that was shown: pair, place in it, when.
struct Shown {
    pair: usize,
    word: usize,
    at: f64,
}

struct Recording {
    head: Head,
    drafts: Vec<TraceDraft>,
}

impl Recording {
    fn read(path: &str) -> Result<Recording, Box<dyn Error>> {
        let text = std::fs::read_to_string(path)?;
        let mut lines = text.lines();
        let head = serde_json::from_str(lines.next().ok_or("the trace is empty")?)?;
        let drafts = lines.map(serde_json::from_str).collect::<Result<_, _>>()?;
        Ok(Recording { head, drafts })
    }

    /// Plays the recording to a follower.
    fn follow(&self, speech: &PreparedSpeech, says: bool) -> (Vec<Shown>, Vec<(f64, bool)>) {
        let mut follower = Follower::new(speech);
        let (mut shown, mut switches, mut counts) = (Vec::new(), Vec::new(), BTreeMap::new());
        let mut drafts = self.drafts.iter().peekable();
        let frames = (self.head.seconds / 0.032) as u64;
        for frame in 1..=frames {
            let now = SampleTime(frame * 512);
            let secs = now.as_secs();
            let is_voiced = self.head.voiced.iter().any(|(a, b)| *a < secs && secs <= *b + 0.001);
            let mut steps = follower.advance(now, is_voiced);
            while let Some(draft) = drafts.next_if(|draft| draft.at <= secs) {
                let words: Vec<_> = draft.words.iter().map(word).collect();
                if says {
                    let text = words.iter().map(|word| word.text.as_str()).collect::<Vec<_>>().join(" ");
                    println!("{secs:7.2} heard {} {} {text}", draft.seg, if draft.is_final { "!" } else { " " });
                }
                let draft = Draft {
                    segment: SegmentId(draft.seg),
                    lang: draft.lang,
                    words: &words,
                    heard_until: SampleTime::from_secs(draft.edge),
                    is_final: draft.is_final,
                };
                steps.extend(follower.hear(draft));
                if says {
                    println!("{secs:7.2}       {:?}", follower.on_air());
                }
            }
            for step in steps {
                match step {
                    Step::Entered { .. } => switches.push((secs, true)),
                    Step::Left { .. } => switches.push((secs, false)),
                    // It was shown all the same.
                    Step::NotSaid { .. } => {}
                    Step::Line(line) => {
                        let count = counts.entry(line.number).or_insert(0usize);
                        let new = *count..line.words.len();
                        *count = line.words.len();
                        if says {
                            let text: Vec<_> = line.words[new.clone()].iter().map(|w| w.text.as_str()).collect();
                            println!("{secs:7.2} SHOWS {}.{} {}", line.pair, line.first, text.join(" "));
                        }
                        shown.extend(new.map(|place| Shown { pair: line.pair, word: line.first + place, at: secs }));
                    }
                }
                if says && let Some((at, on)) = switches.last().filter(|s| s.0 == secs) {
                    println!("{at:7.2} {}", if *on { "ON" } else { "OFF" });
                }
            }
        }
        (shown, switches)
    }
}

fn word((text, start, end, confidence): &(String, f64, f64, f32)) -> Word {
    let span = TimeSpan::new(SampleTime::from_secs(*start), SampleTime::from_secs(*end));
    Word { text: text.clone(), span, confidence: *confidence }
}

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<_> = std::env::args().collect();
    let [_, trace, reference, lang, rest @ ..] = arguments.as_slice() else {
        return Err("usage: follow TRACE.jsonl REFERENCE.json kk|ru [FILLER.txt [SCENARIO]]".into());
    };
    let recording = Recording::read(trace)?;
    let mut reference: Reference = serde_json::from_str(&std::fs::read_to_string(reference)?)?;
    // A trace may be of the beginning of the recording.
    reference.segments.retain(|segment| segment.end < recording.head.seconds);
    let lang: Lang = lang.parse()?;
    let filler = rest.first().map(std::fs::read_to_string).transpose()?.unwrap_or_default();
    let filler: Vec<_> = filler.lines().filter(|line| !line.trim().is_empty()).map(str::to_owned).collect();
    let spoken: Vec<_> = reference.segments.iter().filter(|s| s.lang == lang).map(|s| one_line(&s.text)).collect();
    let mut scripts: Vec<(&str, Vec<String>)> = vec![("as it is", spoken.clone())];
    scripts.push(("improvised", keep(&spoken, |place| place % 3 != 1)));
    scripts.push(("jumps", jumps(&spoken)));
    if !filler.is_empty() {
        let skipped = spoken.iter().enumerate().flat_map(|(place, sentence)| {
            let filler = (place % 3 == 2).then(|| filler[place % filler.len()].clone());
            [Some(sentence.clone()), filler].into_iter().flatten()
        });
        scripts.push(("skipped", skipped.collect()));
        scripts.push(("another talk", filler));
    }
    for (name, script) in scripts {
        if rest.get(1).is_some_and(|only| only != name) || script.is_empty() {
            continue;
        }
        let text = script.join("\n");
        let speech = PreparedSpeech::in_one_language(lang, (name, &text))?;
        let (shown, switches) = recording.follow(&speech, rest.len() > 1);
        report(name, &reference.segments, &speech, lang, &shown, &switches);
    }
    Ok(())
}

fn one_line(text: &str) -> String {
    // One reference segment is one sentence here, whatever marks it has inside.
    let words = text.split_whitespace().map(|word| word.trim_end_matches(['.', '!', '?', '…']));
    words.filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ")
}

fn keep(sentences: &[String], keeps: impl Fn(usize) -> bool) -> Vec<String> {
    sentences.iter().enumerate().filter(|(place, _)| keeps(*place)).map(|(_, s)| s.clone()).collect()
}

/// Another order: blocks of three sentences, from the last block to the first. The speaker jumps back at each.
fn jumps(sentences: &[String]) -> Vec<String> {
    sentences.chunks(3).rev().flatten().cloned().collect()
}

fn report(
    name: &str,
    segments: &[Segment],
    speech: &PreparedSpeech,
    lang: Lang,
    shown: &[Shown],
    switches: &[(f64, bool)],
) {
    let pair_of = |segment: &Segment| {
        let text = one_line(&segment.text);
        (segment.lang == lang).then(|| speech.pairs().iter().position(|pair| pair.text(lang) == text)).flatten()
    };
    let (mut words, mut good, mut ever, mut delays) = (0, 0, 0, Vec::new());
    let mut used = vec![false; shown.len()];
    for (segment, pair) in segments.iter().filter_map(|s| Some((s, pair_of(s)?))) {
        for (place, end) in segment.word_ends().into_iter().enumerate() {
            words += 1;
            let near = shown.iter().enumerate().filter(|(_, s)| s.pair == pair && s.word == place);
            let near = near.min_by(|a, b| (a.1.at - end).abs().total_cmp(&(b.1.at - end).abs()));
            if let Some((number, near)) = near.filter(|(_, s)| (-1.0..10.0).contains(&(s.at - end))) {
                used[number] = true;
                ever += 1;
                delays.push(near.at - end);
                good += usize::from((near.at - end).abs() <= 1.0);
            }
        }
    }
    let false_words = used.iter().filter(|used| !**used).count();
    // A run is a row of segments of the script without another between.
    let (mut entering, mut leaving) = (Vec::new(), Vec::new());
    let mut before = None;
    for (place, segment) in segments.iter().enumerate() {
        let pair = pair_of(segment);
        if let Some(pair) = pair.filter(|_| before.is_none()) {
            let first = shown.iter().find(|s| s.pair == pair && s.at >= segment.start && s.at < segment.end + 3.0);
            entering.push(first.map(|s| s.at - segment.start));
        }
        let next = segments.get(place + 1).filter(|next| pair.is_some() && pair_of(next).is_none());
        if let Some(next) = next {
            let off = switches.iter().find(|(at, on)| !on && *at >= segment.end - 1.0).map(|(at, _)| *at);
            leaving.push((off.map(|at| at - next.start), off.is_some_and(|at| at <= next.end)));
        }
        before = pair;
    }
    delays.sort_by(f64::total_cmp);
    let at = |share: f64| delays.get(((delays.len() as f64 - 1.0) * share) as usize).copied().unwrap_or(f64::NAN);
    let percent = |count: usize| 100.0 * count as f64 / words.max(1) as f64;
    let quick = entering.iter().flatten().filter(|delay| **delay <= 2.0).count();
    let mut entered: Vec<_> = entering.iter().flatten().copied().collect();
    entered.sort_by(f64::total_cmp);
    println!(
        "{name:13} words {words:4}  within 1 s {:5.1} %  shown {:5.1} %  delay p5 {:5.2} p50 {:5.2} p95 {:5.2}  false {false_words:3}  \
         entered {}/{} within 2 s {quick} p50 {:.2}  left {}/{} within a sentence {}  on {}",
        percent(good),
        percent(ever),
        at(0.05),
        at(0.5),
        at(0.95),
        entered.len(),
        entering.len(),
        entered.get(entered.len() / 2).copied().unwrap_or(f64::NAN),
        leaving.iter().filter(|l| l.0.is_some()).count(),
        leaving.len(),
        leaving.iter().filter(|l| l.1).count(),
        switches.iter().filter(|s| s.1).count(),
    );
}
