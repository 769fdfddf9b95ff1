//! A speaker in front of a script: following, leaving, jumping, and what the operator may do.

use dostyq_prepared::{Choice, Draft, Follower, Line, PreparedSpeech, Step};
use dostyq_speech::{Author, Lang, SampleTime, SegmentId, TimeSpan, Transcript, Word, join_words};

const KK: &str = "Құрметті форумға қатысушылар, ханымдар мен мырзалар! \
    Бүгін біз Астанада маңызды мәселелерді талқылау үшін бас қосып отырмыз. \
    Биыл елімізде 350 жаңа мектеп салынды, олардың жартысы ауылдық жерлерде орналасқан. \
    Бұл жетістікке бәріміздің ортақ еңбегіміздің арқасында қол жеткіздік. \
    Алдағы жылы дәрігерлер мен мұғалімдердің жалақысын тағы да көтереміз.";
const RU: &str = "Уважаемые участники форума, дамы и господа! \
    Сегодня мы собрались в Астане, чтобы обсудить важные вопросы. \
    В этом году в стране построено 350 новых школ, половина из них в сельской местности. \
    Этого успеха мы достигли благодаря общему труду. \
    В следующем году мы снова повысим зарплату врачам и учителям.";
const ANOTHER: &str = "Кеше кешке қарай далада қатты жел соғып, теректердің бұтақтары сынып түсті, ит үріп, балалар үйге \
    жүгірді, ал әжем шай қойып, бауырсақ пісіріп, көршілерді дастарқанға шақырды.";

/// Sounds that a speaker makes in a second, letters counted.
const LETTERS_A_SECOND: f64 = 14.0;

/// A room in which somebody speaks, with a recogniser that makes a draft every 0.8 s and is 0.6 s late.
struct Hall {
    follower: Follower,
    secs: f64,
    segment: u64,
    lines: Vec<Line>,
    steps: Vec<Step>,
}

impl Hall {
    fn new() -> Hall {
        let speech = PreparedSpeech::of_texts(("kk", KK), ("ru", RU)).expect("a sound speech");
        assert!(speech.pairs().iter().all(|pair| pair.doubt.is_none()), "{:?}", speech.check());
        Hall { follower: Follower::new(&speech), secs: 0.0, segment: 0, lines: Vec::new(), steps: Vec::new() }
    }

    /// Somebody says `text` and then is silent for a second; the recogniser hears it as `garble` has it.
    fn say(&mut self, lang: Lang, text: &str, garble: impl Fn(&str) -> String) {
        self.segment += 1;
        let begin = self.secs + 0.1;
        let mut time = begin;
        let words: Vec<_> = text
            .split_whitespace()
            .map(|word| {
                let start = time;
                time += (word.chars().count() + 1) as f64 / LETTERS_A_SECOND;
                let span = TimeSpan::new(SampleTime::from_secs(start), SampleTime::from_secs(time));
                Word { text: garble(word), span, confidence: 0.4 }
            })
            .collect();
        let (end, mut edge) = (time, begin + 0.8);
        let mut is_final = false;
        while self.secs < end + 1.5 {
            self.secs += 0.032;
            let now = SampleTime::from_secs(self.secs);
            let steps = self.follower.advance(now, (begin..end).contains(&self.secs));
            self.take(steps);
            if edge + 0.6 <= self.secs && !is_final {
                is_final = edge > end;
                let heard_until = SampleTime::from_secs(edge.min(end));
                let heard: Vec<_> = words.iter().filter(|word| word.span.end <= heard_until).cloned().collect();
                let segment = SegmentId(self.segment);
                let steps = self.follower.hear(Draft { segment, lang, words: &heard, heard_until, is_final });
                self.take(steps);
                edge += 0.8;
            }
        }
    }

