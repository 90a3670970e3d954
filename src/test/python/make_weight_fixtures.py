"""Makes src/test/resources/weights/formats: the same small tensors as torch, safetensors, numpy and Caffe write them.

    python src/test/python/make_weight_fixtures.py

Needs torch, safetensors and numpy from PyPI. Element i of a tensor is (7 i mod 23 - 11) / 4 for real types, 7 i mod 23 - 11 for
signed, 7 i mod 23 for unsigned integers, and whether 3 divides i for booleans: the tests compute the same.
"""

import collections
import json
import os
import pathlib
import struct

import numpy as np
import safetensors.numpy
import safetensors.torch
import torch

OUT = pathlib.Path(__file__).parents[1] / "resources" / "weights" / "formats"


def values(shape, dtype):
    i = np.arange(int(np.prod(shape, dtype=np.int64)))
    kind = np.dtype(dtype).kind
    v = 7 * i % 23
    v = i % 3 == 0 if kind == "b" else v if kind == "u" else v - 11 if kind == "i" else (v - 11) / 4
    return v.astype(dtype).reshape(shape)


def tensor(shape, dtype="float32"):
    return torch.from_numpy(values(shape, dtype))


TYPES = {
    "f16": tensor((3, 4), "float16"),
    "bf16": tensor((3, 4)).to(torch.bfloat16),
    "f32": tensor((2, 3, 2, 2)),
    "f64": tensor((5,), "float64"),
    "i8": tensor((6,), "int8"),
    "i16": tensor((6,), "int16"),
    "i32": tensor((2, 3), "int32"),
    "i64": tensor((6,), "int64"),
    "u8": tensor((6,), "uint8"),
    "bool": tensor((7,), "bool"),
    "scalar": tensor((), "int64"),
    "empty": tensor((0, 3)),
}


def write_safetensors():
    safetensors.torch.save_file(TYPES, OUT / "types.safetensors", {"format": "pt"})
    unsigned = {f"u{8 * n}": values((6,), f"u{n}") for n in (2, 4, 8)}
    safetensors.numpy.save_file(unsigned, OUT / "unsigned.safetensors")
    shards = [{"a.weight": tensor((2, 3)), "a.bias": tensor((2,))}, {"b.weight": tensor((4, 2))}]
    index = {"metadata": {"total_size": 64, "more": {"deep": [1, "x", None]}}, "weight_map": {}}
    for i, shard in enumerate(shards):
        file = f"model-{i + 1:05}-of-00002.safetensors"
        safetensors.torch.save_file(shard, OUT / file)
        index["weight_map"].update({name: file for name in shard})
    (OUT / "model.safetensors.index.json").write_text(json.dumps(index, indent=2))


class Runs:
    def __reduce__(self):
        return os.system, ("echo executed",)


def write_torch():
    torch.save(TYPES, OUT / "types.pth")
    torch.save(TYPES, OUT / "types-legacy.pth", _use_new_zipfile_serialization=False)
    torch.save(TYPES, OUT / "types-protocol4.pth", pickle_protocol=4)
    shared = tensor((4, 6))
    views = {
        "transposed": tensor((4, 6)).t(),
        "row": shared[1],
        "column": shared[:, 2],
        "whole": shared,
        "parameter": torch.nn.Parameter(tensor((3,))),
    }
    for suffix, zip in (("", True), ("-legacy", False)):
        torch.save(views, OUT / f"views{suffix}.pth", _use_new_zipfile_serialization=zip)
    net = torch.nn.Sequential(torch.nn.Conv2d(2, 3, 3), torch.nn.BatchNorm2d(3))
    for name, t in net.state_dict().items():
        t.copy_(torch.from_numpy(values(t.shape, t.numpy().dtype)))
    optimizer = torch.optim.SGD(net.parameters(), lr=0.1, momentum=0.9)
    prefixed = collections.OrderedDict(("module." + k, v) for k, v in net.state_dict().items())
    torch.save({"epoch": 3, "arch": "x", "state_dict": prefixed, "optimizer": optimizer.state_dict(), "best": 0.5,
                "big": 2**70, "done": True, "none": None}, OUT / "checkpoint.pth")
    torch.save({"model": net.state_dict()}, OUT / "model.bin")
    torch.save({"weight": tensor((2,)), "callback": Runs()}, OUT / "runs-code.pth")
    torch.save({"weight": tensor((2,)), "callback": Runs()}, OUT / "runs-code-legacy.pth",
               _use_new_zipfile_serialization=False)
    torch.save(torch.nn.Linear(2, 2), OUT / "whole-module.pth")


def write_numpy():
    arrays = {k: v.numpy() for k, v in TYPES.items() if k != "bf16"}
    arrays.update({f"u{8 * n}": values((6,), f"u{n}") for n in (2, 4, 8)})
    arrays["fortran"] = np.asfortranarray(values((3, 4), "float32"))
    arrays["big"] = values((3, 4), "float32").astype(">f4")
    np.savez(OUT / "types.npz", **arrays)
    np.savez_compressed(OUT / "compressed.npz", **arrays)
    np.save(OUT / "single.npy", values((3, 4), "float32"))
    np.save(OUT / "objects.npy", np.array([{}, 1], dtype=object))


def varint(n):
    out = b""
    while n > 127:
        out += bytes([n & 127 | 128])
        n >>= 7
    return out + bytes([n])


def field(number, content):
    return varint(number << 3 | 2) + varint(len(content)) + content


def number(field_number, n):
    return varint(field_number << 3) + varint(n)


def blob(shape, old=False, packed=True, double=False):
    v = values(shape, "float64" if double else "float32")
    if old:
        padded = (1,) * (4 - len(shape)) + tuple(shape)
        head = b"".join(number(i + 1, n) for i, n in enumerate(padded))
    else:
        head = field(7, field(1, b"".join(varint(n) for n in shape)) if packed else b"".join(number(1, n) for n in shape))
    which, code, wire = (8, "<d", 1) if double else (5, "<f", 5)
    items = [struct.pack(code, x) for x in v.reshape(-1)]
    data = field(which, b"".join(items)) if packed else b"".join(varint(which << 3 | wire) + x for x in items)
    return head + data


def write_caffe():
    def layer(name, kind, *blobs):
        return field(100, field(1, name) + field(2, kind) + number(10, 1) + b"".join(field(7, b) for b in blobs))

    def layer_v1(name, kind, *blobs):
        return field(2, field(2, b"data") + field(3, name) + field(4, name) + number(5, kind)
                     + b"".join(field(6, b) for b in blobs))

    net = field(1, b"Net") + layer(b"data", b"Input")
    (OUT / "v2.caffemodel").write_bytes(
        net + layer(b"conv1/7x7", b"Convolution", blob((4, 3, 2, 2)), blob((4,)))
        + layer(b"conv1/bn", b"BatchNorm", blob((4,)), blob((4,)), blob((1,)))
        + layer(b"classifier", b"InnerProduct", blob((5, 4), double=True), blob((5,), packed=False)))
    (OUT / "v1.caffemodel").write_bytes(
        net + layer_v1(b"conv1", 4, blob((4, 3, 2, 2), old=True), blob((4,), old=True, packed=False))
        + layer_v1(b"fc", 14, blob((5, 4), old=True), blob((5,), old=True)))


if __name__ == "__main__":
    OUT.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(0)
    write_safetensors()
    write_torch()
    write_numpy()
    write_caffe()
    for file in sorted(OUT.iterdir()):
        print(file.name, file.stat().st_size)
