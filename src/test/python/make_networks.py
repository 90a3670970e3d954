"""Makes src/test/resources/reference/networks/*.npz: what whole reference networks answer, to compare ours with.

    python src/test/python/make_networks.py --references DIR [--only NAME ...]

Needs torch, torchvision and timm from PyPI, and in DIR clones of the reference repositories: SENet (hujie-frank),
RG-SENet_SP-SENet (megvii-research), attention-module (Jongchan), senet.pytorch (moskomule), Salient-Net (AmigoCDT).

Weights are not stored: each tensor is drawn from a generator that is seeded with its name (see fill), which the tests
do, too. An archive holds logits [2, classes] and, for each stride, values of the feature map at positions that are drawn the
same way, computed in double precision.
"""

import argparse
import importlib
import math
import pathlib
import re
import sys

import numpy as np
import timm
import torch
import torch.nn.functional as F
import torchvision
from torch import nn

OUT = pathlib.Path(__file__).parents[1] / "resources" / "reference" / "networks"
SAMPLES = 256


def uniform(name, count):
    """count numbers in [-1, 1): splitmix64 from the FNV-1a hash of the name, 24 bits each."""
    seed = 0xCBF29CE484222325
    for byte in name.encode():
        seed = (seed ^ byte) * 0x100000001B3 % 2**64
    with np.errstate(over="ignore"):
        z = np.uint64(seed) + np.arange(1, count + 1, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15)
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        z = z ^ (z >> np.uint64(31))
    return (z >> np.uint64(40)).astype(np.float64) / 2**23 - 1


def fill(name, shape, kind):
    """A tensor: He-uniform weights, scales in [0.5, 1), variances in [0.5, 1.5), the rest in [-0.1, 0.1)."""
    shape = tuple(shape)
    u = uniform(name, math.prod(shape)).reshape(shape)
    if kind == "weight":
        u = u * math.sqrt(6 / math.prod(shape[1:]))
    elif kind == "scale":
        u = u * 0.25 + 0.75
    elif kind == "variance":
        u = u * 0.5 + 1
    else:
        u = u * 0.1
    return torch.from_numpy(u.astype(np.float32).astype(np.float64))


def kind(module, name):
    norm = isinstance(module, (nn.BatchNorm2d, nn.BatchNorm1d))
    if name == "running_var":
        return "variance"
    if norm and name == "weight":
        return "scale"
    return "weight" if name == "weight" else "other"


def fill_module(model):
    for path, module in model.named_modules():
        tensors = dict(module.named_parameters(recurse=False))
        tensors.update(module.named_buffers(recurse=False))
        for name, tensor in tensors.items():
            if name != "num_batches_tracked":
                full = f"{path}.{name}" if path else name
                tensor.data = fill(full, tensor.shape, kind(module, name))
    return model.double().eval()


def torch_network(model, taps):
    """taps: stride -> module name."""

    def run(x):
        fill_module(model)
        found = {}
        for stride, name in taps.items():
            model.get_submodule(name).register_forward_hook(
                # a copy: later in-place activations would overwrite it
                lambda m, i, o, stride=stride: found.__setitem__(stride, o.clone())
            )
        with torch.no_grad():
            logits = model(x)
        return logits, found

    run.model, run.taps = model, taps
    return run


