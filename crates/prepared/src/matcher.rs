//! Where in the script the speaker is, if they are in it at all.
//!
//! A hidden Markov model over the sounds of the script, with one more state for "anything else", and the best path through
//! it (Viterbi). It is score following: Dannenberg, "An On-Line Algorithm for Real-Time Accompaniment" (ICMC 1984), with
//! the ghost state and the jumps of Nakamura, Nakamura, Saito, Ono and Sagayama, "Real-Time Audio-to-Score Alignment of
//! Music Performances Containing Errors and Arbitrary Repeats and Skips" (IEEE/ACM TASLP 24(2), 2016). Within the script
//! a path costs what it does in Smith and Waterman, "Identification of Common Molecular Subsequences" (J. Mol. Biol.
//! 1981): scores are natural log-likelihood ratios of "this sound of the script was said" against "anything was said".

use crate::fold::{SOUNDS, Sound, VOWELS};
use crate::script::Script;

/// A sound that was heard and when, milliseconds on the room's clock.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct HeardSound {
    pub(crate) sound: Sound,
    pub(crate) millis: u32,
}

/// Probability that a sound of the script is heard as itself: what a recogniser with a character error rate of a half
/// does.
const HEARD_RIGHT: f32 = 0.55;
/// The most that one sound says for the script, so that a rare one does not decide alone.
const MOST_FOR_ONE: f32 = 2.2;
/// A vowel for a vowel, any sound for another, a sound too many, a sound too few.
const VOWEL_FOR_VOWEL: f32 = -0.7;
const WRONG: f32 = -2.3;
const EXTRA: f32 = -2.5;
const MISSED: f32 = -2.5;

/// Cost of leaving the script after a whole passage, and in the middle of one.
const LEAVE_AT_END: f32 = 2.3;
const LEAVE_WITHIN: f32 = 5.0;
/// Costs of coming in: at the passage that is due, at the one that was left, in the same two of the other language; where
/// the speaker would be now had they gone on; at the beginning of any passage; anywhere. The last three also pay for the
/// number of places.
const ENTER_NEXT: f32 = 0.5;
const ENTER_AGAIN: f32 = 5.0;
const ENTER_OTHER_LANGUAGE: f32 = 1.5;
const ENTER_ON_TIME: f32 = 1.0;
const ENTER_A_START: f32 = 2.5;
const ENTER_ANYWHERE: f32 = 3.0;
/// Seconds after which the place where the speaker would be is anyone's guess.
const ON_TIME_SECS: f32 = 6.0;
/// Sounds by which that place is uncertain, at once and for each sound that is expected since.
const ON_TIME_SPREAD: f32 = 6.0;
const ON_TIME_SPREAD_EACH: f32 = 0.35;

/// A path that is in the script.
#[derive(Clone, Copy, Debug)]
struct Cell {
    score: f32,
    run: Run,
}

/// What a path remembers of its way since it came into the script.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Run {
    /// The place at which it came in.
    pub(crate) entered_at: u32,
    pub(crate) entered_millis: u32,
    /// The score of "anything else" at that moment.
    floor: f32,
    /// The score with which the path came into its passage.
    passage_floor: f32,
    /// When the latest sound of the script was heard as itself.
    pub(crate) matched_millis: u32,
}

/// The path that is in the script nowhere.
#[derive(Clone, Copy, Debug)]
struct Ghost {
    score: f32,
    /// The place in the script where it left it, and when; none before the speech.
    left: Option<(u32, u32)>,
}

/// The best paths to each place in the script, after all that was heard.
#[derive(Clone, Debug)]
pub(crate) struct Column {
    cells: Vec<Cell>,
    ghost: Ghost,
}

