use std::collections::VecDeque;

use dostyq_prepared::{Choice, Draft, Expected, Follower, Line, OnAir, PreparedSpeech, Step};
use dostyq_recognise::{ExpectedText, Heard};
use dostyq_speech::{Author, SampleTime, SegmentId, TimeSpan, Transcript, Word};

/// Segments of which the machine's words are kept while the script is on air: with the patience of the follower, and
/// utterances of at most fourteen seconds, no more are spoken before it is known that the speaker has left the script.
const HELD: usize = 8;

/// What viewers are to see.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Written {
    /// A segment as far as it goes. `partner` is the official text in the other language; without one the machine
    /// translates.
    Line { transcript: Transcript, partner: Option<String> },
    /// An open line is taken off: the script says what was said.
    Withdrawn(SegmentId),
    /// The script goes on air or off.
    OnAir { at: SampleTime, is_script: bool },
}

/// Who writes a room's captions: the machine, or a prepared speech for as long as the speaker follows it.
///
/// Takes what the recogniser makes of the room's segments and gives the lines that viewers see, numbered anew in the order in
/// which they appear. Pure; cannot fail.
pub(crate) struct Authorship {
    /// The number of the next line.
    next: SegmentId,
    follower: Option<Follower>,
    /// The line of the script that was written last: its number in the script, and on the screens.
    script_line: Option<(u64, SegmentId)>,
    machine_line: MachineLine,
    /// What the machine made of the segment that is open, and while the script is on air of those before it. Without a speech
    /// there is nothing to go back to.
    held: VecDeque<Transcript>,
    /// Up to here the script has said it.
    said_until: SampleTime,
}

/// The machine's line of a segment.
#[derive(Debug)]
struct MachineLine {
    segment: SegmentId,
    /// None while nothing of it is shown.
    number: Option<SegmentId>,
    /// Committed words that the script had said already.
    said: usize,
    /// Words are committed after those: it is settled where the line begins.
    has_begun: bool,
}

impl MachineLine {
    fn of(segment: SegmentId) -> MachineLine {
        MachineLine { segment, number: None, said: 0, has_begun: false }
    }
}

impl Authorship {
    /// The machine writes; the first line gets the number `next`.
    pub(crate) fn new(next: SegmentId) -> Authorship {
        Authorship {
            next,
            follower: None,
            script_line: None,
            machine_line: MachineLine::of(SegmentId(0)),
            held: VecDeque::new(),
            said_until: SampleTime::ZERO,
        }
    }

    /// Another speech will be held, or none.
    pub(crate) fn load(&mut self, speech: Option<&PreparedSpeech>) -> Vec<Written> {
        let written = self.choose(Choice::Machine);
        self.follower = speech.map(Follower::new);
        self.script_line = None;
        written
    }

    /// The operator says who writes; without a speech it means nothing.
    pub(crate) fn choose(&mut self, choice: Choice) -> Vec<Written> {
        let steps = self.follower.as_mut().map(|follower| follower.choose(choice)).unwrap_or_default();
        self.take(steps)
    }

    /// Who writes and where the speaker is in the speech; nothing without a speech.
    pub(crate) fn on_air(&self) -> Option<OnAir> {
        self.follower.as_ref().map(Follower::on_air)
    }

    /// The sound is over: a line of the script that is open ends.
    pub(crate) fn finish(&mut self) -> Vec<Written> {
        self.choose(Choice::Machine)
    }

    /// What the speaker says next, in the segment that was heard last or in the next one, if they go on with the script.
    pub(crate) fn expected(&self) -> Option<ExpectedText> {
        let Expected { segment, lang, words } = self.follower.as_ref()?.expected()?;
        Some(ExpectedText { segment, lang, words })
    }

    /// The room was heard up to `now`; since the moment before somebody spoke or nobody did. About every 100 ms.
    pub(crate) fn advance(&mut self, now: SampleTime, is_voiced: bool) -> Vec<Written> {
        let steps = self.follower.as_mut().map(|follower| follower.advance(now, is_voiced)).unwrap_or_default();
        self.take(steps)
    }

    /// What the recogniser has made of a segment's sound up to `heard_until`. Segments come in order, and each ends.
    pub(crate) fn hear(&mut self, heard: &Heard, heard_until: SampleTime) -> Vec<Written> {
        let transcript = &heard.transcript;
        let was_on_air = self.is_script();
        let Some(follower) = &mut self.follower else { return self.by_machine(transcript).into_iter().collect() };
        let steps = follower.hear(Draft {
            segment: transcript.segment,
            lang: transcript.lang,
            words: &heard.words,
            heard_until,
            is_final: transcript.is_final,
        });
        self.hold(transcript);
        let mut written = self.take(steps);
        if !self.is_script() {
            // When the speaker has just left the script, all that was held has been written.
            if !was_on_air {
                written.extend(self.by_machine(transcript));
            }
            self.held.retain(|held| !held.is_final);
        }
        written
    }

