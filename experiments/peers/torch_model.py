"""The models of lengthwise in PyTorch: any depth, limit and softmax attention, every encoding and norm (docs/theory.md, sections 1 and 10).

`state_dict()` has the tensor names of a model file, so that a trained model is saved with `save(model, path)` and read with `load(path)`.
Works with torch 1.13 and 2.x. The `safetensors` package is not needed: the format is the dozen lines of `save` and `load`.
"""

import json
import math
import struct

import numpy as np
import torch

EPSILON = 1e-6


class Layer(torch.nn.Module):
    """The weights of one layer; what a model has none of is None."""

    def __init__(self, config):
        super().__init__()
        H, d, k, m = config["heads"], config["width"], config["keyWidth"], config["mlpWidth"]
        attention, rms = config["attention"], config["norm"] == "rms"

        def part(name, *shape, there=True):
            self.register_parameter(name, torch.nn.Parameter(torch.empty(shape)) if there else None)

        part("attention_norm", d, there=rms)
        part("query", H, k, d)
        part("key", H, k, d)
        part("value", H, d, d)
        part("phi", H, config["locality"] + 1, there="rule" not in attention)
        part("log_scale", H, there=attention.get("logScale", False))
        part("mlp_norm", d, there=rms and m > 0)
        part("mlp_in", m, d, there=m > 0)
        part("mlp_bias", m, there=m > 0)
        part("mlp_out", d, m, there=m > 0)


