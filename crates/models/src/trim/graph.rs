//! One ONNX file: which of its tensors go along the vocabulary, and the same file without what is not kept.
//!
//! Exports name their tensors as they like. What a tensor is for shows in its shape and in what uses it: a table that
//! `Gather` takes rows from, a matrix by which the decoder's last states are multiplied, a bias or a scale a column. A
//! use that is none of these is an error, because a cut could then change more than the vocabulary.

use std::collections::HashMap;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;

use bytes::Bytes;

use crate::error::Error;
use crate::trim::tensor::{External, Failure, NAME, Selection, dims_of, is_external, select, shape_in};
use crate::trim::wire::{Damaged, Message, Value};

// The fields of ONNX's `ModelProto`, `GraphProto`, `NodeProto`, `AttributeProto`, `ValueInfoProto` and its parts.
const MODEL_GRAPH: u32 = 7;
const GRAPH_NODES: u32 = 1;
const GRAPH_TENSORS: u32 = 5;
const GRAPH_INPUTS: u32 = 11;
const GRAPH_OUTPUTS: u32 = 12;
const GRAPH_VALUES: u32 = 13;
const NODE_INPUTS: u32 = 1;
const NODE_OUTPUTS: u32 = 2;
const NODE_KIND: u32 = 4;
const NODE_ATTRIBUTES: u32 = 5;
const ATTRIBUTE_NAME: u32 = 1;
const ATTRIBUTE_NUMBER: u32 = 3;
const ATTRIBUTE_TENSOR: u32 = 5;
const ATTRIBUTE_GRAPH: u32 = 6;
const ATTRIBUTE_NUMBERS: u32 = 8;
const ATTRIBUTE_GRAPHS: u32 = 11;
const VALUE_NAME: u32 = 1;
/// From a `ValueInfoProto` to the sides of its shape.
const VALUE_SIDES: [u32; 4] = [2, 1, 2, 1];
const SIDE: u32 = 1;

/// Writes the graph in `from` to `to` (both files) with the vocabulary that the selection keeps.
pub(super) fn trim(from: &Path, to: &Path, selection: &Selection<'_>) -> Result<(), Error> {
    let bytes = Bytes::from(std::fs::read(from).map_err(Error::io(from))?);
    let refuse = |reason: String| Error::trim(from, reason);
    let damaged = |_: Damaged| refuse("it is no ONNX file, or a damaged one; fetch it again".to_owned());
    let mut model = Message::parse(bytes).map_err(damaged)?;
    let graphs = model.messages(MODEL_GRAPH).map_err(damaged)?;
    let [graph] = &graphs[..] else { return Err(damaged(Damaged)) };
    let mut survey = Survey { selection, axes: HashMap::new(), shapes: HashMap::new(), found: Found::default() };
    survey.walk(graph).map_err(|trouble| trouble.told(from))?;
    survey.check(graph).map_err(|trouble| trouble.told(from))?;

    let name = to.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let files = External::new(folder_of(from), folder_of(to), &name);
    let mut cut = Cut { axes: survey.axes, selection, files };
    for graph in model.messages_mut(MODEL_GRAPH).map_err(damaged)? {
        cut.graph(graph).map_err(|trouble| trouble.told(from))?;
    }
    cut.files.finish()?;
    let file = File::create(to).map_err(Error::io(to))?;
    let mut out = BufWriter::new(file);
    model.write(&mut out).and_then(|()| out.flush()).map_err(Error::io(to))?;
    out.get_ref().sync_all().map_err(Error::io(to))
}

fn folder_of(path: &Path) -> &Path {
    path.parent().unwrap_or(Path::new(""))
}

/// What is wrong with a graph.
enum Trouble {
    Damaged,
    Reason(String),
    File(Error),
}

impl Trouble {
    fn of_tensor(name: &str) -> impl Fn(Failure) -> Trouble {
        move |failure| match failure {
            Failure::Tensor(reason) => Trouble::Reason(format!("its tensor {name} {reason}")),
            Failure::File(error) => Trouble::File(error),
        }
    }

    fn told(self, path: &Path) -> Error {
        match self {
            Trouble::Damaged => Error::trim(path, "it is damaged; fetch it again"),
            Trouble::Reason(reason) => Error::trim(path, reason),
            Trouble::File(error) => error,
        }
    }
}

