"""Makes src/test/resources/weights/caffe: Caffe networks with the layers, names and shapes of the seven that hujie-frank/SENet released.

    python src/test/python/make_caffe_networks.py [--references DIR]
    python src/test/python/make_caffe_networks.py --full DIR [--references DIR] [NAME ...]

Without --full: the texts of all seven in full size (compressed; for the counts), and for each a small one of the same structure with
random weights, an image and the logits. With --full: the seven in full size with random weights into DIR, for CaffeNetworkCheck.

The logits come from running the text with PyTorch's functions, in double precision. With --full those of the residual networks are
besides compared with timm's conversion (legacy_seresnet50 and so on) with the same weights. With --references (the clones of the
reference repositories) every full text is compared with the released one, layer by layer. Needs torch and numpy, timm for --full.
"""

import argparse
import gzip
import pathlib
import struct

import numpy as np
import torch
import torch.nn.functional as F

import prototxt

OUT = pathlib.Path(__file__).parents[1] / "resources" / "weights" / "caffe"


# ---- texts -----------------------------------------------------------------------------------------------------------


class Text:
    def __init__(self, name, size):
        self.lines = [f'name: "{name}"', "# mean_value: 104, 117, 123"]
        self.layer("data", "Input", [], "data", input_param={"shape": [("dim", n) for n in (1, 3, size, size)]})

    def layer(self, name, kind, bottoms, top, **options):
        self.lines += ["layer {", f'  name: "{name}"', f'  type: "{kind}"']
        self.lines += [f'  bottom: "{b}"' for b in bottoms] + [f'  top: "{top}"']
        for key, fields in options.items():
            self.message(key, fields, "  ")
        self.lines.append("}")
        return top

    def message(self, key, fields, indent):
        self.lines.append(f"{indent}{key} {{")
        for name, value in fields.items() if isinstance(fields, dict) else fields:
            if isinstance(value, (dict, list)):
                self.message(name, value, indent + "  ")
            else:
                text = str(value).lower() if isinstance(value, bool) else value
                self.lines.append(f"{indent}  {name}: {text}")
        self.lines.append(indent + "}")

    def convolution(self, name, bottom, out, kernel, stride=1, pad=0, group=1, bias=False, always_stride=True):
        options = {"num_output": out}
        options |= {} if bias else {"bias_term": False}
        options |= {"pad": pad} if pad else {}
        options |= {"kernel_size": kernel}
        options |= {"group": group} if group > 1 else {}
        options |= {"stride": stride} if always_stride or stride > 1 else {}
        return self.layer(name, "Convolution", [bottom], name, convolution_param=options)

    def unit(self, name, bottom, out, kernel, relu, **options):
        self.convolution(name, bottom, out, kernel, **options)
        self.layer(f"{name}/bn", "BatchNorm", [name], name, batch_norm_param={"use_global_stats": True})
        self.layer(f"{name}/bn/scale", "Scale", [name], name, scale_param={"bias_term": True})
        return self.layer(relu, "ReLU", [name], name) if relu else name

    def pool(self, name, bottom, kind, **options):
        return self.layer(name, "Pooling", [bottom], name, pooling_param={"pool": kind, **options})

    def squeeze(self, prefix, bottom, channels, hidden):
        pooled = self.pool(f"{prefix}_global_pool", bottom, "AVE", engine="CAFFE", global_pooling=True)
        down = self.convolution(f"{prefix}_1x1_down", pooled, hidden, 1, bias=True)
        self.layer(f"{down}/relu", "ReLU", [down], down)
        up = self.convolution(f"{prefix}_1x1_up", down, channels, 1, bias=True)
        return self.layer(f"{prefix}_prob", "Sigmoid", [up], up)

    def end(self, bottom, last, classes, dropout=False):
        pooled = self.pool("pool5/7x7_s1", bottom, "AVE", kernel_size=last, stride=1)
        if dropout:
            self.layer("pool5/dropout_7x7_s1", "Dropout", [pooled], pooled, dropout_param={"dropout_ratio": 0.2})
        self.layer("classifier", "InnerProduct", [pooled], "classifier", inner_product_param={"num_output": classes})
        self.layer("prob", "Softmax", ["classifier"], "prob")
        return "\n".join(self.lines) + "\n"


