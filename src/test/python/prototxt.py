"""Reads Caffe networks, and runs a part of one as a module of PyTorch."""

import re

import torch
import torch.nn.functional as F
from torch import nn


def parse(text):
    """A protobuf text as nested lists of (key, value)."""
    tokens = re.findall(r'"[^"]*"|[{}]|[\w./+-]+|:', re.sub(r"#.*", "", text))
    position = 0

    def message():
        nonlocal position
        fields = []
        while position < len(tokens) and tokens[position] != "}":
            key = tokens[position]
            position += 1
            if tokens[position] == ":":
                position += 1
            if tokens[position] == "{":
                position += 1
                fields.append((key, message()))
                position += 1
            else:
                fields.append((key, tokens[position].strip('"')))
                position += 1
        return fields

    return message()


def get(fields, path, default=None):
    for key in path.split("."):
        fields = next((value for name, value in fields if name == key), None)
        if fields is None:
            return default
    return fields


def numbers(fields, key):
    return [int(value) for name, value in fields if name == key]


class CaffePart(nn.Module):
    """Layers of a prototxt, as they are written there but for the sizes in ``changes``: layer name -> field -> value.

    The layers are those of ``unit`` from ``first`` to ``last`` that need nothing but each other and what is ``given`` (blob ->
    "x" or "zeros"). They, and their parameters, are named by what follows the unit's name in theirs.
    """

    def __init__(self, path, unit, first, last, given, changes, channels):
        super().__init__()
        self.given, self.layers = {f"{unit}{blob}": what for blob, what in given.items()}, []
        sizes = {blob: channels for blob in self.given}
        started = False
        for layer in (value for key, value in parse(path.read_text()) if key == "layer"):
            if not get(layer, "name").startswith(unit):
                continue
            name = get(layer, "name")[len(unit):].lstrip("_/")
            started = started or name == first
            made = get(layer, "top") in self.given
            if started and not made and all(blob in sizes for key, blob in layer if key == "bottom"):
                self.layers.append(self.step(name, layer, changes.get(name, {}), sizes))
                if name == last:
                    self.output = get(layer, "top")
                    return
        raise ValueError(f"{path} has no {unit} from {first} to {last}")

    def step(self, name, layer, changes, sizes):
        """Bottoms, tops and a function of the bottoms; makes the parameters."""
        kind = get(layer, "type")
        bottoms = [value for key, value in layer if key == "bottom"]
        tops = [value for key, value in layer if key == "top"]
        channels = sizes[bottoms[0]]
        if kind in ("Convolution", "DepthwiseConvolution"):
            fields = get(layer, "convolution_param")
            option = lambda key, default=None: changes.get(key, int(get(fields, key, default or 0)) or default)
            out = option("num_output")
            biased = get(fields, "bias_term", "true") == "true"
            made = nn.Conv2d(
                channels, out, option("kernel_size"), option("stride", 1), option("pad", 0), option("dilation", 1),
                option("group", 1), biased,
            )
            self.add_module(name, made)
            channels = out
        elif kind == "CuDNNBatchNorm":
            fields = get(layer, "cudnn_batch_norm_param") or get(layer, "batch_norm_param")
            made = nn.BatchNorm2d(channels, float(get(fields, "eps", "1e-5")), 1 - float(get(fields, "momentum")))
            self.add_module(name, made)
        elif kind == "ReLU":
            made = F.relu
        elif kind == "Sigmoid":
            made = torch.sigmoid
        elif kind == "Pooling":
            if get(layer, "pooling_param.pool") != "AVE" or get(layer, "pooling_param.global_pooling") != "true":
                raise ValueError(f"{name}: only global averages are known")
            made = lambda x: x.mean((2, 3), keepdim=True)
        elif kind == "Eltwise":
            if get(layer, "eltwise_param.operation") not in (None, "SUM"):
                raise ValueError(f"{name}: only sums are known")
            made = lambda *x: sum(x)
        elif kind == "Softmax":
            axis = int(get(layer, "softmax_param.axis"))
            made = lambda x: torch.softmax(x, axis)
        elif kind == "Reshape":
            dims = changes.get("dims") or numbers(get(layer, "reshape_param.shape"), "dim")
            made = lambda x: x.reshape([x.shape[i] if d == 0 else d for i, d in enumerate(dims)])
        elif kind == "Slice":
            fields = get(layer, "slice_param")
            axis, points = int(get(fields, "axis")), numbers(fields, "slice_point")
            made = lambda x: x.tensor_split(points, axis)
        elif kind == "Scale" and len(bottoms) == 2:
            made = lambda x, scale: x * scale.reshape(scale.shape + (1,) * (x.dim() - scale.dim()))
        elif kind == "Axpy":
            made = lambda scale, x, y: scale * x + y
        else:
            raise ValueError(f"{name}: {kind} is not known")
        sizes.update((top, channels) for top in tops)
        return bottoms, tops, made

    def forward(self, x):
        blobs = {blob: x if what == "x" else torch.zeros_like(x) for blob, what in self.given.items()}
        for bottoms, tops, made in self.layers:
            result = made(*(blobs[bottom] for bottom in bottoms))
            blobs.update(zip(tops, result if isinstance(result, tuple) else (result,)))
        return blobs[self.output]
