#!/usr/bin/env python3
"""Writes further reference vectors, in the form of src/test/resources/golden/README.md, with PyTorch in float64.

    pip install torch timm numpy
    git clone https://github.com/OWNER/NAME DIR/NAME        # each of REPOSITORIES below
    python src/test/python/make_golden.py --references DIR OUT [BLOCK...]

The cases are those that fixed-size networks never meet: maps of 1x1, odd and unequal sides, sizes that no pooling level or
window divides, biases in SE, groups in Salient, unequal grids in RGSE, ties among maxima in CBAM; and all cases of the later
blocks.

Each vector says in its JSON what computed it: "authors", the authors' own module, loaded from their repository, or the layers of
their Caffe network, run as its prototxt has them (prototxt.py); "timm", timm's module; or "formula", PyTorch's operations below,
and why.
"""

import argparse
import importlib.util
import json
import math
import re
import sys
import types
import zlib
from pathlib import Path

import numpy as np
import timm
import torch
import torch.nn.functional as F
from prototxt import CaffePart
from torch import nn

REPOSITORIES = (
    "hujie-frank/SENet",
    "AmigoCDT/Salient-Net",
    "Jongchan/attention-module",
    "BangguWu/ECANet",
    "z-x-yang/GCT",
    "youngwanLEE/vovnet-detectron2",
    "ZjjConan/SimAM",
    "xvjiarui/GCNet",
    "ai-med/squeeze_and_excitation",
    "houqb/CoordAttention",
    "hujie-frank/GENet",
    "implus/SKNet",
)


class Authors:
    """The clones: modules from their files, and files."""

    def __init__(self, folder):
        self.folder = folder

    def load(self, path, **missing):
        """``missing``: names that the file uses and does not define."""
        name = re.sub(r"\W", "_", path)
        spec = importlib.util.spec_from_file_location(name, self.folder / path)
        module = importlib.util.module_from_spec(spec)
        vars(module).update(missing)
        spec.loader.exec_module(module)
        return module


def stand_in(name, **attributes):
    """A module of a framework that the block itself does not need; what is not given is an empty class."""
    module = types.ModuleType(name)
    module.__getattr__ = lambda attribute: type(attribute, (nn.Module,), {"register": lambda self: lambda f: f})
    vars(module).update(attributes)
    sys.modules[name] = module


class Reference:
    """A module, what it is, and the recorded names of those of its parameters that are recorded under others."""

    def __init__(self, source, module, **names):
        self.source, self.module, self.names = source, module, names

    def name(self, key):
        for theirs, recorded in self.names.items():
            if key.startswith(theirs + "."):
                return recorded + key[len(theirs):]
        return key


# ---- the authors' modules -----------------------------------------------------------------------------------------------


