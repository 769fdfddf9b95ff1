use std::collections::VecDeque;

use dostyq_speech::{SampleTime, TimeSpan, Word};

use crate::clock::VoiceClock;
use crate::matcher::Run;
use crate::script::Script;
use crate::{Line, Step};

/// Seconds of voice by which words appear after the moment at which they seem to be over: so much of the recogniser's
/// delay need not be guessed.
const LAG_SECS: f64 = 0.1;
/// Seconds of voice that the speaker is believed to go on with the script beyond what the recogniser has heard, while all
/// is well and when what it heard last does not look like the script.
const MOST_AHEAD_SECS: f64 = 4.0;
const MOST_AHEAD_IN_DOUBT_SECS: f64 = 0.5;
/// The gain in the passage that is being said which is no reason yet, that which makes them believed for one second more, and the gain that each
/// passage is worth that followed the one before it.
const GAIN_FOR_NOTHING: f32 = 3.0;
const GAIN_A_SECOND: f32 = 4.0;
const GAIN_A_PASSAGE: f32 = 2.0;
/// Seconds of voice at the end of what was heard in which no sound need have been made out: Whisper drops half a word there.
const DROPPED_SECS: f64 = 1.0;
/// What the latest sounds may have cost for all to be well.
const WELL_BELOW: f32 = 5.0;
/// Seconds of voice that must have passed since a passage seems to have ended before a word of the next is believed.
const BETWEEN_SECS: f64 = 0.4;
/// Words of the next passage that are believed before a sound of it was made out: here speakers leave the script. So many
/// passages that each followed the one before are a reason to believe one word more, up to the most.
const WORDS_INTO_NEXT: usize = 1;
const PASSAGES_FOR_A_WORD: usize = 1;
const MOST_WORDS_INTO_NEXT: usize = 4;
/// Evidence from which a speaker's pace is known: seconds of voice, and how many places are kept.
const PACE_FROM_SECS: f64 = 4.0;
const PACE_PLACES: usize = 24;
/// Sounds a second that anyone may reach, slow and quick.
const PACES: (f64, f64) = (8.0, 20.0);

/// The script while it is on air: what was said of it, and where the speaker must be now.
#[derive(Clone, Debug)]
pub(crate) struct Recital {
    /// The first word that was not said.
    next: usize,
    /// The first word of the line that is open.
    first: usize,
    number: u64,
    words: Vec<Word>,
    /// The latest evidence: a place, and the seconds of voice at it.
    anchor: (usize, f64),
    evidence: VecDeque<(usize, f64)>,
    /// Up to which second of voice the recogniser has heard, and what the latest sounds have cost.
    heard_until: f64,
    /// Up to which second of voice it has made words of what it heard.
    words_until: f64,
    shortfall: f32,
    /// What speaks for the passage that is being said.
    gain: f32,
    /// Passages in a row that followed the one before them.
    in_a_row: usize,
    run: Option<Run>,
    last_said: SampleTime,
    /// What it was when the line that is open began.
    line_began: SampleTime,
}

impl Recital {
    /// Begins at a word that began at `since`, when so many seconds of voice had been heard; its first line gets the
    /// `number`.
    pub(crate) fn new(script: &Script, word: usize, number: u64, since: SampleTime, voiced: f64) -> Recital {
        Recital {
            next: word,
            first: word,
            number,
            words: Vec::new(),
            anchor: (script.start_of(word), voiced),
            evidence: VecDeque::new(),
            heard_until: voiced,
            words_until: voiced,
            shortfall: 0.0,
            gain: 0.0,
            in_a_row: 0,
            run: None,
            last_said: since,
            line_began: since,
        }
    }

    /// The number of the line that is open or comes next.
    pub(crate) fn number(&self) -> u64 {
        self.number
    }

    /// The first word that was not said, and the end of the one before it.
    pub(crate) fn said(&self) -> (usize, SampleTime) {
        (self.next, self.last_said)
    }

    /// The first word of the line that is open.
    pub(crate) fn first(&self) -> usize {
        self.first
    }

