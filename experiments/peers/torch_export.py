#!/usr/bin/env python3
"""Write a PyTorch model as a model file that lengthwise reads. An example to copy from.

    python3 experiments/peers/torch_export.py model.safetensors tokens.json > expected.json
    npx lengthwise theory model.safetensors
    npx lengthwise forward model.safetensors tokens.json --kernel reference --json    # the outputs of expected.json

    python3 experiments/peers/torch_export.py model.safetensors tokens.json --layers 4 --encoding rope --norm rms
    python3 experiments/peers/torch_export.py --check test/golden/deep    # the PyTorch model against the golden vectors

Writes a model with random weights and a tokens file, and prints f(x) of each sequence as PyTorch computes it in float64, in the JSON of
`lengthwise forward --json`. Without --encoding it is a limit transformer in infinite precision. The model and the file format are in torch_model.py.
"""

import argparse
import json
import sys
from pathlib import Path

import torch

from torch_model import Transformer, load, save

ENCODINGS = {"none": {}, "absolute": {"maxLength": 128}, "rope": {"ropeBase": 10000}, "alibi": {}}
LENGTHS = (1, 5, 32, 100)
TOLERANCE = 1e-9


def config_of(options):
    """The metadata of a model file."""
    attention = {"precision": "infinite", "scale": 0.5}
    if options.encoding:
        own = ENCODINGS[options.encoding]
        attention = {"rule": "softmax", "encoding": options.encoding, "logScale": options.log_scale, "scale": 0.5, **own}
    period, locality = (1, 0) if options.encoding else (2, 2)
    return {
        "layers": options.layers, "heads": 2, "width": 8, "keyWidth": 4, "mlpWidth": 16, "vocabulary": 3, "period": period,
        "locality": locality, "outputs": 3, "activation": "gelu", "norm": options.norm, "attention": attention,
    }  # fmt: skip


def export(options):
    torch.manual_seed(options.seed)
    model = Transformer(config_of(options))
    save(model, options.model)
    sequences = [torch.randint(3, (length,)).tolist() for length in LENGTHS]
    Path(options.tokens).write_text(json.dumps({"sequences": sequences}))
    model.double()
    print(json.dumps({"outputs": [model(torch.tensor([tokens]))[0, -1].tolist() for tokens in sequences]}))


def losses(golden, model):
    """The batch losses that a golden file has gradients of, by the name of their place in it."""

    def mean(part, loss_of):
        """Mean over the reads of all sequences that count: the last ones, or those of weight 1."""
        total, labels = 0, 0
        for n, tokens in enumerate(part["sequences"]):
            outputs = model(torch.tensor([tokens]))[0]
            loss = loss_of(n, outputs)
            weights = torch.tensor(part["weights"][n] if "weights" in part else [1.0])
            total, labels = total + (loss[-len(weights) :] * weights).sum(), labels + weights.sum()
        return total / labels

    def squared(part):
        return lambda n, outputs: ((outputs - torch.tensor(part["targets"][n])) ** 2).sum(-1)

    def entropy(part):
        return lambda n, outputs: torch.nn.functional.cross_entropy(
            outputs, torch.tensor(part["classes"][n]), reduction="none"
        )

    for name, kind in (("gradient", squared), ("gradientEveryPosition", squared), ("gradientCrossEntropy", entropy)):
        if name in golden:
            yield name, mean(golden[name], kind(golden[name]))


def errors_of(path):
    """Largest difference of outputs, losses and gradients to those of a golden file, by name, in float64."""
    golden = json.loads(path.read_text())
    model = load(path.with_name(golden["model"])).double()
    errors = {"forward": 0.0}

    def note(name, got, expected):
        error = (got - torch.tensor(expected)).abs().max().item()
        # A comparison with NaN is false.
        errors[name] = error if not error <= errors.get(name, 0.0) else errors.get(name, 0.0)

    for case in golden["forward"]:
        outputs = model(torch.tensor([case["tokens"]]))[0].detach()
        note("forward", outputs[-len(case["outputs"]) :], case["outputs"])
    for name, loss in losses(golden, model):
        model.zero_grad()
        loss.backward()
        note(name, loss.detach(), golden[name]["loss"])
        for tensor, weights in model.named_parameters():
            grad = torch.zeros_like(weights) if weights.grad is None else weights.grad
            note(name, grad, golden[name]["gradients"][tensor])
    return errors


def check(folder):
    """Compares with every golden file of a folder. Returns the exit code."""
    torch.set_default_dtype(torch.float64)
    paths = sorted(Path(folder).glob("*.json"))
    if not paths:
        print(f"{folder}: no golden files (*.json)", file=sys.stderr)
        return 2
    worst = 0.0
    for path in paths:
        errors = errors_of(path)
        worst = max([worst, *errors.values()])
        print(f"{path.stem}: " + ", ".join(f"{name} {error:.1e}" for name, error in errors.items()))
    print(f"{len(paths)} models, largest error {worst:.1e}, allowed {TOLERANCE:.0e}")
    return 0 if worst <= TOLERANCE else 1


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", nargs="?", help="model file to write")
    parser.add_argument("tokens", nargs="?", help="tokens file to write")
    parser.add_argument("--layers", type=int, choices=range(1, 13), metavar="1 ... 12", default=2, help="layers (2)")
    parser.add_argument("--norm", choices=["none", "rms"], default="none", help="norm (none)")
    parser.add_argument("--encoding", choices=ENCODINGS, help="ordinary softmax attention with this encoding")
    parser.add_argument("--log-scale", action="store_true", help="scalable softmax: logits times log i; with --encoding")
    parser.add_argument("--seed", type=int, default=0, help="seed of weights and tokens (0)")
    parser.add_argument("--check", metavar="FOLDER", help="compare with the golden files of a folder and write nothing")
    options = parser.parse_args()
    if options.check:
        sys.exit(check(options.check))
    if not options.model or not options.tokens:
        parser.error("name a model file and a tokens file to write, or a folder to --check")
    if options.log_scale and not options.encoding:
        parser.error("--log-scale needs --encoding: limit transformers scale by log i already")
    export(options)


if __name__ == "__main__":
    main()
