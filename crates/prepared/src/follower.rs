use dostyq_speech::{Lang, SampleTime, SegmentId, Transcript, Word};

use crate::clock::VoiceClock;
use crate::fold::fold;
use crate::matcher::{Best, Column, HeardSound, Matcher};
use crate::recital::Recital;
use crate::script::{Script, ScriptWord};
use crate::{Choice, OnAir, PreparedSpeech, Step};

/// Log-likelihood ratio from which a run is believed.
const BELIEVED_FROM: f32 = 6.0;
/// The same for a jump within the script, which takes off air what was being said.
const JUMP_FROM: f32 = 8.0;
/// Log-likelihood ratio of what was heard of a new passage from which it is believed to have begun.
const BEGUN_FROM: f32 = 4.0;
/// Log-likelihood ratio from which a run is believed to go on after sounds that nobody could make out, and how many of
/// these ask for one more.
const RESUMED_FROM: f32 = 2.0;
const SOUNDS_A_PROOF: f32 = 10.0;
/// Odds above which what was heard last moves the place on.
const MOVES_FROM: f32 = 0.0;
/// Odds below which the speaker has left the script.
const LEFT_BELOW: f32 = -3.0;
/// Seconds of voice that were heard without a sound of the script in them, and seconds of voice that were not heard at all
/// yet, after which nobody knows where the speaker is.
const LOST_AFTER_SECS: f64 = 5.0;
const DEAF_AFTER_SECS: f64 = 10.0;
/// Sounds by which a place may be behind what was said already without being a jump back.
const JITTER: usize = 20;
/// Sounds by which what was said may be ahead of a run that it belongs to.
const MOST_AHEAD: usize = 60;
/// Seconds by which words may be given later times than they were spoken at.
const AHEAD_SECS: f64 = 0.5;
/// Sounds of slack in judging whether a passage that was not heard can have been said in the time.
const SLACK: f64 = 12.0;
/// By which factor a passage may be said faster than usual.
const HURRY: f64 = 1.7;

/// Words that are expected at a time: more than a segment holds.
const EXPECTED_WORDS: usize = 48;
/// Words of a segment that tell that the speaker has said something else.
const IMPROVISED_WORDS: usize = 3;
/// Seconds within which the script and a segment begin together.
const TOGETHER_SECS: f64 = 0.6;

/// What is said in a segment if the speaker goes on with the script.
#[derive(Clone, Debug, PartialEq)]
pub struct Expected {
    /// The segment.
    pub segment: SegmentId,
    /// The language.
    pub lang: Lang,
    /// The words from the segment's beginning on, with punctuation; more of them than a segment holds.
    pub words: Vec<String>,
}

/// What a recogniser makes of a segment as far as it has heard it, believed or not.
///
/// The follower does best with all of a hypothesis, even words that are not fit to be shown: that the recogniser wrote
/// something wrong at the right place is what it lives on.
#[derive(Clone, Copy, Debug)]
pub struct Draft<'a> {
    /// The segment.
    pub segment: SegmentId,
    /// The language that they are in.
    pub lang: Lang,
    /// All words, in order of time.
    pub words: &'a [Word],
    /// Up to where the sound was heard that the words were made of.
    pub heard_until: SampleTime,
    /// Whether the segment ends with it.
    pub is_final: bool,
}

/// Follows a speaker through a prepared speech.
///
/// A state machine that cannot fail. It is fed with the recogniser's drafts and with the voice detector's word on whether
/// somebody speaks, and answers with what becomes of the captions. Cost: each draft is laid against the whole script, a
/// few million steps for an hour of speech.
#[derive(Clone, Debug)]
pub struct Follower {
    script: Script,
    matcher: Matcher,
    clock: VoiceClock,
    /// After all segments that have ended.
    settled: Column,
    choice: Choice,
    recital: Option<Recital>,
    /// The number of the next line.
    lines: u64,
    /// The first word that was not said yet when the script was on air last, and when the word before it was.
    said: (usize, SampleTime),
    /// The draft before spoke against the script.
    was_outside: bool,
    /// The passage that the draft before jumped to.
    jump: Option<u32>,
    odds: f32,
    pair: Option<usize>,
    rate: f64,
    /// A segment that follows the script from its beginning, and its first word there.
    beginning: Option<(SegmentId, usize)>,
}

