"""Checks what OnnxCheck wrote: onnx.checker, and ONNX Runtime's probabilities against ours, for batches of one
and three.

    python src/test/python/check_onnx.py FOLDER

Needs onnx and onnxruntime from PyPI. The largest difference relative to the largest probability must be at most 1e-4.
"""

import pathlib
import sys

import numpy as np
import onnx
import onnxruntime

for file in sorted(pathlib.Path(sys.argv[1]).glob("*.onnx")):
    onnx.checker.check_model(onnx.load(file), full_check=True)
    session = onnxruntime.InferenceSession(file, providers=["CPUExecutionProvider"])
    shape = session.get_inputs()[0].shape
    network = file.with_name(file.name.replace("_folded", ""))
    image = np.fromfile(network.with_suffix(".image"), "<f4").reshape(3, *shape[1:])
    ours = np.fromfile(network.with_suffix(".probabilities"), "<f4").reshape(3, -1)
    theirs = session.run(None, {"input": image})[0]
    single = session.run(None, {"input": image[:1]})[0]
    difference = max(np.abs(theirs - ours).max(), np.abs(single - ours[:1]).max()) / np.abs(ours).max()
    print(f"{file.name}: {shape}, relative difference {difference:.1e}, largest {ours.max():.3f}", flush=True)
    assert difference <= 1e-4, file
