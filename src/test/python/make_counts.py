#!/usr/bin/env python3
"""Counts networks on their public reference implementations; writes src/test/resources/reference/counts.csv.

    pip install torch torchvision timm
    git clone REPOSITORY DIR/NAME        # each of REPOSITORIES below
    python src/test/python/make_counts.py --references DIR [--out FILE]

The rows above the line "# counted by ..." of the file are kept as they are; all rows below it are written anew.

Counted are learned parameters, the running means and variances of BatchNorm, and the multiply-accumulates of convolution and
linear layers for one image. Where no reference has a combination, the reference module stands in a public network at the same
sites: after the last BatchNorm of each residual branch, or on the expanded map of an inverted residual.
"""

import argparse
import importlib
import importlib.util
import math
import re
import sys
import types
from functools import partial
from pathlib import Path

import make_golden
import timm
import torch
import torch.nn.functional as F
import torchvision
from prototxt import get, parse
from torch import nn

REPOSITORIES = {
    "SENet": "https://github.com/hujie-frank/SENet",
    "pretrained-models.pytorch": "https://github.com/Cadene/pretrained-models.pytorch",
    "RG-SENet_SP-SENet": "https://github.com/megvii-research/RG-SENet_SP-SENet",
    "attention-module": "https://github.com/Jongchan/attention-module",
    "senet.pytorch": "https://github.com/moskomule/senet.pytorch",
    "Salient-Net": "https://github.com/AmigoCDT/Salient-Net",
    "GENet": "https://github.com/hujie-frank/GENet",
    "ECANet": "https://github.com/BangguWu/ECANet",
    "CoordAttention": "https://github.com/houqb/CoordAttention",
}
MARK = "# counted by src/test/python/make_counts.py: "
FAMILIES = ["se", "salient", "spse", "rgse", "cbam"]
HOSTED = "the reference module ({}) at the sites of {}"


# ---- counting -----------------------------------------------------------------------------------------------------------


