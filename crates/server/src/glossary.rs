use std::path::{Path, PathBuf};
use std::sync::Arc;

use dostyq_recognise::Glossary as SpokenTerms;
use dostyq_translate::{Glossary, Knowledge};

/// What a room's people know: of its names and terms, from one file, what recognition is to know and what translation is
/// to keep to; and the sentences of its memory.
#[derive(Clone, Debug, Default)]
pub struct RoomTerms {
    /// The forms that may be said, of both languages.
    pub spoken: Arc<SpokenTerms>,
    /// The pairs, and sentences that are translated already.
    pub translated: Arc<Knowledge>,
}

/// Reads a room's glossary and memory; without files there are none. What is wrong with the files comes back in words, a
/// line each, and the rest is read; only a file that cannot be opened is an error.
pub(crate) fn read(glossary: Option<&Path>, memories: &[PathBuf]) -> anyhow::Result<(RoomTerms, Vec<String>)> {
    let mut knowledge = Knowledge::default();
    let mut problems = Vec::new();
    if let Some(path) = glossary {
        let (read, faults) = Glossary::read(path)?;
        knowledge.glossary = read;
        problems.extend(faults.iter().map(ToString::to_string));
    }
    for path in memories {
        let imported = knowledge.memory.load(path)?;
        problems.extend(imported.faults.iter().map(ToString::to_string));
        if imported.more_faults > 0 {
            problems.push(format!("{}: {} more entries are left out", path.display(), imported.more_faults));
        }
    }
    let spoken = Arc::new(SpokenTerms::new(knowledge.glossary.spoken()));
    Ok((RoomTerms { spoken, translated: Arc::new(knowledge) }, problems))
}

/// The same where a session is about to begin: the crew is told, and it begins.
pub(crate) fn read_for_session(glossary: Option<&Path>, memories: &[PathBuf]) -> anyhow::Result<RoomTerms> {
    let (terms, problems) = read(glossary, memories)?;
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
        let memory = folder.path().join("pairs.tsv");
        std::fs::write(&memory, "Сәлем!\tЗдравствуйте!\nбос\n").expect("a file");
        let (terms, problems) = read(Some(&path), &[memory]).expect("both can be read");
        assert_eq!((terms.translated.glossary.terms().count(), terms.translated.memory.len()), (2, 1));
        assert!(!terms.spoken.is_empty());
        assert!(problems.len() == 2 && problems[0].contains("line 4") && problems[1].contains(":2:"), "{problems:?}");
    }

    #[test]
    fn a_file_that_is_missing_is_named() {
        let error = read(Some(Path::new("nowhere.tsv")), &[]).expect_err("there is none");
        assert!(error.to_string().contains("nowhere.tsv"), "{error}");
        assert!(read(None, &[]).expect("none is fine").0.spoken.is_empty());
        let error = read(None, &["nowhere.tmx".into()]).expect_err("there is none");
        assert!(error.to_string().contains("nowhere.tmx"), "{error}");
    }
}
