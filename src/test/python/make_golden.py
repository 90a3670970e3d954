#!/usr/bin/env python3
"""Writes further reference vectors, in the form of src/test/resources/golden/README.md, with PyTorch in float64.

    pip install torch timm numpy && python src/test/python/make_golden.py DIR [BLOCK...]

The cases are those that fixed-size networks never meet: maps of 1x1, odd and unequal sides, sizes that no pooling level or
window divides, biases in SE, groups in Salient, unequal grids in RGSE, ties among maxima in CBAM; and all cases of the later
blocks. ECA, effective SE, global context and selective kernels are timm's modules; the others state the papers' formulas in
PyTorch's own operations, with the parameter names of the public reference code.
"""

import json
import sys
import zlib
from pathlib import Path

import numpy as np
import timm
import torch
import torch.nn.functional as F
from torch import nn


class SE(nn.Module):
    def __init__(self, channels, reduction, bias, **_):
        super().__init__()
        hidden = channels // reduction
        self.fc = nn.Sequential(nn.Linear(channels, hidden, bias), nn.ReLU(), nn.Linear(hidden, channels, bias))

    def forward(self, x):
        return x * torch.sigmoid(self.fc(x.mean((2, 3))))[:, :, None, None]


class Salient(nn.Module):
    def __init__(self, channels, groups=1, **_):
        super().__init__()
        self.groups = groups
        self.bn = nn.BatchNorm2d(groups)

    def forward(self, x):
        grouped = x.unflatten(1, (self.groups, -1))
        agreement = (grouped * grouped.mean((3, 4), keepdim=True)).mean(2)
        return (grouped * torch.sigmoid(self.bn(agreement)).unsqueeze(2)).flatten(1, 2)


