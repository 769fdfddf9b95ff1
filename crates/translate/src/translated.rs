use std::ops::Range;

use crate::{Direction, Glossary, NumberVerdict, Term, names, numbers};

/// A translation with what is known of its faults.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Translated {
    /// The translation, a number of it put right perhaps.
    pub text: String,
    /// Terms of the source that it lacks: the operator is to look.
    pub missed: Vec<Term>,
    /// What became of its numbers.
    pub numbers: NumberVerdict,
    /// Names of the source, as it writes them, that nothing in it sounds like: the operator is to look.
    pub lost_names: Vec<String>,
    /// Sentences of it that people wrote: they were in the memory.
    pub remembered: usize,
}

impl Translated {
    /// Looks a translation over. Its first `shown` bytes were shown to people already and stay as they are.
    ///
    /// ```
    /// use dostyq_speech::Lang;
    /// use dostyq_translate::{Direction, Glossary, NumberVerdict, Translated};
    ///
    /// let (glossary, _) = Glossary::parse("room.tsv".as_ref(), "мектеп\tшкола\n".as_bytes());
    /// let direction = Direction { from: Lang::Kazakh, to: Lang::Russian };
    /// let looked_over = Translated::check("Жаңа мектепте 25 сынып бар.", "В новой гимназии 20 классов.", direction, &glossary, 0);
    /// assert_eq!(looked_over.text, "В новой гимназии 25 классов.");
    /// assert_eq!(looked_over.numbers, NumberVerdict::Repaired { was: "20".into(), is: "25".into() });
    /// assert_eq!(looked_over.missed[0].russian, "школа");
    /// assert!(looked_over.lost_names.is_empty());
    /// ```
    pub fn check(source: &str, target: &str, direction: Direction, glossary: &Glossary, shown: usize) -> Translated {
        let (text, numbers) = numbers::check(source, target, direction, shown);
        let missed = glossary.missed(source, &text, direction).into_iter().cloned().collect();
        // What the glossary has is asked of the translation in the glossary's words.
        let found = glossary.find(source, direction);
        let is_a_term =
            |name: &Range<usize>| found.iter().any(|term| name.start < term.span.end && term.span.start < name.end);
        let (_, lost) = names::look_for(source, &text, direction);
        let lost = lost.into_iter().filter(|name| !is_a_term(name));
        let lost_names = lost.map(|name| source[name].to_owned()).collect();
        Translated { text, missed, numbers, lost_names, remembered: 0 }
    }
}
