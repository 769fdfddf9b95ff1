//! A speech as the follower hears it: the sounds of both texts in one row, with the words and sentences they belong to.

use dostyq_speech::Lang;

use crate::PreparedSpeech;
use crate::fold::{SOUNDS, Sound, fold};

/// A word of a text, with its punctuation.
#[derive(Clone, Debug)]
pub(crate) struct ScriptWord {
    pub(crate) text: String,
    /// Its passage.
    pub(crate) passage: usize,
    /// The first place after it in the row of sounds; that of the word before when it has no sound of its own (a dash).
    pub(crate) end: usize,
}

/// The text of a pair in one language; there is none where a pair lacks the language.
#[derive(Clone, Debug)]
pub(crate) struct Passage {
    pub(crate) lang: Lang,
    pub(crate) pair: usize,
    /// Its first word, and the first word after it.
    pub(crate) words: (usize, usize),
    /// Its first sound, and the first sound after it.
    pub(crate) sounds: (usize, usize),
    /// The words of the pair in the other language; none where that is left to the machine.
    pub(crate) partner: Vec<String>,
}

/// Both texts in a row, the Kazakh one first.
#[derive(Clone, Debug)]
pub(crate) struct Script {
    pub(crate) sounds: Vec<Sound>,
    pub(crate) words: Vec<ScriptWord>,
    pub(crate) passages: Vec<Passage>,
    /// The passage of each sound.
    pub(crate) passage_of: Vec<u32>,
    /// How common each sound is, natural logarithm.
    pub(crate) commonness: [f32; SOUNDS],
}

impl Script {
    pub(crate) fn of(speech: &PreparedSpeech) -> Script {
        let (mut sounds, mut words, mut passages, mut passage_of) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        for lang in Lang::ALL {
            for (pair, text) in speech.pairs().iter().enumerate() {
                let (first_word, first_sound) = (words.len(), sounds.len());
                for word in text.text(lang).split_whitespace() {
                    sounds.extend(fold(word, lang));
                    words.push(ScriptWord { text: word.to_owned(), passage: passages.len(), end: sounds.len() });
                }
                if sounds.len() == first_sound {
                    words.truncate(first_word);
                    continue;
                }
                passage_of.resize(sounds.len(), passages.len() as u32);
                passages.push(Passage {
                    lang,
                    pair,
                    words: (first_word, words.len()),
                    sounds: (first_sound, sounds.len()),
                    partner: text.text(lang.other()).split_whitespace().map(str::to_owned).collect(),
                });
            }
        }
        let commonness = commonness(&sounds);
        Script { sounds, words, passages, passage_of, commonness }
    }

    /// The word that a sound belongs to.
    pub(crate) fn word_at(&self, sound: usize) -> usize {
        self.words.partition_point(|word| word.end <= sound).min(self.words.len().saturating_sub(1))
    }

    /// The word after the one that a sound belongs to, or that word if less than half of it is there.
    pub(crate) fn next_word(&self, sound: usize) -> usize {
        let word = self.word_at(sound);
        let (start, end) = (self.start_of(word), self.words[word].end);
        if 2 * (sound + 1 - start) >= end - start { word + 1 } else { word }
    }

    /// The first sound of a word.
    pub(crate) fn start_of(&self, word: usize) -> usize {
        let before = word.checked_sub(1).map_or(0, |before| self.words[before].end);
        self.words.get(word).map_or(before, |word| before.max(self.passages[word.passage].sounds.0))
    }

    /// The passage of a pair in a language.
    pub(crate) fn passage(&self, pair: usize, lang: Lang) -> Option<&Passage> {
        self.passages.iter().find(|passage| passage.pair == pair && passage.lang == lang)
    }

    /// The passage that follows in the same language, and its number.
    pub(crate) fn next(&self, passage: usize) -> Option<usize> {
        let next = passage + 1;
        self.passages.get(next).filter(|p| p.lang == self.passages[passage].lang).map(|_| next)
    }
}

/// Counts of the sounds, one more for each so that none is impossible.
fn commonness(sounds: &[Sound]) -> [f32; SOUNDS] {
    let mut counts = [1.0f32; SOUNDS];
    for sound in sounds {
        counts[usize::from(*sound)] += 1.0;
    }
    let all: f32 = counts.iter().sum();
    counts.map(|count| (count / all).ln())
}