class Excited(nn.Module):
    def __init__(self, channels, reduction):
        super().__init__()
        self.fc_reduction = nn.Linear(channels, channels // reduction)
        self.fc_extention = nn.Linear(channels // reduction, channels)

    def scale(self, x, z):
        return x * torch.sigmoid(self.fc_extention(F.relu(self.fc_reduction(F.relu(z).flatten(1)))))[:, :, None, None]


class SPSE(Excited):
    def __init__(self, channels, reduction, levels, **_):
        super().__init__(channels, reduction)
        self.levels = levels
        for k in levels:
            setattr(self, f"fc_spatial{k}", nn.Conv2d(channels, channels, k, groups=channels))
        self.fc_bn = nn.BatchNorm2d(channels)

    def forward(self, x):
        z = sum(getattr(self, f"fc_spatial{k}")(F.adaptive_avg_pool2d(x, k)) for k in self.levels)
        return self.scale(x, self.fc_bn(z))


class RGSE(Excited):
    def __init__(self, channels, reduction, window, shape, **_):
        super().__init__(channels, reduction)
        self.window = window
        grid = (shape[2] // window, shape[3] // window)
        self.fc_spatial = nn.Sequential()
        if grid != (1, 1):
            self.fc_spatial.add_module("fc_spatial", nn.Conv2d(channels, channels, grid, groups=channels, bias=False))
            self.fc_spatial.add_module("bn_spatial", nn.BatchNorm2d(channels))

    def forward(self, x):
        return self.scale(x, self.fc_spatial(F.avg_pool2d(x, self.window, self.window)))


class ChannelGate(nn.Module):
    def __init__(self, channels, reduction):
        super().__init__()
        hidden = channels // reduction
        self.mlp = nn.Sequential(nn.Flatten(), nn.Linear(channels, hidden), nn.ReLU(), nn.Linear(hidden, channels))

    def forward(self, x):
        score = self.mlp(F.adaptive_avg_pool2d(x, 1)) + self.mlp(F.adaptive_max_pool2d(x, 1))
        return x * torch.sigmoid(score)[:, :, None, None]


class SpatialGate(nn.Module):
    def __init__(self, kernel):
        super().__init__()
        self.spatial = nn.Sequential()
        self.spatial.add_module("conv", nn.Conv2d(2, 1, kernel, padding=(kernel - 1) // 2, bias=False))
        self.spatial.add_module("bn", nn.BatchNorm2d(1, momentum=0.01))

    def forward(self, x):
        pooled = torch.cat((x.max(1, keepdim=True)[0], x.mean(1, keepdim=True)), 1)
        return x * torch.sigmoid(self.spatial(pooled))


class CBAM(nn.Module):
    def __init__(self, channels, reduction, kernel, **_):
        super().__init__()
        self.ChannelGate = ChannelGate(channels, reduction)
        self.SpatialGate = SpatialGate(kernel)

    def forward(self, x):
        return self.SpatialGate(self.ChannelGate(x))


class GCT(nn.Module):
    def __init__(self, channels, norm, **_):
        super().__init__()
        self.norm = norm
        for name in ("alpha", "gamma", "beta"):
            setattr(self, name, nn.Parameter(torch.empty(1, channels, 1, 1)))

    def forward(self, x):
        if self.norm == "L2":
            embedding = (x.pow(2).sum((2, 3), keepdim=True) + 1e-5).sqrt() * self.alpha
            scale = (embedding.pow(2).mean(1, keepdim=True) + 1e-5).sqrt()
        else:
            embedding = x.abs().sum((2, 3), keepdim=True) * self.alpha
            scale = embedding.abs().mean(1, keepdim=True) + 1e-5
        return x * (1 + torch.tanh(self.gamma * embedding / scale + self.beta))


class SimAM(nn.Module):
    def __init__(self, **_):
        super().__init__()

    def forward(self, x):
        d = (x - x.mean((2, 3), keepdim=True)).pow(2)
        v = d.sum((2, 3), keepdim=True) / max(x.shape[2] * x.shape[3] - 1, 1)
        return x * torch.sigmoid(d / (4 * (v + 1e-4)) + 0.5)


class ScSE(nn.Module):
    def __init__(self, channels, reduction, combination, **_):
        super().__init__()
        self.combination = combination
        self.cSE = nn.ModuleDict(
            {"fc1": nn.Linear(channels, channels // reduction), "fc2": nn.Linear(channels // reduction, channels)}
        )
        self.sSE = nn.ModuleDict({"conv": nn.Conv2d(channels, 1, 1)})

    def forward(self, x):
        gate = torch.sigmoid(self.cSE["fc2"](F.relu(self.cSE["fc1"](x.mean((2, 3))))))
        by_channel = x * gate[:, :, None, None]
        by_position = x * torch.sigmoid(self.sSE["conv"](x))
        return by_channel + by_position if self.combination == "ADD" else torch.max(by_channel, by_position)


def eca(channels, **_):
    return timm.layers.EcaModule(channels)


class HardSigmoid(nn.Module):
    """PyTorch's own takes 1 / 6 in single precision for its gradient, whatever the type."""

    def forward(self, x):
        return F.relu6(x + 3) / 6


def ese(channels, **_):
    return timm.layers.EffectiveSEModule(channels, gate_layer=HardSigmoid)


def gc(channels, reduction, attention=True, add=True, multiply=False, **_):
    module = timm.layers.GlobalContext(channels, attention, add, multiply, rd_channels=channels // reduction)
    for mlp in (module.mlp_add, module.mlp_scale):
        if mlp is not None:
            mlp.norm.eps = 1e-5  # as in the authors' code
    return module


MODULES = {
    "se": SE,
    "salient": Salient,
    "spse": SPSE,
    "rgse": RGSE,
    "cbam": CBAM,
    "eca": eca,
    "gct": GCT,
    "ese": ese,
    "simam": SimAM,
    "gc": gc,
    "scse": ScSE,
}


class CoordAtt(nn.Module):
    def __init__(self, channels, reduction, **_):
        super().__init__()
        hidden = max(8, channels // reduction)
        self.conv1 = nn.Conv2d(channels, hidden, 1)
        self.bn1 = nn.BatchNorm2d(hidden)
        self.conv_h = nn.Conv2d(hidden, channels, 1)
        self.conv_w = nn.Conv2d(hidden, channels, 1)

    def forward(self, x):
        pooled = torch.cat((x.mean(3, keepdim=True), x.mean(2, keepdim=True).transpose(2, 3)), 2)
        rows, columns = F.hardswish(self.bn1(self.conv1(pooled))).split(x.shape[2:], 2)
        return x * torch.sigmoid(self.conv_h(rows)) * torch.sigmoid(self.conv_w(columns.transpose(2, 3)))


class BAM(nn.Module):
    """The names of MODELS/bam.py, which pools a square of the map's height; here the whole map, the same where it is one."""

    def __init__(self, channels, reduction, dilation, **_):
        super().__init__()
        hidden = channels // reduction
        self.channel_att, self.spatial_att = nn.Module(), nn.Module()
        self.channel_att.gate_c = nn.Sequential()
        self.channel_att.gate_c.add_module("gate_c_fc_0", nn.Linear(channels, hidden))
        self.channel_att.gate_c.add_module("gate_c_bn_1", nn.BatchNorm1d(hidden))
        self.channel_att.gate_c.add_module("gate_c_relu_1", nn.ReLU())
        self.channel_att.gate_c.add_module("gate_c_fc_final", nn.Linear(hidden, channels))
        self.spatial_att.gate_s = nn.Sequential()
        self.spatial_att.gate_s.add_module("gate_s_conv_reduce0", nn.Conv2d(channels, hidden, 1))
        self.spatial_att.gate_s.add_module("gate_s_bn_reduce0", nn.BatchNorm2d(hidden))
        self.spatial_att.gate_s.add_module("gate_s_relu_reduce0", nn.ReLU())
        for i in range(2):
            dilated = nn.Conv2d(hidden, hidden, 3, padding=dilation, dilation=dilation)
            self.spatial_att.gate_s.add_module(f"gate_s_conv_di_{i}", dilated)
            self.spatial_att.gate_s.add_module(f"gate_s_bn_di_{i}", nn.BatchNorm2d(hidden))
            self.spatial_att.gate_s.add_module(f"gate_s_relu_di_{i}", nn.ReLU())
        self.spatial_att.gate_s.add_module("gate_s_conv_final", nn.Conv2d(hidden, 1, 1))

    def forward(self, x):
        channel = self.channel_att.gate_c(x.mean((2, 3)))[:, :, None, None]
        return x * (1 + torch.sigmoid(channel * self.spatial_att.gate_s(x)))


class GE(nn.Module):
    """timm's GatherExcite, which (1.0.31) fails with parameters or MLP; its global convolution is the paper's, not padded."""

    def __init__(self, channels, extent, parameters, mlp, shape, reduction=16, **_):
        super().__init__()
        self.extent = extent
        self.gather = nn.Sequential()
        for i in range(max(1, extent.bit_length() - 1) if parameters else 0):
            kernel, stride, padding = (3, 2, 1) if extent else (shape[2:], 1, 0)
            depthwise = nn.Conv2d(channels, channels, kernel, stride, padding, groups=channels, bias=False)
            self.gather.add_module(f"conv{i + 1}", depthwise)
            self.gather.add_module(f"norm{i + 1}", nn.BatchNorm2d(channels))
            if 2 << i < extent:
                self.gather.add_module(f"act{i + 1}", nn.ReLU())
        self.mlp = nn.Sequential()
        if mlp:
            self.mlp.add_module("fc1", nn.Conv2d(channels, channels // reduction, 1))
            self.mlp.add_module("act", nn.ReLU())
            self.mlp.add_module("fc2", nn.Conv2d(channels // reduction, channels, 1))

    def forward(self, x):
        e = self.extent
        if len(self.gather) > 0:
            gathered = self.gather(x)
        elif e == 0:
            gathered = x.mean((2, 3), keepdim=True)
        else:
            gathered = F.avg_pool2d(x, 2 * e - 1, e, e - 1, count_include_pad=False)
        return x * torch.sigmoid(F.interpolate(self.mlp(gathered), size=x.shape[2:]))


def sk(channels, reduction, minimum, groups, **_):
    from timm.layers import SelectiveKernel

    hidden = max(channels // reduction, minimum)
    return SelectiveKernel(channels, groups=groups, rd_channels=hidden, split_input=False)


MODULES.update({"ca": CoordAtt, "bam": BAM, "ge": GE, "sk": sk})

RECORDED = (
    "norm", "combination", "reduction", "levels", "window", "kernel", "dilation", "extent", "parameters", "mlp", "minimum", "groups")

CASES = [
    ("se", (1, 8, 1, 1), dict(reduction=4, bias=True)),
    ("se", (3, 24, 5, 9), dict(reduction=16, bias=True)),
    ("salient", (2, 12, 5, 7), dict(groups=3)),
    ("salient", (3, 6, 1, 1), dict()),
    ("spse", (3, 16, 1, 1), dict(reduction=4, levels=[1, 2, 4])),
    ("spse", (2, 8, 5, 9), dict(reduction=2, levels=[1, 2, 4])),
    ("spse", (2, 8, 6, 6), dict(reduction=2, levels=[3])),
    ("rgse", (2, 8, 15, 22), dict(reduction=4, window=7)),
    ("rgse", (3, 8, 7, 14), dict(reduction=4, window=7)),
    ("rgse", (2, 8, 5, 4), dict(reduction=2, window=1)),
    ("rgse", (1, 8, 13, 9), dict(reduction=4, window=7)),
    ("cbam", (2, 8, 1, 1), dict(reduction=4, kernel=7)),
    ("cbam", (2, 16, 5, 9), dict(reduction=8, kernel=3)),
    ("cbam", (2, 8, 6, 5), dict(reduction=4, kernel=5, rectified=True)),
    ("eca", (2, 8, 1, 1), dict()),
    ("eca", (3, 24, 5, 9), dict()),
    ("eca", (2, 128, 3, 5), dict()),
    ("gct", (2, 8, 1, 1), dict(norm="L2")),
    ("gct", (3, 12, 5, 9), dict(norm="L2")),
    ("gct", (2, 8, 7, 3), dict(norm="L1", rectified=True)),
    ("ese", (2, 8, 1, 1), dict()),
    ("ese", (3, 24, 5, 9), dict()),
    ("simam", (2, 8, 1, 1), dict()),
    ("simam", (3, 12, 5, 9), dict()),
    ("simam", (2, 5, 1, 2), dict()),
    ("gc", (2, 8, 1, 1), dict(reduction=2)),
    ("gc", (3, 24, 5, 9), dict(reduction=4)),
    ("gc", (2, 16, 7, 3), dict(reduction=4, multiply=True)),
    ("gc", (2, 16, 3, 5), dict(reduction=2, multiply=True, add=False, attention=False)),
    ("scse", (2, 8, 1, 1), dict(reduction=2, combination="ADD")),
    ("scse", (3, 12, 5, 9), dict(reduction=2, combination="ADD")),
    ("scse", (2, 8, 7, 5), dict(reduction=4, combination="MAX", rectified=True)),
    ("ca", (3, 16, 5, 9), dict(reduction=32)),
    ("ca", (2, 24, 7, 7), dict(reduction=2)),
    ("ca", (4, 8, 1, 3), dict(reduction=4)),
    ("bam", (3, 16, 5, 9), dict(reduction=4, dilation=4)),
    ("bam", (4, 32, 8, 8), dict(reduction=16, dilation=4)),
    ("bam", (4, 8, 9, 4), dict(reduction=2, dilation=2)),
    ("ge", (3, 8, 5, 9), dict(extent=0, parameters=True, mlp=True, reduction=4)),
    ("ge", (3, 8, 7, 6), dict(extent=4, parameters=True, mlp=True, reduction=2)),
    ("ge", (4, 8, 11, 7), dict(extent=8, parameters=True, mlp=False)),
    ("ge", (2, 16, 9, 6), dict(extent=2, parameters=False, mlp=True, reduction=4)),
    ("ge", (2, 4, 7, 10), dict(extent=4, parameters=False, mlp=False)),
    ("ge", (2, 4, 3, 5), dict(extent=0, parameters=False, mlp=False)),
    ("ge", (3, 8, 6, 6), dict(extent=0, parameters=True, mlp=False)),
    ("sk", (3, 8, 5, 7), dict(reduction=2, minimum=4, groups=1)),
    ("sk", (2, 16, 6, 9), dict(reduction=16, minimum=8, groups=4)),
    ("sk", (3, 64, 7, 7), dict(reduction=16, minimum=32, groups=32)),
]


def write(folder, block, shape, options):
    name = f"{block}-{'x'.join(map(str, shape))}"
    seed = zlib.crc32(name.encode())
    torch.manual_seed(seed)
    module = MODULES[block](channels=shape[1], shape=shape, **options).double()
    for parameter in module.parameters():
        nn.init.normal_(parameter, std=0.5)
    for key, buffer in module.named_buffers():
        if key.endswith("running_mean"):
            buffer.normal_(std=0.3)
        elif key.endswith("running_var"):
            buffer.uniform_(0.5, 1.5)
    x = torch.randn(shape, dtype=torch.float64)
    if options.get("rectified"):
        x = F.relu(x)
    gy = torch.randn(shape, dtype=torch.float64)
    arrays = {"x": x, "gy": gy}
    arrays.update({f"param.{k}": v.detach().clone() for k, v in module.named_parameters()})
    buffers = {k: v for k, v in module.named_buffers() if "running" in k}
    arrays.update({f"buffer.{k}": v.clone() for k, v in buffers.items()})
    for mode in ("eval", "train"):
        module.train(mode == "train")
        module.zero_grad()
        leaf = x.clone().requires_grad_()
        y = module(leaf)
        y.backward(gy)
        arrays[f"y_{mode}"] = y.detach()
        arrays[f"gx_{mode}"] = leaf.grad
        arrays.update({f"grad_{mode}.{k}": v.grad.clone() for k, v in module.named_parameters()})
    arrays.update({f"buffer_after.{k}": v.clone() for k, v in buffers.items()})
    np.savez_compressed(folder / f"{name}.npz", **{k: v.numpy() for k, v in arrays.items()})
    facts = {"block": block, "shape": list(shape), "torch": torch.__version__, "seed": seed, "channels": shape[1]}
    facts.update({k: v for k, v in options.items() if k in RECORDED})
    (folder / f"{name}.json").write_text(json.dumps(facts, indent=1) + "\n")


if __name__ == "__main__":
    target = Path(sys.argv[1])
    target.mkdir(parents=True, exist_ok=True)
    chosen = [case for case in CASES if len(sys.argv) < 3 or case[0] in sys.argv[2:]]
    for case in chosen:
        write(target, *case)
    print(f"{len(chosen)} cases written to {target}")
