use std::path::Path;

use anyhow::Context;
use dostyq_speech::Lang;

/// A sentence in both languages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Pair {
    kazakh: String,
    russian: String,
}

impl Pair {
    pub(super) fn text(&self, lang: Lang) -> &str {
        match lang {
            Lang::Kazakh => &self.kazakh,
            Lang::Russian => &self.russian,
        }
    }
}

/// Reads the pairs of a test set. Scores are only worth something when all of it counts, so the first line that is no
/// pair is an error.
pub(super) fn read(path: &Path) -> anyhow::Result<Vec<Pair>> {
    let file = path.display();
    let text = std::fs::read_to_string(path).with_context(|| {
        format!("{file} cannot be read: it wants to be text in UTF-8, a Kazakh and a Russian column")
    })?;
    let pairs = parse(&text).map_err(|line| {
        anyhow::anyhow!("{file}:{line} is no pair: write the Kazakh sentence, a tab and the Russian sentence")
    })?;
    anyhow::ensure!(!pairs.is_empty(), "{file} holds no pairs: write the Kazakh sentence, a tab and the Russian one");
    Ok(pairs)
}

/// The pairs, or the number of the first line that is none. Empty lines and a header `kk`, `ru` are passed over, and
/// so is what follows a second tab.
fn parse(text: &str) -> Result<Vec<Pair>, usize> {
    let mut pairs = Vec::new();
    for (line, number) in text.trim_start_matches('\u{feff}').lines().zip(1..) {
        let mut columns = line.split('\t').map(str::trim);
        match (columns.next(), columns.next()) {
            (Some(""), None) => {}
            (Some("kk"), Some("ru")) if number == 1 => {}
            (Some(kazakh), Some(russian)) if !kazakh.is_empty() && !russian.is_empty() => {
                pairs.push(Pair { kazakh: kazakh.to_owned(), russian: russian.to_owned() });
            }
            _ => return Err(number),
        }
    }
    Ok(pairs)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_line_is_a_pair() {
        let check = |text, expect: Result<&[(&str, &str)], usize>| {
            let pairs = parse(text);
            let pairs = pairs.as_ref().map(|pairs| pairs.iter().map(|p| (&*p.kazakh, &*p.russian)).collect::<Vec<_>>());
            assert_eq!(pairs.map_err(|line| *line), expect.map(<[_]>::to_vec), "{text:?}");
        };
        check("", Ok(&[]));
        check("иә\tда\n\nжоқ\tнет\r\n", Ok(&[("иә", "да"), ("жоқ", "нет")]));
        check("\u{feff}kk\tru\nиә\tда\tescape", Ok(&[("иә", "да")]));
        check("иә\tда\nжоқ\n", Err(2));
        check("иә\t\n", Err(1));
        check("\tда\n", Err(1));
    }

    #[test]
    fn a_file_that_is_no_test_set_is_named() {
        let folder = tempfile::tempdir().expect("a folder");
        let check = |text: &[u8], expect| {
            let path = folder.path().join("set.tsv");
            std::fs::write(&path, text).expect("writable");
            let error = read(&path).expect_err("no test set").to_string();
            assert!(error.contains("set.tsv") && error.contains(expect), "{error}");
        };
        check(b"", "no pairs");
        check("иә\tда\nжоқ".as_bytes(), ":2 is no pair");
        check(b"\xff\xfe\t", "UTF-8");
        assert!(read(Path::new("nowhere.tsv")).expect_err("none").to_string().contains("nowhere.tsv"));
    }
}