def count(model, size):
    """Parameters, running statistics and multiply-accumulates of one [1, 3, size, size] image."""
    macs = 0

    def hook(layer, _, out):
        nonlocal macs
        if isinstance(layer, nn.Linear):
            macs += layer.weight.numel() * (out.numel() // out.shape[-1])
        else:
            macs += out[0, 0].numel() * layer.weight.numel()

    layers = [m for m in model.modules() if isinstance(m, (nn.Conv1d, nn.Conv2d, nn.Linear))]
    handles = [layer.register_forward_hook(hook) for layer in layers]
    model.eval()
    with torch.no_grad():
        model(torch.zeros(1, 3, size, size))
    for handle in handles:
        handle.remove()
    params = sum(p.numel() for p in model.parameters())
    stats = sum(b.numel() for n, b in model.named_buffers() if n.endswith(("running_mean", "running_var")))
    return params, stats, macs


# ---- Caffe --------------------------------------------------------------------------------------------------------------


def drop_se(layers):
    """Without squeeze, excitation and re-weighting; what read a re-weighted map reads the map itself."""
    renamed, kept = {}, []
    for layer in layers:
        bottoms = [renamed.get(v, v) for k, v in layer if k == "bottom"]
        top = get(layer, "top")
        name = get(layer, "name")
        if get(layer, "type") == "Axpy":
            # Axpy: scale * x + y.
            kept.append([("name", name), ("type", "Eltwise"), ("top", top)] + [("bottom", b) for b in bottoms[1:]])
        elif get(layer, "type") == "Scale" and len(bottoms) == 2:
            renamed[top] = bottoms[0]
        elif re.match(r"\w+_(global_pool|1x1_down|1x1_up|prob)", name):
            continue
        else:
            kept.append([(k, renamed.get(v, v) if k == "bottom" else v) for k, v in layer])
    return kept


def count_caffe(path, plain=False):
    """As count(), with the sizes that Caffe computes: convolutions round down, poolings up."""
    layers = [value for key, value in parse(path.read_text()) if key == "layer"]
    if plain:
        layers = drop_se(layers)
    shapes, params, stats, macs = {}, 0, 0, 0
    for layer in layers:
        kind, top = get(layer, "type"), get(layer, "top")
        ins = [shapes[value] for key, value in layer if key == "bottom" and value != "label"]
        c, h, w = ins[0] if ins else (0, 0, 0)
        if kind == "Input":
            shapes[top] = tuple(int(v) for k, v in get(layer, "input_param.shape") if k == "dim")[1:]
            continue
        if kind in ("Convolution", "DepthwiseConvolution"):
            p = get(layer, "convolution_param")
            n, k = int(get(p, "num_output")), int(get(p, "kernel_size"))
            stride, pad, group = (int(get(p, key, d)) for key, d in (("stride", 1), ("pad", 0), ("group", 1)))
            h, w = ((v + 2 * pad - k) // stride + 1 for v in (h, w))
            weights = k * k * c * n // group
            params += weights + (n if get(p, "bias_term", "true") == "true" else 0)
            macs += weights * h * w
            shapes[top] = (n, h, w)
        elif kind == "InnerProduct":
            n = int(get(layer, "inner_product_param.num_output"))
            params += n * c * h * w + n
            macs += n * c * h * w
            shapes[top] = (n, 1, 1)
        elif kind == "BatchNorm":
            stats += 2 * c
            shapes[top] = ins[0]
        elif kind == "CuDNNBatchNorm":
            stats += 2 * c
            params += 2 * c
            shapes[top] = ins[0]
        elif kind == "Scale" and len(ins) == 1:
            params += c * (2 if get(layer, "scale_param.bias_term", "false") == "true" else 1)
            shapes[top] = ins[0]
        elif kind == "Pooling":
            p = get(layer, "pooling_param")
            if get(p, "global_pooling") == "true":
                shapes[top] = (c, 1, 1)
                continue
            k, stride, pad = (int(get(p, key, d)) for key, d in (("kernel_size", 0), ("stride", 1), ("pad", 0)))
            sizes = []
            for v in (h, w):
                o = math.ceil((v + 2 * pad - k) / stride) + 1
                if pad and (o - 1) * stride >= v + pad:
                    o -= 1  # Caffe: the last window starts inside the image or its left border.
                sizes.append(o)
            shapes[top] = (c, *sizes)
        elif kind == "Concat":
            shapes[top] = (sum(s[0] for s in ins), h, w)
        elif kind == "Axpy":
            shapes[top] = ins[1]
        else:
            shapes[top] = ins[0]
    return params, stats, macs


# ---- the reference modules ----------------------------------------------------------------------------------------------


class References:
    """The modules of the repositories, loaded from their files."""

    def __init__(self, folder):
        self.folder = folder
        sys.path.insert(0, str(folder / "senet.pytorch"))
        hub = types.ModuleType("torchvision.models.utils")
        hub.load_state_dict_from_url = torch.hub.load_state_dict_from_url
        sys.modules.setdefault("torchvision.models.utils", hub)
        self.cbam = self.load("attention-module/MODELS/cbam.py")
        self.salient = self.load("Salient-Net/SSANet/official_salientnet.py")
        self.cadene = self.load("pretrained-models.pytorch/pretrainedmodels/models/senet.py")
        sys.path.insert(0, str(folder / "ECANet"))
        self.coordinates = self.load("CoordAttention/coordatt.py")
        self.bninception = self.load("pretrained-models.pytorch/pretrainedmodels/models/bninception.py")
        nn.init.kaiming_normal = nn.init.kaiming_normal_  # the name of PyTorch 0.3

    def load(self, path):
        name = re.sub(r"\W", "_", path)
        spec = importlib.util.spec_from_file_location(name, self.folder / path)
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        return module


class Spse(nn.Module):
    """megvii's bottleneck, its attention alone: same layers, same names."""

    def __init__(self, c):
        super().__init__()
        self.pools = [nn.AdaptiveAvgPool2d(k) for k in (1, 2, 4)]
        self.fc_spatial = nn.ModuleList(nn.Conv2d(c, c, k, groups=c) for k in (1, 2, 4))
        self.fc_bn = nn.BatchNorm2d(c)
        self.fc_reduction, self.fc_extention = nn.Linear(c, c // 16), nn.Linear(c // 16, c)

    def forward(self, x):
        z = sum(conv(pool(x)) for pool, conv in zip(self.pools, self.fc_spatial))
        z = F.relu(self.fc_bn(z)).flatten(1)
        return x * torch.sigmoid(self.fc_extention(F.relu(self.fc_reduction(z))))[:, :, None, None]


class Rgse(nn.Module):
    """The same of the RGSE bottleneck; the reference's grids of 8, 4 and 2 are those of windows of 7."""

    def __init__(self, c, size):
        super().__init__()
        self.Pool = nn.AvgPool2d(7, 7)
        grid = size // 7
        self.fc_spatial = nn.Sequential()
        if grid > 1:
            self.fc_spatial.append(nn.Conv2d(c, c, grid, groups=c, bias=False)).append(nn.BatchNorm2d(c))
        self.fc_reduction, self.fc_extention = nn.Linear(c, c // 16), nn.Linear(c // 16, c)

    def forward(self, x):
        z = F.relu(self.fc_spatial(self.Pool(x))).flatten(1)
        return x * torch.sigmoid(self.fc_extention(F.relu(self.fc_reduction(z))))[:, :, None, None]


def block(refs, name, c, size, biases=True):
    if name == "salient":
        module = refs.salient.SalientBlock(c)
        del module.conv  # declared and never called: the README's form has none
        return module
    if name == "cbam":
        return refs.cbam.CBAM(c, 16)
    if name == "se":
        if biases:
            return refs.cadene.SEModule(c, 16)
        from senet.se_module import SELayer

        return SELayer(c, 16)
    return Spse(c) if name == "spse" else Rgse(c, size)


def host(model, size, make, sites):
    """Puts make(channels, size) behind each of the named layers; the sizes are those of one pass."""
    shapes = {}
    handles = [
        layer.register_forward_hook(lambda _, __, out, name=name: shapes.__setitem__(name, out.shape))
        for name, layer in model.named_modules()
        if sites(name)
    ]
    model.eval()
    with torch.no_grad():
        model(torch.zeros(1, 3, size, size))
    for handle in handles:
        handle.remove()
    for name, shape in shapes.items():
        parent, _, child = name.rpartition(".")
        owner = model.get_submodule(parent)
        setattr(owner, child, nn.Sequential(owner.get_submodule(child), make(shape[1], shape[2])))
    return model


# ---- rows ---------------------------------------------------------------------------------------------------------------


def cifar_resnet(depth):
    from senet.baseline import BasicBlock, ResNet

    return ResNet(BasicBlock, (depth - 2) // 6)


def resnext29():
    """ResNeXt-29 8x64d of the paper's section 5.3: torchvision's Bottleneck in three stages behind a 3x3 of 64 channels."""
    model = torchvision.models.ResNet(
        torchvision.models.resnet.Bottleneck, [3, 3, 3, 1], num_classes=10, groups=8, width_per_group=64
    )
    model.conv1, model.maxpool, model.layer4 = nn.Conv2d(3, 64, 3, padding=1, bias=False), nn.Identity(), nn.Identity()
    model.fc = nn.Linear(1024, 10)
    return model


def hosts():
    """Name, source, builder, size and sites of the networks that take every block."""
    tv = torchvision.models
    last = {18: "bn2", 34: "bn2"}
    for depth in (18, 34, 50, 101, 152):
        end = last.get(depth, "bn3")
        yield f"resnet{depth}", "torchvision", getattr(tv, f"resnet{depth}"), 224, rf"layer\d\.\d+\.{end}"
    for depth in (20, 32, 44, 56, 110):
        yield f"resnet{depth}", "moskomule", lambda d=depth: cifar_resnet(d), 32, r"layer\d\.\d+\.bn2"
    for name, args in {
        "resnext50_32x4d": ([3, 4, 6, 3], 4),
        "resnext101_32x4d": ([3, 4, 23, 3], 4),
        "resnext101_32x8d": ([3, 4, 23, 3], 8),
    }.items():
        build = lambda a=args: tv.ResNet(tv.resnet.Bottleneck, a[0], groups=32, width_per_group=a[1])
        yield name, "torchvision", build, 224, r"layer\d\.\d+\.bn3"
    yield "resnext29_8x64d_cifar", "torchvision layers", resnext29, 32, r"layer[123]\.\d+\.bn3"
    # The expanded map: the last ConvBNReLU before the projection.
    yield "mobilenet_v2", "torchvision", tv.mobilenet_v2, 224, r"features\.(1\.conv\.0|([2-9]|1\d)\.conv\.1)"


SOURCE_OF = {"salient": "AmigoCDT", "spse": "megvii", "rgse": "megvii", "cbam": "Jongchan"}


def rows(refs):
    for name, source, build, size, sites in hosts():
        yield name, source, size, count(build(), size), ""
        for family in FAMILIES:
            biases = not (name.startswith("resnet") and name not in ("resnet50", "resnet101", "resnet152"))
            of = SOURCE_OF.get(family, "Cadene" if biases else "moskomule")
            model = host(
                build(),
                size,
                lambda c, s, f=family, b=biases: block(refs, f, c, s, b),
                lambda n, p=sites: re.fullmatch(p, n) is not None,
            )
            note = "" if family != "se" or biases else "excitation layers without bias"
            if family == "se" and name in ("resnet50", "resnet101", "resnet152"):
                note = "stride in the 3x3; excitation layers with bias"
            yield f"{family}_{name}", HOSTED.format(of, source), size, count(model, size), note
    yield from new_networks(refs)


def new_networks(refs):
    eca_models = importlib.import_module("models")  # of ECANet
    caffe = refs.folder / "SENet" / "models"
    given = "Caffe prototxt"
    yield (
        "bn_inception", given + " without its SE layers", 224,
        count_caffe(caffe / "SE-BN-Inception.prototxt", plain=True), "convolutions without bias",
    )
    yield (
        "bn_inception", "Cadene", 224, count(refs.bninception.BNInception(), 224),
        "the same with a bias in each of the 69 convolutions",
    )
    inception = lambda: torchvision.models.inception_v3(weights=None, aux_logits=False, init_weights=False)
    yield "inception_v3", "torchvision", 299, count(inception(), 299), "without the auxiliary classifier"
    yield "se_inception_v3", "moskomule", 299, count(se_inception(inception), 299), (
        "without the auxiliary classifier; excitation layers without bias; the reference declares its blocks without"
        " calling them (parameters only); here each is called on the input of its module where the channels agree"
    )
    tim = lambda name, **args: timm.create_model(name, **args)
    for width, suffix in ((1.0, ""), (0.75, "_075"), (0.5, "_050"), (0.25, "_025")):
        yield "mobilenet_v1" + suffix, "timm", 224, count(mobilenet_v1(width), 224), f"channel multiplier {width}"
        if width == 1:
            for family in FAMILIES:
                # The repository that publishes SE- and Salient-MobileNet holds their logs, not their code.
                model = host(
                    mobilenet_v1(width), 224, lambda c, s, f=family: block(refs, f, c, s),
                    lambda n: re.fullmatch(r"blocks\.\d+\.\d+\.bn2", n) is not None,
                )
                yield (
                    f"{family}_mobilenet_v1", HOSTED.format(SOURCE_OF.get(family, "Cadene"), "timm"), 224,
                    count(model, 224), "after the pointwise convolution of each block",
                )
    for name, size in (("small", 224), ("large", 224)):
        yield f"mobilenet_v3_{name}", "timm", size, count(tim(f"mobilenetv3_{name}_100"), size), ""
        model = getattr(torchvision.models, f"mobilenet_v3_{name}")(weights=None)
        yield f"mobilenet_v3_{name}", "torchvision", size, count(model, size), ""
    for b, size in enumerate((224, 240, 260, 300)):
        yield f"efficientnet_b{b}", "timm", size, count(tim(f"efficientnet_b{b}"), size), (
            "the paper's size" + ("; torchvision's weights take 288" if b == 2 else "")
        )
    for variant, size in enumerate((224, 240, 260, 280, 300)):
        name = f"efficientnet_lite{variant}"
        yield name, "timm", size, count(tim("tf_" + name), size), f"tf_{name} at the authors' size"
    yield "regnety_400mf", "timm", 224, count(tim("regnety_004"), 224), "regnety_004"
    yield "regnety_4gf", "timm", 224, count(tim("regnety_040"), 224), "regnety_040"
    for depth in (39, 57):
        yield f"vovnet{depth}", "timm", 224, count(tim(f"vovnet{depth}a"), 224), f"vovnet{depth}a"
    for depth in (39, 57, 99):
        yield f"ese_vovnet{depth}", "timm", 224, count(tim(f"ese_vovnet{depth}b"), 224), f"ese_vovnet{depth}b"
    for depth in (18, 34, 50, 101, 152):
        model = tim(f"resnet{depth}", block_args=dict(attn_layer="eca"))
        yield f"eca_resnet{depth}", "timm", 224, count(model, 224), "attn_layer eca; kernels by the number of channels"
        kernels = {18: [3, 5, 7, 7], 50: [3, 5, 5, 7]}.get(depth, [3, 3, 5, 7])
        model = getattr(eca_models, f"eca_resnet{depth}")(k_size=kernels)
        digits = "".join(map(str, kernels))
        yield f"eca_resnet{depth}", "BangguWu", 224, count(model, 224), f"eca_resnet{depth}_k{digits} of its README"
    model = tim("resnet50", block_args=dict(attn_layer="ese"))
    yield "ese_resnet50", "timm", 224, count(model, 224), "attn_layer ese; one linear layer of C to C with bias"
    context = partial(timm.layers.GlobalContext, fuse_add=True, fuse_scale=False, rd_ratio=1 / 16)
    model = tim("resnet50", block_args=dict(attn_layer=context))
    yield "gc_resnet50", "timm", 224, count(model, 224), "attn_layer GlobalContext that adds, with C / 16 hidden channels"
    for depth in (18, 34, 50, 101):
        model = getattr(torchvision.models, f"resnet{depth}")()
        yield f"simam_resnet{depth}", "torchvision", 224, count(model, 224), "SimAM has no parameters"
    mobile = torchvision.models.mobilenet_v2
    yield "simam_mobilenet_v2", "torchvision", 224, count(mobile(), 224), "SimAM has no parameters"
    yield "eca_mobilenet_v2", "BangguWu", 224, count(eca_models.eca_mobilenet_v2(), 224), "eca_mobilenetv2_k13 of its README"
    expanded = lambda n: re.fullmatch(r"features\.(1\.conv\.0|([2-9]|1\d)\.conv\.1)", n) is not None
    model = host(mobile(), 224, lambda c, s: refs.coordinates.CoordAtt(c, c), expanded)
    yield "ca_mobilenet_v2", HOSTED.format("houqb", "torchvision"), 224, count(model, 224), (
        "reduction 32; the authors' mbv2_ca.py has none in the first block"
    )
    # a module of make_golden.py, which makes the layers of the authors' prototxt
    gather = lambda c, s: make_golden.GE(c, 0, True, True, (1, c, s, s), True, 16)
    formulas = "make_golden.py at the sites of torchvision"
    yield (
        "ge_resnet50", given, 224, count_caffe(refs.folder / "GENet" / "models" / "RN50-GEPP.prototxt"),
        "RN50-GEPP; stride in the first 1x1",
    )
    for depth in (50, 101):
        build = getattr(torchvision.models, f"resnet{depth}")
        model = host(build(), 224, gather, lambda n: re.fullmatch(r"layer\d\.\d+\.bn3", n) is not None)
        yield f"ge_resnet{depth}", formulas, 224, count(model, 224), "GE-theta plus of global extent"


def mobilenet_v1(width):
    return timm.models.efficientnet._gen_mobilenet_v1("mobilenetv1_100", width)


def se_inception(build):
    """moskomule's SEInception3 at the sites where its block's channels are those of the module's input or output."""
    from senet.se_module import SELayer

    model = build()
    for name, channels in {
        "Mixed_5b": 192, "Mixed_5c": 256, "Mixed_5d": 288, "Mixed_6a": 288, "Mixed_6b": 768, "Mixed_6c": 768,
        "Mixed_6d": 768, "Mixed_6e": 768, "Mixed_7a": 768, "Mixed_7b": 1280, "Mixed_7c": 2048,
    }.items():
        module = getattr(model, name)
        layer = SELayer(channels)
        module.add_module("SELayer", layer)
        module.register_forward_pre_hook(lambda _, x, l=layer: (l(x[0]),))
    return model


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--references", type=Path, required=True, help="the folder of the clones")
    parser.add_argument("--out", type=Path, default=Path("src/test/resources/reference/counts.csv"))
    args = parser.parse_args()
    for name, address in REPOSITORIES.items():
        if not (args.references / name).is_dir():
            parser.error(f"references ({args.references}) must hold {name}; git clone {address} {args.references / name}")
    torch.set_default_device("meta")  # shapes alone: no weight is drawn, nothing computed
    kept = args.out.read_text().partition(MARK)[0].rstrip("\n")
    given = {tuple(line.split(",")[:5]) for line in kept.splitlines() if not line.startswith("#")}
    versions = f"torch {torch.__version__.split('+')[0]}, torchvision {torchvision.__version__.split('+')[0]}, timm {timm.__version__}"
    lines = [MARK + versions]
    for name, source, size, (params, stats, macs), note in rows(References(args.references)):
        if (name, source, str(size), str(params), str(stats)) in given:
            continue
        lines.append(f"{name},{source},{size},{params},{stats},{macs},{note}")
        print(lines[-1], flush=True)
    args.out.write_text(kept + "\n" + "\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
