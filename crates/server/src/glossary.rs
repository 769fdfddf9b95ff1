use std::path::Path;
use std::sync::Arc;

use dostyq_recognise::Glossary as SpokenTerms;
use dostyq_translate::Glossary;

/// A room's names and terms, from one file: what recognition is to know, and what translation is to keep to.
#[derive(Clone, Debug, Default)]
pub struct RoomTerms {
    /// The forms that may be said, of both languages.
    pub spoken: Arc<SpokenTerms>,
    /// The pairs.
    pub translated: Arc<Glossary>,
}

/// Reads a room's glossary; without a file there are no terms. What is wrong with the file comes back in words, a line
/// each, and the rest is read; only a file that cannot be opened is an error.
pub(crate) fn read(path: Option<&Path>) -> anyhow::Result<(RoomTerms, Vec<String>)> {
    let Some(path) = path else { return Ok(Default::default()) };
    let (glossary, problems) = Glossary::read(path)?;
    let spoken = Arc::new(SpokenTerms::new(glossary.spoken()));
    let terms = RoomTerms { spoken, translated: Arc::new(glossary) };
    Ok((terms, problems.iter().map(ToString::to_string).collect()))
}

/// The same where a session is about to begin: the crew is told, and it begins.
pub(crate) fn read_for_session(path: Option<&Path>) -> anyhow::Result<RoomTerms> {
    let (terms, problems) = read(path)?;
    problems.iter().for_each(|problem| tracing::warn!("{problem}"));
    Ok(terms)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_file_serves_hearing_and_translating() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("names.tsv");
        std::fs::write(&path, "# kk\tru\nАтырау\tАтырау\tқала\nҚасым-Жомарт Тоқаев\tКасым-Жомарт Токаев\nел\n")
            .expect("a file");
        let (terms, problems) = read(Some(&path)).expect("it can be read");
        assert_eq!(terms.translated.terms().count(), 2);
        assert!(!terms.spoken.is_empty());
        assert!(problems.len() == 1 && problems[0].contains("line 4"), "{problems:?}");
    }

    #[test]
    fn a_file_that_is_missing_is_named() {
        let error = read(Some(Path::new("nowhere.tsv"))).expect_err("there is none");
        assert!(error.to_string().contains("nowhere.tsv"), "{error}");
        assert!(read(None).expect("none is fine").0.spoken.is_empty());
    }
}