impl From<Damaged> for Trouble {
    fn from(_: Damaged) -> Trouble {
        Trouble::Damaged
    }
}

/// The parts that a graph must have.
#[derive(Default)]
struct Found {
    table: bool,
    output_layer: bool,
}

/// The first look: finds what goes along the vocabulary and makes sure that every use of it is understood.
struct Survey<'a> {
    selection: &'a Selection<'a>,
    /// By name: along which axis of the tensor the vocabulary goes. ONNX names are unique over all subgraphs.
    axes: HashMap<String, usize>,
    /// Constants that hold the vocabulary's size as a number.
    shapes: HashMap<String, Vec<u64>>,
    found: Found,
}

impl Survey<'_> {
    fn walk(&mut self, graph: &Message) -> Result<(), Trouble> {
        for tensor in graph.messages(GRAPH_TENSORS)? {
            self.tensor(&tensor, tensor.text(NAME)?)?;
        }
        for node in graph.messages(GRAPH_NODES)? {
            self.node(&node)?;
        }
        Ok(())
    }

    fn tensor(&mut self, tensor: &Message, name: String) -> Result<(), Trouble> {
        let shape = shape_in(tensor).map_err(Trouble::Reason)?;
        if shape.contains(&self.selection.before) {
            self.shapes.insert(name.clone(), shape);
        }
        let dims = dims_of(tensor).map_err(Trouble::Reason)?;
        let axis = self.selection.axis_of(&dims).map_err(|why| Trouble::Reason(format!("its tensor {name} {why}")))?;
        self.axes.extend(axis.map(|axis| (name, axis)));
        Ok(())
    }

    fn node(&mut self, node: &Message) -> Result<(), Trouble> {
        let (kind, outputs) = (node.text(NODE_KIND)?, node.texts(NODE_OUTPUTS)?);
        let attributes = node.messages(NODE_ATTRIBUTES)?;
        for attribute in &attributes {
            for tensor in attribute.messages(ATTRIBUTE_TENSOR)? {
                self.tensor(&tensor, outputs.first().cloned().unwrap_or_default())?;
            }
            for field in [ATTRIBUTE_GRAPH, ATTRIBUTE_GRAPHS] {
                for graph in attribute.messages(field)? {
                    self.walk(&graph)?;
                }
            }
        }
        for (place, input) in node.texts(NODE_INPUTS)?.iter().enumerate() {
            if let Some(shape) = self.shapes.get(input).filter(|_| uses_shapes(&kind)) {
                return Err(Trouble::Reason(format!("{kind} brings something to the fixed shape {shape:?}")));
            }
            let Some(axis) = self.axes.get(input).copied() else { continue };
            let stays = match Use::of(&kind, place, axis, &attributes)? {
                Use::Table => {
                    self.found.table = true;
                    None
                }
                Use::OutputLayer => {
                    self.found.output_layer = true;
                    None
                }
                Use::Columns => None,
                Use::Turned(axis) => Some(axis),
                Use::Unknown => {
                    let reason = format!("{kind} uses its tensor {input} in a way that is not understood");
                    return Err(Trouble::Reason(reason));
                }
            };
            self.axes.extend(stays.and_then(|axis| Some((outputs.first()?.clone(), axis))));
        }
        Ok(())
    }

    fn check(&self, graph: &Message) -> Result<(), Trouble> {
        let size = self.selection.before;
        if !self.found.table {
            return Err(Trouble::Reason(format!("it has no table of {size} tokens")));
        }
        let scores = graph.messages(GRAPH_OUTPUTS)?.iter().any(|o| o.text(VALUE_NAME).as_deref() == Ok("logits"));
        if scores && !self.found.output_layer {
            return Err(Trouble::Reason(format!("it has no output layer of {size} tokens")));
        }
        Ok(())
    }
}

fn uses_shapes(kind: &str) -> bool {
    matches!(kind, "Reshape" | "Expand" | "ConstantOfShape" | "Tile" | "Slice" | "Range" | "OneHot")
}

