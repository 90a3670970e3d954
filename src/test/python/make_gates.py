#!/usr/bin/env python3
"""Makes src/test/resources/reference/gates.npz: what the reference modules of make_golden.py compute on the way to their output.

    python src/test/python/make_gates.py --references DIR

For each case of make_golden.py, with the input and the parameters that are stored in src/test/resources/golden: every result of
sigmoid, of softmax, of tanh (plus 1) and of ReLU6 (over 6) in the module at inference, in their order, as CASE.0, CASE.1 and so on.
"""

import argparse
from pathlib import Path

import numpy as np
import torch
from make_golden import CASES, REFERENCES, Authors
from torch.utils._python_dispatch import TorchDispatchMode

RESOURCES = Path(__file__).parents[1] / "resources"

GATES = {
    "sigmoid": lambda y: y,
    "sigmoid_": lambda y: y,
    "_softmax": lambda y: y,
    "tanh": lambda y: 1 + y,
    "hardtanh": lambda y: y / 6,
    "hardtanh_": lambda y: y / 6,
}


class Recorder(TorchDispatchMode):
    def __init__(self):
        super().__init__()
        self.gates = []

    def __torch_dispatch__(self, function, types, args=(), kwargs=None):
        result = function(*args, **(kwargs or {}))
        gate = GATES.get(function.__name__.split(".")[0])
        if gate is not None:
            self.gates.append(gate(result.detach()).clone())
        return result


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--references", type=Path, required=True, help="the folder of the clones, as for make_golden.py")
    references = Authors(parser.parse_args().references)
    arrays = {}
    for block, shape, options in CASES:
        name = f"{block}-{'x'.join(map(str, shape))}"
        golden = np.load(RESOURCES / "golden" / f"{name}.npz")
        reference = REFERENCES[block](references, channels=shape[1], shape=shape, **options)
        module = reference.module.double().eval()
        with torch.no_grad():
            for key, value in list(module.named_parameters()) + list(module.named_buffers()):
                stored = [f"{kind}.{reference.name(key)}" for kind in ("param", "buffer")]
                for entry in stored:
                    if entry in golden:
                        value.copy_(torch.from_numpy(golden[entry]))
            with Recorder() as recorder:
                y = module(torch.from_numpy(golden["x"]))
        error = float((y - torch.from_numpy(golden["y_eval"])).abs().max())
        assert error < 1e-12, f"{name}: output differs by {error}"
        for i, gate in enumerate(recorder.gates):
            arrays[f"{name}.{i}"] = gate.numpy()
        print(name, [tuple(gate.shape) for gate in recorder.gates])
    np.savez_compressed(RESOURCES / "reference" / "gates.npz", **arrays)


if __name__ == "__main__":
    main()