/// The best path that is in the script.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Best {
    /// The place of the latest sound.
    pub(crate) place: usize,
    pub(crate) run: Run,
    /// Log-likelihood ratio of the run against "anything else" since it came in, the cost of coming in paid.
    pub(crate) gain: f32,
    /// The same since it came into its passage.
    pub(crate) passage_gain: f32,
    /// The same against the best path that is out of the script now, which may have left it this very moment: at most the
    /// cost of leaving, below zero when the speaker seems to have left.
    pub(crate) odds: f32,
    /// By how much these odds fall short of what they are when all that was heard last is of the script.
    pub(crate) shortfall: f32,
}

/// The model of one script.
#[derive(Clone, Debug)]
pub(crate) struct Matcher {
    pairs: [[f32; SOUNDS]; SOUNDS],
    /// Cost of coming in at each place when nothing is expected.
    enter: Vec<f32>,
    leave: Vec<f32>,
    /// Whether the text of a language begins here: no path comes from the sound before.
    is_first: Vec<bool>,
}

impl Matcher {
    pub(crate) fn new(script: &Script) -> Matcher {
        let mut pairs = [[WRONG; SOUNDS]; SOUNDS];
        for (said, row) in pairs.iter_mut().enumerate() {
            for (heard, score) in row.iter_mut().enumerate() {
                if said == heard {
                    *score = (HEARD_RIGHT.ln() - script.commonness[heard]).min(MOST_FOR_ONE);
                } else if said < usize::from(VOWELS) && heard < usize::from(VOWELS) {
                    *score = VOWEL_FOR_VOWEL;
                }
            }
        }
        let places = script.sounds.len();
        let mut enter = vec![ENTER_ANYWHERE + (places.max(1) as f32).ln(); places];
        let mut leave = vec![LEAVE_WITHIN; places];
        let mut is_first = vec![false; places];
        for (number, passage) in script.passages.iter().enumerate() {
            let (first, end) = passage.sounds;
            enter[first] = ENTER_A_START + (script.passages.len() as f32).ln();
            leave[end - 1] = LEAVE_AT_END;
            is_first[first] = number == 0 || script.passages[number - 1].lang != passage.lang;
        }
        Matcher { pairs, enter, leave, is_first }
    }

    /// Nothing was heard yet.
    pub(crate) fn silence(&self) -> Column {
        let run = Run { entered_at: 0, entered_millis: 0, floor: 0.0, passage_floor: 0.0, matched_millis: 0 };
        let nowhere = Cell { score: f32::NEG_INFINITY, run };
        Column { cells: vec![nowhere; self.enter.len()], ghost: Ghost { score: 0.0, left: None } }
    }

    /// One more sound; `rate` is how many sounds of the script are said in a second.
    pub(crate) fn hear(&self, script: &Script, column: &mut Column, heard: HeardSound, rate: f32) {
        let row = &self.pairs;
        let ghost = column.ghost;
        let expected = Expected::of(script, &ghost, heard.millis, rate);
        let mut left_of: Option<Cell> = None;
        let mut best_out = ghost;
        for place in 0..column.cells.len() {
            let before = column.cells[place];
            let pair = row[usize::from(script.sounds[place])][usize::from(heard.sound)];
            let is_match = script.sounds[place] == heard.sound;
            let enter = expected.cost(place).map_or(self.enter[place], |cost| cost.min(self.enter[place]));
            let matched = |run: Run| if is_match { Run { matched_millis: heard.millis, ..run } } else { run };
            let mut cell = Cell { score: before.score + EXTRA, run: before.run };
            let came_in = ghost.score - enter + pair;
            if came_in > cell.score {
                let millis = heard.millis;
                let entered_at = place as u32;
                let (floor, passage_floor) = (ghost.score, ghost.score - enter);
                let run = Run { entered_at, entered_millis: millis, floor, passage_floor, matched_millis: millis };
                cell = Cell { score: came_in, run };
            }
            if let Some(diagonal) = left_of.filter(|_| !self.is_first[place]) {
                let is_new_passage = script.passage_of[place] != script.passage_of[place - 1];
                let onwards = |from: Cell| match is_new_passage {
                    true => Run { passage_floor: from.score, ..from.run },
                    false => from.run,
                };
                if diagonal.score + pair > cell.score {
                    cell = Cell { score: diagonal.score + pair, run: matched(onwards(diagonal)) };
                }
                let above = column.cells[place - 1];
                if above.score + MISSED > cell.score {
                    cell = Cell { score: above.score + MISSED, run: onwards(above) };
                }
            }
            left_of = Some(before);
            column.cells[place] = cell;
            if cell.score - self.leave[place] > best_out.score {
                best_out = Ghost {
                    score: cell.score - self.leave[place],
                    left: Some((place as u32, cell.run.matched_millis)),
                };
            }
        }
        column.ghost = best_out;
    }