    /// The place of the latest evidence, and the seconds of voice at it.
    pub(crate) fn anchor(&self) -> (usize, f64) {
        self.anchor
    }

    /// The first place that was not said.
    pub(crate) fn said_until(&self, script: &Script) -> usize {
        script.start_of(self.next)
    }

    /// The passage that is being said.
    fn passage(&self, script: &Script) -> usize {
        script.words[self.next.saturating_sub(usize::from(self.next > self.first)).min(script.words.len() - 1)].passage
    }

    /// The pair that is being said.
    pub(crate) fn pair(&self, script: &Script) -> usize {
        script.passages[self.passage(script)].pair
    }

    /// Whether a place is in the language that is spoken.
    pub(crate) fn is_same_text(&self, script: &Script, place: usize) -> bool {
        let other = &script.passages[script.passage_of[place] as usize];
        script.passages[self.passage(script)].lang == other.lang
    }

    /// There was something else between the latest evidence and what comes now.
    pub(crate) fn was_interrupted(&mut self) {
        self.in_a_row = 0;
    }

    /// The run that brought the script here.
    pub(crate) fn remember(&mut self, run: Run) {
        self.run = Some(run);
    }

    /// Whether a run is the one that brought the script here.
    pub(crate) fn began_with(&self, run: &Run) -> bool {
        self.run.is_some_and(|own| {
            own.entered_at == run.entered_at && own.entered_millis.abs_diff(run.entered_millis) < 500
        })
    }

    /// The recogniser has made words of so many seconds of voice, has heard so many, and the latest sounds cost so much.
    pub(crate) fn heard_until(&mut self, (words, voiced): (f64, f64), shortfall: f32) {
        self.heard_until = self.heard_until.max(voiced);
        (self.words_until, self.shortfall) = (words, shortfall);
    }

    /// Whether a place is in a passage after the one of the latest evidence.
    pub(crate) fn is_beyond(&self, script: &Script, place: usize) -> bool {
        script.passage_of[place] > script.passage_of[self.anchor.0]
    }

    /// A sound of the script was made out.
    pub(crate) fn heard(&mut self, script: &Script, place: usize, voiced: f64, gain: f32) {
        self.gain = gain;
        if self.anchor.1 <= voiced {
            self.in_a_row += (script.passage_of[place].saturating_sub(script.passage_of[self.anchor.0])) as usize;
            self.anchor = (place, voiced);
        }
        if self.evidence.back().is_none_or(|last| last.0 < place && last.1 < voiced) {
            self.evidence.push_back((place, voiced));
            if self.evidence.len() > PACE_PLACES {
                self.evidence.pop_front();
            }
        }
    }

    /// Sounds of the script in a second of voice, once that is known.
    pub(crate) fn pace(&self) -> Option<f64> {
        let (first, last) = (self.evidence.front()?, self.evidence.back()?);
        let secs = last.1 - first.1;
        (secs >= PACE_FROM_SECS).then(|| ((last.0 - first.0) as f64 / secs).clamp(PACES.0, PACES.1))
    }

    /// Seconds of voice that were heard since a sound of the script was made out, and seconds that were not heard yet.
    pub(crate) fn without_evidence(&self, clock: &VoiceClock) -> (f64, f64) {
        (self.heard_until - self.anchor.1, clock.voiced(clock.now()) - self.heard_until)
    }

    /// Seconds of voice since a sound of the script was made out.
    fn voice_since_evidence(&self, clock: &VoiceClock) -> f64 {
        clock.voiced(clock.now()) - self.anchor.1
    }

    /// Says the words whose time has come.
    pub(crate) fn advance(&mut self, script: &Script, clock: &VoiceClock, rate: f64, steps: &mut Vec<Step>) {
        let place = self.place(script, clock, rate);
        let before = self.next;
        while let Some(word) = script.words.get(self.next).filter(|word| word.end as f64 <= place) {
            if word.passage != script.words[self.first].passage {
                self.begin_line();
                // The line before it is whole and was ended with its last word.
                if script.words[self.next.saturating_sub(1)].passage == word.passage {
                    return;
                }
            }
            let end = self.time_of(word.end, clock, rate);
            self.words.push(Word {
                text: word.text.clone(),
                span: TimeSpan::new(self.last_said, end),
                confidence: 1.0,
            });
            self.last_said = end;
            self.next += 1;
            if self.next == script.passages[word.passage].words.1 {
                steps.push(Step::Line(self.line(script, true)));
            }
        }
        let is_open = !self.words.is_empty() && self.next < script.passages[script.words[self.first].passage].words.1;
        if self.next > before && is_open {
            steps.push(Step::Line(self.line(script, false)));
        }
    }