/// What a node does with a tensor that goes along the vocabulary.
enum Use {
    /// Takes rows by token.
    Table,
    /// Multiplies states by its columns.
    OutputLayer,
    /// Adds to or multiplies columns that are there already.
    Columns,
    /// Gives the same numbers, along this axis.
    Turned(usize),
    Unknown,
}

impl Use {
    /// `place` is that among the node's inputs.
    fn of(kind: &str, place: usize, axis: usize, attributes: &[Message]) -> Result<Use, Trouble> {
        let find = |name: &str| attributes.iter().find(|a| a.text(ATTRIBUTE_NAME).as_deref() == Ok(name));
        let number = |name: &str| find(name).and_then(|a| a.varint(ATTRIBUTE_NUMBER)).unwrap_or(0);
        Ok(match (kind, place) {
            ("Gather", 0) if number("axis") == 0 && axis == 0 => Use::Table,
            ("MatMul" | "MatMulInteger" | "DynamicQuantizeMatMul", 1) if axis == 1 => Use::OutputLayer,
            ("Gemm", 1) if axis == usize::from(number("transB") == 0) => Use::OutputLayer,
            // The zero point of each column; the scales and the bias of the fused form.
            ("MatMulInteger", 3) | ("DynamicQuantizeMatMul", 2..=4) | ("Gemm", 2) => Use::Columns,
            // Shapes are aligned at their ends, and biases and scales are `[vocabulary]` or `[1, vocabulary]`.
            ("Add" | "Mul", _) => Use::Columns,
            ("Cast" | "Identity" | "DequantizeLinear", 0) => Use::Turned(axis),
            ("DequantizeLinear", 1 | 2) => Use::Columns,
            ("Transpose", 0) => {
                let order = find("perm").map_or(Ok(vec![1, 0]), |perm| perm.varints(ATTRIBUTE_NUMBERS))?;
                order.iter().position(|from| *from == axis as u64).map_or(Use::Unknown, Use::Turned)
            }
            _ => Use::Unknown,
        })
    }
}

/// The second look, which changes what the first has found.
struct Cut<'a> {
    axes: HashMap<String, usize>,
    selection: &'a Selection<'a>,
    files: External<'a>,
}

impl Cut<'_> {
    fn graph(&mut self, graph: &mut Message) -> Result<(), Trouble> {
        for tensor in graph.messages_mut(GRAPH_TENSORS)? {
            let name = tensor.text(NAME)?;
            self.tensor(tensor, &name)?;
        }
        for node in graph.messages_mut(GRAPH_NODES)? {
            let name = node.texts(NODE_OUTPUTS)?.into_iter().next().unwrap_or_default();
            for attribute in node.messages_mut(NODE_ATTRIBUTES)? {
                for tensor in attribute.messages_mut(ATTRIBUTE_TENSOR)? {
                    self.tensor(tensor, &name)?;
                }
                for field in [ATTRIBUTE_GRAPH, ATTRIBUTE_GRAPHS] {
                    for inner in attribute.messages_mut(field)? {
                        self.graph(inner)?;
                    }
                }
            }
        }
        for field in [GRAPH_INPUTS, GRAPH_OUTPUTS, GRAPH_VALUES] {
            for value in graph.messages_mut(field)? {
                self.sides(value, &VALUE_SIDES)?;
            }
        }
        Ok(())
    }

    fn tensor(&mut self, tensor: &mut Message, name: &str) -> Result<(), Trouble> {
        let done = match self.axes.get(name) {
            Some(axis) => select(tensor, *axis, self.selection, &mut self.files),
            None if is_external(tensor) => self.files.copy(tensor),
            None => Ok(()),
        };
        done.map_err(Trouble::of_tensor(name))
    }

    /// Brings the size in declared shapes up to date; `way` leads from the message to the sides.
    fn sides(&self, message: &mut Message, way: &[u32]) -> Result<(), Trouble> {
        match way.split_first() {
            Some((field, rest)) if message.has(*field) => {
                for inner in message.messages_mut(*field)? {
                    self.sides(inner, rest)?;
                }
            }
            Some(_) => {}
            None if message.varint(SIDE) == Some(self.selection.before) => {
                message.set(SIDE, [Value::Varint(self.selection.kept.len() as u64)]);
            }
            None => {}
        }
        Ok(())
    }
}
