use super::*;
use dostyq_speech::{Author, Lang, join_words};

const KK: &str = "Құрметті әріптестер, бүгінгі форумға қатысушылар! \
    Біз екі елдің достығын нығайту үшін осы залға жиналып отырмыз. \
    Шекара маңындағы сауда көлемі былтыр едәуір өсті деп айта аламын.";
const RU: &str = "Уважаемые коллеги, участники сегодняшнего форума! \
    Мы собрались в этом зале, чтобы укрепить дружбу двух стран. \
    Могу сказать, что объём приграничной торговли в прошлом году заметно вырос.";

fn speech() -> PreparedSpeech {
    PreparedSpeech::of_texts(("kk", KK), ("ru", RU)).expect("a sound speech")
}

/// What a recogniser makes of a segment in which a word is said every 0.4 s from the second `from` on; all but the last two
/// words are committed.
fn heard(segment: u64, lang: Lang, from: f64, text: &str, is_final: bool) -> Heard {
    let word = |(place, text): (usize, &str)| {
        let start = SampleTime::from_secs(from + 0.4 * place as f64);
        Word { text: text.into(), span: TimeSpan::new(start, start + 6_400), confidence: 0.9 }
    };
    let words: Vec<Word> = text.split(' ').filter(|text| !text.is_empty()).enumerate().map(word).collect();
    let committed = if is_final { words.len() } else { words.len().saturating_sub(2) };
    let span = TimeSpan::new(
        words.first().map_or(SampleTime::ZERO, |word| word.span.start),
        words.last().map_or(SampleTime::ZERO, |word| word.span.end),
    );
    let transcript = Transcript {
        segment: SegmentId(segment),
        lang,
        lang_confidence: 0.9,
        span,
        committed: words[..committed].to_vec(),
        tentative: words[committed..].to_vec(),
        is_final,
        author: Author::Machine,
    };
    Heard { transcript, words, rejection: None, switched_at: None }
}

/// The screens: what is on them of each line, in both languages.
#[derive(Default)]
struct Screens {
    lines: Vec<(SegmentId, String, Option<String>, bool)>,
    switches: Vec<bool>,
}

impl Screens {
    fn show(&mut self, written: Vec<Written>) {
        for written in written {
            match written {
                Written::Line { transcript, partner } => {
                    self.lines.retain(|line| line.0 != transcript.segment);
                    let mut words = transcript.committed;
                    words.extend(transcript.tentative);
                    self.lines.push((transcript.segment, join_words(&words), partner, transcript.is_final));
                }
                Written::Withdrawn(segment) => self.lines.retain(|line| line.0 != segment),
                Written::OnAir { is_script, .. } => self.switches.push(is_script),
            }
        }
    }

    fn texts(&self) -> Vec<&str> {
        self.lines.iter().map(|line| line.1.as_str()).collect()
    }
}

/// Says a text in one segment, with a draft after every second word, and then a pause.
fn say(authorship: &mut Authorship, screens: &mut Screens, segment: u64, lang: Lang, from: f64, text: &str) -> f64 {
    let words: Vec<&str> = text.split(' ').collect();
    let end = from + 0.4 * words.len() as f64;
    let mut known = 0;
    for tenth in 0..((end - from + 0.8) * 10.0) as usize {
        let now = from + tenth as f64 / 10.0;
        screens.show(authorship.advance(SampleTime::from_secs(now), now < end));
        let said = (((now - from) / 0.4) as usize).min(words.len());
        if said >= known + 2 {
            known = said;
            let draft = heard(segment, lang, from, &words[..said].join(" "), false);
            screens.show(authorship.hear(&draft, SampleTime::from_secs(now)));
        }
    }
    let until = SampleTime::from_secs(end + 0.8);
    screens.show(authorship.hear(&heard(segment, lang, from, text, true), until));
    end + 0.8
}

