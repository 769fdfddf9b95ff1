//! The store: where models lie on this machine, and whether they are what the manifest says.

use std::ffi::OsString;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use crate::digest::hash_file;
use crate::error::Error;
use crate::manifest::{Manifest, Model, ModelFile, Source, is_fit_name, platform};
use crate::progress::{Progress, Step};

/// The record beside a model's files, for what the manifest cannot know: checksums seen at the first download, and
/// models that were imported. It has the manifest's own format, with one model.
pub(crate) const RECORD: &str = "dostyq-model.toml";

/// The models of this machine: the bundled ones in one folder, those pulled and imported in another. Each model has
/// a folder of its name in one of the two.
///
/// A store holds no open files and no state; it can be made as often as is convenient, in several processes at once.
#[derive(Debug, Clone)]
pub struct Store {
    pub(crate) manifest: Manifest,
    bundled: PathBuf,
    pub(crate) cache: PathBuf,
    pub(crate) python: PathBuf,
}

/// A model whose files are there and are what they should be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ModelFiles {
    /// The model's name.
    pub name: String,
    /// Its folder.
    pub folder: PathBuf,
    /// Its files, in the manifest's order.
    pub files: Vec<PathBuf>,
}

impl ModelFiles {
    /// The file that an engine opens: the ggml file of a Whisper model, the library of the runtime. A translator
    /// takes the folder instead.
    pub fn main_file(&self) -> &Path {
        self.files.first().map_or(&self.folder, PathBuf::as_path)
    }
}

/// One line of `dostyq models list`.
#[derive(Debug, Clone, PartialEq)]
pub struct Listing {
    /// The model, as the manifest or its record describes it.
    pub model: Model,
    /// Whether it is here.
    pub presence: Presence,
}

/// Whether a model is here, as far as can be told without reading its files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Presence {
    /// All files are there with the right sizes.
    Here,
    /// Some file is missing.
    Absent,
    /// Some file has a wrong size.
    Damaged,
    /// There are no files for this machine.
    OtherMachine,
}

/// The verdict on one file.
#[derive(Debug)]
pub struct FileCheck {
    /// The file.
    pub path: PathBuf,
    /// What is wrong with it, or nothing.
    pub fault: Option<Error>,
}

impl Store {
    /// A store over the embedded manifest. `bundled` is the folder that holds `silero-vad/` and the other models
    /// that come with Dostyq; `cache` holds what is pulled and imported ([`cache_folder`]) and need not exist yet.
    pub fn new(bundled: impl Into<PathBuf>, cache: impl Into<PathBuf>) -> Store {
        Store::with_manifest(Manifest::embedded(), bundled, cache)
    }

    /// A store over another manifest.
    pub fn with_manifest(manifest: Manifest, bundled: impl Into<PathBuf>, cache: impl Into<PathBuf>) -> Store {
        Store { manifest, bundled: bundled.into(), cache: cache.into(), python: "python3".into() }
    }

    /// Uses this Python instead of `python3` on the path; it must have pip.
    pub fn with_python(mut self, python: impl Into<PathBuf>) -> Store {
        self.python = python.into();
        self
    }

    /// Every model of the manifest, then every imported one by name. Looks at sizes alone, so it is quick;
    /// [`Store::verify`] reads the files.
    pub fn list(&self) -> Vec<Listing> {
        let imported = self.imported();
        let entries = self.manifest.models().iter().map(|entry| match self.record_of(entry) {
            Some(record) => record,
            None => entry.clone(),
        });
        entries.chain(imported).map(|model| Listing { presence: self.presence(&model), model }).collect()
    }

    /// Where the files of a model are, after size and SHA-256 of each were found right. Meant for every start, and
    /// the whole content is read each time, because sizes and times cannot tell a changed file. It is cheap: the
    /// 148 MB of the default speech model took 0.11 s on a server with SHA instructions, and the engine that reads
    /// the same bytes next finds them in memory.
    ///
    /// # Errors
    /// The first fault among the files, or why there can be none.
    pub fn locate(&self, name: &str) -> Result<ModelFiles, Error> {
        let model = self.lookup(name)?;
        let folder = self.folder(&model);
        let mut files = Vec::new();
        for file in model.files() {
            check_file(&model, file, &folder.join(&file.path), &mut |_| ())?;
            files.push(folder.join(&file.path));
        }
        Ok(ModelFiles { name: model.name, folder, files })
    }

