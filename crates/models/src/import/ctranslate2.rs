//! A CTranslate2 `model.bin`: an index of named variables, each a small array.
//!
//! Layout, little endian: `u32` binary version (6); string spec name; `u32` revision; `u32` count; then each variable
//! as string name, `u8` rank, `u32` × rank dimensions, `u8` type, `u32` bytes, data; then `u32` count of aliases, each
//! string alias and string name. A string is `u16` length and that many bytes, the last of them zero.

mod whisper;

use std::collections::HashMap;
use std::fs::File;
use std::io::{BufReader, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use crate::error::Error;
use crate::import::numbers::{Kind, Numbers};
use crate::import::whisper::Weights;
pub(super) use whisper::open;

/// The binary version that is read. Others order the file differently.
const VERSION: u32 = 6;
/// Limits that no Whisper checkpoint comes near; a damaged index must not ask for the whole memory.
const MAX_VARIABLES: u32 = 100_000;
const MAX_RANK: u8 = 4;

/// The codes are the order of CTranslate2's `DataType`.
fn kind_of(code: u8) -> Option<Kind> {
    [Kind::F32, Kind::I8, Kind::I16, Kind::I32, Kind::F16, Kind::Bf16].get(usize::from(code)).copied()
}

/// One variable of the index.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Variable {
    pub(super) dims: Vec<u32>,
    pub(super) kind: Kind,
    offset: u64,
    bytes: u64,
}

/// An open checkpoint: its index is in memory, its numbers are not.
pub(super) struct Checkpoint {
    path: PathBuf,
    reader: BufReader<File>,
    /// In the order of the file, aliases last.
    names: Vec<String>,
    variables: HashMap<String, Variable>,
}

impl Checkpoint {
    /// Reads the index and makes sure that the file holds everything it names.
    pub(super) fn open(path: &Path) -> Result<Checkpoint, Error> {
        let file = File::open(path).map_err(Error::io(path))?;
        let length = file.metadata().map_err(Error::io(path))?.len();
        let mut index = Index { path, reader: BufReader::new(file) };
        let version = index.u32()?;
        if version != VERSION {
            return Err(Error::import(path, format!("its CTranslate2 binary version is {version}; {VERSION} is read")));
        }
        index.string()?;
        index.u32()?;
        let count = index.u32()?;
        if count > MAX_VARIABLES {
            return Err(index.damaged());
        }
        let (mut names, mut variables) = (Vec::new(), HashMap::new());
        for _ in 0..count {
            let (name, variable) = index.variable()?;
            if variable.offset + variable.bytes > length {
                return Err(Error::import(path, format!("it is cut short: it ends within {name}; fetch it again")));
            }
            index.skip(variable.bytes)?;
            names.push(name.clone());
            variables.insert(name, variable);
        }
        // CTranslate2 stores variables that hold the same numbers once; the other names are aliases.
        for _ in 0..index.u32()? {
            let (alias, name) = (index.string()?, index.string()?);
            let Some(variable) = variables.get(&name).cloned() else { return Err(index.damaged()) };
            names.push(alias.clone());
            variables.insert(alias, variable);
        }
        let reader = index.reader;
        Ok(Checkpoint { path: path.to_owned(), reader, names, variables })
    }

    /// The names of all variables, aliases last.
    pub(super) fn names(&self) -> &[String] {
        &self.names
    }

    pub(super) fn get(&self, name: &str) -> Option<&Variable> {
        self.variables.get(name)
    }

    /// Whether two names stand for the same stored numbers.
    pub(super) fn is_same(&self, one: &str, other: &str) -> bool {
        self.get(one).zip(self.get(other)).is_some_and(|(one, other)| one.offset == other.offset)
    }

    /// The value of a scalar: a setting of the model.
    pub(super) fn setting(&mut self, name: &str) -> Result<u32, Error> {
        let numbers = self.read_stored(name)?;
        match numbers.len() {
            1 => Ok(numbers.at(0) as u32),
            _ => Err(Error::import(&self.path, format!("its setting {name} is no single number"))),
        }
    }

    fn read_stored(&mut self, name: &str) -> Result<Numbers, Error> {
        let Some(variable) = self.variables.get(name) else {
            return Err(Error::import(&self.path, format!("it has no variable {name}")));
        };
        let mut bytes = vec![0; variable.bytes as usize];
        self.reader
            .seek(SeekFrom::Start(variable.offset))
            .and_then(|_| self.reader.read_exact(&mut bytes))
            .map_err(Error::io(&self.path))?;
        Ok(Numbers::new(variable.kind, bytes))
    }

