use std::sync::Arc;

use dostyq_speech::{Hypothesis, Lang, LangChoice, SampleTime, SegmentId, Transcript, Utterance, Word};

use crate::guard::{self, Rejection};
use crate::switch::{SwitchWatch, is_switch};
use crate::{
    ExpectedText, Glossary, LanguageRouter, RecogniseError, Recogniser, Recognition, Request, StreamingPolicy,
};

/// What came of hearing an utterance.
#[derive(Clone, Debug, PartialEq)]
pub struct Heard {
    /// What is known of the segment now; a final one without words means that nothing was said.
    pub transcript: Transcript,
    /// All that the engine made of the sound, fit to be shown or not; who knows what may be said can still use it.
    pub words: Vec<Word>,
    /// Why the engine's words were thrown out, if they were.
    pub rejection: Option<Rejection>,
    /// Where the speaker went over to the other language: what follows is an utterance of its own.
    pub switched_at: Option<SampleTime>,
}

impl Heard {
    pub(crate) fn of(transcript: Transcript, words: Vec<Word>) -> Heard {
        Heard { transcript, words, rejection: None, switched_at: None }
    }

    /// A segment that ended without being heard to its end.
    pub(crate) fn given_up(transcript: Transcript) -> Heard {
        let words = transcript.committed.clone();
        Heard::of(transcript, words)
    }
}

/// The ear of one room: engine, language, guards and commitment joined.
#[derive(Clone, Debug, Default)]
pub struct Listener {
    router: LanguageRouter,
    glossary: Arc<Glossary>,
    policy: Option<StreamingPolicy>,
    latest: Option<Draft>,
    switch: SwitchWatch,
    /// The language to which the speaker went over at the end of the open segment.
    next: Option<Lang>,
    /// The text that the speaker may follow, and how far they do.
    expected: Option<(ExpectedText, Following)>,
}

/// Silence that a draft must have heard after the voice to stand for the final, in samples (0.15 s): a last word that
/// fades out below the voice detector's threshold is not cut off.
const TRAIL: u64 = 2_400;

/// Words of a segment that tell that it is not about the expected text: the engine is not asked about it any more.
const WORDS_OF_ANOTHER_TEXT: usize = 8;

/// How far a speaker follows the expected text.
#[derive(Clone, Copy, Debug, Default)]
struct Following {
    /// Words of it that the latest draft had.
    reached: usize,
    is_given_up: bool,
}

/// The latest draft of the open segment that was not thrown out.
#[derive(Clone, Debug)]
struct Draft {
    segment: SegmentId,
    /// Where the voice ended that it heard.
    voiced_until: SampleTime,
    /// Where the sound ended that it heard.
    heard_until: SampleTime,
    hypothesis: Hypothesis,
    /// Terms that its words sound like.
    reminders: Vec<String>,
    /// It was heard with these reminders, or needed none.
    was_reminded: bool,
}

impl Listener {
    /// A listener that follows the operator's choice of language and knows the terms of the event.
    pub fn new(choice: LangChoice, glossary: Arc<Glossary>) -> Listener {
        Listener { router: LanguageRouter::new(choice), glossary, ..Listener::default() }
    }

    /// The operator changes their mind about the language; it holds from the next utterance on.
    pub fn set_choice(&mut self, choice: LangChoice) {
        self.router.set_choice(choice);
    }

    /// The operator's choice of language.
    pub fn choice(&self) -> LangChoice {
        self.router.choice()
    }

    /// What is expected of a segment, or that nothing is any more.
    pub fn expect(&mut self, text: Option<ExpectedText>) {
        let known = self.expected.take();
        self.expected = text.map(|text| match known {
            Some((same, following)) if same == text => (text, following),
            _ => (text, Following::default()),
        });
    }

    /// What is expected.
    pub(crate) fn expected(&self) -> Option<ExpectedText> {
        self.expected.as_ref().map(|expected| expected.0.clone())
    }