/// Sounds of the script in a second of voice, before a speaker has shown their own pace.
const USUAL_RATE: f64 = 12.5;

impl Follower {
    /// Waits for the speech to begin.
    pub fn new(speech: &PreparedSpeech) -> Follower {
        let script = Script::of(speech);
        let matcher = Matcher::new(&script);
        Follower {
            settled: matcher.silence(),
            script,
            matcher,
            clock: VoiceClock::default(),
            choice: Choice::Auto,
            recital: None,
            lines: 1,
            said: (0, SampleTime::ZERO),
            was_outside: false,
            jump: None,
            odds: 0.0,
            pair: None,
            rate: USUAL_RATE,
            beginning: None,
        }
    }

    /// What the operator sees.
    pub fn on_air(&self) -> OnAir {
        OnAir { choice: self.choice, is_script: self.recital.is_some(), pair: self.pair, odds: self.odds }
    }

    /// The operator chooses; it holds at once.
    pub fn choose(&mut self, choice: Choice) -> Vec<Step> {
        self.choice = choice;
        let mut steps = Vec::new();
        match choice {
            Choice::Machine => self.leave(&mut steps),
            Choice::Script if self.recital.is_none() && !self.script.passages.is_empty() => {
                let place =
                    self.settled.best(&self.matcher).filter(|best| best.gain >= BELIEVED_FROM).map(|best| best.place);
                let now = self.clock.now();
                steps.push(Step::Entered { since: now });
                self.begin(place.unwrap_or_else(|| self.due()), now);
            }
            _ => {}
        }
        steps
    }

    /// The room has been heard up to `now`, and since the moment before somebody spoke or nobody did. Call it at least
    /// every 100 ms: words appear with the time of their speaking, not with the recogniser's drafts.
    pub fn advance(&mut self, now: SampleTime, is_voiced: bool) -> Vec<Step> {
        self.clock.advance(now, is_voiced);
        let mut steps = Vec::new();
        if let Some(recital) = &mut self.recital {
            let (lost, deaf) = recital.without_evidence(&self.clock);
            let is_lost = lost > LOST_AFTER_SECS || deaf > DEAF_AFTER_SECS;
            if is_lost && self.choice == Choice::Auto {
                self.leave(&mut steps);
            } else {
                recital.advance(&self.script, &self.clock, self.rate, &mut steps);
                self.pair = Some(recital.pair(&self.script));
            }
        }
        steps
    }

    /// What the recogniser makes of a segment now. Drafts of a segment come in order, and segments too.
    pub fn hear(&mut self, draft: Draft<'_>) -> Vec<Step> {
        if self.script.passages.is_empty() {
            return Vec::new();
        }
        let mut column = self.settled.clone();
        for sound in sounds(draft) {
            self.matcher.hear(&self.script, &mut column, sound, self.rate as f32);
        }
        let best = column.best(&self.matcher);
        if draft.is_final {
            self.matcher.settle(&mut column);
            self.settled = column;
        }
        let mut steps = Vec::new();
        if let Some(best) = best.filter(|_| !draft.words.is_empty() && self.choice != Choice::Machine) {
            self.odds = best.odds;
            self.judge(best, draft.is_final, &mut steps);
            if self.is_improvised(&draft) {
                self.leave(&mut steps);
            }
            self.note_beginning(&draft, &steps);
            if let Some(recital) = &mut self.recital {
                let last = draft.words.last().map_or(draft.heard_until, |word| word.span.end);
                let heard = (self.clock.voiced(last), self.clock.voiced(draft.heard_until));
                recital.heard_until(heard, best.shortfall);
            }
        }
        steps
    }

    /// What is said of the script from the beginning of a segment on if the speaker follows it, or comes back to it: that of
    /// the segment that was heard last, or of the next one.
    pub fn expected(&self) -> Option<Expected> {
        let (segment, first) = self.beginning.filter(|_| self.choice != Choice::Machine)?;
        let lang = self.script.passages[self.script.words.get(first)?.passage].lang;
        let is_same = |word: &&ScriptWord| self.script.passages[word.passage].lang == lang;
        let words = self.script.words[first..].iter().take_while(is_same).take(EXPECTED_WORDS);
        Some(Expected { segment, lang, words: words.map(|word| word.text.clone()).collect() })
    }