    /// Ends the line that is open.
    pub(crate) fn end(&mut self, script: &Script, steps: &mut Vec<Step>) {
        let is_open = !self.words.is_empty() && self.next < script.passages[script.words[self.first].passage].words.1;
        if is_open && self.anchor.0 >= script.start_of(self.first) {
            steps.push(Step::Line(self.line(script, true)));
        } else if is_open {
            steps.push(Step::NotSaid { number: self.number });
            (self.next, self.last_said) = (self.first, self.line_began);
        }
        if !self.words.is_empty() {
            self.begin_line();
        }
    }

    fn begin_line(&mut self) {
        self.number += 1;
        (self.first, self.line_began) = (self.next, self.last_said);
        self.words.clear();
    }

    /// The place that the speaker must have reached: at least that of the evidence, and what time has passed since.
    fn place(&self, script: &Script, clock: &VoiceClock, rate: f64) -> f64 {
        let (place, _) = self.anchor;
        // Where the recogniser writes nothing, though there is voice, it says nothing against the script either.
        let is_well = self.shortfall < WELL_BELOW && self.words_until - self.anchor.1 <= DROPPED_SECS;
        let dropped = (self.heard_until - self.anchor.1).clamp(0.0, DROPPED_SECS);
        let belief = f64::from((self.gain - GAIN_FOR_NOTHING + GAIN_A_PASSAGE * self.in_a_row as f32) / GAIN_A_SECOND);
        let belief = belief.clamp(MOST_AHEAD_IN_DOUBT_SECS, MOST_AHEAD_SECS);
        let most = if is_well { dropped + belief } else { MOST_AHEAD_IN_DOUBT_SECS };
        let ahead = (self.voice_since_evidence(clock) - LAG_SECS).clamp(0.0, most);
        let passage = &script.passages[script.passage_of[place] as usize];
        let trust = (WORDS_INTO_NEXT + self.in_a_row / PASSAGES_FOR_A_WORD).min(MOST_WORDS_INTO_NEXT);
        let limit = (passage.words.1 + trust).min(script.words.len()) - 1;
        let (reached, end) = (place as f64 + 1.0 + rate * ahead, passage.sounds.1 as f64);
        let reached = if reached > end { (reached - rate * BETWEEN_SECS).max(end) } else { reached };
        reached.min(script.words[limit].end as f64)
    }

    /// When a place was reached, on the room's clock: between the word before it and now.
    fn time_of(&self, place: usize, clock: &VoiceClock, rate: f64) -> SampleTime {
        let now = clock.now();
        let behind = self.voice_since_evidence(clock) + (self.anchor.0 as f64 + 1.0 - place as f64) / rate;
        let at = SampleTime(now.0.saturating_sub(SampleTime::from_secs(behind).0));
        at.max(self.last_said).min(now.max(self.last_said))
    }

    fn line(&self, script: &Script, is_final: bool) -> Line {
        let passage = &script.passages[script.words[self.first].passage];
        let (first, end) = passage.sounds;
        let share = |place: usize| (place - first) as f64 / (end - first) as f64;
        let partner = (!passage.partner.is_empty()).then(|| {
            let count = passage.partner.len();
            let from = (count as f64 * share(script.start_of(self.first))) as usize;
            let until = (count as f64 * share(script.words[self.next - 1].end)) as usize;
            passage.partner[from.min(count)..until.clamp(from, count)].join(" ")
        });
        Line {
            number: self.number,
            pair: passage.pair,
            spoken: passage.lang,
            first: self.first - passage.words.0,
            words: self.words.clone(),
            partner,
            is_final,
        }
    }
}