class Prototxt:
    """A Caffe network, interpreted layer by layer; tensors are named LAYER#BLOB."""

    def __init__(self, path, taps):
        self.layers = []
        for block in re.split(r"(?m)^layer\s*\{", path.read_text())[1:]:
            get = lambda key, default=None, block=block: (re.findall(rf'\b{key}:\s*"?([^"\s]+)"?', block) or [default])
            self.layers.append((get, block))
        self.taps = taps

    def __call__(self, x):
        blobs = {"data": x}
        found = {}
        logits = None
        for get, block in self.layers:
            name, kind = get("name")[0], get("type")[0]
            bottoms = [blobs[b] for b in get("bottom") if b in blobs]
            if kind == "Input":
                continue
            y = getattr(self, kind)(name, get, bottoms)
            if kind == "InnerProduct":
                logits = y
            blobs[get("top")[0]] = y
        for stride, blob in self.taps.items():
            found[stride] = blobs[blob]
        return logits, found

    def Convolution(self, name, get, bottoms):
        x = bottoms[0]
        k, groups, out = int(get("kernel_size")[0]), int(get("group", 1)[0]), int(get("num_output")[0])
        w = fill(name + "#0", (out, x.shape[1] // groups, k, k), "weight")
        bias = None if get("bias_term")[0] == "false" else fill(name + "#1", (out,), "other")
        return F.conv2d(x, w, bias, int(get("stride", 1)[0]), int(get("pad", 0)[0]), 1, groups)

    def BatchNorm(self, name, get, bottoms):
        c = bottoms[0].shape[1]
        mean, var = fill(name + "#0", (c,), "other"), fill(name + "#1", (c,), "variance")
        return F.batch_norm(bottoms[0], mean, var, eps=float(get("eps", 1e-5)[0]))

    def Scale(self, name, get, bottoms):
        if len(bottoms) == 2:
            return bottoms[0] * bottoms[1].reshape(bottoms[0].shape[:2] + (1, 1))
        c = bottoms[0].shape[1]
        return bottoms[0] * fill(name + "#0", (c,), "scale").view(1, -1, 1, 1) + fill(name + "#1", (c,), "other").view(
            1, -1, 1, 1
        )

    def ReLU(self, name, get, bottoms):
        return F.relu(bottoms[0])

    def Sigmoid(self, name, get, bottoms):
        return torch.sigmoid(bottoms[0])

    def Reshape(self, name, get, bottoms):
        return bottoms[0]

    def Concat(self, name, get, bottoms):
        return torch.cat(bottoms, 1)

    def Pooling(self, name, get, bottoms):
        if get("global_pooling")[0] == "true":
            return bottoms[0].mean((2, 3), keepdim=True)
        pool = F.max_pool2d if get("pool")[0] == "MAX" else F.avg_pool2d
        size = int(get("kernel_size")[0]), int(get("stride", 1)[0]), int(get("pad", 0)[0])
        return pool(bottoms[0], *size, ceil_mode=True)

    def Dropout(self, name, get, bottoms):
        return bottoms[0]

    def InnerProduct(self, name, get, bottoms):
        x = bottoms[0].flatten(1)
        out = int(get("num_output")[0])
        return F.linear(x, fill(name + "#0", (out, x.shape[1]), "weight"), fill(name + "#1", (out,), "other"))

    def Softmax(self, name, get, bottoms):
        return torch.softmax(bottoms[0], 1)


def load(path, name):
    """A module of a clone, as a package member where it imports relatively."""
    sys.path.insert(0, str(path))
    return importlib.import_module(name)


VOVNET = {4: "stages.0", 8: "stages.1", 16: "stages.2", 32: "stages.3"}
RESNET = {4: "layer1", 8: "layer2", 16: "layer3", 32: "layer4"}


def networks(references):
    def megvii(file, call):
        # its forward methods pass the stages' hooks by
        taps = {4: "layer1.layer1_block_2", 8: "layer2.layer2_block_3", 16: "layer3.layer3_block_5", 32: "layer4.layer4_block_2"}
        return lambda: torch_network(getattr(load(references / "RG-SENet_SP-SENet", file), call)(), taps)

    def create(name, taps, **options):
        return lambda: torch_network(timm.create_model(name, **options), taps)

    def cbam():
        module = load(references / "attention-module", "MODELS.model_resnet")
        return torch_network(module.ResidualNet("ImageNet", 50, 1000, "CBAM"), RESNET)

    def salient():
        module = load(references / "Salient-Net" / "SSANet", "official_salientnet")
        return torch_network(module.SalientResNet50(), RESNET)

    def moskomule():
        module = load(references / "senet.pytorch", "senet.se_resnet")
        return torch_network(module.se_resnet20(num_classes=10, reduction=16), {1: "layer1", 2: "layer2", 4: "layer3"})

    def prototxt(file, taps):
        return lambda: Prototxt(references / "SENet" / "models" / file, taps)

    inverted = {4: "blocks.1", 8: "blocks.2", 16: "blocks.4", 32: "blocks.6"}
    regnet = {4: "s1", 8: "s2", 16: "s3", 32: "s4"}
    return {
        "resnet50": (224, lambda: torch_network(torchvision.models.resnet50(), RESNET)),
        "resnext50_32x4d": (224, lambda: torch_network(torchvision.models.resnext50_32x4d(), RESNET)),
        "se_resnet50": (224, create("legacy_seresnet50", RESNET)),
        "se_resnext50_32x4d": (224, create("legacy_seresnext50_32x4d", RESNET)),
        "senet154": (224, create("legacy_senet154", RESNET)),
        "se_bn_inception": (
            224,
            prototxt(
                "SE-BN-Inception.prototxt",
                {4: "conv2/3x3", 8: "inception_3b/output", 16: "inception_4d/output", 32: "inception_5b/output"},
            ),
        ),
        "cbam_resnet50": (224, cbam),
        "spse_resnet50": (224, megvii("spse_resnet", "resnet50_spse")),
        "rgse_resnet50": (224, megvii("rgse_resnet", "resnet50_rgse")),
        "salient_resnet50": (224, salient),
        "se_resnet20": (32, moskomule),
        "mobilenet_v1": (
            224,
            create(
                "mobilenetv1_100", {4: "blocks.1", 8: "blocks.2", 16: "blocks.3", 32: "blocks.4"}, act_layer="relu"
            ),
        ),
        "mobilenet_v2": (224, create("mobilenetv2_100", inverted)),
        "mobilenet_v3_large": (224, create("mobilenetv3_large_100", {**inverted, 32: "blocks.5"})),
        "mobilenet_v3_small": (
            224,
            create("mobilenetv3_small_100", {4: "blocks.0", 8: "blocks.1", 16: "blocks.3", 32: "blocks.4"}),
        ),
        "efficientnet_b0": (224, create("efficientnet_b0", inverted)),
        "efficientnet_b2": (260, create("efficientnet_b2", inverted)),
        "efficientnet_lite0": (224, create("tf_efficientnet_lite0", inverted)),
        "efficientnet_lite2": (260, create("tf_efficientnet_lite2", inverted)),
        "regnety_400mf": (224, create("regnety_004", regnet)),
        "regnety_4gf": (224, create("regnety_040", regnet)),
        "ese_vovnet39": (224, create("ese_vovnet39b", VOVNET)),
        "inception_v3": (
            299,
            lambda: torch_network(
                torchvision.models.inception_v3(aux_logits=False, init_weights=False),
                {4: "Conv2d_4a_3x3", 8: "Mixed_5d", 16: "Mixed_6e", 32: "Mixed_7c"},
            ),
        ),
    }


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--references", type=pathlib.Path, required=True)
    parser.add_argument("--only", nargs="*")
    arguments = parser.parse_args()
    OUT.mkdir(parents=True, exist_ok=True)
    for name, (size, make) in networks(arguments.references).items():
        if arguments.only and name not in arguments.only:
            continue
        image = torch.from_numpy(uniform("image", 2 * 3 * size * size).reshape(2, 3, size, size))
        logits, features = make()(image)
        arrays = {"logits": logits.numpy()}
        for stride, map in features.items():
            where = (uniform(f"stride{stride}", SAMPLES) + 1) / 2 * map.numel()
            arrays[f"stride{stride}"] = map.numpy().reshape(-1)[where.astype(np.int64)]
        np.savez_compressed(OUT / f"{name}.npz", **arrays)
        print(name, {k: (v.shape, float(np.abs(v).max())) for k, v in arrays.items()}, flush=True)


if __name__ == "__main__":
    main()
