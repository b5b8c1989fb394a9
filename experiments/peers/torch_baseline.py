#!/usr/bin/env python3
"""What a PyTorch user gets on this machine: the same models, tasks and attention as `lengthwise bench`, in eager PyTorch.

    python3 experiments/peers/torch_baseline.py                      # everything, JSON on stdout, progress on stderr
    python3 experiments/peers/torch_baseline.py training --models four-layer-rope --runs 20
    python3 experiments/peers/torch_baseline.py attention --lengths 1024,2048 --device cuda

The JSON has the shape of `lengthwise bench --json`. Works with torch 1.13 and 2.x; nothing else is needed but torch_model.py beside it.

Training rows (dense attention, fixed length N, Adam, mean squared error, fresh sequences every step; the model is torch_model.py's):
  one-layer       SimpleTask(omega 2), S 2, limit attention, d 32, MLP 128, one head, N 64, batch 256, last position
  two-layer       in-context k-gram, S 3, k 2, limit attention, tau 2, d 32, MLP 128, one head, N 256, batch 64, last position
  four-layer-...  in-context k-gram, S 4, k 2, softmax attention with that encoding, with RMS norm in -rms, d 32, MLP 128, four heads,
                  N 64, batch 64, every position
`pytorch` computes every position of every layer, as a decoder does; `pytorch/last-query` computes the last layer at the last position
only, which gives the same f(x) and the same gradients. medianMs is one optimiser step on data that is ready; dataMs is the making of
a batch, and sequencesPerSecond leaves it out (sequencesPerSecondWithData does not). lengthwise counts the making of its data. cpuMs is processor
time over all threads: what is left to compare where the machine is busy with other things.

Attention rows: causal, one head, float32, gflops = 2 T^2 D / time. `pytorch` is softmax(Q K^T / sqrt(D) + mask) V in plain operations,
`pytorch/sdpa` is scaled_dot_product_attention (torch 2). maxError is against float64, relative to the largest result.
"""

import argparse
import copy
import json
import math
import os
import platform
import statistics
import sys
import time
from functools import partial

import torch

from torch_model import Transformer

TOLERANCE = 1e-4


def simple_task(batch, length, device, omega=2):
    """Each sequence draws its token law from Dir(1); f* = sin(omega (c0 - c1) / (c0 + c1)) of every prefix. [B, T], [B, T, 1]."""
    ones = torch.rand(batch, 1, device=device)
    tokens = (torch.rand(batch, length, device=device) < ones).long()
    share = tokens.double().cumsum(1) / torch.arange(1, length + 1, device=device)
    return tokens, torch.sin(omega * (1 - 2 * share)).float()[..., None]


def k_gram_task(batch, length, device, vocabulary, k):
    """
    An order-k chain whose rows are Dir(1); f*_s of a prefix = share of s among what followed earlier copies of its last k tokens, uniform
    where there is none. [B, T], [B, T, S].
    """
    contexts = vocabulary**k
    exponential = -torch.log(torch.rand(batch, contexts, vocabulary, device=device))
    rows = (exponential / exponential.sum(-1, keepdim=True)).cumsum(-1)
    tokens = torch.randint(vocabulary, (batch, length), device=device)
    draws = torch.rand(batch, length, 1, device=device)
    every = torch.arange(batch, device=device)
    context = torch.zeros(batch, length + 1, dtype=torch.long, device=device)
    for t in range(length):
        if t >= k:
            token = (draws[:, t] >= rows[every, context[:, t]]).sum(-1).clamp(max=vocabulary - 1)
            tokens[:, t] = token
        context[:, t + 1] = (context[:, t] * vocabulary + tokens[:, t]) % contexts
    following = torch.nn.functional.one_hot(context[:, :-1] * vocabulary + tokens, contexts * vocabulary)
    following[:, :k] = 0
    counts = following.cumsum(1).view(batch, length, contexts, vocabulary)
    index = context[:, 1:, None, None].expand(-1, -1, 1, vocabulary)
    counts = counts.gather(2, index)[:, :, 0].float()
    total = counts.sum(-1, keepdim=True)
    return tokens, torch.where(total > 0, counts / total.clamp(min=1), torch.full_like(counts, 1 / vocabulary))


def limit_model(layers, vocabulary, outputs, locality):
    """The limit transformer in infinite precision, d 32, MLP 128, one head."""
    attention = {"precision": "infinite", "scale": 1 / 32}
    return {
        "layers": layers, "heads": 1, "width": 32, "keyWidth": 32, "mlpWidth": 128, "vocabulary": vocabulary, "period": 1,
        "locality": locality, "outputs": outputs, "activation": "relu", "norm": "none", "attention": attention,
    }  # fmt: skip


def softmax_model(encoding, norm="none", **own):
    """Four layers of ordinary softmax attention, d 32, MLP 128, four heads, over four tokens."""
    attention = {"rule": "softmax", "encoding": encoding, "logScale": False, "scale": 1 / math.sqrt(32), **own}
    return {**limit_model(4, 4, 4, 0), "heads": 4, "norm": norm, "attention": attention}


