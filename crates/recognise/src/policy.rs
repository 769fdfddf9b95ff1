use dostyq_speech::{Author, Hypothesis, Lang, SampleTime, SegmentId, TimeSpan, Transcript, Word};

use crate::distance::to_beginnings;

/// A word that ends this close to the edge of the sound, in samples (0.3 s), may be cut off: it is not committed yet.
const EDGE: u64 = 4_800;

/// Probability of the language from which words may be committed in it: what is committed cannot change its language any
/// more. Clear speech reaches it within a second; Kazakh with Russian words in it needs longer.
const SURE_LANG: f32 = 0.99;
/// Sound after which words are committed in the likelier language all the same, in samples (8 s).
const LANG_PATIENCE: u64 = 128_000;

/// Probability of the language from which words are shown while nothing is committed.
const LIKELY_LANG: f32 = 0.9;

/// Confidence from which a word is shown at once; a less sure one is shown when a second hypothesis has it too.
const SHOWN_FROM: f32 = 0.65;
/// Confidence that a word needs in both hypotheses that commit it.
const COMMITTED_FROM: f32 = 0.6;
/// Confidence with which a third hypothesis in a row commits a word of which the others were not sure.
const COMMITTED_FROM_THIRD: f32 = 0.3;

/// Commits what successive hypotheses of one utterance agree on.
///
/// LocalAgreement-2 (Liu et al., "Low-latency sequence-to-sequence speech recognition and translation by partial
/// hypothesis selection", Interspeech 2020; used by whisper_streaming): a word is committed when two successive
/// hypotheses have it in the same place. Committed words only grow; the end of the utterance commits the rest.
///
/// On top of that the engine's own confidence counts: what it merely guesses is neither shown at once, since it would
/// flicker, nor committed by two guesses alone, since they err alike. Where an engine hears well this costs no time; where
/// it does not (Kazakh through a small Whisper), lines come late and stay, instead of changing with every draft.
#[derive(Clone, Debug)]
pub struct StreamingPolicy {
    segment: SegmentId,
    committed: Vec<Word>,
    /// What the previous hypothesis said after the committed words.
    previous: Vec<Guess>,
    lang: Option<(Lang, f32)>,
}

/// A word that is not committed.
#[derive(Clone, Debug)]
struct Guess {
    word: Word,
    /// Hypotheses in a row that had it, with all words before it.
    times: u32,
    /// The least confidence among the latest two of them.
    confidence: f32,
}

impl Guess {
    fn is_sure(&self) -> bool {
        match self.times {
            0 | 1 => false,
            2 => self.confidence >= COMMITTED_FROM,
            _ => self.confidence >= COMMITTED_FROM_THIRD,
        }
    }

    fn is_fit_to_be_seen(&self) -> bool {
        self.times > 1 || self.word.confidence >= SHOWN_FROM
    }
}

impl StreamingPolicy {
    /// The policy for one segment.
    pub fn new(segment: SegmentId) -> StreamingPolicy {
        StreamingPolicy { segment, committed: Vec::new(), previous: Vec::new(), lang: None }
    }

    /// The segment it is for.
    pub fn segment(&self) -> SegmentId {
        self.segment
    }

    /// The words that will not change any more.
    pub fn committed(&self) -> &[Word] {
        &self.committed
    }

    /// The language, once a word is committed in it.
    pub fn lang(&self) -> Option<Lang> {
        self.lang.map(|(lang, _)| lang)
    }

    /// A hypothesis of the growing utterance, whose sound ends at `edge`.
    pub fn grow(&mut self, hypothesis: &Hypothesis, edge: SampleTime) -> Transcript {
        let tail = continuation(&self.committed, &hypothesis.words);
        let begin = tail.first().map_or(edge, |word| word.span.start);
        let has_waited = self.lang.is_some() || edge.samples_since(begin) >= LANG_PATIENCE;
        let knows_lang = has_waited || hypothesis.lang_confidence >= SURE_LANG;
        let mut guesses = self.guesses(tail);
        let is_settled = |guess: &Guess| knows_lang && guess.is_sure() && guess.word.span.end + EDGE <= edge;
        let settled = guesses.iter().take_while(|guess| is_settled(guess)).count();
        if settled > 0 && self.lang.is_none() {
            self.lang = Some((hypothesis.lang, hypothesis.lang_confidence));
        }
        self.commit(&tail[..settled]);
        guesses.drain(..settled);
        // The last word of a draft that reaches the edge is usually half a word: showing it makes the line flicker.
        let is_cut_off = guesses.last().is_some_and(|last| last.word.span.end + EDGE > edge);
        let may_show = has_waited || hypothesis.lang_confidence >= LIKELY_LANG;
        let whole = if may_show { guesses.len() - usize::from(is_cut_off) } else { 0 };
        let shown = guesses[..whole].iter().take_while(|guess| guess.is_fit_to_be_seen());
        let shown = shown.map(|guess| guess.word.clone()).collect();
        self.previous = guesses;
        self.transcript(hypothesis, shown, false)
    }