    fn take(&mut self, steps: Vec<Step>) {
        for step in &steps {
            if let Step::Line(line) = step {
                match self.lines.last_mut().filter(|last| last.number == line.number) {
                    Some(last) => {
                        assert!(!last.is_final && line.words.starts_with(&last.words), "{last:?} then {line:?}");
                        *last = line.clone();
                    }
                    None => self.lines.push(line.clone()),
                }
            }
        }
        self.steps.extend(steps);
    }

    /// The pairs that were shown, each as often as it was.
    fn pairs(&self) -> Vec<usize> {
        self.lines.iter().map(|line| line.pair).collect()
    }

    /// The text of each line but for the beginnings that were believed too soon: one or two words of the passage due.
    fn texts(&self) -> Vec<String> {
        self.lines.iter().filter(|line| line.words.len() > 2).map(|line| join_words(&line.words)).collect()
    }
}

fn sentence(text: &str, number: usize) -> &str {
    let ends: Vec<_> = text.match_indices(['.', '!']).map(|(at, _)| at + 1).collect();
    text[number.checked_sub(1).map_or(0, |before| ends[before])..ends[number]].trim()
}

/// What a small model makes of Kazakh: Russian letters, and every fourth one wrong or lost.
fn badly(word: &str) -> String {
    let letters = word.chars().flat_map(char::to_lowercase).enumerate().filter(|(place, _)| place % 7 != 5);
    letters
        .map(|(place, letter)| match letter {
            _ if place % 4 == 3 => 'л',
            'ә' => 'а',
            'ө' => 'о',
            'ү' | 'ұ' => 'у',
            'қ' => 'к',
            'ғ' => 'х',
            'ң' => 'н',
            'і' => 'и',
            other => other,
        })
        .collect()
}

#[test]
fn the_official_text_is_shown_in_both_languages_however_badly_it_is_heard() {
    let mut hall = Hall::new();
    hall.say(Lang::Kazakh, KK, badly);
    assert_eq!(hall.pairs(), [0, 1, 2, 3, 4]);
    for (number, line) in hall.lines.iter().enumerate() {
        assert_eq!(join_words(&line.words), sentence(KK, number));
        assert_eq!(line.partner.as_deref(), Some(sentence(RU, number)));
        assert!(line.is_final && line.spoken == Lang::Kazakh && line.first == 0);
        assert!(line.words.windows(2).all(|pair| pair[0].span.end <= pair[1].span.start), "{line:?}");
    }
    assert!(matches!(hall.steps[0], Step::Entered { .. }));
}

#[test]
fn the_other_language_may_be_read_as_well() {
    let mut hall = Hall::new();
    hall.say(Lang::Russian, sentence(RU, 0), str::to_owned);
    hall.say(Lang::Kazakh, sentence(KK, 1), badly);
    assert_eq!(hall.texts(), [sentence(RU, 0), sentence(KK, 1)]);
    assert_eq!(hall.lines[0].partner.as_deref(), Some(sentence(KK, 0)));
}

#[test]
fn another_talk_shows_nothing() {
    let mut hall = Hall::new();
    hall.say(Lang::Kazakh, ANOTHER, badly);
    hall.say(Lang::Kazakh, ANOTHER, str::to_owned);
    assert_eq!((hall.steps.len(), hall.follower.on_air().is_script), (0, false));
}

#[test]
fn what_is_improvised_is_left_to_the_machine() {
    let mut hall = Hall::new();
    hall.say(Lang::Kazakh, sentence(KK, 0), badly);
    hall.say(Lang::Kazakh, ANOTHER, badly);
    assert!(!hall.follower.on_air().is_script);
    assert!(hall.lines.iter().map(|line| line.words.len()).sum::<usize>() <= 6 + 2, "{:?}", hall.lines);
    hall.say(Lang::Kazakh, sentence(KK, 1), badly);
    assert!(hall.follower.on_air().is_script);
    assert_eq!(hall.lines.last().map(|line| join_words(&line.words)).as_deref(), Some(sentence(KK, 1)));
}