class Transformer(torch.nn.Module):
    """A model of the shape that a model file's metadata names; weights as `initialise` draws them."""

    def __init__(self, config):
        super().__init__()
        config = {"norm": "none", **config}
        attention, d = config["attention"], config["width"]
        self.config, self.attention = config, attention
        self.encoding = attention["encoding"] if "rule" in attention else "periodic"
        self.activation = {"relu": torch.relu, "gelu": torch.nn.functional.gelu}[config["activation"]]
        rows = {"periodic": config["period"], "absolute": attention.get("maxLength")}.get(self.encoding)
        self.embed = torch.nn.Parameter(torch.empty(config["vocabulary"], d))
        self.position = torch.nn.Parameter(torch.empty(rows, d)) if rows else None
        self.layer = torch.nn.ModuleList(Layer(config) for _ in range(config["layers"]))
        self.final_norm = torch.nn.Parameter(torch.empty(d)) if config["norm"] == "rms" else None
        self.unembed = torch.nn.Parameter(torch.empty(config["outputs"], d))
        self.initialise()

    @torch.no_grad()
    def initialise(self):
        """Matrices of variance 1/columns, phi uniform on [0, 1], gains and log scales 1, biases 0."""
        for name, weights in self.named_parameters():
            kind = name.split(".")[-1]
            if kind == "phi":
                weights.uniform_(0, 1)
            elif kind.endswith("_norm") or kind == "log_scale":
                weights.fill_(1)
            elif kind == "mlp_bias":
                weights.zero_()
            else:
                weights.normal_(0, 1 / math.sqrt(weights.shape[-1]))

    def forward(self, tokens, last_query=False):
        """tokens [B, T] -> f of every prefix [B, T, outputs]; with last_query f(x) alone [B, 1, outputs], the last layer only there."""
        T = tokens.shape[1]
        y = self.embed[tokens]
        if self.position is not None:
            shift = 1 if self.encoding == "periodic" else 0
            y = y + self.position[(torch.arange(T, device=tokens.device) + shift) % len(self.position)]
        for layer in self.layer:
            y = self.step(layer, y, first=T - 1 if last_query and layer is self.layer[-1] else 0)
        return self.normed(y, self.final_norm) @ self.unembed.T

    def step(self, layer, y, first):
        """One layer at the query positions first ... T - 1: y [B, T, d] -> [B, T - first, d]."""
        u = self.normed(y, layer.attention_norm)
        keys = torch.einsum("btd,hkd->bhtk", u, layer.key)
        queries = torch.einsum("btd,hkd->bhtk", u[:, first:], layer.query)
        if self.encoding == "rope":
            keys, queries = self.turned(keys, 0), self.turned(queries, first)
        logits = self.attention["scale"] * (queries @ keys.transpose(-1, -2))
        means = self.weights(layer, logits, first) @ u[:, None]
        rows = y[:, first:] + torch.einsum("bhtk,hdk->btd", means, layer.value)
        if layer.mlp_in is None:
            return rows
        hidden = self.activation(self.normed(rows, layer.mlp_norm) @ layer.mlp_in.T + layer.mlp_bias)
        return rows + hidden @ layer.mlp_out.T

    def weights(self, layer, logits, first):
        """From content logits [B, H, T - first, T] to attention weights."""
        T = logits.shape[-1]
        i = torch.arange(first + 1, T + 1, device=logits.device)[:, None]
        offset = i - torch.arange(1, T + 1, device=logits.device)
        log_i = torch.log(i.to(logits.dtype))
        bias = torch.zeros(1, 1, 1, dtype=logits.dtype, device=logits.device)
        if layer.phi is not None:
            tau = self.config["locality"]
            bias = log_i * layer.phi[:, offset.clamp(0, tau)] * ((offset >= 0) & (offset <= tau))
        if self.encoding == "alibi":
            H = self.config["heads"]
            slopes = 2.0 ** (-8 * torch.arange(1, H + 1, dtype=logits.dtype, device=logits.device) / H)
            bias = -slopes[:, None, None] * offset
        if layer.log_scale is not None:
            logits = layer.log_scale[:, None, None] * log_i * logits
        if self.attention.get("precision") == "finite":
            logits = log_i * logits
        scores = logits + bias.masked_fill(offset < 0, -math.inf)
        bits = self.attention.get("bits")
        if bits is not None:
            rounded = torch.exp(scores - scores.amax(-1, keepdim=True)) <= 2.0**-bits
            scores = scores.masked_fill(rounded, -math.inf)
        return torch.softmax(scores, -1)

    def turned(self, rows, first):
        """Coordinates (2a, 2a + 1) at position i turned by the angle i base^(-2a/keyWidth); rows [..., T, keyWidth] begin at `first`."""
        T, width = rows.shape[-2:]
        like = {"dtype": rows.dtype, "device": rows.device}
        i = torch.arange(first + 1, first + T + 1, **like)[:, None]
        angle = i * self.attention["ropeBase"] ** (-torch.arange(0, width, 2, **like) / width)
        # Pairs as complex numbers: five times faster than even and odd coordinates apart.
        pairs = torch.view_as_complex(rows.unflatten(-1, (-1, 2)).contiguous())
        return torch.view_as_real(pairs * torch.polar(torch.ones_like(angle), angle)).flatten(-2)

    def normed(self, y, gain):
        return y if gain is None else gain * y * torch.rsqrt((y * y).mean(-1, keepdim=True) + EPSILON)


def save(model, path):
    """Writes a model file: the length of a JSON header (8 bytes), the header, then the tensors' bytes without gaps."""
    header, end, parts = {"__metadata__": {"lengthwise": json.dumps(model.config)}}, 0, []
    for name, tensor in model.state_dict().items():
        array = np.ascontiguousarray(tensor.cpu().numpy(), "<f4")
        header[name] = {"dtype": "F32", "shape": list(array.shape), "data_offsets": [end, end + array.nbytes]}
        end += array.nbytes
        parts.append(array.tobytes())
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text + b"".join(parts))


def load(path):
    """The model of a model file."""
    with open(path, "rb") as file:
        header = json.loads(file.read(struct.unpack("<Q", file.read(8))[0]))
        data = file.read()
    model = Transformer(json.loads(header.pop("__metadata__")["lengthwise"]))
    tensors = {}
    for name, slot in header.items():
        first, end = slot["data_offsets"]
        array = np.frombuffer(data[first:end], "<f4").reshape(slot["shape"])
        tensors[name] = torch.from_numpy(array.copy())
    model.load_state_dict(tensors)
    return model
