"""A folder of photographs to train on: seeded crops of scikit-image's samples, one class for each picture.

    python src/test/python/make_photographs.py FOLDER

Needs scikit-image and Pillow. Validation crops come from the right quarter of each picture, training crops from the rest, so that no
pixel is in both.
"""

import random
import sys
from pathlib import Path

import skimage
from PIL import Image

PICTURES = {"cat": "chelsea.png", "coffee": "coffee.png", "rocket": "rocket.jpg", "motorcycle": "motorcycle_left.png",
            "astronaut": "astronaut.png"}
TRAINING, VALIDATION = 45, 15


def crops(picture, count, draws):
    for _ in range(count):
        side = draws.randint(min(picture.size) // 3, min(picture.size) * 9 // 10)
        left = draws.randint(0, picture.width - side)
        top = draws.randint(0, picture.height - side)
        yield picture.crop((left, top, left + side, top + side))


def main():
    folder = Path(sys.argv[1])
    draws = random.Random(1)
    for name, file in PICTURES.items():
        picture = Image.open(Path(skimage.__file__).parent / "data" / file).convert("RGB")
        edge = picture.width * 3 // 4
        parts = {"train": (picture.crop((0, 0, edge, picture.height)), TRAINING),
                 "val": (picture.crop((edge, 0, picture.width, picture.height)), VALIDATION)}
        for part, (area, count) in parts.items():
            target = folder / part / name
            target.mkdir(parents=True, exist_ok=True)
            for i, crop in enumerate(crops(area, count, draws)):
                crop.save(target / f"{i:02}.jpg", quality=92)


if __name__ == "__main__":
    main()
