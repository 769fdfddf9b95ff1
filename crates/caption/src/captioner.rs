use std::collections::{BTreeMap, VecDeque};

use dostyq_speech::{
    Caption, CaptionEvent, Lang, OpenCaption, SegmentId, TimeSpan, Transcript, Translation, Word, join_words,
};

use crate::text::tidy;

/// Segments that may be open at once. Speech gives one, two while a cut is decided; when one more opens, the oldest
/// is dropped from the screens, because its final seems lost. Should it come after all, it is a caption like any other.
pub const MAX_OPEN: usize = 8;

/// Finished segments that are remembered: for so many a translation may still come. At three seconds each that is
/// the better part of an hour; a translation that is later still finds no source and is counted.
pub const MAX_FINISHED: usize = 1024;

/// Turns transcripts and translations into caption events.
///
/// A state machine that cannot fail: what breaks a promise of the stages before it is put right, and counted in
/// [`Captioner::oddities`].
#[derive(Debug, Default)]
pub struct Captioner {
    open: BTreeMap<SegmentId, OpenLine>,
    /// The newest at the back; at most [`MAX_FINISHED`].
    finished: VecDeque<Finished>,
    oddities: Oddities,
}

/// How often the stages before broke a promise. All stay zero in a sound session; the operator's metrics show them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Oddities {
    /// Transcripts that changed committed words or their language: what had been committed was kept.
    pub rewrites: u64,
    /// Transcripts of a segment that had already ended: ignored.
    pub late_transcripts: u64,
    /// Segments that were dropped because [`MAX_OPEN`] newer ones were open: their finals did not come in time.
    pub abandoned: u64,
    /// Translations without a waiting source: of an unknown segment, one that had no words, a second translation,
    /// one into the language that was spoken, or one that is later than [`MAX_FINISHED`] segments. Ignored.
    pub orphan_translations: u64,
}

/// What the viewers were told of a segment that is still being spoken.
#[derive(Debug)]
struct OpenLine {
    lang: Lang,
    committed: Vec<Word>,
    /// When it has been spoken so far.
    span: TimeSpan,
    /// The texts last shown; none when nothing was shown yet.
    shown: Option<(String, String)>,
    /// The translation that was last shown; empty when none was.
    translated: String,
}

#[derive(Debug)]
struct Finished {
    segment: SegmentId,
    /// What its translation takes over; none when no translation is awaited (any more).
    source: Option<Source>,
    /// Viewers see the beginning of a translation.
    is_translation_open: bool,
}

#[derive(Debug)]
struct Source {
    lang: Lang,
    lang_confidence: f32,
    span: TimeSpan,
}

impl Captioner {
    /// A captioner that has heard nothing yet.
    pub fn new() -> Captioner {
        Captioner::default()
    }

    /// How often the stages before broke a promise, so far.
    pub fn oddities(&self) -> Oddities {
        self.oddities
    }

    /// What the viewers should be told of a transcript.
    ///
    /// A growing one gives an open line in the spoken language, unless the viewers would see no change. The last one
    /// gives the caption, whose span reaches from the start of its first word to the end of its last; without words
    /// it gives a drop. When the language of a mere guess turns out to be the other one, the old line is dropped and
    /// the segment goes on in the same answer.
    pub fn push_transcript(&mut self, transcript: Transcript) -> Vec<CaptionEvent> {
        if self.has_ended(transcript.segment) {
            self.oddities.late_transcripts += 1;
            return Vec::new();
        }
        if transcript.is_final { self.end(transcript) } else { self.grow(transcript) }
    }

    /// What the viewers should be told of a translation.
    ///
    /// A growing one gives an open line, while its source is open and unless the viewers would see no change; later it is
    /// out of date. The last one gives the caption in the other language, with the span of its source; nothing when the
    /// text is empty or when no source waits for it.
    pub fn push_translation(&mut self, translation: Translation) -> Vec<CaptionEvent> {
        if translation.is_final { self.end_translation(&translation) } else { self.grow_translation(translation) }
    }

    /// An open segment is taken off the screens, committed words and translation included: somebody else has written the
    /// caption of what was said. It has never been; nothing more is heard of it.
    pub fn withdraw(&mut self, segment: SegmentId) -> Vec<CaptionEvent> {
        let line = self.open.remove(&segment);
        self.remember(segment, None, false);
        let is_seen = line.is_some_and(|line| line.shown.is_some());
        if is_seen { vec![CaptionEvent::Dropped(segment)] } else { Vec::new() }
    }

    /// There will be no translation of a segment: what viewers see of one is taken away.
    pub fn give_up_translation(&mut self, segment: SegmentId) -> Vec<CaptionEvent> {
        let finished = self.finished.iter_mut().rev().find(|finished| finished.segment == segment);
        let is_open = finished.is_some_and(|waiting| waiting.source.take().is_some() && waiting.is_translation_open);
        if is_open { vec![CaptionEvent::Dropped(segment)] } else { Vec::new() }
    }

    fn grow_translation(&mut self, translation: Translation) -> Vec<CaptionEvent> {
        let Translation { segment, lang, text, .. } = translation;
        let line = self.open.get_mut(&segment).filter(|line| line.lang.other() == lang && line.shown.is_some());
        let (Some(line), committed) = (line, tidy(&text)) else { return Vec::new() };
        if line.translated == committed {
            return Vec::new();
        }
        if !committed.starts_with(&line.translated) {
            self.oddities.rewrites += 1;
            return Vec::new();
        }
        line.translated.clone_from(&committed);
        let (spoken, span, tentative) = (line.lang, line.span, String::new());
        vec![CaptionEvent::Open(OpenCaption { segment, lang, spoken, span, committed, tentative })]
    }