    fn is_script(&self) -> bool {
        self.on_air().is_some_and(|on_air| on_air.is_script)
    }

    fn hold(&mut self, transcript: &Transcript) {
        self.held.retain(|held| held.segment != transcript.segment);
        if self.held.len() == HELD {
            self.held.pop_front();
        }
        self.held.push_back(transcript.clone());
    }

    fn take(&mut self, steps: Vec<Step>) -> Vec<Written> {
        let mut written = Vec::new();
        for step in steps {
            match step {
                Step::Entered { since } => {
                    self.interrupt(since, &mut written);
                    written.push(Written::OnAir { at: since, is_script: true });
                }
                Step::Line(line) => written.extend(self.by_script(line)),
                Step::NotSaid { number } => {
                    let line = self.script_line.take_if(|line| line.0 == number);
                    written.extend(line.map(|(_, segment)| Written::Withdrawn(segment)));
                }
                Step::Left { since } => {
                    written.push(Written::OnAir { at: since, is_script: false });
                    self.said_until = since;
                    let held = std::mem::take(&mut self.held);
                    written.extend(held.iter().filter_map(|transcript| self.by_machine(transcript)));
                    self.held = held;
                }
            }
        }
        written
    }

    /// The machine's open line ends where the script begins.
    fn interrupt(&mut self, since: SampleTime, written: &mut Vec<Written>) {
        let open = self.held.pop_back();
        self.held.clear();
        let Some(transcript) = open else { return };
        self.turn_to(&transcript);
        let before = |words: &[Word]| words.iter().filter(|word| middle(word) < since).cloned().collect::<Vec<_>>();
        let own = transcript.committed.get(self.machine_line.said..).unwrap_or_default();
        let mut committed = before(own);
        let keeps_its_word = committed.len() == own.len();
        committed.extend(before(&transcript.tentative));
        let shown = self.machine_line.number.take();
        let goes_on = shown.filter(|_| keeps_its_word && !committed.is_empty());
        if goes_on.is_none() {
            written.extend(shown.map(Written::Withdrawn));
        }
        if committed.is_empty() {
            return;
        }
        let segment = goes_on.unwrap_or_else(|| self.number());
        let transcript = Transcript { segment, committed, tentative: Vec::new(), is_final: true, ..transcript };
        written.push(Written::Line { transcript, partner: None });
    }

    /// The machine's line is that of a transcript's segment; it begins after what the script has said.
    fn turn_to(&mut self, transcript: &Transcript) {
        if self.machine_line.segment != transcript.segment {
            self.machine_line = MachineLine::of(transcript.segment);
        }
        if !self.machine_line.has_begun {
            self.machine_line.said = self.said_by_script(&transcript.committed);
        }
    }

    fn said_by_script(&self, words: &[Word]) -> usize {
        words.iter().take_while(|word| middle(word) < self.said_until).count()
    }

    /// The machine's line of a segment, less what the script has said; nothing where nothing is left of it.
    fn by_machine(&mut self, transcript: &Transcript) -> Option<Written> {
        self.turn_to(transcript);
        let committed = transcript.committed.get(self.machine_line.said..).unwrap_or_default().to_vec();
        let has_begun = !committed.is_empty();
        let skipped = if has_begun { 0 } else { self.said_by_script(&transcript.tentative) };
        let tentative = transcript.tentative[skipped..].to_vec();
        self.machine_line.has_begun = has_begun;
        let line = &self.machine_line;
        if line.number.is_none() && committed.is_empty() && tentative.is_empty() {
            return None;
        }
        let segment = line.number.unwrap_or_else(|| self.number());
        self.machine_line.number = (!transcript.is_final).then_some(segment);
        let TimeSpan { start, end } = transcript.span;
        let span = TimeSpan::new(start.max(self.said_until).min(end), end);
        let transcript = Transcript { segment, committed, tentative, span, ..transcript.clone() };
        Some(Written::Line { transcript, partner: None })
    }

    fn by_script(&mut self, line: Line) -> Option<Written> {
        let (first, last) = (line.words.first()?, line.words.last()?);
        let span = TimeSpan::new(first.span.start, last.span.end);
        let segment = match self.script_line {
            Some((number, segment)) if number == line.number => segment,
            _ => self.number(),
        };
        self.script_line = Some((line.number, segment));
        let transcript = Transcript {
            segment,
            lang: line.spoken,
            lang_confidence: 1.0,
            span,
            committed: line.words,
            tentative: Vec::new(),
            is_final: line.is_final,
            author: Author::Script,
        };
        Some(Written::Line { transcript, partner: line.partner })
    }

    fn number(&mut self) -> SegmentId {
        let number = self.next;
        self.next = SegmentId(number.0 + 1);
        number
    }
}

fn middle(word: &Word) -> SampleTime {
    word.span.start + word.span.length() / 2
}

#[cfg(test)]
mod tests;
