//! A large multilingual translation model becomes one for Kazakh and Russian alone.
//!
//! Most of such a model is its vocabulary: NLLB's 256,206 tokens make up 262 of the 615 million numbers of its smallest
//! model, and its output layer is what decoding spends most of its time on. Here the pieces that the two languages do
//! not need are left out of the tokenizer, and their rows and columns of every tensor that goes along the vocabulary.
//! What stays is not changed: a sentence that is cut into kept pieces meets the same numbers as before.
//!
//! `keep` says which pieces are needed, `tokenizer` and `config` rewrite the JSON files, `graph` the ONNX files.

mod config;
mod graph;
mod keep;
mod tensor;
#[cfg(test)]
mod tests;
mod tokenizer;
mod wire;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;
use tokenizers::Tokenizer;

use crate::error::Error;
use crate::place::write_whole;
use crate::progress::{Progress, Step};
use crate::pull::remove_folder;
use config::Configuration;
use keep::{is_a_base, is_a_mark, is_of_the_hall};
use tensor::Selection;
use tokenizer::Vocabulary;

/// Which tokens a trimmed model keeps besides those that Kazakh and Russian cannot do without: letters, digits, signs,
/// bytes, marks of languages and special tokens.
#[derive(Debug, Clone, Default)]
pub struct TrimOptions {
    /// Texts such as the model will meet, in UTF-8: lines, of which the columns between tabs are counted one by one. A
    /// piece that occurs in them stays, whatever its letters are.
    pub corpus: Vec<PathBuf>,
    /// The most tokens to keep. Those that occur most often in the corpus come first, then those in the letters of the
    /// two languages, in the vocabulary's order. None: all of them.
    pub size: Option<usize>,
}

/// What a trimming has done.
#[derive(Debug, Clone, PartialEq)]
pub struct Trimmed {
    /// Tokens of the model before and after.
    pub tokens: [usize; 2],
    /// Bytes of the ONNX files that were read, and of those that were written.
    pub bytes: [u64; 2],
    /// The share of the corpus, counted in pieces, whose piece stays, 0 to 1; none without a corpus.
    pub covered: Option<f64>,
}

/// The files with weights that an engine opens, in the order in which they are trimmed.
const GRAPHS: [&str; 4] = ["encoder_model", "decoder_model", "decoder_with_past_model", "decoder_model_merged"];
/// 32-bit floats, 8-bit integers, 16-bit floats.
const PRECISIONS: [&str; 3] = ["", "_quantized", "_fp16"];
const CONFIG: &str = "config.json";
const GENERATION_CONFIG: &str = "generation_config.json";
const TOKENIZER: &str = "tokenizer.json";
/// What else is taken along: a model's card and licence. Other files of a tokenizer would tell of the old vocabulary.
const PAPERS: [&str; 3] = ["readme", "license", "notice"];

