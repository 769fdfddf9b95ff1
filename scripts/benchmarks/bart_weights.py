"""Reads the weights of a BART in Optimum's int8 ONNX form as the numbers that they stand for.

An export forgets the names of matrices and keeps those of the nodes that multiply by them, so the nodes tell which is which.
"""

import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import onnx
from onnx import numpy_helper

Weights = dict[str, np.ndarray]


def read(path: Path) -> Weights:
    """The weights of one graph by the names that they have in transformers, less `model.decoder.`: matrices `[out, in]`, the
    tables `embed_tokens` and `embed_positions`, and the bias of the output layer, `lm_head.bias`."""
    graph = onnx.load(str(path)).graph
    stored = {tensor.name: numpy_helper.to_array(tensor) for tensor in graph.initializer}
    weights = {}
    for name, value in stored.items():
        if re.search(r"\.(weight|bias)(_merged_\d+)?$", name):
            weights[spoken(name)] = value
    for node in nodes(graph):
        module = spoken(node.name.strip("/").replace("/", "."))
        if node.op_type == "MatMulInteger":
            weights[module.removesuffix(".MatMul_quant") + ".weight"] = plain(stored, node.input[1]).T
        elif node.op_type == "Gather" and node.input[0] in stored and node.input[0].endswith("_quantized"):
            weights[re.sub(r"\.Gather(_\d+)?$", ".weight", module)] = plain(stored, node.input[0])
        elif node.op_type == "Add" and module == "Add" and node.output[0] == "logits":
            weights["lm_head.bias"] = stored[node.input[1]].reshape(-1)
    return weights


def spoken(name: str) -> str:
    """A name without what the export put around it."""
    return re.sub(r"_merged_\d+$", "", name).removeprefix("model.decoder.")


def plain(stored: Weights, name: str) -> np.ndarray:
    """A quantised tensor as the numbers that it stands for: rows share a scale, or columns, or all of them."""
    base = name.removesuffix("_quantized")
    scale, zero = stored[base + "_scale"], stored[base + "_zero_point"]
    return ((stored[name].astype(np.float32) - zero.astype(np.float32)) * scale).astype(np.float32)


def nodes(graph: onnx.GraphProto) -> Iterator[onnx.NodeProto]:
    """All nodes, those within branches too."""
    for node in graph.node:
        yield node
        for attribute in node.attribute:
            if attribute.type == onnx.AttributeProto.GRAPH:
                yield from nodes(attribute.g)