def k_gram_model(config, length, reads):
    task = partial(k_gram_task, vocabulary=config["vocabulary"], k=2)
    return {"config": config, "task": task, "length": length, "batch": 64, "reads": reads}


MODELS = {
    "one-layer": {"config": limit_model(1, 2, 1, 0), "task": simple_task, "length": 64, "batch": 256, "reads": "last"},
    "two-layer": k_gram_model(limit_model(2, 3, 3, 2), 256, "last"),
    "four-layer-rope": k_gram_model(softmax_model("rope", ropeBase=10000), 64, "every"),
    "four-layer-rope-rms": k_gram_model(softmax_model("rope", "rms", ropeBase=10000), 64, "every"),
    "four-layer-alibi": k_gram_model(softmax_model("alibi"), 64, "every"),
    "four-layer-absolute": k_gram_model(softmax_model("absolute", maxLength=64), 64, "every"),
    "four-layer-none": k_gram_model(softmax_model("none"), 64, "every"),
}


def say(text):
    print(text, file=sys.stderr, flush=True)


def timed(call, device):
    """Milliseconds of a call and what it returns, with the device idle before and after."""
    if device.type == "cuda":
        torch.cuda.synchronize()
    began = time.perf_counter()
    result = call()
    if device.type == "cuda":
        torch.cuda.synchronize()
    return (time.perf_counter() - began) * 1000, result


def repeated(call, runs, device):
    """Statistics of a call that has been made before. cpuMs, processor time over all threads, does not count waiting for others."""
    busy = time.process_time()
    times = [timed(call, device)[0] for _ in range(runs)]
    busy = time.process_time() - busy
    return {
        "medianMs": statistics.median(times), "minMs": min(times), "maxMs": max(times), "cpuMs": 1000 * busy / runs,
        "runs": runs,
    }  # fmt: skip


def loss_and_gradients(model, tokens, target, reads, last_query):
    """Squared error summed over outputs, mean over the positions that are read, and its gradients."""
    model.zero_grad()
    outputs = model(tokens, last_query)
    if reads == "last":
        outputs, target = outputs[:, -1], target[:, -1]
    loss = ((outputs - target) ** 2).sum(-1).mean()
    loss.backward()
    return [loss.detach().reshape(1)] + [parameter.grad for parameter in model.parameters()]


def worst_error(results, exact):
    """Largest difference, each tensor relative to its own largest value."""
    pairs = zip(results, exact)
    return max(((a.double() - b).abs().max() / b.abs().max().clamp(min=1e-30)).item() for a, b in pairs)


def training_row(name, last_query, runs, device, version):
    shape = MODELS[name]
    config, reads = shape["config"], shape["reads"]
    torch.manual_seed(0)
    model = Transformer(config).to(device)
    sizes = (shape["batch"], shape["length"], device)
    tokens, target = shape["task"](*sizes)
    error = check_gradients(model, tokens[:8], target[:8], reads, last_query)
    optimiser = torch.optim.Adam(model.parameters(), lr=3e-3)

    def step(tokens, target):
        loss_and_gradients(model, tokens, target, reads, last_query)
        optimiser.step()

    cold, _ = timed(lambda: step(tokens, target), device)
    making = repeated(lambda: shape["task"](*sizes), runs, device)
    batches = iter([shape["task"](*sizes) for _ in range(runs)])
    times = repeated(lambda: step(*next(batches)), runs, device)
    step_ms, data_ms = times["medianMs"], making["medianMs"]
    return {
        "suite": "training", "implementation": "pytorch/last-query" if last_query else "pytorch", "version": version,
        "model": name, "T": shape["length"], "D": config["width"], "heads": config["heads"], "batch": shape["batch"],
        "direction": "training", "lengthMode": "fixed", "positions": reads,
        **times, "coldMs": cold, "dataMs": data_ms, "dataCpuMs": making["cpuMs"],
        "sequencesPerSecond": 1000 * shape["batch"] / step_ms,
        "sequencesPerSecondWithData": 1000 * shape["batch"] / (step_ms + data_ms),
        "labelsPerSecond": 1000 * shape["batch"] * (1 if reads == "last" else shape["length"]) / step_ms,
        "maxError": error, "correct": error <= TOLERANCE,
    }  # fmt: skip


def check_gradients(model, tokens, target, reads, last_query):
    """Loss and gradients in float32 against float64, every position computed."""
    exact = copy.deepcopy(model).double()
    return worst_error(
        loss_and_gradients(model, tokens, target, reads, last_query),
        loss_and_gradients(exact, tokens, target.double(), reads, False),
    )


def dense_attention(q, k, v):
    T = q.shape[-2]
    hidden = torch.ones(T, T, dtype=torch.bool, device=q.device).triu(1)
    scores = (q @ k.transpose(-1, -2) / math.sqrt(q.shape[-1])).masked_fill(hidden, -math.inf)
    return torch.softmax(scores, -1) @ v


