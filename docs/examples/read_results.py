#!/usr/bin/env python3
"""What lengthwise leaves, in Python: run folders as one tidy table, and models as functions. An example to copy from.

    python3 read_results.py results/quickstart > cells.csv                # a row a cell and test length
    python3 read_results.py model.safetensors tokens.json                 # what `lengthwise forward --json` says: {"outputs": ...}

    import pandas
    from read_results import rows, torch_module
    table = pandas.DataFrame(rows("results/quickstart"))
    model = torch_module("model.safetensors")                             # a torch.nn.Module; model(tokens)[-1] is f(x)

Tables need the standard library only, models PyTorch or NumPy. Names of columns are those of cells.csv and cells.parquet, which
`lengthwise report` writes with a few more (plateaus, complexities). The mathematics is in docs/theory.md, sections 1 and 10.
"""

import csv
import json
import math
import re
import struct
import sys
from pathlib import Path

RMS_EPSILON = 1e-6


def runs(folder):
    """Folders of runs at or below a folder."""
    return sorted(path.parent for path in Path(folder).rglob("manifest.json"))


def column(path):
    """`train.learningRate` as train_learning_rate."""
    return re.sub("[A-Z]", lambda letter: "_" + letter.group().lower(), path.replace(".", "_"))


def constants(node, path=""):
    """What an experiment says of all of its cells, by path. Lists are axes, whose values the cells have."""
    if isinstance(node, list) or path in ("name", "epsilon", "sizes"):
        return {}
    if not isinstance(node, dict):
        return {path: node}
    found = {}
    for key, child in node.items():
        found.update(constants(child, f"{path}.{key}" if path else key))
    return found


def cells(run):
    """Lines of cells.jsonl; one that was cut short, at the end, is left out."""
    text = (Path(run) / "cells.jsonl").read_text()
    return [json.loads(line) for line in text.split("\n")[:-1]]


def rows(folder):
    """The table, a dictionary a row. A loss of None was not finite."""
    table = []
    for run in runs(folder):
        manifest = json.loads((run / "manifest.json").read_text())
        for cell in cells(run):
            settings = {**constants(manifest["experiment"]), **cell["axes"]}
            for point in cell["test"]:
                table.append({
                    "experiment": manifest["name"], "run": manifest["run"], "cell": cell["cell"],
                    **{column(path): value for path, value in settings.items()},
                    "training_loss": cell["trainLoss"], "training_loss_stderr": cell["trainLossStderr"],
                    "test_length": point["length"], "test_loss": point["loss"], "test_loss_stderr": point["stderr"],
                })  # fmt: skip
    return table


def read_model(path, xp, dtype="float64"):
    """The config and the tensors, by name, of a model file; xp is the array library, numpy or torch."""
    with open(path, "rb") as file:
        header = json.loads(file.read(struct.unpack("<Q", file.read(8))[0]))
        data = bytearray(file.read())
    config = json.loads(header.pop("__metadata__")["lengthwise"])
    stored = {"F32": xp.float32, "F64": xp.float64}
    weights = {}
    for name, slot in header.items():
        first, end = slot["data_offsets"]
        values = xp.frombuffer(data[first:end], dtype=stored[slot["dtype"]]).reshape(slot["shape"])
        weights[name] = xp.asarray(values, dtype=getattr(xp, dtype))
    return config, weights


def outputs(xp, config, weights, tokens):
    """f of every prefix of one sequence: tokens [T], whole numbers -> [T, outputs]. Every attention weight is computed."""
    rows = weights["embed"][tokens]
    i = xp.cumsum(xp.ones_like(rows[:, 0]), 0)
    table = weights.get("position")
    if table is not None:
        # A limit transformer's position i has row i mod period, an absolute encoding's row i - 1.
        at = xp.cumsum(xp.ones_like(tokens), 0)
        rows = rows + table[at - 1 if config["attention"].get("encoding") == "absolute" else at % len(table)]
    for number in range(config["layers"]):
        own = {name.split(".")[2]: w for name, w in weights.items() if name.startswith(f"layer.{number}.")}
        rows = layer(xp, config, own, rows, i)
    return normed(rows, weights.get("final_norm")) @ weights["unembed"].T