/// Writes the translation model in the folder `from`, in Optimum's ONNX layout, to the new folder `out` with only the
/// tokens that Kazakh and Russian need. `from` is left as it is; `out` appears only when it is whole.
///
/// # Errors
/// [`Error::Trim`] naming the file when the model is not of a kind that is understood, or when `out` exists.
pub fn trim(
    from: &Path,
    out: &Path,
    options: &TrimOptions,
    progress: &mut dyn FnMut(Progress<'_>),
) -> Result<Trimmed, Error> {
    check_place(from, out)?;
    let config = Configuration::read(&from.join(CONFIG))?;
    let size = config.vocab_size().map_err(|reason| Error::trim(&from.join(CONFIG), reason))?;
    let generation = from.join(GENERATION_CONFIG);
    let generation = generation.is_file().then(|| Configuration::read(&generation)).transpose()?;
    let graphs = graphs_in(from)?;

    let tokenizer = from.join(TOKENIZER);
    let vocabulary = Vocabulary::read(&tokenizer)?;
    if vocabulary.size() > size {
        let reason = format!("it has {} tokens, but its model only {size}", vocabulary.size());
        return Err(Error::trim(&tokenizer, reason));
    }
    let named = config.ids().into_iter().chain(generation.iter().flat_map(Configuration::ids));
    let uses = (!options.corpus.is_empty()).then(|| count(&tokenizer, &options.corpus)).transpose()?;
    let named = named.filter(|id| *id < size);
    let kept = choose(&vocabulary, named, uses.as_deref(), options.size).map_err(|e| Error::trim(&tokenizer, e))?;
    let renumber = |old: u32| kept.binary_search(&old).ok().map(|new| new as u32);
    if let Some(padding) = config.padding_in_graph().filter(|padding| renumber(*padding) != Some(*padding)) {
        let reason = format!("its padding, {padding}, would get another number, but its graph counts on that one");
        return Err(Error::trim(&from.join(CONFIG), reason));
    }

    let name = out.file_name().unwrap_or_default().to_string_lossy();
    let staging = out.with_file_name(format!("{name}.partial-{}", std::process::id()));
    remove_folder(&staging)?;
    let selection = Selection { before: u64::from(size), kept: &kept };
    let written = trim_graphs(from, &staging, &graphs, &selection, progress).and_then(|bytes| {
        let json = |name: &str, value: Value| write_whole(&staging.join(name), &value.to_string());
        json(CONFIG, config.cut(kept.len() as u32, &renumber))?;
        if let Some(generation) = generation {
            json(GENERATION_CONFIG, generation.cut(kept.len() as u32, &renumber))?;
        }
        json(TOKENIZER, vocabulary.cut(&renumber))?;
        copy_papers(from, &staging)?;
        fs::rename(&staging, out).map_err(Error::io(out))?;
        Ok(bytes)
    });
    remove_folder(&staging)?;
    let covered = uses.map(|uses| coverage(&uses, &kept));
    Ok(Trimmed { tokens: [size as usize, kept.len()], bytes: written?, covered })
}

/// `out` must be new, and must not lie in the folder that is to stay as it is.
fn check_place(from: &Path, out: &Path) -> Result<(), Error> {
    if out.symlink_metadata().is_ok() {
        return Err(Error::trim(from, format!("{} is there already; name a new folder", out.display())));
    }
    let from = fs::canonicalize(from).map_err(Error::io(from))?;
    let parent = out.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let parent = fs::canonicalize(parent).map_err(Error::io(parent))?;
    if parent.starts_with(&from) {
        return Err(Error::trim(&from, format!("{} would lie within it; name a folder elsewhere", out.display())));
    }
    Ok(())
}

/// The names of the graphs, below the folder.
fn graphs_in(folder: &Path) -> Result<Vec<String>, Error> {
    let names = GRAPHS.iter().flat_map(|graph| PRECISIONS.iter().map(move |kind| format!("{graph}{kind}.onnx")));
    let places = names.flat_map(|name| [format!("onnx/{name}"), name]);
    let found: Vec<String> = places.filter(|name| folder.join(name).is_file()).collect();
    for part in ["encoder_model", "decoder_model"] {
        if !found.iter().any(|name| name.trim_start_matches("onnx/").starts_with(part)) {
            return Err(Error::trim(folder, format!("it holds no {part}*.onnx; export it anew with Optimum")));
        }
    }
    Ok(found)
}

/// How often the tokenizer uses each token in the files, by id.
fn count(tokenizer: &Path, corpus: &[PathBuf]) -> Result<Vec<u64>, Error> {
    let unusable = |reason: tokenizers::Error| Error::trim(tokenizer, format!("the tokenizer says: {reason}"));
    let mut reader = Tokenizer::from_file(tokenizer).map_err(unusable)?;
    reader.with_truncation(None).map_err(unusable)?;
    reader.with_padding(None);
    reader.set_encode_special_tokens(true);
    let mut uses = Vec::new();
    for path in corpus {
        let text = fs::read_to_string(path).map_err(Error::io(path))?;
        for column in text.lines().flat_map(|line| line.split('\t')).filter(|column| !column.is_empty()) {
            for id in reader.encode_fast(column, false).map_err(unusable)?.get_ids() {
                let id = *id as usize;
                if id >= uses.len() {
                    uses.resize(id + 1, 0);
                }
                uses[id] += 1;
            }
        }
    }
    Ok(uses)
}

/// The ids that stay, in rising order. `named` are those that configurations speak of.
fn choose(
    vocabulary: &Vocabulary,
    named: impl Iterator<Item = u32>,
    uses: Option<&[u64]>,
    size: Option<usize>,
) -> Result<Vec<u32>, String> {
    let ids_that =
        |wanted: fn(&str) -> bool| vocabulary.pieces.iter().filter(move |(_, piece)| wanted(piece)).map(|(id, _)| *id);
    let bases = ids_that(|piece| is_a_base(piece) || is_a_mark(piece));
    let needed = named.chain(vocabulary.added.iter().copied()).chain(vocabulary.unknown).chain(bases);
    let mut kept = vocabulary.with_parts(needed);

    let mut used: Vec<(u32, u64)> = uses
        .unwrap_or_default()
        .iter()
        .copied()
        .enumerate()
        .filter(|(_, uses)| *uses > 0)
        .map(|(id, uses)| (id as u32, uses))
        .collect();
    used.sort_by_key(|(id, uses)| (u64::MAX - uses, *id));
    let wanted = used.into_iter().map(|(id, _)| id).chain(ids_that(is_of_the_hall));
    match size {
        None => kept.extend(vocabulary.with_parts(wanted)),
        Some(size) if size < kept.len() => {
            return Err(format!("{} of its tokens cannot be done without; ask for no fewer", kept.len()));
        }
        Some(size) => fill(&mut kept, vocabulary, wanted, size),
    }
    Ok(kept.into_iter().collect())
}

/// Adds the wanted ids, each with its parts, as long as there is room for all of these.
fn fill(kept: &mut BTreeSet<u32>, vocabulary: &Vocabulary, wanted: impl Iterator<Item = u32>, size: usize) {
    let parts = vocabulary.parts();
    for id in wanted {
        let mut new = BTreeSet::new();
        let mut left = vec![id];
        while let Some(id) = left.pop() {
            if !kept.contains(&id) && new.insert(id) {
                left.extend(parts.get(&id).into_iter().flatten());
            }
        }
        if kept.len() + new.len() <= size {
            kept.extend(new);
        }
    }
}

fn coverage(uses: &[u64], kept: &[u32]) -> f64 {
    let stays: u64 = kept.iter().filter_map(|id| uses.get(*id as usize)).sum();
    stays as f64 / uses.iter().sum::<u64>().max(1) as f64
}

fn trim_graphs(
    from: &Path,
    to: &Path,
    graphs: &[String],
    selection: &Selection<'_>,
    progress: &mut dyn FnMut(Progress<'_>),
) -> Result<[u64; 2], Error> {
    fs::create_dir_all(to).map_err(Error::io(to))?;
    let size = |path: &Path| fs::metadata(path).map(|file| file.len()).map_err(Error::io(path));
    let total = graphs.iter().map(|name| size(&from.join(name))).sum::<Result<u64, Error>>()?;
    let mut done = 0;
    for name in graphs {
        progress(Progress { step: Step::Convert, subject: name, done, total: Some(total) });
        let (source, target) = (from.join(name), to.join(name));
        let folder = target.parent().unwrap_or(to);
        fs::create_dir_all(folder).map_err(Error::io(folder))?;
        graph::trim(&source, &target, selection)?;
        done += size(&source)?;
    }
    Ok([bytes_of(from, graphs)?, bytes_of(to, graphs)?])
}

/// The size of some graphs, with the files of numbers beside them, which are called like their graph and a little more.
fn bytes_of(folder: &Path, graphs: &[String]) -> Result<u64, Error> {
    let mut bytes = 0;
    for graph in graphs.iter().map(|graph| folder.join(graph)) {
        let name = graph.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let beside = graph.parent().unwrap_or(folder);
        for entry in fs::read_dir(beside).map_err(Error::io(beside))? {
            let entry = entry.map_err(Error::io(beside))?;
            if entry.file_name().to_string_lossy().starts_with(&name) {
                bytes += entry.metadata().map_err(Error::io(beside))?.len();
            }
        }
    }
    Ok(bytes)
}

fn copy_papers(from: &Path, to: &Path) -> Result<(), Error> {
    for entry in fs::read_dir(from).map_err(Error::io(from))? {
        let entry = entry.map_err(Error::io(from))?;
        let name = entry.file_name().to_string_lossy().to_lowercase();
        if PAPERS.iter().any(|paper| name.starts_with(paper)) && entry.path().is_file() {
            fs::copy(entry.path(), to.join(entry.file_name())).map_err(Error::io(&entry.path()))?;
        }
    }
    Ok(())
}