def halved(side):
    """By a convolution with stride 2 and padding of half its kernel."""
    return (side + 1) // 2


def pooled_side(side):
    """By windows of 3 with stride 2, the last of which may reach over the edge."""
    return -(-(side - 3) // 2) + 1


def residual(name, blocks, groups=1, widen=1, width=64, deep=False, size=224, classes=1000):
    """ResNets, ResNeXts and SENet-154, whose inner convolutions have ``widen`` times a ResNet's channels."""
    text = Text(name, size)
    if deep:
        x = text.unit("conv1_1/3x3_s2", "data", width, 3, "conv1_1/relu_3x3_s2", stride=2, pad=1)
        x = text.unit("conv1_2/3x3", x, width, 3, "conv1_2/relu_3x3", pad=1)
        x = text.unit("conv1_3/3x3", x, 2 * width, 3, "conv1_3/relu_3x3", pad=1)
    else:
        x = text.unit("conv1/7x7_s2", "data", width, 7, "conv1/relu_7x7_s2", stride=2, pad=3)
    x = text.pool("pool1/3x3_s2", x, "MAX", kernel_size=3, stride=2)
    for stage, count in enumerate(blocks):
        for block in range(count):
            prefix = f"conv{stage + 2}_{block + 1}"
            inner, out = width * widen << stage, 4 * width << stage
            stride = 2 if stage and not block else 1
            reduced = inner // 2 if deep else inner
            first = stride if groups == 1 else 1
            y = text.unit(f"{prefix}_1x1_reduce", x, reduced, 1, f"{prefix}_1x1_reduce/relu", stride=first)
            y = text.unit(f"{prefix}_3x3", y, inner, 3, f"{prefix}_3x3/relu", pad=1, group=groups, stride=stride // first)
            y = text.unit(f"{prefix}_1x1_increase", y, out, 1, None)
            gate = text.squeeze(prefix, y, out, out // 16)
            if not block:
                wide = deep and stage
                x = text.unit(f"{prefix}_1x1_proj", x, out, 3 if wide else 1, None, stride=stride, pad=1 if wide else 0)
            x = text.layer(prefix, "Axpy", [gate, y, x], prefix)
            text.layer(f"{prefix}/relu", "ReLU", [x], x)
    side = pooled_side(halved(size))
    for _ in blocks[1:]:
        side = halved(side)
    return text.end(x, side, classes, dropout=deep)


MODULES = {
    "3a": (64, 64, 64, 64, 96, 32), "3b": (64, 64, 96, 64, 96, 64), "3c": (0, 128, 160, 64, 96, 0),
    "4a": (224, 64, 96, 96, 128, 128), "4b": (192, 96, 128, 96, 128, 128), "4c": (160, 128, 160, 128, 160, 128),
    "4d": (96, 128, 192, 160, 192, 128), "4e": (0, 128, 192, 192, 256, 0),
    "5a": (352, 192, 320, 160, 224, 128), "5b": (352, 192, 320, 192, 224, 128),
}  # fmt: skip


def inception(name, modules=tuple(MODULES), divide=1, size=224, classes=1000):
    text = Text(name, size)
    narrow = {"always_stride": False}
    x = text.unit("conv1/7x7_s2", "data", 64 // divide, 7, "conv1/relu_7x7", stride=2, pad=3)
    x = text.pool("pool1/3x3_s2", x, "MAX", kernel_size=3, stride=2)
    x = text.unit("conv2/3x3_reduce", x, 64 // divide, 1, "conv2/relu_3x3_reduce", **narrow)
    x = text.unit("conv2/3x3", x, 192 // divide, 3, "conv2/relu_3x3", pad=1, **narrow)
    x = text.pool("pool2/3x3_s2", x, "MAX", kernel_size=3, stride=2)
    channels = 192 // divide
    side = pooled_side(pooled_side(halved(size)))
    for module in modules:
        one, reduce3, three, reduce_double, double, project = (n // divide for n in MODULES[module])
        at = f"inception_{module}"
        stride = 1 if one else 2

        def unit(what, bottom, out, kernel, step=1):
            pad = kernel // 2
            return text.unit(f"{at}/{what}", bottom, out, kernel, f"{at}/relu_{what}", stride=step, pad=pad, **narrow)

        parts = [unit("1x1", x, one, 1)] if one else []
        parts.append(unit("3x3", unit("3x3_reduce", x, reduce3, 1), three, 3, stride))
        a = unit("double3x3a", unit("double3x3_reduce", x, reduce_double, 1), double, 3)
        parts.append(unit("double3x3b", a, double, 3, stride))
        if one:
            kind = "MAX" if module == "5b" else "AVE"
            pooled = text.pool(f"{at}/pool", x, kind, kernel_size=3, stride=1, pad=1)
            parts.append(unit("pool_proj", pooled, project, 1))
            channels = one + three + double + project
        else:
            parts.append(text.pool(f"{at}/pool/3x3_s2", x, "MAX", kernel_size=3, stride=2))
            channels, side = channels + three + double, pooled_side(side)
        joined = text.layer(f"{at}/concat", "Concat", parts, f"{at}/concat")
        gate = text.squeeze(at, joined, channels, channels // 16)
        flat = text.layer(
            f"{at}_prob_reshape", "Reshape", [gate], f"{at}_prob_reshape",
            reshape_param={"shape": [("dim", 0), ("dim", 0)]},
        )
        x = text.layer(
            f"{at}_scale", "Scale", [joined, flat], f"{at}/output", scale_param={"axis": 0, "bias_term": False}
        )
    return text.end(x, side, classes)


FULL = {
    "SE-ResNet-50": lambda name: residual(name, (3, 4, 6, 3)),
    "SE-ResNet-101": lambda name: residual(name, (3, 4, 23, 3)),
    "SE-ResNet-152": lambda name: residual(name, (3, 8, 36, 3)),
    "SE-ResNeXt-50": lambda name: residual(name, (3, 4, 6, 3), groups=32, widen=2),
    "SE-ResNeXt-101": lambda name: residual(name, (3, 4, 23, 3), groups=32, widen=2),
    "SENet-154": lambda name: residual(name, (3, 8, 36, 3), groups=64, widen=4, deep=True),
    "SE-BN-Inception": inception,
}
SMALL = {
    "SE-ResNet-50": lambda name: residual(name, (2, 1), width=8, size=30, classes=7),
    "SE-ResNet-101": lambda name: residual(name, (1, 2), width=8, size=33, classes=5),
    "SE-ResNet-152": lambda name: residual(name, (1, 3), width=8, size=25, classes=3),
    "SE-ResNeXt-50": lambda name: residual(name, (2, 1), groups=4, widen=2, width=8, size=30, classes=7),
    "SE-ResNeXt-101": lambda name: residual(name, (1, 2), groups=8, widen=2, width=8, size=34, classes=4),
    "SENet-154": lambda name: residual(name, (1, 2), groups=4, widen=4, width=8, deep=True, size=30, classes=6),
    "SE-BN-Inception": lambda name: inception(name, ("3b", "3c", "5b"), divide=8, size=52, classes=5),
}
# What the seven do not have: other forms of the same layers, and factors that are no Squeeze-and-Excitation.
FORMS = """name: "Forms"
input: "data"
input_shape { dim: 2 dim: 3 dim: 21 dim: 18 }
layer { name: "c1" type: "Convolution" bottom: "data" top: "c1"
  convolution_param { num_output: 8 kernel_h: 3 kernel_w: 5 pad_h: 1 pad_w: 2 } }
layer { name: "leaky" type: "ReLU" bottom: "c1" top: "leaky" relu_param { negative_slope: 0.1 } }
layer { name: "alone" type: "BatchNorm" bottom: "c1" top: "alone" batch_norm_param { eps: 0.001 } }
layer { name: "factors" type: "Scale" bottom: "leaky" top: "factors" scale_param { bias_term: true } }
layer { name: "plain" type: "ReLU" bottom: "c1" top: "plain" }
layer { name: "cat" type: "Concat" bottom: "alone" bottom: "factors" bottom: "plain" top: "cat" }
layer { name: "padded" type: "Pooling" bottom: "cat" top: "padded"
  pooling_param { pool: AVE kernel_size: 3 stride: 2 pad: 1 } }
layer { name: "c2" type: "Convolution" bottom: "padded" top: "c2"
  convolution_param { num_output: 8 kernel_size: 3 pad: 2 dilation: 2 group: 4 bias_term: false } }
layer { name: "p2" type: "Pooling" bottom: "c2" top: "p2"
  pooling_param { kernel_h: 2 kernel_w: 3 stride_h: 2 stride_w: 1 pad_h: 1 pad_w: 0 } }
layer { name: "mean" type: "Pooling" bottom: "p2" top: "mean" pooling_param { pool: AVE global_pooling: true } }
layer { name: "gate" type: "Sigmoid" bottom: "mean" top: "mean" }
layer { name: "sum" type: "Axpy" bottom: "mean" bottom: "p2" bottom: "p2" top: "sum" }
layer { name: "most" type: "Pooling" bottom: "sum" top: "most" pooling_param { pool: MAX global_pooling: true } }
layer { name: "c3" type: "Convolution" bottom: "most" top: "c3" convolution_param { num_output: 6 kernel_size: 1 } }
layer { name: "row" type: "Reshape" bottom: "c3" top: "row" reshape_param { shape { dim: 0 dim: -1 } } }
layer { name: "flat" type: "Reshape" bottom: "sum" top: "flat" reshape_param { shape { dim: -1 } axis: 1 } }
layer { name: "fc1" type: "InnerProduct" bottom: "flat" top: "fc1"
  inner_product_param { num_output: 6 transpose: true bias_term: false } }
layer { name: "fc1/bn" type: "BatchNorm" bottom: "fc1" top: "fc1" }
layer { name: "fc1/scale" type: "Scale" bottom: "fc1" top: "fc1" }
layer { name: "fc1/relu" type: "ReLU" bottom: "fc1" top: "fc1" }
layer { name: "row/factors" type: "Scale" bottom: "row" top: "row" scale_param { bias_term: true } }
layer { name: "product" type: "Scale" bottom: "row" bottom: "fc1" top: "product" scale_param { axis: 0 } }
layer { name: "rows" type: "Concat" bottom: "product" bottom: "row" top: "rows" concat_param { axis: -1 } }
layer { name: "map" type: "Reshape" bottom: "rows" top: "map" reshape_param { shape { dim: 0 dim: 3 dim: 2 dim: 2 } } }
layer { name: "weights" type: "Softmax" bottom: "product" top: "weights" }
layer { name: "c4" type: "Convolution" bottom: "map" top: "c4" convolution_param { num_output: 6 kernel_size: 2 pad: 1 } }
layer { name: "scaled" type: "Scale" bottom: "c4" bottom: "weights" top: "scaled" scale_param { axis: 0 } }
layer { name: "drop" type: "Dropout" bottom: "scaled" top: "scaled" }
layer { name: "classifier" type: "InnerProduct" bottom: "scaled" top: "classifier" inner_product_param { num_output: 5 } }
layer { name: "prob" type: "Softmax" bottom: "classifier" top: "prob" }
"""
TIMM = {
    "SE-ResNet-50": "legacy_seresnet50", "SE-ResNet-101": "legacy_seresnet101", "SE-ResNet-152": "legacy_seresnet152",
    "SE-ResNeXt-50": "legacy_seresnext50_32x4d", "SE-ResNeXt-101": "legacy_seresnext101_32x4d",
    "SENet-154": "legacy_senet154",
}  # fmt: skip


# ---- weights and results ---------------------------------------------------------------------------------------------


def pair(fields, name, default):
    """Vertical and horizontal."""
    both = prototxt.get(fields, "kernel_size" if name == "kernel" else name, default)
    return tuple(int(prototxt.get(fields, f"{name}_{axis}", both)) for axis in "hw")


def pooled(x, fields):
    """Caffe's pooling: sizes rounded up, padding counted in means, but not what lies beyond."""
    if prototxt.get(fields, "global_pooling") == "true":
        mean = prototxt.get(fields, "pool") == "AVE"
        return x.mean((2, 3), keepdim=True) if mean else x.amax((2, 3), keepdim=True)
    kernel, stride, pad = pair(fields, "kernel", 0), pair(fields, "stride", 1), pair(fields, "pad", 0)
    h, w = x.shape[2:]
    out = []
    for i, size in enumerate((h, w)):
        count = -(-(size + 2 * pad[i] - kernel[i]) // stride[i]) + 1
        out.append(count - 1 if any(pad) and (count - 1) * stride[i] >= size + pad[i] else count)
    mean = prototxt.get(fields, "pool") == "AVE"
    # as much around the map as the windows reach
    ends = [(out[i] - 1) * stride[i] + kernel[i] - size - pad[i] for i, size in enumerate((h, w))]
    wide = F.pad(x, (pad[1], ends[1], pad[0], ends[0]), value=0 if mean else -torch.inf)
    y = None
    for i in range(kernel[0]):
        for j in range(kernel[1]):
            last_i, last_j = i + (out[0] - 1) * stride[0] + 1, j + (out[1] - 1) * stride[1] + 1
            part = wide[:, :, i : last_i : stride[0], j : last_j : stride[1]]
            y = part if y is None else y + part if mean else torch.maximum(y, part)
    if not mean:
        return y
    # what counts of a window: up to the padding behind the map
    counts = [
        torch.tensor([min(i * stride[a] + kernel[a], size + 2 * pad[a]) - i * stride[a] for i in range(out[a])])
        for a, size in enumerate((h, w))
    ]
    return y / (counts[0][:, None] * counts[1][None, :])


class Run:
    """Draws the blobs of a network while it runs it on images."""

    def __init__(self, text, seed):
        self.random = np.random.default_rng(seed)
        self.layers = [value for key, value in prototxt.parse(text) if key == "layer"]
        self.learned = {}
        self.top = {}

    def uniform(self, shape, middle, spread):
        return (self.random.uniform(-1, 1, shape) * spread + middle).astype(np.float32)

    def blobs(self, name, kind, fields, x):
        if kind in ("Convolution", "InnerProduct"):
            options = prototxt.get(fields, "convolution_param") or prototxt.get(fields, "inner_product_param")
            out = int(prototxt.get(options, "num_output"))
            kernel = pair(options, "kernel", 0)
            group = int(prototxt.get(options, "group", 1))
            shape = (out, x.shape[1] // group, *kernel) if kernel[0] else (out, x[0].numel())
            weights = self.uniform(shape, 0, np.sqrt((6 if kernel[0] else 300) / np.prod(shape[1:])))
            inputs_first = prototxt.get(options, "transpose") == "true"
            blobs = [np.ascontiguousarray(weights.T) if inputs_first else weights]
            biased = prototxt.get(options, "bias_term", "true") == "true"
            return blobs + ([self.uniform((out,), 0, 0.1)] if biased else [])
        channels = (x.shape[1],)
        if kind == "BatchNorm":
            # sums over as many batches as the third blob says
            factor = np.array([self.random.integers(3, 1000)], np.float32)
            return [self.uniform(channels, 0, 0.1) * factor, self.uniform(channels, 1, 0.5) * factor, factor]
        biased = prototxt.get(fields, "scale_param.bias_term") == "true"
        return [self.uniform(channels, 0.75, 0.25)] + ([self.uniform(channels, 0, 0.1)] if biased else [])

    def step(self, fields):
        name, kind = prototxt.get(fields, "name"), prototxt.get(fields, "type")
        bottoms = [self.top[value] for key, value in fields if key == "bottom"]
        x = bottoms[0]
        if kind in ("Convolution", "InnerProduct", "BatchNorm") or kind == "Scale" and len(bottoms) == 1:
            self.learned[name] = (kind, self.blobs(name, kind, fields, x))
            blobs = [torch.from_numpy(b).to(x.dtype) for b in self.learned[name][1]]
        if kind == "Convolution":
            options = prototxt.get(fields, "convolution_param")
            stride, pad, dilation = pair(options, "stride", 1), pair(options, "pad", 0), pair(options, "dilation", 1)
            group = int(prototxt.get(options, "group", 1))
            return F.conv2d(x, blobs[0], blobs[1] if len(blobs) > 1 else None, stride, pad, dilation, group)
        if kind == "InnerProduct":
            if prototxt.get(fields, "inner_product_param.transpose") == "true":
                blobs[0] = blobs[0].T
            return F.linear(x.flatten(1), *blobs)
        column = (1, -1, 1, 1)[: x.dim()]
        if kind == "BatchNorm":
            mean, variance = ((b / blobs[2]).view(column) for b in blobs[:2])
            return (x - mean) / torch.sqrt(variance + float(prototxt.get(fields, "batch_norm_param.eps", 1e-5)))
        if kind == "Scale" and len(bottoms) == 1:
            return x * blobs[0].view(column) + (blobs[1].view(column) if len(blobs) > 1 else 0)
        if kind == "Scale":
            return x * bottoms[1].reshape(bottoms[1].shape + (1,) * (x.dim() - 2))
        if kind == "Axpy":
            return bottoms[0] * bottoms[1] + bottoms[2]
        if kind == "Reshape":
            dims = prototxt.numbers(prototxt.get(fields, "reshape_param.shape"), "dim")
            first = int(prototxt.get(fields, "reshape_param.axis", 0))
            return x.reshape(*x.shape[:first], *(x.shape[first + i] if d == 0 else d for i, d in enumerate(dims)))
        if kind == "Softmax":
            return torch.softmax(x, 1)
        if kind == "ReLU":
            return F.leaky_relu(x, float(prototxt.get(fields, "relu_param.negative_slope", 0)))
        if kind == "Concat":
            return torch.cat(bottoms, 1)
        if kind == "Pooling":
            return pooled(x, prototxt.get(fields, "pooling_param"))
        return {"Sigmoid": torch.sigmoid, "Dropout": lambda v: v}[kind](x)

    def logits(self, images):
        self.top["data"] = images
        for fields in self.layers[:-1]:
            if prototxt.get(fields, "type") != "Input":
                self.top[prototxt.get(fields, "top")] = self.step(fields)
        return self.top[prototxt.get(self.layers[-1], "bottom")]

    def caffemodel(self, name):
        out = field(1, name.encode())
        for layer, (kind, blobs) in self.learned.items():
            packed = (field(7, field(1, b"".join(varint(n) for n in b.shape))) + field(5, b.tobytes()) for b in blobs)
            body = field(1, layer.encode()) + field(2, kind.encode()) + b"".join(field(7, blob) for blob in packed)
            out += field(100, body)
        return out

    def state_dict(self):
        """The names of timm's and Cadene's conversion."""
        state = {}
        for layer, (kind, blobs) in self.learned.items():
            base, what = layer.split("/bn")[0], layer
            if base.startswith("conv1"):
                number = base[6] if base[5] == "_" else "1"
                target = f"layer0.{'conv' if kind == 'Convolution' else 'bn'}{number}"
            elif base == "classifier":
                target = "last_linear"
            else:
                head, tail = base[4:].split("_", 2)[:2], base.split("_", 2)[2]
                at = f"layer{int(head[0]) - 1}.{int(head[1]) - 1}."
                convolution = kind == "Convolution"
                if tail == "1x1_proj":
                    target = at + f"downsample.{0 if convolution else 1}"
                elif tail in ("1x1_down", "1x1_up"):
                    target = at + f"se_module.fc{1 if tail == '1x1_down' else 2}"
                else:
                    number = ("1x1_reduce", "3x3", "1x1_increase").index(tail) + 1
                    target = at + f"{'conv' if convolution else 'bn'}{number}"
            tensors = [torch.from_numpy(b).double() for b in blobs]
            if kind == "BatchNorm":
                names = {"running_mean": tensors[0] / tensors[2], "running_var": tensors[1] / tensors[2]}
            else:
                names = dict(zip(("weight", "bias"), tensors))
            state.update({f"{target}.{key}": value for key, value in names.items()})
        return state


def varint(n):
    out = b""
    while n > 127:
        out += bytes([n & 127 | 128])
        n >>= 7
    return out + bytes([n])


def field(number, content):
    return varint(number << 3 | 2) + varint(len(content)) + content


# ---- files -----------------------------------------------------------------------------------------------------------


def compare(name, text, references):
    """Every layer must be the released one's."""
    released = (references / "SENet" / "models" / f"{name}.prototxt").read_text()

    def ordered(source):
        return source.replace("input_param:", "input_param").replace("shape:", "shape")

    def flat(fields):
        return sorted((k, flat(v) if isinstance(v, list) else v) for k, v in fields)

    ours, theirs = ([flat(v) for k, v in prototxt.parse(ordered(s)) if k == "layer"] for s in (text, released))
    for number, (a, b) in enumerate(zip(ours, theirs)):
        if a != b:
            raise ValueError(f"{name}, layer {number}: {a} is not the released {b}")
    if len(ours) != len(theirs):
        raise ValueError(f"{name}: {len(ours)} layers, released with {len(theirs)}")
    print(f"{name}: {len(ours)} layers as released")


def write(name, text, folder, examples, seed):
    net = prototxt.parse(text)
    shape = prototxt.get(net, "layer.input_param.shape") or prototxt.get(net, "input_shape")
    run = Run(text, seed)
    images = torch.from_numpy(run.uniform((examples, *prototxt.numbers(shape, "dim")[1:]), 0, 1))
    with torch.no_grad():
        logits = run.logits(images.double())
    (folder / f"{name}.prototxt").write_text(text)
    (folder / f"{name}.caffemodel").write_bytes(run.caffemodel(name))
    np.savez_compressed(folder / f"{name}.npz", image=images.numpy(), logits=logits.numpy())
    sizes = [(folder / f"{name}.{end}").stat().st_size for end in ("prototxt", "caffemodel", "npz")]
    print(f"{name}: {sizes} bytes, logits from {logits.min():.3f} to {logits.max():.3f}")
    return run, images, logits


def against_timm(name, run, images, logits):
    import timm

    model = timm.create_model(TIMM[name]).double().eval()
    state = run.state_dict()
    counters = {key: value for key, value in model.state_dict().items() if key.endswith("num_batches_tracked")}
    model.load_state_dict(state | counters, strict=True)
    with torch.no_grad():
        difference = (model(images.double()) - logits).abs().max() / logits.abs().max()
    print(f"{name}: relative difference to timm's {TIMM[name]} {difference:.1e}")
    if difference > 1e-10:
        raise ValueError(f"{name} differs from {TIMM[name]}")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--references", type=pathlib.Path)
    parser.add_argument("--full", type=pathlib.Path)
    parser.add_argument("names", nargs="*")
    options = parser.parse_args()
    folder = options.full or OUT
    folder.mkdir(parents=True, exist_ok=True)
    for seed, name in enumerate(FULL):
        if options.names and name not in options.names:
            continue
        text = FULL[name](name)
        if options.references:
            compare(name, text, options.references)
        if options.full:
            run, images, logits = write(name, text, folder, 1, seed)
            if name in TIMM:
                against_timm(name, run, images, logits)
        else:
            (folder / f"{name}-full.prototxt.gz").write_bytes(gzip.compress(text.encode(), 9, mtime=0))
            write(name, SMALL[name](name), folder, 2, seed)
    if not options.full:
        write("Forms", FORMS, folder, 2, len(FULL))


if __name__ == "__main__":
    main()