    /// Hears an utterance as far as it has grown. Utterances come in order, and a final one ends its segment.
    ///
    /// A final utterance in which nobody spoke after the latest draft is not decoded again: the draft is its final, so
    /// that it comes as soon as the silence has lasted long enough.
    ///
    /// Errors are those of the engine; an utterance whose recognition fails is as if it had not grown, and a final one
    /// keeps what was committed of it.
    pub fn hear(&mut self, engine: &mut dyn Recogniser, utterance: &Utterance) -> Result<Heard, RecogniseError> {
        let mut policy = match self.policy.take() {
            Some(policy) if policy.segment() == utterance.segment => policy,
            _ => StreamingPolicy::new(utterance.segment),
        };
        let latest = self.latest.take();
        if let Some(draft) = latest.as_ref().filter(|draft| utterance.is_final && draft.has_heard_all_of(utterance)) {
            return Ok(Heard::of(self.ended(policy.finish(&draft.hypothesis)), draft.hypothesis.words.clone()));
        }
        let switched_at = self.switched_at(engine, utterance, latest.as_ref(), &policy);
        let reminders = latest.filter(|draft| draft.segment == utterance.segment).map(|draft| draft.reminders);
        let reminders = reminders.unwrap_or_default();
        let is_asked = |(text, following): &&(ExpectedText, Following)| {
            text.segment == utterance.segment && !following.is_given_up
        };
        let expected = self.expected.as_ref().filter(is_asked);
        let request = Request {
            utterance,
            lang: policy.lang().map_or(self.router.choice(), LangChoice::Fixed),
            prior: self.router.prior(),
            committed: policy.committed(),
            reminders: &reminders,
            expected: expected.map(|(text, following)| (text, following.reached)),
        };
        let (recognition, reminders, was_reminded) = match self.recognise(engine, &request) {
            Ok(recognised) => recognised,
            Err(error) => {
                self.policy = Some(policy);
                return Err(error);
            }
        };
        let rejection = guard::judge(utterance, &recognition).err();
        let hypothesis = recognition.hypothesis;
        let words = hypothesis.words.clone();
        if let Some((text, following)) = self.expected.as_mut().filter(|(text, _)| text.segment == utterance.segment) {
            following.reached = text.reached_by(&words);
            following.is_given_up = following.reached == 0 && words.len() >= WORDS_OF_ANOTHER_TEXT;
        }
        let transcript = match (rejection, utterance.is_final) {
            (None, false) => {
                let transcript = policy.grow(&hypothesis, utterance.span().end);
                let (voiced_until, heard_until) = (utterance.voiced.end, utterance.span().end);
                let segment = utterance.segment;
                self.latest = Some(Draft { segment, voiced_until, heard_until, hypothesis, reminders, was_reminded });
                transcript
            }
            // A rejected draft shows nothing new; its words must not count as agreement either.
            (Some(_), false) => policy.grow(&without_new_words(&policy, hypothesis), utterance.span().end),
            (None, true) => return Ok(Heard::of(self.ended(policy.finish(&hypothesis)), words)),
            (Some(_), true) => {
                let transcript = self.ended(policy.finish_rejected(&hypothesis));
                return Ok(Heard { rejection, ..Heard::of(transcript, words) });
            }
        };
        self.policy = Some(policy);
        Ok(Heard { transcript, words, rejection, switched_at })
    }

    /// Where the speaker went over to the other language for at least a clause, in a draft of which it was not known yet.
    fn switched_at(
        &mut self,
        engine: &mut dyn Recogniser,
        utterance: &Utterance,
        latest: Option<&Draft>,
        policy: &StreamingPolicy,
    ) -> Option<SampleTime> {
        let latest = latest.filter(|draft| draft.segment == utterance.segment);
        let before = policy.lang().or_else(|| latest.map(|draft| draft.hypothesis.lang))?;
        if utterance.is_final || self.choice() != LangChoice::Auto {
            return None;
        }
        let candidate = self.switch.candidate(utterance)?;
        // An engine that fails here fails at the words too, and that is where its error counts.
        let clause = engine.identify(candidate.tail).ok().flatten()?;
        let switched_at = is_switch(before, clause).then_some(candidate.place)?;
        self.next = Some(before.other());
        Some(switched_at)
    }

