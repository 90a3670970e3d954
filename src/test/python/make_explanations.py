"""Makes src/test/resources/reference/explanations/*.npz: Grad-CAM and Grad-CAM++ of whole reference networks, by PyPI's grad-cam.

    pip install torch torchvision timm grad-cam
    python src/test/python/make_explanations.py --references DIR [--only NAME ...]

Networks, weights and pictures are those of make_networks.py, in double precision. An archive holds the logits, the classes
explained (the likeliest of the first picture, class 3 of the second) and for each stride and method the map as grad-cam computes it
before it scales it, [2, h, w], and values of what it returns, scaled from 0 to 1 and enlarged to the picture, at positions that are
drawn as in make_networks.py.
"""

import argparse
import pathlib

import numpy as np
import torch
from make_networks import SAMPLES, fill_module, networks, uniform
from pytorch_grad_cam import GradCAM, GradCAMPlusPlus
from pytorch_grad_cam.utils.model_targets import ClassifierOutputTarget
from torch import nn

OUT = pathlib.Path(__file__).parents[1] / "resources" / "reference" / "explanations"
NAMES = ("se_resnet20", "mobilenet_v3_small", "efficientnet_b0", "regnety_400mf", "cbam_resnet50")


def recorder(method):
    """The method, keeping each layer's map before it is scaled, and what would be returned for that layer alone."""

    class Recorder(method):
        def get_cam_image(self, *arguments):
            cam = super().get_cam_image(*arguments)
            self.raw = getattr(self, "raw", []) + [np.maximum(cam, 0)]
            return cam

        def compute_cam_per_layer(self, *arguments):
            layers = super().compute_cam_per_layer(*arguments)
            self.full = [self.aggregate_multi_layers([layer]) for layer in layers]
            return layers

    return Recorder


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--references", type=pathlib.Path, required=True)
    parser.add_argument("--only", nargs="*", default=NAMES)
    arguments = parser.parse_args()
    OUT.mkdir(parents=True, exist_ok=True)
    every = networks(arguments.references)
    for name in arguments.only:
        size, make = every[name]
        run = make()
        model = fill_module(run.model)
        for module in model.modules():
            if isinstance(module, (nn.ReLU, nn.ReLU6, nn.SiLU, nn.Hardswish)):
                module.inplace = False  # hooks see what a layer gave, not what a later one wrote over it
        image = torch.from_numpy(uniform("image", 2 * 3 * size * size).reshape(2, 3, size, size))
        with torch.no_grad():
            logits = model(image)
        classes = [int(logits[0].argmax()), 3]
        targets = [ClassifierOutputTarget(c) for c in classes]
        arrays = {"logits": logits.numpy(), "classes": np.array(classes)}
        for key, method in (("cam", GradCAM), ("campp", GradCAMPlusPlus)):
            layers = [model.get_submodule(layer) for layer in run.taps.values()]
            with recorder(method)(model=model, target_layers=layers) as cam:
                cam(input_tensor=image, targets=targets)
            for stride, map, full in zip(run.taps, cam.raw, cam.full):
                where = ((uniform(f"{key}{stride}", SAMPLES) + 1) / 2 * full.size).astype(np.int64)
                arrays[f"{key}{stride}"] = map
                arrays[f"{key}{stride}.scaled"] = full.reshape(-1)[where].astype(np.float32)
        np.savez_compressed(OUT / f"{name}.npz", **arrays)
        print(name, classes, {k: float(v.max()) for k, v in arrays.items()}, flush=True)


if __name__ == "__main__":
    main()
