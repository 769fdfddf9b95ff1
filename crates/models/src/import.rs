//! Checkpoints of other projects, taken into the store.
//!
//! Understood are: a Whisper checkpoint of CTranslate2 or of Hugging Face, which becomes a ggml file; a ggml file,
//! which is copied; and a translation model in Optimum's ONNX layout, which is copied. `detect` tells them apart;
//! `ctranslate2` and `safetensors` read the checkpoints, `whisper` writes their tensors, `quantise` makes them smaller.

mod ctranslate2;
mod detect;
mod ggml;
mod half;
mod mel;
mod numbers;
mod quantise;
mod safetensors;
mod vocabulary;
mod whisper;

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use dostyq_speech::Lang;

use crate::digest::copy;
use crate::error::Error;
use crate::manifest::{Model, ModelFile, Source, is_fit_name};
use crate::place::{Partial, move_into_place, write_whole};
use crate::progress::{Progress, Step};
use crate::pull::{pinned, remove_folder};
use crate::store::{ModelFiles, RECORD, Store};
use detect::{Found, detect};
pub use quantise::{Quantisation, UnknownQuantisation, quantise_whisper};
use whisper::Original;

/// Converts the Whisper checkpoint in `from`, of CTranslate2 (the folder, or its `model.bin`) or of Hugging Face (the
/// folder, its safetensors file or its index of several), to a ggml file for whisper.cpp: matrices and convolutions in
/// half precision, everything else in single. The tokenizer, and Hugging Face's configuration, are read from the same
/// folder. One tensor at a time is held in memory. `out` appears only when it is whole.
///
/// # Errors
/// [`Error::Import`] naming what was found when it is no such checkpoint, or one that whisper.cpp could not load.
pub fn convert_whisper(from: &Path, out: &Path, progress: &mut dyn FnMut(Progress<'_>)) -> Result<(), Error> {
    match detect(from)? {
        Found::CTranslate2Whisper(folder) => convert(ctranslate2::open(&folder.join("model.bin"))?, out, progress),
        Found::SafetensorsWhisper(weights) => convert(safetensors::open(&weights)?, out, progress),
        other => Err(Error::import(from, format!("it is {}, not a Whisper checkpoint to convert", other.name()))),
    }
}

fn convert(mut original: Original, out: &Path, progress: &mut dyn FnMut(Progress<'_>)) -> Result<(), Error> {
    let folder = original.weights.path().parent().unwrap_or(Path::new(""));
    let vocabulary = vocabulary::read(folder, original.shape.vocabulary)?;
    let (partial, file) = Partial::create(out)?;
    let mut ggml = ggml::Writer::begin(file, &original.shape, &vocabulary).map_err(Error::io(out))?;
    let (subject, total) = (out.file_name().unwrap_or_default().to_string_lossy(), Some(original.bytes()));
    let mut on_bytes = |done| progress(Progress { step: Step::Convert, subject: &subject, done, total });
    whisper::convert(&mut original, &mut ggml, out, &mut on_bytes)?;
    let file = ggml.finish().map_err(Error::io(out))?;
    partial.finish(file)
}

impl Store {
    /// Takes a model that lies at `from` into the cache under `name`, so that it is found, and verified at each
    /// start, like a pulled one. Without a name it gets that of the file or folder, in small letters. Importing
    /// again under the same name replaces the model. A Whisper model can be quantised on the way.
    ///
    /// # Errors
    /// [`Error::Import`] naming what was found when `from` is nothing that is understood; [`Error::NameTaken`] when
    /// the name is one of the manifest and not meant to be prepared by hand.
    pub fn import(
        &self,
        from: &Path,
        name: Option<&str>,
        quantise: Option<Quantisation>,
        progress: &mut dyn FnMut(Progress<'_>),
    ) -> Result<ModelFiles, Error> {
        let found = detect(from)?;
        if quantise.is_some() && matches!(found, Found::OptimumOnnx { .. }) {
            return Err(Error::import(from, format!("it is {}; only Whisper models are quantised here", found.name())));
        }
        let name = name.map_or_else(|| name_of(from), str::to_owned);
        if !is_fit_name(&name) {
            return Err(Error::UnfitName(name));
        }
        let entry = self.manifest.get(&name);
        if entry.is_some_and(|entry| !matches!(entry.source, Source::ByHand { .. })) {
            return Err(Error::NameTaken(name));
        }
        let origin = fs::canonicalize(from).map_err(Error::io(from))?;
        let mut model = Model {
            name: name.clone(),
            task: found.task(),
            family: found.family().to_owned(),
            languages: Lang::ALL.to_vec(),
            licence: "unknown".into(),
            verified_here: false,
            note: format!("Imported from {}.", found.name()),
            about_bytes: None,
            source: Source::Imported { from: origin.to_string_lossy().into_owned() },
            files: Vec::new(),
        };
        if let Some(entry) = entry {
            // The manifest knows more about a model that it told how to prepare.
            (model.task, model.family, model.languages) = (entry.task, entry.family.clone(), entry.languages.clone());
            (model.licence, model.note) = (entry.licence.clone(), entry.note.clone());
        }

        let _lock = self.lock(&name, progress)?;
        let staging = self.cache.join(format!(".{name}.partial"));
        remove_folder(&staging)?;
        let imported = self.import_found(model, &found, quantise, &staging, progress);
        remove_folder(&staging)?;
        imported?;
        self.locate(&name)
    }

    fn import_found(
        &self,
        mut model: Model,
        found: &Found,
        quantise: Option<Quantisation>,
        staging: &Path,
        progress: &mut dyn FnMut(Progress<'_>),
    ) -> Result<(), Error> {
        let paths = match found {
            Found::CTranslate2Whisper(path) | Found::SafetensorsWhisper(path) => {
                convert_whisper(path, &staging.join("ggml-f16.bin"), progress)?;
                vec!["ggml-f16.bin".to_owned()]
            }
            Found::Ggml(file) => {
                let name = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
                copy_file(file, &staging.join(&name), &name, progress)?;
                vec![name]
            }
            Found::OptimumOnnx { folder, files } => {
                for file in files {
                    copy_file(&folder.join(file), &staging.join(file), file, progress)?;
                }
                files.clone()
            }
        };
        let paths = match quantise {
            None => paths,
            Some(quantisation) => {
                // A model of Whisper is one file.
                let name = format!("ggml-{quantisation}.bin");
                for path in &paths {
                    quantise_whisper(&staging.join(path), &staging.join(&name), quantisation, progress)?;
                }
                vec![name]
            }
        };
        let file = |path| ModelFile { path, platform: None, size: None, sha256: None, from: Vec::new() };
        model.files = paths.into_iter().map(file).collect();
        let model = pinned(&model, staging)?;
        let folder = self.folder(&model);
        // An older import under this name may hold files that the new one lacks.
        remove_folder(&folder)?;
        for file in &model.files {
            move_into_place(&staging.join(&file.path), &folder.join(&file.path))?;
        }
        write_whole(&folder.join(RECORD), &model.to_record())
    }
}

fn copy_file(from: &Path, to: &Path, subject: &str, progress: &mut dyn FnMut(Progress<'_>)) -> Result<(), Error> {
    let mut source = File::open(from).map_err(Error::io(from))?;
    let total = source.metadata().ok().map(|metadata| metadata.len());
    let (partial, mut out) = Partial::create(to)?;
    let mut on_bytes = |done| progress(Progress { step: Step::Copy, subject, done, total });
    copy(&mut source, &mut out, &mut on_bytes).map_err(Error::io(to))?;
    partial.finish(out)
}

/// A model's name after the file or folder it comes from: `KZ Whisper.bin` becomes `kz-whisper`.
fn name_of(from: &Path) -> String {
    // A bare `model.bin` or `model.safetensors` says nothing; its folder does.
    let named: PathBuf = match from.file_name() {
        Some(name)
            if ["model.bin", "model.safetensors", "model.safetensors.index.json"].iter().any(|it| name == *it) =>
        {
            from.parent().unwrap_or(from).to_owned()
        }
        _ if from.is_dir() => from.to_owned(),
        _ => from.with_extension(""),
    };
    // A path such as `.` has no last name until it is resolved.
    let resolved = fs::canonicalize(&named).unwrap_or(named);
    let name = resolved.file_name().unwrap_or_default().to_string_lossy().to_lowercase();
    name.chars().map(|c| if c.is_ascii_alphanumeric() || "-_.".contains(c) { c } else { '-' }).collect()
}

#[cfg(test)]
mod tests;