    /// Hears an utterance; with the answer come the terms that its words sound like, and whether it was heard with these in
    /// mind. A draft is reminded of them next time; a final has no next time and is heard again at once.
    fn recognise(
        &self,
        engine: &mut dyn Recogniser,
        request: &Request<'_>,
    ) -> Result<(Recognition, Vec<String>, bool), RecogniseError> {
        let first = engine.recognise(request)?;
        let fresh = &first.hypothesis.words[request.committed.len().min(first.hypothesis.words.len())..];
        let mut reminders = self.glossary.reminders(fresh);
        reminders.retain(|term| !request.reminders.contains(term));
        if reminders.is_empty() {
            return Ok((first, request.reminders.to_vec(), true));
        }
        reminders.extend_from_slice(request.reminders);
        if !request.utterance.is_final {
            return Ok((first, reminders, false));
        }
        let again = engine.recognise(&Request { reminders: &reminders, ..request.clone() })?;
        let is_fit = guard::judge(request.utterance, &again).is_ok();
        Ok((if is_fit { again } else { first }, reminders, true))
    }

    /// A final utterance could not be recognised at all: its segment ends with what was committed of it.
    pub fn give_up(&mut self, utterance: &Utterance) -> Option<Transcript> {
        let policy = self.policy.take().filter(|policy| policy.segment() == utterance.segment);
        let policy = policy.unwrap_or_else(|| StreamingPolicy::new(utterance.segment));
        let lang = policy.lang().unwrap_or(Lang::Russian);
        let nothing = Hypothesis { lang, lang_confidence: 0.5, words: Vec::new() };
        utterance.is_final.then(|| self.ended(policy.finish_rejected(&nothing)))
    }

    fn ended(&mut self, transcript: Transcript) -> Transcript {
        if !transcript.committed.is_empty() {
            self.router.ended_in(transcript.lang);
        }
        if let Some(next) = self.next.take() {
            self.router.expect(next);
        }
        transcript
    }
}

impl Draft {
    fn has_heard_all_of(&self, utterance: &Utterance) -> bool {
        self.segment == utterance.segment
            && self.voiced_until == utterance.voiced.end
            && self.heard_until >= self.voiced_until + TRAIL
            && self.was_reminded
    }
}

