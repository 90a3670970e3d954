"""Makes src/test/resources/weights/networks: what tensors the networks of other libraries have, and what they answer.

    python src/test/python/make_weight_names.py --references DIR [--only NAME ...] [--checkpoints DIR]

Needs what make_networks.py needs, whose weights, images and answers these are, and efficientnet_lite_pytorch from PyPI. NAME.txt
has a tensor a line, name and sizes; NAME.npz the logits where make_networks.py does not keep them. With --checkpoints, whole files of real size are written, too:
NAME.pth or NAME.safetensors, with random statistics, and NAME.npz with an image and the logits, for CheckpointCheck.
"""

import argparse
import pathlib

import numpy as np
import safetensors.torch
import timm
import torch
import torchvision
from efficientnet_lite_pytorch import EfficientNet
from timm.models import resnet

import make_networks
from make_networks import load, torch_network, uniform

OUT = pathlib.Path(__file__).parents[1] / "resources" / "weights" / "networks"


def eca_resnet50():
    return resnet.ResNet(resnet.Bottleneck, [3, 4, 6, 3], block_args={"attn_layer": "eca"})


def more(references):
    def create(name):
        return lambda: torch_network(timm.create_model(name), {})

    def megvii(file, call):
        return lambda: torch_network(getattr(load(references / "RG-SENet_SP-SENet", file), call)(), {})

    def moskomule():
        return torch_network(load(references / "senet.pytorch", "senet.se_resnet").se_resnet50(num_classes=1000), {})

    def lite(variant):
        def run(x):
            # without an image size of its own, as other numbers of pixels come
            model = EfficientNet.from_name(f"efficientnet-lite{variant}", image_size=None)
            return torch_network(model, {})(x)

        return run

    def cadene(name):
        code = references / "pretrained-models.pytorch" / "pretrainedmodels" / "models"
        return lambda: torch_network(getattr(load(code, "senet"), name)(pretrained=None), {})

    return {
        "lite_pytorch_0": (224, lambda: lite(0)),
        "lite_pytorch_1": (240, lambda: lite(1)),
        "cadene_se_resnet101": (224, cadene("se_resnet101")),
        "cadene_se_resnet152": (224, cadene("se_resnet152")),
        "cadene_se_resnext101_32x4d": (224, cadene("se_resnext101_32x4d")),
        "timm_resnet18": (224, create("resnet18")),
        "timm_skresnet18": (224, create("skresnet18")),
        "timm_skresnet50": (224, create("skresnet50")),
        "timm_seresnet18": (224, create("seresnet18")),
        "timm_seresnet50": (224, create("seresnet50")),
        "timm_seresnext50_32x4d": (224, create("seresnext50_32x4d")),
        "timm_ecaresnet50": (224, lambda: torch_network(eca_resnet50(), {})),
        "timm_legacy_seresnet18": (224, create("legacy_seresnet18")),
        **{
            f"torchvision_{name}": (size, lambda name=name: torch_network(getattr(torchvision.models, name)(), {}))
            for name, size in (
                ("mobilenet_v2", 224),
                ("mobilenet_v3_large", 224),
                ("mobilenet_v3_small", 224),
                ("efficientnet_b0", 224),
                ("efficientnet_b1", 240),
                ("regnet_y_400mf", 224),
            )
        },
        "moskomule_se_resnet50": (224, moskomule),
        "megvii_spse_resnext50": (224, megvii("spse_resnext", "resnext50_spse")),
        "megvii_rgse_resnext50": (224, megvii("rgse_resnext", "resnext50_rgse")),
    }


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--references", type=pathlib.Path, required=True)
    parser.add_argument("--only", nargs="*")
    parser.add_argument("--checkpoints", type=pathlib.Path)
    arguments = parser.parse_args()
    OUT.mkdir(parents=True, exist_ok=True)
    known = make_networks.networks(arguments.references)
    added = more(arguments.references)
    drawn = []
    states = []
    draw, fill_module = make_networks.fill, make_networks.fill_module

    def record(name, shape, kind):
        drawn.append((name, tuple(shape)))
        return draw(name, shape, kind)

    def keep(model):
        filled = fill_module(model)
        states.append(filled.state_dict())
        return filled

    make_networks.fill, make_networks.fill_module = record, keep
    for name, (size, make) in {**known, **added}.items():
        if arguments.only and name not in arguments.only:
            continue
        drawn.clear()
        states.clear()
        image = torch.from_numpy(uniform("image", 2 * 3 * size * size).reshape(2, 3, size, size))
        logits = make()(image)[0].numpy()
        tensors = [(k, tuple(v.shape)) for k, v in states[0].items()] if states else drawn
        lines = [" ".join([k, *map(str, shape)]) for k, shape in tensors]
        (OUT / f"{name}.txt").write_text("\n".join(lines) + "\n")
        if name in added:
            np.savez_compressed(OUT / f"{name}.npz", logits=logits)
        if arguments.checkpoints and states:
            write_checkpoint(arguments.checkpoints, name, states[0], image, logits)
        print(name, len(tensors), float(np.abs(logits).max()), flush=True)


def write_checkpoint(folder, name, state, image, logits):
    folder.mkdir(parents=True, exist_ok=True)
    floats = {k: v.float() if v.is_floating_point() else v for k, v in state.items()}
    if len(name) % 3 == 0:
        safetensors.torch.save_file(floats, folder / f"{name}.safetensors")
    elif len(name) % 3 == 1:
        torch.save({"epoch": 1, "state_dict": {"module." + k: v for k, v in floats.items()}}, folder / f"{name}.pth")
    else:
        torch.save(floats, folder / f"{name}.pth", _use_new_zipfile_serialization=False)
    np.savez(folder / f"{name}.npz", image=image.float().numpy(), logits=logits)


if __name__ == "__main__":
    main()