    /// The words with what the hypotheses before say of them.
    fn guesses(&self, tail: &[Word]) -> Vec<Guess> {
        let same = tail.iter().zip(&self.previous).take_while(|(now, before)| same_word(now, &before.word)).count();
        let guess = |(place, word): (usize, &Word)| match self.previous.get(place).filter(|_| place < same) {
            Some(before) => Guess {
                word: word.clone(),
                times: before.times + 1,
                confidence: word.confidence.min(before.word.confidence),
            },
            None => Guess { word: word.clone(), times: 1, confidence: word.confidence },
        };
        tail.iter().enumerate().map(guess).collect()
    }

    /// The last hypothesis: everything is committed.
    pub fn finish(mut self, hypothesis: &Hypothesis) -> Transcript {
        let tail = continuation(&self.committed, &hypothesis.words).to_vec();
        self.commit(&tail);
        self.transcript(hypothesis, Vec::new(), true)
    }

    /// The utterance ended and its last hypothesis was rejected: what was committed stays, and nothing else.
    pub fn finish_rejected(self, hypothesis: &Hypothesis) -> Transcript {
        self.transcript(hypothesis, Vec::new(), true)
    }

    /// Appends words; their times never run backwards, whatever the engine thinks of them later.
    fn commit(&mut self, words: &[Word]) {
        for word in words {
            let floor = self.committed.last().map_or(SampleTime::ZERO, |last| last.span.end);
            let span = TimeSpan::new(word.span.start.max(floor), word.span.end.max(floor));
            self.committed.push(Word { span, ..word.clone() });
        }
    }

    fn transcript(&self, hypothesis: &Hypothesis, tentative: Vec<Word>, is_final: bool) -> Transcript {
        let (lang, lang_confidence) = self.lang.unwrap_or((hypothesis.lang, hypothesis.lang_confidence));
        let first = self.committed.first().or(tentative.first());
        let last = tentative.last().or(self.committed.last());
        let span = match (first, last) {
            (Some(first), Some(last)) => TimeSpan::new(first.span.start, last.span.end),
            _ => TimeSpan::default(),
        };
        Transcript {
            segment: self.segment,
            lang,
            lang_confidence,
            span,
            committed: self.committed.clone(),
            tentative,
            is_final,
            author: Author::Machine,
        }
    }
}

/// What a hypothesis says after the committed words.
///
/// An engine that was told the committed words begins with them, and the rest is what follows. One that cannot be told
/// may hear them a little differently: then the place is taken where the words before it are nearest to the committed
/// ones by edit distance, the earlier place on a tie, so that a word is sooner repeated than lost.
fn continuation<'a>(committed: &[Word], heard: &'a [Word]) -> &'a [Word] {
    let begins = heard.len() >= committed.len() && committed.iter().zip(heard).all(|(a, b)| same_word(a, b));
    if begins {
        return &heard[committed.len()..];
    }
    let row = to_beginnings(committed, heard, same_word);
    let place = row.iter().enumerate().min_by_key(|(_, distance)| **distance).map_or(0, |(place, _)| place);
    &heard[place..]
}

/// Whether two words are the same to the ear: case and punctuation may still change.
fn same_word(a: &Word, b: &Word) -> bool {
    let letters = |word: &Word| -> String {
        word.text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
    };
    letters(a) == letters(b)
}

#[cfg(test)]
mod tests {
    use super::*;
    use dostyq_speech::join_words;

    fn words(text: &str) -> Vec<Word> {
        text.split_whitespace()
            .enumerate()
            .map(|(i, word)| Word {
                text: word.into(),
                span: TimeSpan::new(
                    SampleTime::from_millis(i as u64 * 500),
                    SampleTime::from_millis(i as u64 * 500 + 400),
                ),
                confidence: 0.9,
            })
            .collect()
    }

    fn hypothesis(text: &str) -> Hypothesis {
        Hypothesis { lang: Lang::Russian, lang_confidence: 0.995, words: words(text) }
    }

    /// Grows through the texts with the edge far away and returns "committed|tentative" after each.
    fn check(texts: &[&str], expect: &[&str], last: &str) {
        let mut policy = StreamingPolicy::new(SegmentId(1));
        let edge = SampleTime::from_millis(60_000);
        let mut before = 0;
        for (text, expect) in texts.iter().zip(expect) {
            let transcript = policy.grow(&hypothesis(text), edge);
            assert!(transcript.committed.len() >= before, "committed words only grow");
            before = transcript.committed.len();
            let shown = format!("{}|{}", join_words(&transcript.committed), join_words(&transcript.tentative));
            assert_eq!(shown, *expect, "after {text:?}");
        }
        let final_text = texts.last().expect("a table has rows");
        let transcript = policy.finish(&hypothesis(final_text));
        assert!(transcript.is_final && transcript.tentative.is_empty());
        assert_eq!(join_words(&transcript.committed), last);
    }

    #[test]
    fn two_hypotheses_that_agree_commit() {
        check(&["а б", "а б в", "а б в"], &["|а б", "а б|в", "а б в|"], "а б в");
        check(&["а б", "а х в", "а х в"], &["|а б", "а|х в", "а х в|"], "а х в");
        check(&["а", "х", "у"], &["|а", "|х", "|у"], "у");
        check(&["", "а", "а"], &["|", "|а", "а|"], "а");
    }