#[test]
fn skipped_and_repeated_passages_are_followed() {
    let mut hall = Hall::new();
    for number in [0, 3, 3, 1] {
        hall.say(Lang::Kazakh, sentence(KK, number), badly);
    }
    assert_eq!(hall.texts(), [0, 3, 3, 1].map(|number| sentence(KK, number)));
}

#[test]
fn in_silence_nothing_goes_on() {
    let mut hall = Hall::new();
    let half = sentence(KK, 2).split_inclusive(' ').take(5).collect::<String>();
    hall.say(Lang::Kazakh, sentence(KK, 1), badly);
    hall.say(Lang::Kazakh, &half, badly);
    let shown = hall.lines.last().map(|line| line.words.len());
    hall.say(Lang::Kazakh, "", badly);
    for _ in 0..1000 {
        hall.secs += 0.032;
        let steps = hall.follower.advance(SampleTime::from_secs(hall.secs), false);
        hall.take(steps);
    }
    assert_eq!(hall.lines.last().map(|line| line.words.len()), shown);
    assert_eq!(hall.lines.last().map(|line| (line.pair, line.is_final)), Some((2, false)));
}

#[test]
fn the_operator_can_force_either() {
    let mut hall = Hall::new();
    let steps = hall.follower.choose(Choice::Machine);
    hall.take(steps);
    hall.say(Lang::Kazakh, sentence(KK, 0), badly);
    assert!(hall.steps.is_empty() && !hall.follower.on_air().is_script);
    let steps = hall.follower.choose(Choice::Script);
    hall.take(steps);
    assert!(hall.follower.on_air().is_script);
    hall.say(Lang::Kazakh, ANOTHER, badly);
    assert!(hall.follower.on_air().is_script, "forced is forced");
    let steps = hall.follower.choose(Choice::Machine);
    hall.take(steps);
    assert!(matches!(hall.steps.last(), Some(Step::Left { .. })));
}

#[test]
fn a_transcript_is_evidence_too() {
    let speech = PreparedSpeech::in_one_language(Lang::Kazakh, ("kk", KK)).expect("a sound speech");
    let mut follower = Follower::new(&speech);
    let word = |(place, text): (usize, &str)| {
        let start = SampleTime::from_millis(place as u64 * 500);
        Word { text: text.into(), span: TimeSpan::new(start, start + 8_000), confidence: 0.5 }
    };
    let words: Vec<_> = sentence(KK, 0).split_whitespace().enumerate().map(word).collect();
    for frame in 1..100 {
        follower.advance(SampleTime(frame * 512), true);
    }
    let steps = follower.hear_transcript(&Transcript {
        segment: SegmentId(1),
        lang: Lang::Kazakh,
        lang_confidence: 1.0,
        span: TimeSpan::new(words[0].span.start, words[5].span.end),
        committed: words[..3].to_vec(),
        tentative: words[3..].to_vec(),
        is_final: false,
        author: Author::Machine,
    });
    let mut lines = steps.iter().filter_map(|step| if let Step::Line(line) = step { Some(line) } else { None });
    let last = lines.next_back().expect("it is followed");
    assert_eq!((join_words(&last.words).as_str(), &last.partner), (sentence(KK, 0), &None));
}

#[test]
fn a_script_without_a_sound_is_never_followed() {
    let speech = PreparedSpeech::in_one_language(Lang::Russian, ("ru", "½ § №")).expect("½ is a number");
    let mut follower = Follower::new(&speech);
    let word = Word { text: "половина".into(), span: TimeSpan::default(), confidence: 0.5 };
    let draft = Draft {
        segment: SegmentId(1),
        lang: Lang::Russian,
        words: &[word],
        heard_until: SampleTime::ZERO,
        is_final: true,
    };
    let steps =
        [follower.choose(Choice::Script), follower.hear(draft), follower.advance(SampleTime(512), true)].concat();
    assert_eq!(steps, []);
}
