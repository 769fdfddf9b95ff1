//! Real Kazakh through Whisper base, which gets every second letter wrong: what it wrote is laid against the script.
//! The fixture's README says where it comes from.

use dostyq_prepared::{Draft, Follower, PreparedSpeech, Step};
use dostyq_speech::{Lang, SampleTime, SegmentId, TimeSpan, Word};

const TRACE: &str = include_str!("../../../tests/fixtures/prepared/kk.tsv");
const ANOTHER: &str = "Дүйсенбі күні ғалымдар жасушаларды түрі бойынша сұрыптай алатын жаңа құралды ойлап тапқанын жариялады.\n\
    Құрал әрқайсысы шамамен бір АҚШ центі тұратын басып шығарылатын кішкентай чип.\n\
    Жетекші зерттеушілер бұл ауруды ерте анықтауға көмектесуі мүмкін екенін айтады.";

struct Heard {
    at: f64,
    edge: f64,
    segment: u64,
    is_final: bool,
    words: Vec<Word>,
}

fn rows(kind: &str) -> impl Iterator<Item = Vec<&'static str>> {
    TRACE.lines().map(|line| line.split('\t').collect::<Vec<_>>()).filter(move |row| row[0] == kind)
}

fn secs(text: &str) -> f64 {
    text.parse().expect("a number")
}

/// The sentences that were said, each word with its end.
fn said() -> Vec<Vec<(&'static str, f64)>> {
    let word = |text: &'static str| text.split_once(' ').map(|(word, end)| (word, secs(end))).expect("word and end");
    rows("said").map(|row| row[1..].iter().copied().map(word).collect()).collect()
}

fn heard() -> Vec<Heard> {
    let words = |text: &str| {
        let mut start = SampleTime::ZERO;
        let word = |text: &str| {
            let (word, end) = text.rsplit_once('|').expect("word and end");
            let end = SampleTime::from_secs(secs(end));
            // A pause before a word is no part of it.
            let span = TimeSpan::new(start.max(end - 12_800), end);
            start = end;
            Word { text: word.to_owned(), span, confidence: 0.5 }
        };
        text.split(' ').filter(|word| !word.is_empty()).map(word).collect()
    };
    let draft = |row: Vec<&str>| Heard {
        at: secs(row[1]),
        edge: secs(row[2]),
        segment: row[3].parse().expect("a number"),
        is_final: row[4] == "final",
        words: words(row[5]),
    };
    rows("heard").map(draft).collect()
}

/// What is shown of a script while the fixture is spoken: sentence, place of the word, when.
fn shown(script: &str) -> Vec<(usize, usize, f64)> {
    let speech = PreparedSpeech::in_one_language(Lang::Kazakh, ("script", script)).expect("a sound speech");
    let mut follower = Follower::new(&speech);
    let voice: Vec<_> = rows("voice").map(|row| (secs(row[1]), secs(row[2]))).collect();
    let (drafts, mut next) = (heard(), 0);
    let (mut shown, mut line_number, mut count) = (Vec::new(), 0, 0);
    for frame in 1..800 {
        let now = SampleTime(frame * 512);
        let time = now.as_secs();
        let mut steps = follower.advance(now, voice.iter().any(|(from, to)| (*from..*to).contains(&time)));
        while let Some(draft) = drafts.get(next).filter(|draft| draft.at <= time) {
            next += 1;
            steps.extend(follower.hear(Draft {
                segment: SegmentId(draft.segment),
                lang: Lang::Kazakh,
                words: &draft.words,
                heard_until: SampleTime::from_secs(draft.edge),
                is_final: draft.is_final,
            }));
        }
        for step in steps {
            if let Step::Line(line) = step {
                count = if line.number == line_number { count } else { 0 };
                line_number = line.number;
                shown.extend((count..line.words.len()).map(|place| (line.pair, line.first + place, time)));
                count = line.words.len();
            }
        }
    }
    shown
}

fn text(sentences: &[Vec<(&str, f64)>]) -> String {
    let line = |words: &Vec<(&str, f64)>| words.iter().map(|word| word.0).collect::<Vec<_>>().join(" ");
    sentences.iter().map(line).collect::<Vec<_>>().join("\n")
}

#[test]
fn the_script_is_shown_as_it_is_spoken() {
    let said = said();
    let shown = shown(&text(&said));
    let (mut words, mut in_time) = (0, 0);
    for (pair, sentence) in said.iter().enumerate() {
        // The recording is cut before the last draft that hears the last words.
        for (place, (word, end)) in sentence.iter().enumerate().filter(|(_, word)| word.1 < 24.0) {
            let times: Vec<_> = shown.iter().filter(|s| (s.0, s.1) == (pair, place)).map(|s| s.2).collect();
            assert_eq!(times.len(), 1, "{word} is shown once");
            assert!(times[0] > end - 1.0, "{word} is shown at {} and said at {end}", times[0]);
            words += 1;
            in_time += usize::from((times[0] - end).abs() <= 1.0);
        }
    }
    assert!(in_time * 100 >= words * 80, "{in_time} of {words} words within a second");
}

#[test]
fn what_is_not_in_the_script_takes_it_off_air() {
    let mut script = said();
    script.remove(1);
    let false_words = shown(&text(&script)).iter().filter(|(_, _, at)| (8.5..18.9).contains(at)).count();
    assert!(false_words <= 2, "{false_words} words are shown while another sentence is spoken");
}

#[test]
fn another_script_is_never_shown() {
    assert_eq!(shown(ANOTHER), []);
}
