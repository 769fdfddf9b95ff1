//! A checkpoint of Hugging Face: one safetensors file, or several, called shards, that an index joins.
//!
//! The index, `model.safetensors.index.json`, is a JSON object whose `weight_map` gives the shard of each tensor.

mod config;
mod header;
mod whisper;

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::error::Error;
use crate::import::numbers::Numbers;
use crate::import::whisper::Weights;
pub(super) use config::model_type;
use header::Entry;
pub(super) use whisper::{MERGE, open};

/// How the index's name ends; a model's own is `model.safetensors.index.json`.
pub(super) const INDEX: &str = ".safetensors.index.json";

/// Bytes of each that are in memory at once when two tensors are compared.
const COMPARED: u64 = 1 << 16;

#[derive(Deserialize)]
struct Index {
    weight_map: BTreeMap<String, String>,
}

/// An open checkpoint: its headers are in memory, its numbers are not.
struct Checkpoint {
    /// The one file, or the index.
    path: PathBuf,
    shards: Vec<Shard>,
    tensors: BTreeMap<String, Place>,
}

struct Shard {
    path: PathBuf,
    file: File,
}

/// Where a tensor lies; the order is that of the shards' names, then that within the shard.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Place {
    shard: usize,
    entry: Entry,
}

impl Checkpoint {
    /// Opens a safetensors file, or all the files that an index names, and makes sure that they are whole.
    fn open(path: &Path) -> Result<Checkpoint, Error> {
        let is_index = path.to_string_lossy().ends_with(INDEX);
        let paths = if is_index { shards_of(path)? } else { vec![path.to_owned()] };
        let mut checkpoint = Checkpoint { path: path.to_owned(), shards: Vec::new(), tensors: BTreeMap::new() };
        for path in paths {
            let mut file = File::open(&path).map_err(Error::io(&path))?;
            let length = file.metadata().map_err(Error::io(&path))?.len();
            let entries = header::read(&mut file, length).map_err(|reason| Error::import(&path, reason))?;
            for (name, entry) in entries {
                let place = Place { shard: checkpoint.shards.len(), entry };
                if checkpoint.tensors.insert(name.clone(), place).is_some() {
                    return Err(Error::import(&path, format!("another shard has its tensor {name:?} too")));
                }
            }
            checkpoint.shards.push(Shard { path, file });
        }
        Ok(checkpoint)
    }

    fn get(&self, name: &str) -> Option<&Place> {
        self.tensors.get(name)
    }

    fn names(&self) -> impl Iterator<Item = &str> {
        self.tensors.keys().map(String::as_str)
    }

    /// Whether two tensors are stored alike and hold the same numbers, of which never all are in memory.
    fn is_same(&mut self, one: &str, other: &str) -> Result<bool, Error> {
        let (Some(one), Some(other)) = (self.get(one).cloned(), self.get(other).cloned()) else { return Ok(false) };
        if (&one.entry.dtype, &one.entry.dims) != (&other.entry.dtype, &other.entry.dims) {
            return Ok(false);
        }
        for done in (0..one.entry.bytes).step_by(COMPARED as usize) {
            let count = COMPARED.min(one.entry.bytes - done);
            if self.bytes(&one, done, count)? != self.bytes(&other, done, count)? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// So many bytes of a tensor, from `skip` on.
    fn bytes(&mut self, place: &Place, skip: u64, count: u64) -> Result<Vec<u8>, Error> {
        let Shard { path, file } = &mut self.shards[place.shard];
        let mut bytes = vec![0; count as usize];
        file.seek(SeekFrom::Start(place.entry.offset + skip))
            .and_then(|_| file.read_exact(&mut bytes))
            .map_err(Error::io(path))?;
        Ok(bytes)
    }
}

impl Weights for Checkpoint {
    fn path(&self) -> &Path {
        &self.path
    }

    fn read(&mut self, name: &str) -> Result<Numbers, Error> {
        let Some(place) = self.get(name).cloned() else {
            return Err(Error::import(&self.path, format!("it has no tensor {name}")));
        };
        let Some(kind) = place.entry.kind() else {
            let reason = format!("{name} is stored as {}; F32, F16 and BF16 are read", place.entry.dtype);
            return Err(Error::import(&self.path, reason));
        };
        Ok(Numbers::new(kind, self.bytes(&place, 0, place.entry.bytes)?))
    }
}

/// The files that an index names, in the order of their names. They lie beside it.
fn shards_of(index: &Path) -> Result<Vec<PathBuf>, Error> {
    let text = fs::read_to_string(index).map_err(Error::io(index))?;
    let parsed: Index = serde_json::from_str(&text)
        .map_err(|error| Error::import(index, format!("it is no index of shards ({error})")))?;
    let folder = index.parent().unwrap_or(Path::new(""));
    let names: BTreeSet<String> = parsed.weight_map.into_values().collect();
    let mut paths = Vec::new();
    for name in names {
        // Nothing outside the folder is anybody's shard.
        if Path::new(&name).file_name().is_none_or(|last| last != name.as_str()) {
            return Err(Error::import(index, format!("it names the shard {name:?}, which is no name of a file")));
        }
        let path = folder.join(&name);
        if !path.is_file() {
            return Err(Error::import(index, format!("its shard {name} is not beside it; fetch it too")));
        }
        paths.push(path);
    }
    Ok(paths)
}