#[test]
fn lines_are_numbered_as_they_appear() {
    let (mut authorship, mut screens) = (Authorship::new(SegmentId(7)), Screens::default());
    say(&mut authorship, &mut screens, 1, Lang::Russian, 1.0, "добрый день всем гостям");
    screens.show(authorship.hear(&heard(2, Lang::Russian, 9.0, "", true), SampleTime::from_secs(10.0)));
    say(&mut authorship, &mut screens, 3, Lang::Kazakh, 12.0, "қайырлы күн достар");
    let lines: Vec<_> = screens.lines.iter().map(|line| (line.0.0, line.1.as_str(), line.3)).collect();
    assert_eq!(lines, [(7, "добрый день всем гостям", true), (8, "қайырлы күн достар", true)]);
    assert_eq!(authorship.on_air(), None);
}

#[test]
fn the_script_takes_over_and_gives_back() {
    let (mut authorship, mut screens) = (Authorship::new(SegmentId(1)), Screens::default());
    authorship.load(Some(&speech()));
    let now = say(&mut authorship, &mut screens, 1, Lang::Russian, 1.0, "одну минуту пожалуйста проверим микрофон");
    // The recogniser hears badly; the screens show the official text.
    let bad = KK.to_lowercase().replace('ғ', "г").replace('қ', "к").replace('ң', "н").replace('ө', "о");
    let now = say(&mut authorship, &mut screens, 2, Lang::Kazakh, now, &bad);
    let improvised = "кстати вчера вечером мне рассказали одну очень смешную историю про верблюда и поезд";
    let now = say(&mut authorship, &mut screens, 3, Lang::Russian, now, improvised);
    say(&mut authorship, &mut screens, 4, Lang::Russian, now, "спасибо за внимание");
    assert_eq!(screens.switches, [true, false]);
    let texts = screens.texts();
    assert_eq!(texts[0], "одну минуту пожалуйста проверим микрофон");
    for line in screens.lines.iter().filter(|line| line.2.is_some()) {
        assert!(KK.contains(&line.1) && RU.contains(line.2.as_deref().unwrap_or("?")), "{line:?}");
    }
    let official: Vec<_> = screens.lines.iter().filter(|line| line.2.is_some()).map(|line| line.1.as_str()).collect();
    assert_eq!(official.join(" "), KK);
    // What was said while it was not yet known that the speaker had left is there, and nothing of the script twice.
    assert!(texts.iter().any(|text| text.ends_with("историю про верблюда и поезд")), "{texts:?}");
    assert_eq!(texts.last(), Some(&"спасибо за внимание"));
    assert!(screens.lines.iter().all(|line| line.3), "every line is finished: {texts:?}");
    assert!(screens.lines.windows(2).all(|pair| pair[0].0 < pair[1].0), "numbers follow the time: {texts:?}");
}

#[test]
fn the_operator_has_the_last_word() {
    let (mut authorship, mut screens) = (Authorship::new(SegmentId(1)), Screens::default());
    authorship.load(Some(&speech()));
    authorship.choose(Choice::Machine);
    say(&mut authorship, &mut screens, 1, Lang::Kazakh, 1.0, KK);
    assert_eq!((screens.switches.len(), screens.lines[0].2.as_deref()), (0, None));
    screens.show(authorship.choose(Choice::Script));
    assert_eq!(screens.switches, [true]);
    screens.show(authorship.load(None));
    assert_eq!((screens.switches, authorship.on_air()), (vec![true, false], None));
}

#[test]
fn a_line_of_the_machine_ends_where_the_script_begins() {
    let (mut authorship, mut screens) = (Authorship::new(SegmentId(1)), Screens::default());
    authorship.load(Some(&speech()));
    // In one breath, so that the machine has begun to show the script in its own words.
    let text = format!("осылай бастайық енді {}", KK.to_lowercase());
    say(&mut authorship, &mut screens, 1, Lang::Kazakh, 1.0, &text);
    let texts = screens.texts();
    assert!(texts.len() >= 2 && "осылай бастайық енді құрметті".starts_with(texts[0]), "{texts:?}");
    assert_eq!(texts[1..].join(" "), KK[KK.len() - texts[1..].join(" ").len()..], "{texts:?}");
}