    #[test]
    fn case_and_punctuation_do_not_hold_a_word_back() {
        check(&["Добрый день", "Добрый день, гости"], &["|Добрый день", "Добрый день,|гости"], "Добрый день, гости");
    }

    #[test]
    fn what_is_committed_stays_when_the_engine_changes_its_mind() {
        check(&["а б в", "а б в", "а х в г"], &["|а б в", "а б в|", "а б в|г"], "а б в г");
        // The engine forgets the beginning altogether.
        check(&["а б", "а б", "в г"], &["|а б", "а б|", "а б|в г"], "а б в г");
    }

    #[test]
    fn a_word_at_the_edge_of_the_sound_waits() {
        let mut policy = StreamingPolicy::new(SegmentId(1));
        // "б" ends at 0.9 s; at 1.0 s of sound it may be half a word.
        let edge = SampleTime::from_millis(1_000);
        policy.grow(&hypothesis("а б"), edge);
        let transcript = policy.grow(&hypothesis("а б"), edge);
        assert_eq!(join_words(&transcript.committed), "а");
        assert_eq!(join_words(&transcript.tentative), "", "it is not even shown");
        // Silence follows: the word is whole.
        let transcript = policy.grow(&hypothesis("а б"), SampleTime::from_millis(1_300));
        assert_eq!(join_words(&transcript.committed), "а б");
    }

    #[test]
    fn guesses_are_shown_when_repeated_and_committed_when_believed() {
        // The confidence of each word, and "committed|tentative" after each of three hypotheses.
        let check = |confidence: f32, expect: [&str; 3]| {
            let mut policy = StreamingPolicy::new(SegmentId(1));
            let mut guess = hypothesis("а б");
            guess.words.iter_mut().for_each(|word| word.confidence = confidence);
            for expect in expect {
                let transcript = policy.grow(&guess, SampleTime::from_millis(60_000));
                let shown = format!("{}|{}", join_words(&transcript.committed), join_words(&transcript.tentative));
                assert_eq!(shown, expect, "{confidence}");
            }
        };
        check(0.9, ["|а б", "а б|", "а б|"]);
        check(0.62, ["|", "а б|", "а б|"]);
        check(0.5, ["|", "|а б", "а б|"]);
        check(0.2, ["|", "|а б", "|а б"]);
    }

    #[test]
    fn nothing_is_shown_in_a_doubtful_language() {
        let mut policy = StreamingPolicy::new(SegmentId(1));
        let doubtful = Hypothesis { lang_confidence: 0.7, ..hypothesis("а б") };
        assert_eq!(policy.grow(&doubtful, SampleTime::from_millis(3_000)).tentative, []);
        assert_eq!(policy.grow(&doubtful, SampleTime::from_millis(9_000)).committed.len(), 2);
    }

    #[test]
    fn times_never_run_backwards() {
        let mut policy = StreamingPolicy::new(SegmentId(1));
        let edge = SampleTime::from_millis(60_000);
        policy.grow(&hypothesis("а б"), edge);
        policy.grow(&hypothesis("а б"), edge);
        let mut earlier = hypothesis("а б в");
        earlier.words[2].span = TimeSpan::new(SampleTime::from_millis(10), SampleTime::from_millis(20));
        let transcript = policy.finish(&earlier);
        assert!(transcript.committed.windows(2).all(|pair| pair[0].span.end <= pair[1].span.start));
    }

    #[test]
    fn the_language_is_settled_by_the_first_commitment() {
        let mut policy = StreamingPolicy::new(SegmentId(1));
        let edge = SampleTime::from_millis(60_000);
        policy.grow(&hypothesis("а б"), edge);
        policy.grow(&hypothesis("а б"), edge);
        let kazakh = Hypothesis { lang: Lang::Kazakh, ..hypothesis("а б в") };
        assert_eq!(policy.grow(&kazakh, edge).lang, Lang::Russian);
    }

    #[test]
    fn nothing_is_committed_in_a_doubtful_language_until_patience_ends() {
        let check = |lang_confidence, edge_millis, expect| {
            let mut policy = StreamingPolicy::new(SegmentId(1));
            let doubtful = Hypothesis { lang_confidence, ..hypothesis("а б") };
            let edge = SampleTime::from_millis(edge_millis);
            policy.grow(&doubtful, edge);
            assert_eq!(policy.grow(&doubtful, edge).committed.len(), expect, "{lang_confidence} at {edge_millis} ms");
        };
        check(0.9, 3_000, 0);
        check(0.995, 3_000, 2);
        check(0.6, 9_000, 2);
    }

    #[test]
    fn a_rejected_ending_keeps_only_what_was_committed() {
        let mut policy = StreamingPolicy::new(SegmentId(1));
        let edge = SampleTime::from_millis(60_000);
        policy.grow(&hypothesis("а б"), edge);
        policy.grow(&hypothesis("а б в"), edge);
        let transcript = policy.finish_rejected(&hypothesis("Продолжение следует"));
        assert_eq!(join_words(&transcript.committed), "а б");
    }
}
