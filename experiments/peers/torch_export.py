#!/usr/bin/env python3
"""Write a limit transformer as a model file that lengthwise reads, from PyTorch or NumPy. An example to copy from.

    python3 experiments/peers/torch_export.py model.safetensors tokens.json > expected.json
    npx lengthwise theory model.safetensors
    npx lengthwise forward model.safetensors tokens.json --kernel reference --json    # the outputs of expected.json

Writes a two-layer model with random weights and a tokens file, and prints f(x) of each sequence as NumPy computes it in float64, in the
JSON of `lengthwise forward --json`. Uses the `safetensors` package where it is installed, else the dozen lines of `save` below. With
torch, pass `{name: tensor.detach().cpu().numpy() for name, tensor in ...}`.
"""

import argparse
import json
import math
import struct

import numpy as np

CONFIG = {
    "layers": 2, "heads": 2, "width": 8, "keyWidth": 4, "mlpWidth": 16, "vocabulary": 3, "period": 2, "locality": 2,
    "outputs": 3, "activation": "gelu", "attention": {"precision": "infinite", "scale": 0.5},
}  # fmt: skip


def save(tensors, path, metadata):
    """The safetensors format: the length of a JSON header (8 bytes), the header, then the tensors' bytes without gaps."""
    header, end = {"__metadata__": metadata}, 0
    for name, tensor in tensors.items():
        header[name] = {"dtype": "F32", "shape": list(tensor.shape), "data_offsets": [end, end + tensor.nbytes]}
        end += tensor.nbytes
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text)
        for tensor in tensors.values():
            file.write(np.ascontiguousarray(tensor, "<f4").tobytes())


try:
    from safetensors.numpy import save_file
except ImportError:
    save_file = save


def random_tensors(config, seed):
    """Every tensor of a model file, by its name and shape."""
    random = np.random.default_rng(seed)
    H, d, k, m = config["heads"], config["width"], config["keyWidth"], config["mlpWidth"]

    def normal(*shape):
        return (random.standard_normal(shape) / math.sqrt(shape[-1])).astype(np.float32)

    tensors = {"embed": normal(config["vocabulary"], d), "position": normal(config["period"], d)}
    for l in range(config["layers"]):
        tensors[f"layer.{l}.query"], tensors[f"layer.{l}.key"] = normal(H, k, d), normal(H, k, d)
        tensors[f"layer.{l}.value"] = normal(H, d, d)
        tensors[f"layer.{l}.phi"] = random.uniform(0, 1.5, (H, config["locality"] + 1)).astype(np.float32)
        tensors[f"layer.{l}.mlp_in"], tensors[f"layer.{l}.mlp_bias"] = normal(m, d), normal(m)
        tensors[f"layer.{l}.mlp_out"] = normal(d, m)
    tensors["unembed"] = normal(config["outputs"], d)
    return tensors


def gelu(x):
    return 0.5 * x * (1 + np.vectorize(math.erf)(x / math.sqrt(2)))


def forward(config, tensors, tokens):
    """f(x) = U y_T of the limit transformer in infinite precision (theory.md, section 1), float64."""
    w = {name: tensor.astype(np.float64) for name, tensor in tensors.items()}
    T, tau, scale = len(tokens), config["locality"], config["attention"]["scale"]
    positions = np.arange(1, T + 1)
    offset = positions[:, None] - positions
    y = w["embed"][tokens] + w["position"][positions % config["period"]]
    for l in range(config["layers"]):
        rows = y.copy()
        for h in range(config["heads"]):
            scores = scale * (y @ w[f"layer.{l}.query"][h].T) @ (y @ w[f"layer.{l}.key"][h].T).T
            near = (offset >= 0) & (offset <= tau)
            scores += near * np.log(positions)[:, None] * w[f"layer.{l}.phi"][h][offset.clip(0, tau)]
            scores[offset < 0] = -np.inf
            weights = np.exp(scores - scores.max(1, keepdims=True))
            rows += weights / weights.sum(1, keepdims=True) @ y @ w[f"layer.{l}.value"][h].T
        hidden = gelu(rows @ w[f"layer.{l}.mlp_in"].T + w[f"layer.{l}.mlp_bias"])
        y = rows + hidden @ w[f"layer.{l}.mlp_out"].T
    return w["unembed"] @ y[-1]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", help="model file to write")
    parser.add_argument("tokens", help="tokens file to write")
    parser.add_argument("--seed", type=int, default=0, help="seed of weights and tokens (0)")
    options = parser.parse_args()
    tensors = random_tensors(CONFIG, options.seed)
    save_file(tensors, options.model, metadata={"lengthwise": json.dumps(CONFIG)})
    random = np.random.default_rng(options.seed + 1)
    sequences = [random.integers(CONFIG["vocabulary"], size=length).tolist() for length in (1, 5, 32, 100)]
    with open(options.tokens, "w") as file:
        json.dump({"sequences": sequences}, file)
    print(json.dumps({"outputs": [forward(CONFIG, tensors, tokens).tolist() for tokens in sequences]}))


if __name__ == "__main__":
    main()