    /// Whether a segment is over in which no sound of the script was made out: it is the machine's, also when the speaker
    /// goes on with the script at once.
    fn is_improvised(&self, draft: &Draft<'_>) -> bool {
        let (Some(recital), Some(first)) = (&self.recital, draft.words.first()) else { return false };
        let (_, anchored) = recital.anchor();
        draft.is_final
            && self.choice == Choice::Auto
            && draft.words.len() >= IMPROVISED_WORDS
            && anchored <= self.clock.voiced(first.span.start)
    }

    /// Where in the script the segment began that is open now.
    fn note_beginning(&mut self, draft: &Draft<'_>, steps: &[Step]) {
        let next_segment = SegmentId(draft.segment.0 + 1);
        let Some(recital) = &self.recital else {
            if draft.is_final {
                self.beginning = self.comes_back().map(|word| (next_segment, word));
            }
            return;
        };
        let begins = draft.words.first().map_or(SampleTime::ZERO, |word| word.span.start);
        let entered =
            steps.iter().find_map(|step| if let Step::Entered { since } = step { Some(*since) } else { None });
        if draft.is_final {
            let next = self.script.next_word(recital.anchor().0);
            self.beginning = Some((next_segment, next));
        } else if entered.is_some_and(|since| since <= begins + SampleTime::from_secs(TOGETHER_SECS).0) {
            self.beginning = Some((draft.segment, recital.first()));
        }
    }

    /// Where a speaker comes back to the script who has left it: at the next passage.
    fn comes_back(&self) -> Option<usize> {
        let (next, _) = self.said;
        let last = self.script.words.get(next.checked_sub(1)?)?;
        Some(self.script.passages[last.passage].words.1)
    }

    /// The same from a transcript: what is committed and what is shown of the rest.
    pub fn hear_transcript(&mut self, transcript: &Transcript) -> Vec<Step> {
        let words: Vec<_> = transcript.committed.iter().chain(&transcript.tentative).cloned().collect();
        self.hear(Draft {
            segment: transcript.segment,
            lang: transcript.lang,
            words: &words,
            heard_until: transcript.span.end,
            is_final: transcript.is_final,
        })
    }

    /// Whether the speaker comes in, goes on, jumps or leaves.
    ///
    /// One draft may be nonsense, above all a short one, and a recogniser may loop: a speaker has left the script, or jumped
    /// in it, when two drafts in a row say so.
    fn judge(&mut self, best: Best, is_final: bool, steps: &mut Vec<Step>) {
        let matched = moment(best.run.matched_millis);
        let Some(recital) = &mut self.recital else {
            if best.gain >= BELIEVED_FROM && best.odds > 0.0 && self.had_time(best) {
                self.come_in(best, steps);
            }
            return;
        };
        let is_outside = best.odds < LEFT_BELOW && self.choice == Choice::Auto;
        if is_outside && std::mem::replace(&mut self.was_outside, is_outside) {
            return self.leave(steps);
        }
        self.was_outside = is_outside;
        let said = recital.said_until(&self.script);
        let entered = best.run.entered_at as usize;
        let voice = |at: SampleTime| self.clock.voiced(at);
        let (place, anchored) = recital.anchor();
        let could_be_said = |until: usize, at: SampleTime| {
            until as f64 <= place.max(said) as f64 + SLACK + HURRY * self.rate * (voice(at) - anchored).max(0.0)
        };
        let is_same_text = recital.is_same_text(&self.script, best.place);
        // The run may have begun after a stretch that nobody could make out; it goes on if there was time for all of it.
        // A run that begins after what was said, and well behind it in the script, says it again.
        let (_, last_said) = recital.said();
        let since = moment(best.run.entered_millis);
        let is_again = entered + JITTER < said && since + SampleTime::from_secs(AHEAD_SECS).0 > last_said;
        let goes_on = is_same_text
            && !is_again
            && best.place + JITTER >= said
            && could_be_said(best.place, matched)
            && could_be_said(entered, since);
        let is_begun = !recital.is_beyond(&self.script, best.place) || best.passage_gain >= BEGUN_FROM;
        // What came between the latest evidence and a run that began after it was not heard: the longer it is, the sounder
        // must the run be.
        let is_new_run = voice(since) > anchored;
        let proof = RESUMED_FROM + entered.saturating_sub(place) as f32 / SOUNDS_A_PROOF;
        let is_begun = is_begun && (!is_new_run || best.gain >= proof);
        if goes_on && (!is_begun || best.odds < MOVES_FROM) {
            // Too little to tell; the next draft will.
        } else if goes_on {
            recital.heard(&self.script, best.place, voice(matched), best.passage_gain);
            if is_new_run {
                recital.was_interrupted();
            }
            if let Some(rate) = recital.pace() {
                self.rate = rate;
            }
        }
        let is_jump = !goes_on && best.gain >= JUMP_FROM && best.odds > 0.0 && !recital.began_with(&best.run);
        let goal = (is_jump && self.had_time(best)).then(|| self.script.passage_of[best.place]);
        let before = std::mem::replace(&mut self.jump, goal);
        if goal.is_some() && (goal == before || is_final) {
            self.come_in(best, steps);
        }
    }