def se(authors, channels, reduction, **_):
    path = "SENet/models/SE-ResNet-50.prototxt"
    changes = {"1x1_down": {"num_output": channels // reduction}, "1x1_up": {"num_output": channels}}
    given = {"_1x1_increase": "x", "_1x1_proj": "zeros"}
    module = CaffePart(authors.folder / path, "conv2_1", "global_pool", "", given, changes, channels)
    return Reference(f"authors: hujie-frank/{path}, conv2_1", module, **{"1x1_down": "fc.0", "1x1_up": "fc.2"})


def salient(authors, channels, groups=1, **_):
    if groups > 1:
        return Reference("formula: the authors' block has one map for all channels", Salient(groups))
    path = "Salient-Net/SSANet/official_salientnet.py"
    module = authors.load(path).SalientBlock(channels)
    del module.conv  # declared and never called
    return Reference(f"authors: AmigoCDT/{path}, SalientBlock", module)


def cbam(authors, channels, reduction, kernel, **_):
    path = "attention-module/MODELS/cbam.py"
    code = authors.load(path)
    module = code.CBAM(channels, reduction)
    if kernel != 7:  # which is fixed there
        module.SpatialGate.spatial = code.BasicConv(2, 1, kernel, padding=(kernel - 1) // 2, relu=False)
    return Reference(f"authors: Jongchan/{path}, CBAM", module)


def eca(authors, channels, **_):
    path = "ECANet/models/eca_module.py"
    nearest = int(abs((math.log2(channels) + 1) / 2))
    kernel = max(3, nearest if nearest % 2 else nearest + 1)
    return Reference(f"authors: BangguWu/{path}, eca_layer", authors.load(path).eca_layer(channels, kernel))


def gct(authors, channels, norm, **_):
    path = "GCT/PyTorch/GCT.py"
    return Reference(f"authors: z-x-yang/{path}, GCT", authors.load(path).GCT(channels, mode=norm.lower()))


def ese(authors, channels, **_):
    path = "vovnet-detectron2/vovnet/vovnet.py"
    for name in ("", ".layers", ".modeling", ".modeling.backbone", ".modeling.backbone.build", ".modeling.backbone.fpn"):
        registry = {"BACKBONE_REGISTRY": types.SimpleNamespace(register=lambda: lambda f: f)}
        stand_in("detectron2" + name, **registry)
    return Reference(f"authors: youngwanLEE/{path}, eSEModule", authors.load(path).eSEModule(channels))


def simam(authors, shape, **_):
    path = "SimAM/networks/attentions/simam_module.py"
    if shape[2] * shape[3] == 1:
        return Reference("formula: the authors' module divides 0 by 0 for maps of one position", SimAM())
    return Reference(f"authors: ZjjConan/{path}, simam_module", authors.load(path).simam_module())


def gc(authors, channels, reduction, attention=True, add=True, multiply=False, **_):
    path = "GCNet/mmdet/ops/gcb/context_block.py"
    nothing = lambda *_, **__: None
    stand_in("mmcv")
    stand_in("mmcv.cnn", constant_init=nothing, kaiming_init=nothing)
    fusions = [name for name, on in (("channel_add", add), ("channel_mul", multiply)) if on]
    module = authors.load(path).ContextBlock(channels, 1 / reduction, "att" if attention else "avg", fusions)
    names = {"conv_mask": "conv_attn"}
    for theirs, recorded in (("channel_add_conv", "mlp_add"), ("channel_mul_conv", "mlp_scale")):
        names.update({f"{theirs}.0": f"{recorded}.fc1", f"{theirs}.1": f"{recorded}.norm", f"{theirs}.3": f"{recorded}.fc2"})
    return Reference(f"authors: xvjiarui/{path}, ContextBlock", module, **names)


def scse(authors, channels, reduction, combination, **_):
    path = "squeeze_and_excitation/squeeze_and_excitation/squeeze_and_excitation.py"
    module = authors.load(path).ChannelSpatialSELayer(channels, reduction)
    source = f"authors: ai-med/{path}, ChannelSpatialSELayer"
    if combination == "ADD":
        module.forward = lambda x: module.cSE(x) + module.sSE(x)
        source += "; its two parts added, as in the paper"
    return Reference(source, module)


def ca(authors, channels, reduction, **_):
    path = "CoordAttention/coordatt.py"
    return Reference(f"authors: houqb/{path}, CoordAtt", authors.load(path).CoordAtt(channels, channels, reduction))


def bam(authors, channels, reduction, dilation, shape, **_):
    path = "attention-module/MODELS/bam.py"
    code = authors.load(path, gate_activation=None)
    module = code.BAM(16)  # whose two parts have options of their own
    module.channel_att = code.ChannelGate(channels, reduction)
    module.spatial_att = code.SpatialGate(channels, reduction, dilation_val=dilation)
    source = f"authors: Jongchan/{path}, BAM"
    if shape[2] != shape[3]:
        gate = module.channel_att
        gate.forward = lambda x: gate.gate_c(x.mean((2, 3), keepdim=True))[:, :, None, None]
        source += "; its channel gate on means over the whole map, where it pools a square of the map's height"
    return Reference(source, module)


def ge(authors, channels, extent, parameters, mlp, shape, relu=False, reduction=16, **_):
    network = {(True, True): "RN50-GEPP", (True, False): "RN50-GEP", (False, False): "RN50-GEPF"}.get((parameters, mlp))
    if extent == 0 and network is not None and relu == (parameters and mlp):
        path = f"GENet/models/{network}.prototxt"
        changes = {
            "gather": {"num_output": channels, "group": channels, "kernel_size": tuple(shape[2:])},
            "excite/1x1_down": {"num_output": channels // reduction},
            "excite/1x1_up": {"num_output": channels},
        }
        given = {"/1x1_increase/bn": "x", "/1x1_proj/bn": "zeros"}
        module = CaffePart(authors.folder / path, "conv2_1", "gather", "axpy", given, changes, channels)
        return Reference(f"authors: hujie-frank/{path}, conv2_1", module, **{
            "gather/bn": "gather.norm1", "gather": "gather.conv1", "excite/1x1_down": "mlp.fc1", "excite/1x1_up": "mlp.fc2"})
    if not parameters and not mlp:
        return Reference("timm: GatherExcite", timm.layers.GatherExcite(channels, extent=extent, use_mlp=False))
    why = "timm's form, whose module (1.0.31) fails with parameters or MLP" if not relu else (
        "the authors published extent 0 alone, timm's module lacks the ReLU before the MLP")
    return Reference("formula: " + why, GE(channels, extent, parameters, mlp, shape, relu, reduction))


def sk(authors, channels, reduction, minimum, groups, **_):
    path = "SKNet/models/sknet50.prototxt"
    branch = {"num_output": channels, "group": groups}
    changes = {
        "3x3g32": branch,
        "3x3g32d2": branch,
        "B_fc1": {"num_output": max(channels // reduction, minimum)},
        "B_fc2": {"num_output": 2 * channels},
        "B_slice0": {"dims": [0, channels, -1, 0]},
        "B_slice1": {"dims": [0, channels, -1, 0]},
    }
    given = {"/1x1_reduce/bn": "x"}
    module = CaffePart(authors.folder / path, "conv2_1", "3x3g32", "B_axpy", given, changes, channels)
    return Reference(f"authors: implus/{path}, conv2_1", module, **{
        "3x3g32/bn": "paths.0.bn", "3x3g32": "paths.0.conv", "3x3g32d2/bn": "paths.1.bn", "3x3g32d2": "paths.1.conv",
        "B_fc1/bn": "attn.bn", "B_fc1": "attn.fc_reduce", "B_fc2": "attn.fc_select"})


def spse(authors, channels, reduction, levels, **_):
    why = "the authors' is written into the forward pass of a bottleneck, for one size of map"
    return Reference("formula: " + why, SPSE(channels, reduction, levels))


def rgse(authors, channels, reduction, window, shape, **_):
    why = "the authors' is written into the forward pass of a bottleneck, for one size of map"
    return Reference("formula: " + why, RGSE(channels, reduction, window, shape))


REFERENCES = {
    "se": se, "salient": salient, "spse": spse, "rgse": rgse, "cbam": cbam, "eca": eca, "gct": gct, "ese": ese, "simam": simam,
    "gc": gc, "scse": scse, "ca": ca, "bam": bam, "ge": ge, "sk": sk,
}


# ---- formulas -----------------------------------------------------------------------------------------------------------


class Salient(nn.Module):
    def __init__(self, groups):
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
    def __init__(self, channels, reduction, levels):
        super().__init__(channels, reduction)
        self.levels = levels
        for k in levels:
            setattr(self, f"fc_spatial{k}", nn.Conv2d(channels, channels, k, groups=channels))
        self.fc_bn = nn.BatchNorm2d(channels)

    def forward(self, x):
        z = sum(getattr(self, f"fc_spatial{k}")(F.adaptive_avg_pool2d(x, k)) for k in self.levels)
        return self.scale(x, self.fc_bn(z))


class RGSE(Excited):
    def __init__(self, channels, reduction, window, shape):
        super().__init__(channels, reduction)
        self.window = window
        grid = (shape[2] // window, shape[3] // window)
        self.fc_spatial = nn.Sequential()
        if grid != (1, 1):
            self.fc_spatial.add_module("fc_spatial", nn.Conv2d(channels, channels, grid, groups=channels, bias=False))
            self.fc_spatial.add_module("bn_spatial", nn.BatchNorm2d(channels))

    def forward(self, x):
        return self.scale(x, self.fc_spatial(F.avg_pool2d(x, self.window, self.window)))


class SimAM(nn.Module):
    def forward(self, x):
        d = (x - x.mean((2, 3), keepdim=True)).pow(2)
        v = d.sum((2, 3), keepdim=True) / max(x.shape[2] * x.shape[3] - 1, 1)
        return x * torch.sigmoid(d / (4 * (v + 1e-4)) + 0.5)


GE_MOMENTUM = 0.05  # as in RN50-GEPP.prototxt


class GE(nn.Module):
    """The structure and names of timm's GatherExcite; its global convolution is the authors', not padded."""

    def __init__(self, channels, extent, parameters, mlp, shape, relu, reduction):
        super().__init__()
        self.extent = extent
        self.gather = nn.Sequential()
        for i in range(max(1, extent.bit_length() - 1) if parameters else 0):
            kernel, stride, padding = (3, 2, 1) if extent else (shape[2:], 1, 0)
            depthwise = nn.Conv2d(channels, channels, kernel, stride, padding, groups=channels, bias=False)
            self.gather.add_module(f"conv{i + 1}", depthwise)
            self.gather.add_module(f"norm{i + 1}", nn.BatchNorm2d(channels, momentum=GE_MOMENTUM))
            if 2 << i < extent or relu:
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


RECORDED = (
    "norm", "combination", "reduction", "levels", "window", "kernel", "dilation", "extent", "parameters", "mlp", "relu", "minimum",
    "groups",
)

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
    ("bam", (4, 32, 8, 8), dict(reduction=8, dilation=4)),
    ("bam", (4, 8, 9, 4), dict(reduction=2, dilation=2)),
    ("ge", (3, 8, 5, 9), dict(extent=0, parameters=True, mlp=True, relu=True, reduction=4)),
    ("ge", (3, 8, 7, 6), dict(extent=4, parameters=True, mlp=True, relu=True, reduction=2)),
    ("ge", (3, 8, 4, 6), dict(extent=0, parameters=True, mlp=True, relu=False, reduction=4)),
    ("ge", (2, 8, 9, 7), dict(extent=4, parameters=True, mlp=True, relu=False, reduction=2)),
    ("ge", (4, 8, 11, 7), dict(extent=8, parameters=True, mlp=False)),
    ("ge", (2, 16, 9, 6), dict(extent=2, parameters=False, mlp=True, reduction=4)),
    ("ge", (2, 4, 7, 10), dict(extent=4, parameters=False, mlp=False)),
    ("ge", (2, 4, 3, 5), dict(extent=0, parameters=False, mlp=False)),
    ("ge", (3, 8, 6, 6), dict(extent=0, parameters=True, mlp=False)),
    ("sk", (3, 8, 5, 7), dict(reduction=2, minimum=4, groups=1)),
    ("sk", (2, 16, 6, 9), dict(reduction=16, minimum=8, groups=4)),
    ("sk", (3, 64, 7, 7), dict(reduction=16, minimum=32, groups=32)),
]


def write(authors, folder, block, shape, options):
    name = f"{block}-{'x'.join(map(str, shape))}"
    seed = zlib.crc32(name.encode())
    torch.manual_seed(seed)
    reference = REFERENCES[block](authors, channels=shape[1], shape=shape, **options)
    module = reference.module.double()
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
    parameters = {reference.name(k): v for k, v in module.named_parameters()}
    arrays.update({f"param.{k}": v.detach().clone() for k, v in parameters.items()})
    buffers = {reference.name(k): v for k, v in module.named_buffers() if "running" in k}
    arrays.update({f"buffer.{k}": v.clone() for k, v in buffers.items()})
    for mode in ("eval", "train"):
        module.train(mode == "train")
        module.zero_grad()
        leaf = x.clone().requires_grad_()
        y = module(leaf)
        y.backward(gy)
        arrays[f"y_{mode}"] = y.detach()
        arrays[f"gx_{mode}"] = leaf.grad
        arrays.update({f"grad_{mode}.{k}": v.grad.clone() for k, v in parameters.items()})
    arrays.update({f"buffer_after.{k}": v.clone() for k, v in buffers.items()})
    np.savez_compressed(folder / f"{name}.npz", **{k: v.numpy() for k, v in arrays.items()})
    facts = {"block": block, "shape": list(shape), "torch": torch.__version__, "seed": seed, "channels": shape[1]}
    facts.update({k: v for k, v in options.items() if k in RECORDED})
    momenta = {m.momentum for m in module.modules() if isinstance(m, nn.modules.batchnorm._BatchNorm)}
    if momenta and block in ("ge", "sk"):
        facts["momentum"] = round(momenta.pop(), 6)
    facts["source"] = reference.source
    (folder / f"{name}.json").write_text(json.dumps(facts, indent=1) + "\n")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--references", type=Path, required=True, help="the folder of the clones")
    parser.add_argument("out", type=Path)
    parser.add_argument("blocks", nargs="*", help="all by default")
    args = parser.parse_args()
    for repository in REPOSITORIES:
        clone = args.references / repository.partition("/")[2]
        if not clone.is_dir():
            parser.error(f"references ({args.references}) must hold {clone.name}; git clone https://github.com/{repository} {clone}")
    args.out.mkdir(parents=True, exist_ok=True)
    chosen = [case for case in CASES if not args.blocks or case[0] in args.blocks]
    for case in chosen:
        write(Authors(args.references), args.out, *case)
    print(f"{len(chosen)} cases written to {args.out}")


if __name__ == "__main__":
    main()
