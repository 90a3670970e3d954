"""Loads what ExportCheck wrote with load_state_dict(strict=True) and compares logits.

    python src/test/python/check_weight_exports.py --references DIR FOLDER

Prints differences relative to the largest logit: in double precision, at most 1e-10, which shows that both compute the same; in
single precision, at most 1e-4, or four times what PyTorch itself is off there where training went astray (a network whose
logits are in the hundred thousands).
"""

import argparse
import pathlib

import numpy as np
import safetensors.torch
import timm
import torch
import torchvision

from make_networks import load
from make_weight_names import eca_resnet50


def makers(references):
    timm_names = {
        "se_resnet50": "legacy_seresnet50",
        "se_resnext50_32x4d": "legacy_seresnext50_32x4d",
        "timm_resnet18": "resnet18",
        "timm_seresnet18": "seresnet18",
        "timm_seresnet50": "seresnet50",
        "mobilenet_v2": "mobilenetv2_100",
        "mobilenet_v3_small": "mobilenetv3_small_100",
        "mobilenet_v3_large": "mobilenetv3_large_100",
        "efficientnet_b0": "efficientnet_b0",
        "regnety_400mf": "regnety_004",
    }
    made = {k: lambda v=v: timm.create_model(v, num_classes=10) for k, v in timm_names.items()}
    made["torchvision_mobilenet_v2"] = lambda: torchvision.models.mobilenet_v2(num_classes=10)
    made["resnet50"] = lambda: torchvision.models.resnet50(num_classes=10)
    senet = load(references / "senet.pytorch", "senet.se_resnet")
    made["se_resnet20"] = lambda: senet.se_resnet20(num_classes=10, reduction=16)
    return made


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--references", type=pathlib.Path, required=True)
    parser.add_argument("folder", type=pathlib.Path)
    arguments = parser.parse_args()
    made = makers(arguments.references)
    for file in sorted(arguments.folder.glob("*.safetensors")):
        model = made[file.stem]()
        model.load_state_dict(safetensors.torch.load_file(file), strict=True)
        image = np.fromfile(file.with_suffix(".image"), "<f4").reshape(2, 3, 64, 64)
        ours = np.fromfile(file.with_suffix(".logits"), "<f4").reshape(2, 10)
        exact = np.fromfile(file.with_suffix(".logits64"), "<f8").reshape(2, 10)
        with torch.no_grad():
            theirs = model.eval()(torch.from_numpy(image)).numpy()
            theirs64 = model.double()(torch.from_numpy(image).double()).numpy()
        largest = np.abs(theirs64).max()
        single, double, own = (np.abs(a - b).max() / largest
                               for a, b in ((theirs, ours), (theirs64, exact), (theirs, theirs64)))
        print(f"{file.name}: relative difference {single:.1e}, in double {double:.1e}; largest logit {largest:.3g}, "
              f"PyTorch's own rounding {own:.1e}", flush=True)
        assert double <= 1e-10 and single <= max(1e-4, 4 * own), file


if __name__ == "__main__":
    main()