    /// Takes the score of "anything else" as zero, so that numbers stay small however long the session is.
    pub(crate) fn settle(&self, column: &mut Column) {
        let zero = column.ghost.score;
        column.ghost.score = 0.0;
        for cell in &mut column.cells {
            cell.score -= zero;
            cell.run.floor -= zero;
            cell.run.passage_floor -= zero;
        }
    }
}

impl Column {
    /// The best path that is in the script; none in an empty script or before anything was heard.
    pub(crate) fn best(&self, matcher: &Matcher) -> Option<Best> {
        let (place, cell) = self.cells.iter().enumerate().max_by(|a, b| a.1.score.total_cmp(&b.1.score))?;
        cell.score.is_finite().then(|| Best {
            place,
            run: cell.run,
            gain: cell.score - cell.run.floor,
            passage_gain: cell.score - cell.run.passage_floor,
            odds: cell.score - self.ghost.score,
            shortfall: matcher.leave[place] - (cell.score - self.ghost.score),
        })
    }
}

/// Places at which the speaker may well come in.
struct Expected {
    points: [Option<(usize, f32)>; 4],
    /// Where they would be had they gone on, how uncertain that is, and the limits of what counts.
    on_time: Option<(f32, f32)>,
}

impl Expected {
    fn of(script: &Script, ghost: &Ghost, millis: u32, rate: f32) -> Expected {
        let Some((place, left_millis)) = ghost.left else {
            // The speech begins at its beginning, in either language.
            let start = |passage: Option<usize>| Some((script.passages[passage?].sounds.0, ENTER_NEXT));
            let first_of_second = script.passages.iter().position(|p| p.lang != script.passages[0].lang);
            return Expected { points: [start(Some(0)), start(first_of_second), None, None], on_time: None };
        };
        let now = script.passage_of[place as usize] as usize;
        let next = script.next(now);
        let partner = |passage: usize| {
            let passage = &script.passages[passage];
            Some(script.passage(passage.pair, passage.lang.other())?.sounds.0)
        };
        let points = [
            next.map(|next| (script.passages[next].sounds.0, ENTER_NEXT)),
            Some((script.passages[now].sounds.0, ENTER_AGAIN)),
            next.and_then(partner).map(|place| (place, ENTER_NEXT + ENTER_OTHER_LANGUAGE)),
            partner(now).map(|place| (place, ENTER_AGAIN + ENTER_OTHER_LANGUAGE)),
        ];
        let secs = millis.saturating_sub(left_millis) as f32 / 1000.0;
        let on_time = (secs <= ON_TIME_SECS).then(|| {
            let since = secs * rate;
            (place as f32 + since, ON_TIME_SPREAD + ON_TIME_SPREAD_EACH * since)
        });
        Expected { points, on_time }
    }

    fn cost(&self, place: usize) -> Option<f32> {
        let point = self.points.iter().flatten().find(|(point, _)| *point == place).map(|(_, cost)| *cost);
        let on_time = self.on_time.and_then(|(centre, spread)| {
            let off = (place as f32 - centre) / spread;
            (off.abs() < 3.0).then(|| ENTER_ON_TIME + (2.5 * spread).ln() + off * off / 2.0)
        });
        match (point, on_time) {
            (Some(a), Some(b)) => Some(a.min(b)),
            (a, b) => a.or(b),
        }
    }
}
