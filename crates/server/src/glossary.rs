use std::path::Path;
use std::sync::Arc;

use anyhow::Context;
use dostyq_recognise::Glossary;

/// Reads a room's names and terms: a line each, the Kazakh and the Russian form with a tab between; a form may be
/// missing, what follows a second tab is a note, and lines that begin with `#` are comments. Without a file there are
/// none.
pub(crate) fn read(path: Option<&Path>) -> anyhow::Result<Arc<Glossary>> {
    let Some(path) = path else { return Ok(Arc::default()) };
    let text = std::fs::read_to_string(path)
        .with_context(|| format!("the glossary {} cannot be read: it wants to be text in UTF-8", path.display()))?;
    Ok(Arc::new(Glossary::new(terms(&text))))
}

fn terms(text: &str) -> Vec<String> {
    let lines = text.trim_start_matches('\u{feff}').lines().filter(|line| !line.starts_with('#'));
    let forms = lines.flat_map(|line| line.split('\t').take(2)).map(str::trim).filter(|form| !form.is_empty());
    let mut terms: Vec<String> = Vec::new();
    for form in forms {
        // Many names are the same in both languages.
        if !terms.iter().any(|term| term == form) {
            terms.push(form.to_owned());
        }
    }
    terms
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_forms_of_each_line_are_terms() {
        let text = "# kk\tru\nАтырау\tАтырау\tқала\nҚасым-Жомарт Тоқаев\tКасым-Жомарт Токаев\n\n\tДигиум\n";
        assert_eq!(terms(text), ["Атырау", "Қасым-Жомарт Тоқаев", "Касым-Жомарт Токаев", "Дигиум"]);
    }

    #[test]
    fn a_file_that_is_missing_is_named() {
        let error = read(Some(Path::new("nowhere.tsv"))).expect_err("there is none");
        assert!(error.to_string().contains("nowhere.tsv"), "{error}");
        assert!(read(None).expect("none is fine").is_empty());
    }
}
