use std::fmt;
use std::path::{Path, PathBuf};

use super::{Memory, tmx, tsv};
use crate::TranslateError;

/// The largest file of a memory, bytes: it is read as a whole.
pub const MAX_FILE_BYTES: u64 = 256 << 20;

/// So many faults of a file are told one by one.
pub const MAX_NAMED_FAULTS: usize = 100;

/// What came of a file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Imported {
    /// Pairs that were taken in; some may be the same.
    pub pairs: usize,
    /// Entries that were left out, the first [`MAX_NAMED_FAULTS`] of them.
    pub faults: Vec<MemoryFault>,
    /// How many more were left out.
    pub more_faults: usize,
}

/// An entry that is no pair.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MemoryFault {
    /// The file.
    pub path: PathBuf,
    /// The line on which the entry begins, from 1.
    pub line: usize,
    /// What is wrong with it.
    pub reason: String,
}

impl fmt::Display for MemoryFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}; the entry is left out", self.path.display(), self.line, self.reason)
    }
}

/// An entry of a file: its line, and both texts or what is wrong with it.
pub(super) type Entry = (usize, Result<(String, String), String>);

impl Memory {
    /// Takes in the pairs of a TMX or TSV file, in UTF-8 or, with a byte order mark, UTF-16. What begins with `<` is TMX.
    ///
    /// In TMX, a translation unit gives the first of its Kazakh and the first of its Russian variants; other languages
    /// are passed over, and so is formatting. In TSV, each line is the Kazakh text, a tab and the Russian text; what
    /// follows a second tab, empty lines, lines that begin with `#` and a first line `kk`, `ru` are passed over.
    ///
    /// # Errors
    /// [`TranslateError::MemoryFile`] when the file cannot be read or holds not one entry,
    /// [`TranslateError::MemoryFull`] when not all of its pairs have room; the others have been taken in. An entry
    /// that is no pair is no error.
    pub fn load(&mut self, path: &Path) -> Result<Imported, TranslateError> {
        let unusable = |reason: String| TranslateError::MemoryFile { path: path.to_owned(), reason };
        let size = std::fs::metadata(path).map_err(|error| unusable(error.to_string()))?.len();
        if size > MAX_FILE_BYTES {
            return Err(unusable(format!("it is larger than {} MB", MAX_FILE_BYTES >> 20)));
        }
        let text = decode(&std::fs::read(path).map_err(|error| unusable(error.to_string()))?);
        let is_tmx = text.trim_start().starts_with('<');
        let imported =
            if is_tmx { self.take(path, tmx::entries(&text)) } else { self.take(path, tsv::entries(&text)) }?;
        if imported.pairs + imported.faults.len() == 0 {
            return Err(unusable(format!("it holds no {}", if is_tmx { "<tu> entries" } else { "pairs" })));
        }
        Ok(imported)
    }

    fn take(&mut self, path: &Path, entries: impl Iterator<Item = Entry>) -> Result<Imported, TranslateError> {
        let mut imported = Imported::default();
        for (line, entry) in entries {
            let reason = match entry {
                Err(reason) => reason,
                // What could not be decoded.
                Ok((kazakh, russian)) if kazakh.contains('\u{fffd}') || russian.contains('\u{fffd}') => {
                    "it is not UTF-8".to_owned()
                }
                Ok((kazakh, russian)) => match self.add(&kazakh, &russian) {
                    Ok(()) => {
                        imported.pairs += 1;
                        continue;
                    }
                    Err(TranslateError::MemoryPair { reason }) => reason,
                    Err(error) => return Err(error),
                },
            };
            if imported.faults.len() < MAX_NAMED_FAULTS {
                imported.faults.push(MemoryFault { path: path.to_owned(), line, reason });
            } else {
                imported.more_faults += 1;
            }
        }
        Ok(imported)
    }
}

