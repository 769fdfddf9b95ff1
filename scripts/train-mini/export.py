"""Turn the weights of a training into the files that Dostyq loads.

    export.py --weights RUN_DIR --model models/dostyq-mini --out OUT_DIR

RUN_DIR holds train.py's weights-*.npz; --model gives config.json, generation_config.json and tokenizer.json, which
stay as they are. Writes onnx/encoder_model_quantized.onnx and onnx/decoder_model_merged_quantized.onnx, works offline.
"""
import argparse
import glob
import json
import os
import shutil
import tempfile

os.environ.setdefault("HF_HUB_OFFLINE", "1")

import numpy as np
import torch
from onnxruntime.quantization import QuantType, quantize_dynamic
from optimum.exporters.onnx import main_export
from transformers import BartConfig, BartForConditionalGeneration

SMALL = ("config.json", "generation_config.json", "tokenizer.json")


def load(weights, model_dir):
    state = {}
    for path in sorted(glob.glob(os.path.join(weights, "weights-?.npz"))):
        state.update({k: torch.from_numpy(v.astype(np.float32)) for k, v in np.load(path).items()})
    if not state:
        raise SystemExit(f"no weights-*.npz in {weights}")
    model = BartForConditionalGeneration(BartConfig.from_dict(json.load(open(os.path.join(model_dir, "config.json")))))
    missing, unknown = model.load_state_dict(state, strict=False)
    # The training writes the one table once; all that is missing must be that table under its other names, or zeros.
    stray = [k for k in missing if not k.endswith(("embed_tokens.weight", "lm_head.weight", "final_logits_bias"))]
    if stray or unknown:
        raise SystemExit(f"the weights do not fit: missing {stray}, unknown {unknown}")
    model.tie_weights()
    return model.eval()


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("--weights", required=True)
    ap.add_argument("--model", required=True)
    ap.add_argument("--out", required=True)
    ap.add_argument("--fp32", help="also keep the unquantised files here")
    a = ap.parse_args()

    with tempfile.TemporaryDirectory() as work:
        torch_dir, onnx_dir = os.path.join(work, "torch"), a.fp32 or os.path.join(work, "onnx")
        load(a.weights, a.model).save_pretrained(torch_dir)
        main_export(torch_dir, onnx_dir, task="text2text-generation-with-past", library_name="transformers")
        os.makedirs(os.path.join(a.out, "onnx"), exist_ok=True)
        for name in ("encoder_model", "decoder_model_merged"):
            out = os.path.join(a.out, "onnx", f"{name}_quantized.onnx")
            quantize_dynamic(
                os.path.join(onnx_dir, f"{name}.onnx"), out, per_channel=True, weight_type=QuantType.QInt8,
                op_types_to_quantize=["MatMul", "Gather", "Gemm"],
                # the merged decoder's layers are inside an If; products of two activations stay in float
                extra_options={"EnableSubgraph": True, "MatMulConstBOnly": True},
            )
            print(out, os.path.getsize(out))
    for name in SMALL:
        if os.path.abspath(a.model) != os.path.abspath(a.out):
            shutil.copyfile(os.path.join(a.model, name), os.path.join(a.out, name))


if __name__ == "__main__":
    main()