    fn end_translation(&mut self, translation: &Translation) -> Vec<CaptionEvent> {
        let finished = self.finished.iter_mut().rev().find(|finished| finished.segment == translation.segment);
        let waiting = finished.and_then(|finished| {
            let source = finished.source.take_if(|source| source.lang.other() == translation.lang)?;
            Some((source, finished.is_translation_open))
        });
        let Some((source, is_open)) = waiting else {
            self.oddities.orphan_translations += 1;
            return Vec::new();
        };
        let text = tidy(&translation.text);
        if text.is_empty() {
            return if is_open { vec![CaptionEvent::Dropped(translation.segment)] } else { Vec::new() };
        }
        vec![CaptionEvent::Final(Caption {
            segment: translation.segment,
            revision: 0,
            lang: translation.lang,
            spoken: source.lang,
            lang_confidence: source.lang_confidence,
            span: source.span,
            text,
            words: Vec::new(),
            author: translation.author,
        })]
    }

    fn has_ended(&self, segment: SegmentId) -> bool {
        self.finished.iter().any(|finished| finished.segment == segment)
    }

    fn grow(&mut self, transcript: Transcript) -> Vec<CaptionEvent> {
        let segment = transcript.segment;
        let (mut line, mut events) = self.take_line(segment, transcript.lang, transcript.committed);
        let tentative = tidy_words(transcript.tentative);
        line.span = transcript.span;
        let now = (join_words(&line.committed), join_words(&tentative));
        let is_news = match &line.shown {
            Some(shown) => *shown != now,
            None => now != Default::default(),
        };
        if is_news {
            events.push(CaptionEvent::Open(OpenCaption {
                segment,
                lang: line.lang,
                spoken: line.lang,
                span: transcript.span,
                committed: now.0.clone(),
                tentative: now.1.clone(),
            }));
            line.shown = Some(now);
        }
        self.open.insert(segment, line);
        if self.open.len() > MAX_OPEN
            && let Some((abandoned, _)) = self.open.pop_first()
        {
            self.oddities.abandoned += 1;
            events.push(CaptionEvent::Dropped(abandoned));
        }
        events
    }

    fn end(&mut self, transcript: Transcript) -> Vec<CaptionEvent> {
        let segment = transcript.segment;
        let (line, mut events) = self.take_line(segment, transcript.lang, transcript.committed);
        let (words, is_translation_open) = (line.committed, !line.translated.is_empty());
        let (Some(first), Some(last)) = (words.first(), words.last()) else {
            self.remember(segment, None, false);
            events.push(CaptionEvent::Dropped(segment));
            return events;
        };
        let span = TimeSpan::new(first.span.start, last.span.end);
        // A probability that is no number knows nothing, and the log could not keep it.
        let lang_confidence =
            if transcript.lang_confidence.is_nan() { 0.5 } else { transcript.lang_confidence.clamp(0.5, 1.0) };
        self.remember(segment, Some(Source { lang: line.lang, lang_confidence, span }), is_translation_open);
        events.push(CaptionEvent::Final(Caption {
            segment,
            revision: 0,
            lang: line.lang,
            spoken: line.lang,
            lang_confidence,
            span,
            text: join_words(&words),
            words,
            author: transcript.author,
        }));
        events
    }

    /// The line of a segment with what is committed now, and the drop that goes before it where the viewers saw a
    /// guess in the other language.
    fn take_line(&mut self, segment: SegmentId, lang: Lang, committed: Vec<Word>) -> (OpenLine, Vec<CaptionEvent>) {
        let mut line = self.open.remove(&segment).unwrap_or_else(|| OpenLine::new(lang));
        let mut events = Vec::new();
        if line.lang != lang && line.committed.is_empty() {
            // Nothing was promised yet, so the line may begin anew in the other language.
            line.lang = lang;
            line.translated.clear();
            if line.shown.take().is_some() {
                events.push(CaptionEvent::Dropped(segment));
            }
        }
        self.oddities.rewrites += u64::from(line.commit(lang, tidy_words(committed)));
        (line, events)
    }

    fn remember(&mut self, segment: SegmentId, source: Option<Source>, is_translation_open: bool) {
        if self.finished.len() == MAX_FINISHED {
            self.finished.pop_front();
        }
        self.finished.push_back(Finished { segment, source, is_translation_open });
    }
}

impl OpenLine {
    fn new(lang: Lang) -> OpenLine {
        OpenLine { lang, committed: Vec::new(), span: TimeSpan::default(), shown: None, translated: String::new() }
    }

    /// Takes what is committed now, and says whether it breaks the promise that committed words stay.
    ///
    /// Where it does, the committed words stay as they were, and only those words are added that were spoken after
    /// them.
    fn commit(&mut self, lang: Lang, words: Vec<Word>) -> bool {
        let is_kept = words.len() >= self.committed.len()
            && self.committed.iter().zip(&words).all(|(kept, word)| kept.text == word.text);
        let is_rewritten = lang != self.lang || !is_kept;
        if !is_rewritten {
            // The words are the same; their times may be better now.
            self.committed = words;
        } else if let Some(end) = self.committed.last().map(|last| last.span.end) {
            let is_after = |word: &Word| word.span.start + word.span.length() / 2 >= end;
            self.committed.extend(words.into_iter().filter(is_after));
        }
        is_rewritten
    }
}

/// Words without spaces in and around them, empty ones left out, their confidences made probabilities.
fn tidy_words(words: Vec<Word>) -> Vec<Word> {
    let tidied = words.into_iter().map(|word| Word {
        text: tidy(&word.text),
        confidence: if word.confidence.is_nan() { 0.0 } else { word.confidence.clamp(0.0, 1.0) },
        span: word.span,
    });
    tidied.filter(|word| !word.text.is_empty()).collect()
}
