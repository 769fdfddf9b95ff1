//! What lies at a path that somebody wants to import.

use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};

use crate::error::Error;
use crate::import::{ctranslate2, safetensors};
use crate::manifest::Task;

/// First four bytes of a ggml file of whisper.cpp: the number 0x67676d6c, little endian.
pub(super) const GGML_MAGIC: [u8; 4] = *b"lmgg";

/// Something that can be imported.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Found {
    /// A folder with a CTranslate2 Whisper `model.bin`.
    CTranslate2Whisper(PathBuf),
    /// A safetensors file with the weights of a Whisper, or the index of several, in a folder of Hugging Face.
    SafetensorsWhisper(PathBuf),
    /// A ggml file.
    Ggml(PathBuf),
    /// A translation model in Optimum's ONNX layout, with the files that belong to it, encoder first.
    OptimumOnnx { folder: PathBuf, files: Vec<String> },
}

impl Found {
    pub(super) fn name(&self) -> &'static str {
        match self {
            Found::CTranslate2Whisper(_) => "a CTranslate2 Whisper checkpoint",
            Found::SafetensorsWhisper(_) => "a Hugging Face Whisper checkpoint",
            Found::Ggml(_) => "a ggml file",
            Found::OptimumOnnx { .. } => "a translation model in Optimum's ONNX layout",
        }
    }

    pub(super) fn task(&self) -> Task {
        match self {
            Found::CTranslate2Whisper(_) | Found::SafetensorsWhisper(_) | Found::Ggml(_) => Task::Speech,
            Found::OptimumOnnx { .. } => Task::Translation,
        }
    }

    pub(super) fn family(&self) -> &'static str {
        match self {
            Found::CTranslate2Whisper(_) | Found::SafetensorsWhisper(_) | Found::Ggml(_) => "whisper",
            Found::OptimumOnnx { .. } => "optimum-onnx",
        }
    }
}

/// Tells what a path holds, by content and not by name alone.
pub(super) fn detect(path: &Path) -> Result<Found, Error> {
    let metadata = fs::metadata(path).map_err(Error::io(path))?;
    if metadata.is_dir() { detect_folder(path) } else { detect_file(path) }
}

fn detect_folder(folder: &Path) -> Result<Found, Error> {
    let mut names: Vec<String> = file_names(folder)?;
    let has = |name: &str| names.iter().any(|found| found == name);
    if has("model.bin") {
        return detect_file(&folder.join("model.bin"));
    }
    if names.iter().any(|name| name.starts_with(ADAPTER)) {
        return Err(Error::import(folder, format!("it is a LoRA adapter; {}", safetensors::MERGE)));
    }
    let weights = safetensors_weights(&names);
    if let Some(weights) = weights
        && safetensors::model_type(folder)?.as_deref() == Some(WHISPER)
    {
        return Ok(Found::SafetensorsWhisper(folder.join(weights)));
    }
    let onnx_folder = if folder.join("onnx").is_dir() { "onnx/" } else { "" };
    let mut files: Vec<String> = file_names(&folder.join(onnx_folder))?
        .into_iter()
        .filter(|name| name.ends_with(".onnx") || name.ends_with(".onnx_data"))
        .map(|name| format!("{onnx_folder}{name}"))
        .collect();
    let is_part =
        |name: &&String, part: &str| name.strip_prefix(onnx_folder).is_some_and(|name| name.starts_with(part));
    let encoder = files.iter().position(|name| is_part(&name, "encoder_model"));
    let decoder = files.iter().find(|name| is_part(name, "decoder_model"));
    if let (Some(encoder), Some(_), true) = (encoder, decoder, has("tokenizer.json") && has("config.json")) {
        files.swap(0, encoder);
        files.extend(names.into_iter().filter(|name| name.ends_with(".json")));
        return Ok(Found::OptimumOnnx { folder: folder.to_owned(), files });
    }
    if let Some(weights) = weights {
        // It is none of a Whisper, and this says why.
        return detect_safetensors(&folder.join(weights));
    }
    if names.iter().any(|name| name.ends_with(".safetensors")) {
        let reason = "it holds several .safetensors files and no model.safetensors.index.json that joins them; fetch \
                      that too, or name the file that is to be imported";
        return Err(Error::import(folder, reason));
    }
    if names.iter().any(|name| name.starts_with("pytorch_model")) {
        return Err(Error::import(folder, PYTORCH));
    }
    names.truncate(LISTED);
    Err(Error::import(
        folder,
        format!("it holds {}; {UNDERSTOOD}", if names.is_empty() { "no files".into() } else { names.join(", ") }),
    ))
}

