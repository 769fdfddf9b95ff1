//! What the tests of several modules build their stores from.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use tempfile::TempDir;
use zip::write::SimpleFileOptions;

use crate::digest::Sha256;
use crate::manifest::Manifest;
use crate::progress::Progress;
use crate::store::Store;

/// A temporary folder with `bundled`, `cache` and `wheels` in it; gone when dropped.
pub(crate) struct Hall {
    root: TempDir,
}

impl Hall {
    pub(crate) fn new() -> Hall {
        let root = tempfile::tempdir().expect("a temporary folder");
        for folder in ["bundled", "wheels"] {
            fs::create_dir(root.path().join(folder)).expect("a folder");
        }
        Hall { root }
    }

    pub(crate) fn path(&self, relative: &str) -> PathBuf {
        self.root.path().join(relative)
    }

    pub(crate) fn write(&self, relative: &str, bytes: &[u8]) -> PathBuf {
        let path = self.path(relative);
        fs::create_dir_all(path.parent().expect("within the hall")).expect("a folder");
        fs::write(&path, bytes).expect("writable");
        path
    }

    /// A store over this manifest, whose Python is the scripted one.
    pub(crate) fn store(&self, manifest: &str) -> Store {
        let manifest = Manifest::parse(manifest).unwrap_or_else(|error| panic!("{error}"));
        let python = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/scripted-pip");
        Store::with_manifest(manifest, self.path("bundled"), self.path("cache")).with_python(python)
    }

    /// The names in the cache, hidden ones too, except the lock files, which stay by design.
    pub(crate) fn in_cache(&self) -> Vec<String> {
        names(&self.path("cache")).into_iter().filter(|name| !name.ends_with(".lock")).collect()
    }
}

/// A manifest of one model. `source` and `files` are TOML.
pub(crate) fn manifest(name: &str, source: &str, files: &str) -> String {
    let about = if files.matches("size").count() < files.matches("path").count() || files.is_empty() {
        "about_bytes = 9\n"
    } else {
        ""
    };
    format!(
        "[[model]]\nname = \"{name}\"\ntask = \"speech\"\nfamily = \"whisper\"\nlanguages = []\nlicence = \"MIT\"\n\
         verified_here = false\nnote = \"\"\n{about}source = {source}\n{files}"
    )
}

/// A file entry with the checksum of `bytes`.
pub(crate) fn pinned_file(path: &str, bytes: &[u8]) -> String {
    format!("[[model.file]]\npath = \"{path}\"\nsize = {}\nsha256 = \"{}\"\n", bytes.len(), Sha256::of(bytes))
}

/// A zip archive at `path` with these members.
pub(crate) fn write_zip(path: &Path, members: &[(&str, &[u8])]) {
    let mut zip = zip::ZipWriter::new(fs::File::create(path).expect("writable"));
    for (name, bytes) in members {
        zip.start_file(*name, SimpleFileOptions::default()).expect("a new member");
        zip.write_all(bytes).expect("writable");
    }
    zip.finish().expect("writable");
}

/// The names in a folder, sorted; none if there is no folder.
pub(crate) fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let mut names: Vec<String> = entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

pub(crate) fn unheard(_: Progress<'_>) {}
