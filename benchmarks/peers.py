#!/usr/bin/env python3
"""The peers' side of compare.py: the modules, and a worker with the line protocol of the Java side (Worker.java)."""

import argparse
import importlib
import re
import statistics
import sys
import tempfile
import time
from pathlib import Path

import timm
import torch
import torch.nn.functional as F
from torch import nn

BLOCK_BATCH = 8
FIRST_SECONDS = 1  # as Worker.java
TURN_SECONDS = 0.3
SEED = 42


# ---- the blocks, as in their reference repositories, with this library's default options ------------------------------


class SE(nn.Module):
    """hujie-frank/SENet, as in Cadene/pretrained-models.pytorch: 1x1 convolutions with biases."""

    def __init__(self, channels, size=None, reduction=16):
        super().__init__()
        self.fc1 = nn.Conv2d(channels, channels // reduction, 1)
        self.fc2 = nn.Conv2d(channels // reduction, channels, 1)

    def forward(self, x):
        z = F.relu(self.fc1(F.adaptive_avg_pool2d(x, 1)), inplace=True)
        return x * torch.sigmoid(self.fc2(z))


class Salient(nn.Module):
    """AmigoCDT/Salient-Net with one map per picture."""

    def __init__(self, channels, size=None):
        super().__init__()
        self.bn = nn.BatchNorm2d(1)

    def forward(self, x):
        agreement = (x * F.adaptive_avg_pool2d(x, 1)).mean(1, keepdim=True)
        return x * torch.sigmoid(self.bn(agreement))


class Excited(nn.Module):
    def __init__(self, channels, reduction=16):
        super().__init__()
        self.fc_reduction = nn.Linear(channels, channels // reduction)
        self.fc_extention = nn.Linear(channels // reduction, channels)

    def scale(self, x, z):
        z = F.relu(self.fc_reduction(F.relu(z).flatten(1)))
        return x * torch.sigmoid(self.fc_extention(z))[:, :, None, None]


class SPSE(Excited):
    """megvii-research/RG-SENet_SP-SENet, pyramid 1, 2, 4."""

    LEVELS = (1, 2, 4)

    def __init__(self, channels, size=None):
        super().__init__(channels)
        self.fc_spatial = nn.ModuleList(nn.Conv2d(channels, channels, k, groups=channels) for k in self.LEVELS)
        self.fc_bn = nn.BatchNorm2d(channels)

    def forward(self, x):
        z = sum(fc(F.adaptive_avg_pool2d(x, k)) for k, fc in zip(self.LEVELS, self.fc_spatial))
        return self.scale(x, self.fc_bn(z))


class RGSE(Excited):
    """megvii-research/RG-SENet_SP-SENet, window 7."""

    WINDOW = 7

    def __init__(self, channels, size):
        super().__init__(channels)
        grid = size // self.WINDOW
        self.fc_spatial = nn.Sequential()
        if grid > 1:
            self.fc_spatial = nn.Sequential(
                nn.Conv2d(channels, channels, grid, groups=channels, bias=False), nn.BatchNorm2d(channels)
            )

    def forward(self, x):
        return self.scale(x, self.fc_spatial(F.avg_pool2d(x, self.WINDOW, self.WINDOW)))


class CBAM(nn.Module):
    """Jongchan/attention-module, reduction 16, kernel 7."""

    def __init__(self, channels, size=None, reduction=16, kernel=7):
        super().__init__()
        hidden = channels // reduction
        self.mlp = nn.Sequential(nn.Flatten(), nn.Linear(channels, hidden), nn.ReLU(), nn.Linear(hidden, channels))
        self.conv = nn.Conv2d(2, 1, kernel, padding=kernel // 2, bias=False)
        self.bn = nn.BatchNorm2d(1, momentum=0.01)

    def forward(self, x):
        size = x.shape[2:]
        score = self.mlp(F.avg_pool2d(x, size)) + self.mlp(F.max_pool2d(x, size))
        x = x * torch.sigmoid(score)[:, :, None, None]
        pooled = torch.cat((x.max(1, keepdim=True)[0], x.mean(1, keepdim=True)), 1)
        return x * torch.sigmoid(self.bn(self.conv(pooled)))


BLOCKS = {"se": SE, "salient": Salient, "spse": SPSE, "rgse": RGSE, "cbam": CBAM}


# ---- the networks that timm does not have -----------------------------------------------------------------------------


class LinearSE(nn.Module):
    """moskomule/senet.pytorch: linear layers without biases."""

    def __init__(self, channels, reduction=16):
        super().__init__()
        self.fc = nn.Sequential(
            nn.Linear(channels, channels // reduction, bias=False),
            nn.ReLU(inplace=True),
            nn.Linear(channels // reduction, channels, bias=False),
            nn.Sigmoid(),
        )

    def forward(self, x):
        return x * self.fc(F.adaptive_avg_pool2d(x, 1).flatten(1))[:, :, None, None]


class CifarBlock(nn.Module):
    def __init__(self, channels, width, stride):
        super().__init__()
        self.conv1 = nn.Conv2d(channels, width, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        self.conv2 = nn.Conv2d(width, width, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(width)
        self.se = LinearSE(width)
        self.shortcut = nn.Sequential()
        if channels != width:
            self.shortcut = nn.Sequential(nn.Conv2d(channels, width, 1, stride, bias=False), nn.BatchNorm2d(width))

    def forward(self, x):
        y = F.relu(self.bn1(self.conv1(x)), inplace=True)
        y = self.se(self.bn2(self.conv2(y)))
        return F.relu(y + self.shortcut(x), inplace=True)


def se_resnet20(num_classes):
    """moskomule/senet.pytorch's SE-ResNet-20."""
    layers = [nn.Conv2d(3, 16, 3, 1, 1, bias=False), nn.BatchNorm2d(16), nn.ReLU(inplace=True)]
    channels = 16
    for width in (16, 32, 64):
        for block in range(3):
            layers.append(CifarBlock(channels, width, 2 if width > 16 and block == 0 else 1))
            channels = width
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(64, num_classes))


def conv_bn_relu6(channels, out, kernel, stride=1, groups=1):
    return [
        nn.Conv2d(channels, out, kernel, stride, kernel // 2, groups=groups, bias=False),
        nn.BatchNorm2d(out),
        nn.ReLU6(inplace=True),
    ]


class InvertedResidual(nn.Module):
    def __init__(self, channels, out, stride, expansion):
        super().__init__()
        hidden = channels * expansion
        layers = conv_bn_relu6(channels, hidden, 1) if expansion > 1 else []
        layers += conv_bn_relu6(hidden, hidden, 3, stride, hidden)
        layers += [SE(hidden), nn.Conv2d(hidden, out, 1, bias=False), nn.BatchNorm2d(out)]
        self.layers = nn.Sequential(*layers)
        self.residual = stride == 1 and channels == out

    def forward(self, x):
        return x + self.layers(x) if self.residual else self.layers(x)


def mobilenet_v2_se(num_classes):
    """torchvision's MobileNetV2 with SE on the expanded maps, after the depthwise convolution's ReLU6."""
    layers = conv_bn_relu6(3, 32, 3, 2)
    channels = 32
    stages = ((1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 1), (6, 160, 3, 2), (6, 320, 1, 1))
    for expansion, out, blocks, stride in stages:
        for block in range(blocks):
            layers.append(InvertedResidual(channels, out, stride if block == 0 else 1, expansion))
            channels = out
    layers += conv_bn_relu6(channels, 1280, 1)
    layers += [nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Dropout(0.2), nn.Linear(1280, num_classes)]
    return nn.Sequential(*layers)


def from_timm(name):
    return lambda num_classes: timm.create_model(name, num_classes=num_classes)


NETWORKS = {
    "resnet50": (from_timm("resnet50"), 224, 1000),
    "se_resnet50": (from_timm("legacy_seresnet50"), 224, 1000),
    "se_resnext50": (from_timm("legacy_seresnext50_32x4d"), 224, 1000),
    "mobilenet_v2_se": (mobilenet_v2_se, 224, 1000),
    "efficientnet_b0": (from_timm("efficientnet_b0"), 224, 1000),
    "se_resnet20": (se_resnet20, 32, 10),
}


# ---- what is timed ----------------------------------------------------------------------------------------------------


class Unavailable(Exception):
    pass


# ---- ways to run a network, each with its best settings ---------------------------------------------------------------


def autocast(narrow):
    return torch.autocast("cpu", dtype=torch.bfloat16, enabled=narrow)


def in_torch(module, x, narrow):
    @torch.no_grad()
    def run():
        with autocast(narrow):
            module(x)

    return run


def in_eager(module, x, narrow):
    last = torch.channels_last
    return in_torch(module.to(memory_format=last), x.to(memory_format=last), narrow)


def in_compiled(module, x, narrow):
    import torch._inductor.config

    torch._inductor.config.freezing = True
    last = torch.channels_last
    return in_torch(torch.compile(module.to(memory_format=last)), x.to(memory_format=last), narrow)


def in_onnxruntime(module, x, narrow):
    if narrow:
        raise Unavailable("ONNX Runtime computes in float32 on the CPU")
    import onnxruntime

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "network.onnx"
        torch.onnx.export(module, (x,), path, dynamo=False, do_constant_folding=True)
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = torch.get_num_threads()
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_ALL
        session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    inputs = {session.get_inputs()[0].name: x.numpy()}
    return lambda: session.run(None, inputs)


def in_openvino(module, x, narrow):
    import openvino

    core = openvino.Core()
    model = openvino.convert_model(module, example_input=x, input=[tuple(x.shape)])
    settings = {
        "INFERENCE_PRECISION_HINT": "bf16" if narrow else "f32",
        "INFERENCE_NUM_THREADS": str(torch.get_num_threads()),
        "PERFORMANCE_HINT": "LATENCY",
    }
    request = core.compile_model(model, "CPU", settings).create_infer_request()
    tensor = openvino.Tensor(x.numpy(), shared_memory=True)
    return lambda: request.infer([tensor], share_inputs=True, share_outputs=True)


# torch-bf16 is in bfloat16 whatever the case says
PEERS = {
    "torch": in_torch,
    "torch-eager": in_eager,
    "torch-compile": in_compiled,
    "torch-bf16": lambda module, x, narrow: in_eager(module, x, True),
    "onnxruntime": in_onnxruntime,
    "openvino": in_openvino,
}


class Body:
    """One case; run() is timed."""

    def __init__(self, name, peer):
        torch.manual_seed(SEED)
        self.peer = peer
        block = re.fullmatch(r"block\.(\w+)\.(\d+)x(\d+)\.(forward|both)", name)
        network = re.fullmatch(r"(\w+)\.(inference|train)\.b(\d+)(\.bf16)?", name)
        if block and block[1] in BLOCKS and peer == "torch":
            self.block(BLOCKS[block[1]], int(block[2]), int(block[3]), block[4] == "both")
        elif network and network[1] in NETWORKS:
            self.network(*NETWORKS[network[1]], int(network[3]), network[2] == "train", bool(network[4]))
        else:
            raise Unavailable(f"{peer} has no such case")

    def parameters(self):
        return sum(p.numel() for p in self.module.parameters())

    def block(self, module, channels, size, both):
        self.module = module(channels, size).train(both)
        x = torch.randn(BLOCK_BATCH, channels, size, size, requires_grad=both)
        grad_output = torch.randn_like(x)

        @torch.no_grad()
        def forward():
            self.module(x)

        def forward_and_backward():
            x.grad = None
            self.module.zero_grad()
            self.module(x).backward(grad_output)

        self.run = forward_and_backward if both else forward

    def network(self, create, size, classes, batch, training, narrow):
        if training and not self.peer.startswith("torch"):
            raise Unavailable(f"{self.peer} does not train")
        self.module = create(num_classes=classes).train(training)
        x = torch.randn(batch, 3, size, size)
        labels = torch.arange(batch) % classes
        # DL4J's Nesterovs with the same rate.
        optimizer = torch.optim.SGD(self.module.parameters(), lr=1e-3, momentum=0.9, nesterov=True)

        if not training:
            self.run = PEERS[self.peer](self.module, x, narrow)
            return
        module = self.module
        if self.peer != "torch":
            module = module.to(memory_format=torch.channels_last)
            x = x.to(memory_format=torch.channels_last)
        if self.peer == "torch-compile":
            module = torch.compile(module)

        def step():
            optimizer.zero_grad()
            with autocast(narrow or self.peer == "torch-bf16"):
                loss = F.cross_entropy(module(x), labels)
            loss.backward()
            optimizer.step()
            loss.item()  # DL4J computes it too

        self.run = step


def run_for(run, seconds):
    start = time.perf_counter()
    while True:
        run()
        if time.perf_counter() - start > seconds:
            return


def timed(run, reps):
    run_for(run, TURN_SECONDS)
    times = []
    for _ in range(reps):
        start = time.perf_counter()
        run()
        times.append((time.perf_counter() - start) * 1e3)
    return f"{statistics.median(times):.4f} {min(times):.4f} {max(times):.4f}"


def versions(peer):
    words = [f"torch={torch.__version__}", f"timm={timm.__version__}"]
    if not peer.startswith("torch"):
        words.append(f"{peer}={importlib.import_module(peer).__version__.split('-')[0]}")
    return " ".join(words)


def serve(requests, answers, peer):
    name, body = None, None
    for line in requests:
        request = line.split()
        if not request:
            continue
        subject = request[1] if len(request) > 1 else request[0]
        try:
            if request[0] == "VERSIONS":
                answer = versions(peer)
            elif request[0] in ("CASE", "PARAMS"):
                if subject != name:
                    name, body = None, None
                    body = Body(subject, peer)
                    run_for(body.run, FIRST_SECONDS)
                    name = subject
                answer = timed(body.run, int(request[2])) if request[0] == "CASE" else str(body.parameters())
            else:
                answer = "failed requests are CASE name reps, PARAMS name or VERSIONS"
        except Unavailable as e:
            answer = f"unavailable {e}"
        except Exception as e:  # the other cases go on
            answer = "failed " + " ".join(repr(e).split())
        print(subject, answer, file=answers, flush=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--peer", choices=PEERS, default="torch")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    out, sys.stdout = sys.stdout, sys.stderr
    serve(sys.stdin, out, options.peer)