    /// Whether a run can have been said in its time. One that cannot is a loop of the recogniser.
    fn had_time(&self, best: Best) -> bool {
        let voice = |millis| self.clock.voiced(moment(millis));
        let secs = voice(best.run.matched_millis) - voice(best.run.entered_millis);
        (best.place - best.run.entered_at as usize) as f64 <= SLACK + HURRY * self.rate * secs
    }

    /// Begins where a run began.
    fn come_in(&mut self, best: Best, steps: &mut Vec<Step>) {
        let since = moment(best.run.entered_millis);
        let words_before = self.recital.as_ref().map_or(self.said, Recital::said);
        let place = self.beginning(best, since, words_before);
        if let Some(recital) = &mut self.recital {
            recital.end(&self.script, steps);
            (self.lines, self.said) = (recital.number(), recital.said());
            self.recital = None;
        } else {
            steps.push(Step::Entered { since });
        }
        self.begin(place, since);
        let voiced = self.clock.voiced(moment(best.run.matched_millis));
        if let Some(recital) = &mut self.recital {
            recital.remember(best.run);
            recital.heard(&self.script, best.place, voiced, best.passage_gain);
            recital.advance(&self.script, &self.clock, self.rate, steps);
        }
    }

    /// The first sound of a run, or that of its passage if that is so near that the words between were hardly left out.
    /// What a run has in common with what was said before is not said again.
    fn beginning(&self, best: Best, since: SampleTime, (next, last_said): (usize, SampleTime)) -> usize {
        let entered = best.run.entered_at as usize;
        let first = self.script.passages[self.script.passage_of[entered] as usize].sounds.0;
        let first = if entered - first <= JITTER { first } else { self.script.start_of(self.script.word_at(entered)) };
        let goes_on_at = self.script.start_of(next);
        let is_the_same = since + SampleTime::from_secs(AHEAD_SECS).0 <= last_said
            && first <= goes_on_at
            && goes_on_at <= best.place + MOST_AHEAD;
        if is_the_same { goes_on_at } else { first }
    }

    fn begin(&mut self, place: usize, since: SampleTime) {
        let word = self.script.word_at(place);
        self.recital = Some(Recital::new(&self.script, word, self.lines, since, self.clock.voiced(since)));
    }

    /// Where the speech goes on if nothing else is known: after the pair that was said last, or at its beginning.
    fn due(&self) -> usize {
        let after = self.pair.map_or(0, |pair| pair + 1);
        self.script.passages.iter().find(|passage| passage.pair >= after).map_or(0, |passage| passage.sounds.0)
    }

    fn leave(&mut self, steps: &mut Vec<Step>) {
        if let Some(mut recital) = self.recital.take() {
            recital.end(&self.script, steps);
            (self.lines, self.said) = (recital.number(), recital.said());
            steps.push(Step::Left { since: self.said.1 });
        }
    }
}

fn moment(millis: u32) -> SampleTime {
    SampleTime::from_millis(u64::from(millis))
}

/// The sounds of a draft, spread evenly over the times of their words.
fn sounds(draft: Draft<'_>) -> Vec<HeardSound> {
    let mut sounds = Vec::new();
    for word in draft.words {
        let folded = fold(&word.text, draft.lang);
        let (start, length, count) = (word.span.start.as_millis(), word.span.length_millis(), folded.len() as u64);
        sounds.extend((1u64..).zip(folded).map(|(place, sound)| HeardSound {
            sound,
            millis: (start + length * place / count).min(u64::from(u32::MAX)) as u32,
        }));
    }
    sounds
}