/// The text of a file; U+FFFD stands for what is none.
fn decode(bytes: &[u8]) -> String {
    let units = |of: fn([u8; 2]) -> u16| bytes[2..].chunks_exact(2).map(|b| of([b[0], b[1]])).collect::<Vec<u16>>();
    match bytes {
        [0xff, 0xfe, ..] => String::from_utf16_lossy(&units(u16::from_le_bytes)),
        [0xfe, 0xff, ..] => String::from_utf16_lossy(&units(u16::from_be_bytes)),
        [0xef, 0xbb, 0xbf, rest @ ..] => String::from_utf8_lossy(rest).into_owned(),
        _ => String::from_utf8_lossy(bytes).into_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What was taken in, and line and reason of each fault.
    fn load(bytes: &[u8]) -> Result<(usize, Vec<String>), TranslateError> {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("memory.tsv");
        std::fs::write(&path, bytes).expect("writable");
        let mut memory = Memory::default();
        let imported = memory.load(&path)?;
        assert!(memory.len() <= imported.pairs);
        let faults = imported.faults.iter().map(|fault| format!("{}: {}", fault.line, fault.reason));
        Ok((imported.pairs, faults.collect()))
    }

    fn check(bytes: &[u8], pairs: usize, faults: &[&str]) {
        let found = load(bytes).expect("a memory");
        assert_eq!((found.0, found.1.iter().map(String::as_str).collect::<Vec<_>>()), (pairs, faults.to_vec()));
    }

    #[test]
    fn a_file_is_read_however_it_is_encoded() {
        let text = "сәлем\tпривет\nжоқ\tнет\n";
        check(text.as_bytes(), 2, &[]);
        check(format!("\u{feff}{text}").as_bytes(), 2, &[]);
        let utf16 = |of: fn(u16) -> [u8; 2]| format!("\u{feff}{text}").encode_utf16().flat_map(of).collect::<Vec<u8>>();
        check(&utf16(u16::to_le_bytes), 2, &[]);
        check(&utf16(u16::to_be_bytes), 2, &[]);
    }

    #[test]
    fn what_is_no_pair_is_named_and_the_rest_is_taken() {
        check(
            "иә\tда\nжоқ\n\t\n!\tнет\n".as_bytes(),
            1,
            &[
                "2: it has no tab between a Kazakh and a Russian text",
                "3: its Kazakh text has no words",
                "4: its Kazakh text has no words",
            ],
        );
        check(b"\xc8\xff\tx\na\tb\n", 1, &["1: it is not UTF-8"]);
        let long = format!("иә\t{}\n", "да ".repeat(700));
        check(long.as_bytes(), 0, &["1: its Russian text is longer than 2000 characters"]);
        check("\u{0}\u{1}\tда\nа\u{0}б\tда\n".as_bytes(), 1, &["1: its Kazakh text has no words"]);
    }

    #[test]
    fn faults_are_not_told_without_end() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("memory.tsv");
        std::fs::write(&path, "жоқ\n".repeat(MAX_NAMED_FAULTS + 7)).expect("writable");
        let imported = Memory::default().load(&path).expect("a file");
        assert_eq!((imported.pairs, imported.faults.len(), imported.more_faults), (0, MAX_NAMED_FAULTS, 7));
        let told = imported.faults[1].to_string();
        assert!(told.contains("memory.tsv:2: it has no tab") && told.ends_with("left out"), "{told}");
    }

    #[test]
    fn a_file_that_is_no_memory_is_named() {
        let check = |bytes: &[u8], expect: &str| {
            let error = load(bytes).expect_err("no memory").to_string();
            assert!(error.contains("memory.tsv") && error.contains(expect), "{error}");
        };
        check(b"", "holds no pairs");
        check(b"# kk ru\n\n", "holds no pairs");
        check(b"<html><body></body></html>", "holds no <tu> entries");
        let error = Memory::default().load(Path::new("nowhere.tmx")).expect_err("none").to_string();
        assert!(error.contains("nowhere.tmx"), "{error}");
    }
}