def attention_functions():
    yield "pytorch", dense_attention
    sdpa = getattr(torch.nn.functional, "scaled_dot_product_attention", None)
    if sdpa:
        yield "pytorch/sdpa", lambda q, k, v: sdpa(q[None], k[None], v[None], is_causal=True)[0]


def attention_row(implementation, attention, T, direction, runs, device, version, D=64):
    torch.manual_seed(0)
    inputs = [torch.randn(1, T, D, device=device) for _ in range(4)]

    def run(attention, inputs):
        if direction == "forward":
            with torch.no_grad():
                return [attention(*inputs[:3])]
        leaves = [x.detach().requires_grad_() for x in inputs[:3]]
        return torch.autograd.grad(attention(*leaves), leaves, inputs[3])

    cold, result = timed(lambda: run(attention, inputs), device)
    error = worst_error(result, run(dense_attention, [x.double() for x in inputs]))
    times = repeated(lambda: run(attention, inputs), runs, device)
    return {
        "suite": "attention", "implementation": implementation, "version": version, "T": T, "D": D, "heads": 1,
        "direction": direction, **times, "coldMs": cold, "gflops": 2 * T * T * D / times["medianMs"] / 1e6,
        "maxError": error, "correct": error <= TOLERANCE,
    }  # fmt: skip


def peak(device):
    """Best of five: a 1024^3 matrix product, and a copy of 64 MiB counted read and written."""
    a, b = torch.randn(1024, 1024, device=device), torch.randn(1024, 1024, device=device)
    big, copy = torch.empty(2**24, device=device).normal_(), torch.empty(2**24, device=device)
    product = min(timed(lambda: a @ b, device)[0] for _ in range(5))
    copied = min(timed(lambda: copy.copy_(big), device)[0] for _ in range(5))
    return {"gflops": 2 * 1024**3 / product / 1e6, "gbytesPerSecond": 2 * 4 * 2**24 / copied / 1e6}


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("suite", nargs="?", choices=["training", "attention"], help="both unless given")
    parser.add_argument("--runs", type=int, default=7, help="timed runs a row, after the first (7)")
    parser.add_argument("--models", default=",".join(MODELS), help=f"training rows ({','.join(MODELS)})")
    parser.add_argument("--lengths", default="1024,2048", help="T of the attention rows (1024,2048)")
    parser.add_argument("--threads", type=int, default=os.cpu_count(), help="CPU threads (all)")
    parser.add_argument("--device", default="cpu", help="cpu, or cuda")
    parsed = parser.parse_args()
    try:
        parsed.lengths = [int(part) for part in parsed.lengths.split(",")]
    except ValueError:
        parser.error("--lengths: expected whole numbers with commas between them")
    parsed.models = parsed.models.split(",")
    unknown = [name for name in parsed.models if name not in MODELS]
    if unknown:
        parser.error(f"--models: there is no {unknown[0]}; there are {', '.join(MODELS)}")
    if min([parsed.runs, parsed.threads, *parsed.lengths]) < 1:
        parser.error("--runs, --threads and --lengths must be at least 1")
    if parsed.device.startswith("cuda") and not torch.cuda.is_available():
        parser.error("--device cuda: this torch sees no CUDA device")
    return parsed


def rows(options, device):
    version = torch.__version__
    if options.suite in (None, "training"):
        for name in options.models:
            for last_query in (False, True) if MODELS[name]["reads"] == "last" else (False,):
                yield training_row(name, last_query, options.runs, device, version)
    if options.suite in (None, "attention"):
        for T in options.lengths:
            for direction in ("forward", "backward"):
                for implementation, attention in attention_functions():
                    yield attention_row(implementation, attention, T, direction, options.runs, device, version)


def main():
    options = arguments()
    torch.set_num_threads(options.threads)
    device = torch.device(options.device)
    name = torch.cuda.get_device_name(device) if device.type == "cuda" else platform.processor() or platform.machine()
    document = {
        "adapter": {"description": name, "threads": options.threads, "cores": os.cpu_count(), "software": False},
        "runtime": f"pytorch {torch.__version__}",
        "load": list(os.getloadavg()),
        "peak": peak(device),
        "rows": [],
    }
    for row in rows(options, device):
        rate = row.get("sequencesPerSecond")
        figure = f"{rate:.0f} sequences/s, {row['labelsPerSecond']:.0f} labels/s" if rate else f"{row['gflops']:.2f} GFLOP/s"
        where = f"{row['suite']} {row.get('model', '')} {row['direction']} T={row['T']}"
        say(f"{where} {row['implementation']}: {row['medianMs']:.2f} ms, {figure}, error {row['maxError']:.1e}")
        document["rows"].append(row)
    print(json.dumps(document))


if __name__ == "__main__":
    main()
