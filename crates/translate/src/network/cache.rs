use std::collections::BTreeMap;

use ort::value::{DynValue, Tensor};

/// What the decoder's attention layers have seen so far, under the graph's names less their first part:
/// `0.decoder.key` is `[rows, heads, tokens, width]` of the target, `0.encoder.key` the same of the source.
#[derive(Debug, Default)]
pub(super) struct Cache {
    values: BTreeMap<String, DynValue>,
    rows: usize,
}

impl Cache {
    pub(super) fn new(rows: usize) -> Self {
        Cache { values: BTreeMap::new(), rows }
    }

    pub(super) fn get(&self, name: &str) -> Option<&DynValue> {
        self.values.get(name)
    }

    /// Takes over what a step has left behind. The source does not change, so its part stays that of the first step;
    /// a merged decoder hands back an empty one after the others.
    pub(super) fn put(&mut self, name: &str, value: DynValue) {
        match self.values.get_mut(name) {
            Some(_) if is_of_the_source(name) => {}
            Some(place) => *place = value,
            None => {
                self.values.insert(name.to_owned(), value);
            }
        }
    }

    /// Makes row `parents[i]` the new row `i`.
    pub(super) fn select(&mut self, parents: &[usize]) -> ort::Result<()> {
        let is_the_same_count = parents.len() == self.rows;
        let is_identity = is_the_same_count && parents.iter().enumerate().all(|(row, parent)| row == *parent);
        for (name, value) in &mut self.values {
            // All rows are about one source: as long as their count stays, their order means nothing.
            let is_unmoved = if is_of_the_source(name) { is_the_same_count } else { is_identity };
            if !is_unmoved {
                *value = select_rows(value, parents)?;
            }
        }
        self.rows = parents.len();
        Ok(())
    }
}

fn is_of_the_source(name: &str) -> bool {
    name.contains(".encoder.")
}

/// A tensor whose row `i` is row `rows[i]` of another.
pub(super) fn select_rows(value: &DynValue, rows: &[usize]) -> ort::Result<DynValue> {
    let (shape, data) = value.try_extract_tensor::<f32>()?;
    let mut shape = shape.to_vec();
    let count = shape.first().map_or(0, |count| *count as usize);
    if rows.iter().any(|row| *row >= count) {
        return Err(ort::Error::new(format!("a step left a cache of the shape {shape:?}")));
    }
    let width = data.len() / count;
    let mut selected = Vec::with_capacity(rows.len() * width);
    rows.iter().for_each(|row| selected.extend_from_slice(&data[row * width..][..width]));
    shape[0] = rows.len() as i64;
    Ok(Tensor::from_array((shape, selected))?.into_dyn())
}