    /// The scales of an int8 weight: one a row, by which its numbers were multiplied before they were rounded.
    fn scale_of(&mut self, name: &str) -> Result<Option<Vec<f32>>, Error> {
        let Some(variable) = self.variables.get(name) else { return Ok(None) };
        let (kind, rows) = (variable.kind, variable.dims.first().copied().unwrap_or(1));
        match kind {
            Kind::F32 | Kind::F16 | Kind::Bf16 => Ok(None),
            Kind::I8 => {
                let scale = self.read_stored(&format!("{name}_scale"))?;
                let scale: Vec<f32> = (0..scale.len()).map(|at| scale.at(at)).collect();
                if scale.len() != rows as usize {
                    let reason = format!("{name} has {rows} rows but {} scales", scale.len());
                    return Err(Error::import(&self.path, reason));
                }
                Ok(Some(scale))
            }
            Kind::I16 | Kind::I32 => {
                let reason = format!("{name} is stored as {kind:?}; convert it with --quantization float16 instead");
                Err(Error::import(&self.path, reason))
            }
        }
    }
}

impl Weights for Checkpoint {
    fn path(&self) -> &Path {
        &self.path
    }

    /// Quantised weights come out as the numbers they stand for.
    fn read(&mut self, name: &str) -> Result<Numbers, Error> {
        let data = self.read_stored(name)?;
        let Some(scales) = self.scale_of(name)? else { return Ok(data) };
        Ok(data.over(scales))
    }
}

/// The spec name at the head of a file, if the head is CTranslate2's.
pub(super) fn spec_name(head: &[u8]) -> Option<&str> {
    let version = u32::from_le_bytes(head.get(..4)?.try_into().ok()?);
    let length = usize::from(u16::from_le_bytes(head.get(4..6)?.try_into().ok()?));
    let (zero, name) = head.get(6..6 + length)?.split_last()?;
    let plausible = (1..100).contains(&version) && *zero == 0 && name.iter().all(u8::is_ascii_alphanumeric);
    std::str::from_utf8(name).ok().filter(|name| plausible && !name.is_empty())
}

/// Reads the index front to back.
struct Index<'a> {
    path: &'a Path,
    reader: BufReader<File>,
}

impl Index<'_> {
    fn damaged(&self) -> Error {
        Error::import(self.path, "its index is damaged or cut short; fetch it again")
    }

    fn take<const N: usize>(&mut self) -> Result<[u8; N], Error> {
        let mut bytes = [0; N];
        self.reader.read_exact(&mut bytes).map_err(|_| self.damaged())?;
        Ok(bytes)
    }

    fn u32(&mut self) -> Result<u32, Error> {
        self.take().map(u32::from_le_bytes)
    }

    fn string(&mut self) -> Result<String, Error> {
        let mut bytes = vec![0; usize::from(u16::from_le_bytes(self.take()?))];
        self.reader.read_exact(&mut bytes).map_err(|_| self.damaged())?;
        let text = bytes.strip_suffix(&[0]).and_then(|text| std::str::from_utf8(text).ok());
        text.map(str::to_owned).ok_or_else(|| self.damaged())
    }

    fn variable(&mut self) -> Result<(String, Variable), Error> {
        let name = self.string()?;
        let [rank] = self.take()?;
        if rank > MAX_RANK {
            return Err(self.damaged());
        }
        let dims = (0..rank).map(|_| self.u32()).collect::<Result<Vec<u32>, Error>>()?;
        let [code] = self.take()?;
        let Some(kind) = kind_of(code) else {
            return Err(Error::import(self.path, format!("{name} has the unknown number type {code}")));
        };
        let bytes = u64::from(self.u32()?);
        let offset = self.reader.stream_position().map_err(Error::io(self.path))?;
        let numbers = dims.iter().try_fold(1u64, |product, dim| product.checked_mul(u64::from(*dim)));
        if numbers.and_then(|numbers| numbers.checked_mul(kind.bytes())) != Some(bytes) {
            return Err(self.damaged());
        }
        Ok((name, Variable { dims, kind, offset, bytes }))
    }

    fn skip(&mut self, bytes: u64) -> Result<(), Error> {
        self.reader.seek_relative(bytes as i64).map_err(Error::io(self.path))
    }
}