/// The one among the files of a folder that stands for its weights; an index stands for the files that it joins.
fn safetensors_weights(names: &[String]) -> Option<&str> {
    let names = || names.iter().map(String::as_str);
    let mut files = names().filter(|name| name.ends_with(".safetensors"));
    let only = files.next().filter(|_| files.next().is_none());
    let usual = names().find(|name| *name == "model.safetensors");
    usual.or_else(|| names().find(|name| name.ends_with(safetensors::INDEX))).or(only)
}

/// Safetensors can hold any model; the configuration beside them says which.
fn detect_safetensors(weights: &Path) -> Result<Found, Error> {
    let folder = weights.parent().unwrap_or(Path::new(""));
    let name = weights.file_name().unwrap_or_default().to_string_lossy();
    if name.starts_with(ADAPTER) {
        return Err(Error::import(weights, format!("it is a LoRA adapter; {}", safetensors::MERGE)));
    }
    match safetensors::model_type(folder)?.as_deref() {
        Some(WHISPER) => Ok(Found::SafetensorsWhisper(weights.to_owned())),
        Some(other) => {
            Err(Error::import(weights, format!("by its config.json it is a model of type {other:?}; {UNDERSTOOD}")))
        }
        None => {
            let reason = "there is no config.json beside it that gives a model_type; take it from where the model \
                          comes from";
            Err(Error::import(weights, reason))
        }
    }
}

fn detect_file(path: &Path) -> Result<Found, Error> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    if name.ends_with(".safetensors") || name.ends_with(safetensors::INDEX) {
        return detect_safetensors(path);
    }
    let mut head = Vec::new();
    let file = File::open(path).map_err(Error::io(path))?;
    file.take(64).read_to_end(&mut head).map_err(Error::io(path))?;
    if head.starts_with(&GGML_MAGIC) {
        return Ok(Found::Ggml(path.to_owned()));
    }
    if let Some(spec) = ctranslate2::spec_name(&head) {
        return match spec {
            "WhisperSpec" => Ok(Found::CTranslate2Whisper(path.parent().unwrap_or(Path::new("")).to_owned())),
            other => Err(Error::import(path, format!("it is a CTranslate2 model of kind {other}; {UNDERSTOOD}"))),
        };
    }
    let reason = if head.is_empty() {
        "it is empty".to_owned()
    } else if head.starts_with(b"GGUF") {
        format!("it is a GGUF file, which whisper.cpp does not read; {UNDERSTOOD}")
    } else if head.starts_with(b"PK") {
        PYTORCH.to_owned()
    } else {
        let bytes: Vec<String> = head.iter().take(8).map(|byte| format!("{byte:02x}")).collect();
        format!("it begins with the bytes {}, which is no known model; {UNDERSTOOD}", bytes.join(" "))
    };
    Err(Error::import(path, reason))
}

/// How many file names a message lists.
const LISTED: usize = 8;
/// The `model_type` of a Whisper.
const WHISPER: &str = "whisper";
/// How the files of a LoRA adapter begin: its configuration and its weights.
const ADAPTER: &str = "adapter_";
const UNDERSTOOD: &str = "understood are a Whisper of Hugging Face (config.json, model.safetensors, tokenizer.json), a \
                          CTranslate2 Whisper folder, a ggml file of whisper.cpp and a translation model in Optimum's \
                          ONNX layout (encoder, decoder, tokenizer.json, config.json)";
const PYTORCH: &str = "these are weights in PyTorch's own format, which can hold programs: save them as safetensors \
                       first (in Python: `WhisperForConditionalGeneration.from_pretrained(PATH).save_pretrained(OUT)`, \
                       and copy the tokenizer's files), then import OUT";

fn file_names(folder: &Path) -> Result<Vec<String>, Error> {
    let entries = fs::read_dir(folder).map_err(Error::io(folder))?.flatten();
    let mut names: Vec<String> = entries
        .filter(|entry| entry.path().is_file())
        .filter_map(|entry| entry.file_name().into_string().ok())
        .collect();
    names.sort();
    Ok(names)
}