fn without_new_words(policy: &StreamingPolicy, hypothesis: Hypothesis) -> Hypothesis {
    Hypothesis { words: policy.committed().to_vec(), ..hypothesis }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Recognition, Signals};
    use dostyq_speech::{TimeSpan, join_words};

    /// Says what it is told to, in order.
    struct ScriptedRecogniser(Vec<Result<(Lang, &'static str, f32), ()>>);

    impl Recogniser for ScriptedRecogniser {
        fn recognise(&mut self, request: &Request<'_>) -> Result<Recognition, RecogniseError> {
            let (lang, text, mean_log_probability) =
                self.0.remove(0).map_err(|()| RecogniseError::Decode("scripted".into()))?;
            let lang = if let LangChoice::Fixed(lang) = request.lang { lang } else { lang };
            let words = text
                .split_whitespace()
                .enumerate()
                .map(|(i, w)| {
                    let start = SampleTime::from_millis(i as u64 * 300);
                    Word { text: w.into(), span: TimeSpan::new(start, start + 3_200), confidence: 0.9 }
                })
                .collect();
            Ok(Recognition {
                hypothesis: Hypothesis { lang, lang_confidence: 0.995, words },
                signals: Signals { mean_log_probability, no_speech_probability: 0.0, looped: false },
            })
        }
    }

    /// A final is one in which something was said after the drafts.
    fn utterance(segment: u64, is_final: bool) -> Utterance {
        heard_until(segment, is_final, if is_final { 64_000 } else { 48_000 })
    }

    fn heard_until(segment: u64, is_final: bool, voice: u64) -> Utterance {
        let start = SampleTime::ZERO;
        Utterance {
            segment: SegmentId(segment),
            start,
            samples: vec![0.0; 64_000],
            voiced: TimeSpan::new(start, start + voice),
            voiced_secs: 3.0,
            heard_until: SampleTime::ZERO,
            is_final,
        }
    }

    #[test]
    fn a_segment_grows_and_ends() {
        use Lang::Russian;
        let mut engine = ScriptedRecogniser(vec![
            Ok((Russian, "добрый день", -0.2)),
            Ok((Russian, "добрый день всем", -0.2)),
            Ok((Russian, "добрый день всем гостям", -0.2)),
        ]);
        let mut listener = Listener::default();
        let mut hear = |is_final| listener.hear(&mut engine, &utterance(1, is_final)).expect("scripted").transcript;
        assert_eq!(join_words(&hear(false).tentative), "добрый день");
        assert_eq!(join_words(&hear(false).committed), "добрый день");
        let last = hear(true);
        assert!(last.is_final && last.tentative.is_empty());
        assert_eq!(join_words(&last.committed), "добрый день всем гостям");
    }

    #[test]
    fn a_draft_that_heard_everything_becomes_the_final() {
        // One answer only: decoding the final as well would panic.
        let mut engine = ScriptedRecogniser(vec![Ok((Lang::Russian, "добрый день", -0.2))]);
        let mut listener = Listener::default();
        listener.hear(&mut engine, &heard_until(1, false, 48_000)).expect("scripted");
        let heard = listener.hear(&mut engine, &heard_until(1, true, 48_000)).expect("not asked");
        assert!(heard.transcript.is_final);
        assert_eq!(join_words(&heard.transcript.committed), "добрый день");
    }

    #[test]
    fn a_draft_that_ends_with_the_voice_is_decoded_again() {
        let said = |text| Ok((Lang::Russian, text, -0.2));
        let mut engine = ScriptedRecogniser(vec![said("добрый де"), said("добрый день")]);
        let mut listener = Listener::default();
        listener.hear(&mut engine, &heard_until(1, false, 63_000)).expect("scripted");
        let heard = listener.hear(&mut engine, &heard_until(1, true, 63_000)).expect("scripted");
        assert_eq!(join_words(&heard.transcript.committed), "добрый день");
    }

    #[test]
    fn rejections_have_a_cause_and_show_nothing() {
        let mut engine = ScriptedRecogniser(vec![Ok((Lang::Russian, "абракадабра", -3.0)); 3]);
        let mut listener = Listener::default();
        for is_final in [false, false, true] {
            let heard = listener.hear(&mut engine, &utterance(1, is_final)).expect("scripted");
            assert_eq!(heard.rejection, Some(Rejection::Improbable));
            assert!(heard.transcript.committed.is_empty() && heard.transcript.tentative.is_empty());
        }
    }

    #[test]
    fn a_failed_decode_loses_only_itself() {
        let said = Ok((Lang::Kazakh, "қайырлы күн", -0.2));
        let mut engine = ScriptedRecogniser(vec![said, said, Err(()), said]);
        let mut listener = Listener::default();
        for _ in 0..2 {
            listener.hear(&mut engine, &utterance(1, false)).expect("scripted");
        }
        let last = utterance(1, true);
        listener.hear(&mut engine, &last).expect_err("scripted");
        let transcript = listener.give_up(&last).expect("a final utterance ends its segment");
        assert_eq!((join_words(&transcript.committed).as_str(), transcript.lang), ("қайырлы күн", Lang::Kazakh));
        listener.hear(&mut engine, &utterance(2, true)).expect("the next utterance is unaffected");
    }
}