def layer(xp, config, own, rows, i):
    """One layer: rows [T, width] at the positions i = 1 ... T, to rows."""
    u = normed(rows, own.get("attention_norm"))
    queries, keys = (xp.einsum("td,hkd->htk", u, own[name]) for name in ("query", "key"))
    if config["attention"].get("encoding") == "rope":
        queries, keys = (turned(xp, config, x, i) for x in (queries, keys))
    logits = config["attention"]["scale"] * xp.einsum("hik,hjk->hij", queries, keys)
    means = xp.einsum("hij,jd->hid", attention_weights(xp, config, own, logits, i), u)
    rows = rows + xp.einsum("hid,hed->ie", means, own["value"])
    if config["mlpWidth"] == 0:
        return rows
    hidden = normed(rows, own.get("mlp_norm")) @ own["mlp_in"].T + own["mlp_bias"]
    if config["activation"] == "relu":
        hidden = hidden * (hidden > 0)
    else:
        erf = xp.erf if hasattr(xp, "erf") else xp.vectorize(math.erf)
        hidden = hidden * (1 + erf(hidden / math.sqrt(2))) / 2
    return rows + hidden @ own["mlp_out"].T


def attention_weights(xp, config, own, logits, i):
    """Content logits [heads, T, T] to weights: what the rule and the encoding add, then a causal softmax."""
    attention, offset = config["attention"], i[:, None] - i[None, :]
    log_i = xp.log(i)[:, None]
    if attention.get("precision") == "finite":
        logits = log_i * logits
    if "log_scale" in own:
        logits = own["log_scale"][:, None, None] * log_i * logits
    if "phi" in own:
        for back in range(config["locality"] + 1):
            logits = logits + own["phi"][:, back, None, None] * log_i * (offset == back)
    if attention.get("encoding") == "alibi":
        heads = config["heads"]
        logits = logits - xp.stack([2.0 ** (-8 * (h + 1) / heads) * offset for h in range(heads)], 0)
    scores = xp.where(offset >= 0, logits, -math.inf)
    weights = xp.exp(scores - xp.amax(scores, -1)[..., None])
    if attention.get("bits") is not None:
        weights = weights * (weights > 2.0 ** -attention["bits"])
    return weights / weights.sum(-1)[..., None]


def turned(xp, config, x, i):
    """RoPE: coordinates (2a, 2a + 1) of x [heads, T, keyWidth] turned by the angle i base^(-2a / keyWidth)."""
    width, base = config["keyWidth"], config["attention"]["ropeBase"]
    angle = xp.stack([i * base ** (-a / width) for a in range(0, width, 2)], -1)
    cos, sin, even, odd = xp.cos(angle), xp.sin(angle), x[..., 0::2], x[..., 1::2]
    return xp.stack([even * cos - odd * sin, even * sin + odd * cos], -1).reshape(x.shape)


def normed(x, gain):
    """RMS norm where the model has one."""
    return x if gain is None else gain * x / ((x * x).mean(-1) + RMS_EPSILON)[..., None] ** 0.5


def torch_module(path, dtype="float64"):
    """A model file as a torch.nn.Module: tokens [T] -> f of every prefix [T, outputs]. Its parameters are trainable."""
    import torch

    config, weights = read_model(path, torch, dtype)

    class Model(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.config = config
            for name, values in weights.items():
                self.register_parameter(name.replace(".", "_"), torch.nn.Parameter(values.clone()))

        def forward(self, tokens):
            own = {name: getattr(self, name.replace(".", "_")) for name in weights}
            return outputs(torch, config, own, tokens)

    return Model()


def print_table(folder):
    found = rows(folder)
    names = list(dict.fromkeys(name for row in found for name in row))
    out = csv.DictWriter(sys.stdout, names)
    out.writeheader()
    out.writerows(found)


def print_outputs(path, tokens_file):
    """By PyTorch where it is installed, else by NumPy: the same lines."""
    try:
        import torch as xp
    except ImportError:
        import numpy as xp
    config, weights = read_model(path, xp)
    sequences = json.loads(Path(tokens_file).read_text())["sequences"]
    said = [outputs(xp, config, weights, xp.asarray(tokens))[-1].tolist() for tokens in sequences]
    print(json.dumps({"outputs": said}))


if __name__ == "__main__":
    print_table(sys.argv[1]) if len(sys.argv) == 2 else print_outputs(*sys.argv[1:])