    /// The verdict on each file of a model, for `dostyq models verify`.
    ///
    /// # Errors
    /// The model is unknown, was never pulled, or has no files for this machine; a bad file is no error but a
    /// fault in the answer.
    pub fn verify(&self, name: &str, progress: &mut dyn FnMut(Progress<'_>)) -> Result<Vec<FileCheck>, Error> {
        let model = self.lookup(name)?;
        let folder = self.folder(&model);
        let check = |file: &ModelFile| {
            let path = folder.join(&file.path);
            let mut on_bytes =
                |done| progress(Progress { step: Step::Verify, subject: &file.path, done, total: file.size });
            FileCheck { fault: check_file(&model, file, &path, &mut on_bytes).err(), path }
        };
        Ok(model.files().map(check).collect())
    }

    /// The model of that name with the sizes and checksums its files must have.
    fn lookup(&self, name: &str) -> Result<Model, Error> {
        let model = match self.manifest.get(name) {
            Some(entry) if entry.is_pinned() => entry.clone(),
            Some(entry) => self.record_of(entry).ok_or_else(|| self.never_pulled(entry))?,
            None => self.read_record(name).ok_or_else(|| self.unknown(name))?,
        };
        if model.files().next().is_none() {
            return Err(Error::NoPlatform { model: model.name, platform: platform() });
        }
        Ok(model)
    }

    /// What the cache has learnt about a model whose entry alone cannot verify it.
    pub(crate) fn record_of(&self, entry: &Model) -> Option<Model> {
        if entry.is_pinned() {
            return None;
        }
        let by_hand = matches!(entry.source, Source::ByHand { .. });
        self.read_record(&entry.name).filter(|record| {
            let same_paths = || {
                let paths = |model: &Model| model.files().map(|file| file.path.clone()).collect::<Vec<_>>();
                record.source == entry.source && paths(record) == paths(entry)
            };
            if by_hand { matches!(record.source, Source::Imported { .. }) } else { same_paths() }
        })
    }

    /// The record in a model's folder. One that cannot be read, or that is about another model, counts as none: the
    /// model is then pulled or imported again.
    fn read_record(&self, name: &str) -> Option<Model> {
        if !is_fit_name(name) {
            return None;
        }
        let text = fs::read_to_string(self.cache.join(name).join(RECORD)).ok()?;
        let [model] = Manifest::parse(&text).ok()?.models().to_vec().try_into().ok()?;
        let model: Model = model;
        (model.name == name && model.is_pinned()).then_some(model)
    }

    /// The imported models that the manifest does not know, by name.
    fn imported(&self) -> Vec<Model> {
        let Ok(folders) = fs::read_dir(&self.cache) else { return Vec::new() };
        let mut names: Vec<String> =
            folders.flatten().filter_map(|entry| entry.file_name().into_string().ok()).collect();
        names.sort();
        names.retain(|name| self.manifest.get(name).is_none());
        names.iter().filter_map(|name| self.read_record(name)).collect()
    }

    pub(crate) fn folder(&self, model: &Model) -> PathBuf {
        let root = if model.source == Source::Bundled { &self.bundled } else { &self.cache };
        root.join(&model.name)
    }

    fn presence(&self, model: &Model) -> Presence {
        if !model.files.is_empty() && model.files().next().is_none() {
            return Presence::OtherMachine;
        }
        if !model.is_pinned() {
            return Presence::Absent;
        }
        let folder = self.folder(model);
        let sizes: Vec<_> = model.files().map(|file| (fs::metadata(folder.join(&file.path)), file.size)).collect();
        if sizes.iter().any(|(found, _)| found.is_err()) {
            Presence::Absent
        } else if sizes.iter().any(|(found, size)| found.as_ref().map(fs::Metadata::len).ok() != *size) {
            Presence::Damaged
        } else {
            Presence::Here
        }
    }

    fn never_pulled(&self, entry: &Model) -> Error {
        match &entry.source {
            Source::ByHand { page, steps } => {
                Error::ByHand { model: entry.name.clone(), steps: steps.clone(), page: page.clone() }
            }
            _ => Error::Missing { model: entry.name.clone(), path: self.folder(entry), remedy: entry.remedy() },
        }
    }

    fn unknown(&self, name: &str) -> Error {
        let known = self.list().into_iter().map(|listing| listing.model.name).collect::<Vec<_>>().join(", ");
        Error::UnknownModel { name: name.to_owned(), known }
    }
}

/// Whether one file is what the model needs. The size is compared first, so a file cut short is found at once.
pub(crate) fn check_file(
    model: &Model,
    file: &ModelFile,
    path: &Path,
    on_bytes: &mut dyn FnMut(u64),
) -> Result<(), Error> {
    let (name, path_buf) = (model.name.clone(), path.to_owned());
    let found = match fs::metadata(path) {
        Ok(metadata) => metadata.len(),
        Err(error) if error.kind() == ErrorKind::NotFound => {
            return Err(Error::Missing { model: name, path: path_buf, remedy: model.remedy() });
        }
        Err(error) => return Err(Error::io(path)(error)),
    };
    if let Some(expected) = file.size
        && expected != found
    {
        return Err(Error::WrongSize { model: name, path: path_buf, expected, found, remedy: model.remedy() });
    }
    if let Some(expected) = file.sha256 {
        let (_, found) = hash_file(path, on_bytes).map_err(Error::io(path))?;
        if expected != found {
            let (expected, found) = (Box::new(expected), Box::new(found));
            return Err(Error::WrongChecksum { model: name, path: path_buf, expected, found, remedy: model.remedy() });
        }
    }
    Ok(())
}

/// The folder for models that are pulled and imported: `$DOSTYQ_MODELS`, else `$XDG_CACHE_HOME/dostyq/models`, else
/// `~/.cache/dostyq/models`.
pub fn cache_folder() -> Result<PathBuf, Error> {
    cache_folder_from(|variable| std::env::var_os(variable)).ok_or(Error::NoCacheFolder)
}

/// [`cache_folder`] over any environment. A variable that is set but empty counts as not set, and a relative
/// `XDG_CACHE_HOME` is ignored, both as the XDG base directory specification says.
fn cache_folder_from(variable: impl Fn(&str) -> Option<OsString>) -> Option<PathBuf> {
    let folder = |name: &str| variable(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let xdg = || folder("XDG_CACHE_HOME").filter(|path| path.is_absolute());
    let home = || folder("HOME").map(|home| home.join(".cache"));
    folder("DOSTYQ_MODELS").or_else(|| xdg().or_else(home).map(|cache| cache.join("dostyq/models")))
}

#[cfg(test)]
mod tests;
