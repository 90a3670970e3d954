"""A folder of photographs to train on: seeded crops of scikit-image's samples, one class for each picture.

    python src/test/python/make_photographs.py FOLDER [WIDTHxHEIGHT]

Needs scikit-image and Pillow. Validation crops come from one quarter of each picture, training crops from the rest, so that no pixel
is in both; the quarter is one that shows something of the subject, as the rest does. With a size, crops have its shape and are
resized to it: 500x375 is what ImageNet's files usually have.
"""

import random
import sys
from pathlib import Path

import skimage
from PIL import Image

# File, and the quarter that is kept apart.
PICTURES = {"cat": ("chelsea.png", "left"), "coffee": ("coffee.png", "bottom"), "rocket": ("rocket.jpg", "right"),
            "motorcycle": ("motorcycle_left.png", "right"), "astronaut": ("astronaut.png", "bottom")}
TRAINING, VALIDATION = 45, 15


def divided(width, height, quarter):
    """The boxes of the rest and of the quarter."""
    if quarter == "left":
        return (width // 4, 0, width, height), (0, 0, width // 4, height)
    if quarter == "right":
        return (0, 0, width * 3 // 4, height), (width * 3 // 4, 0, width, height)
    return (0, 0, width, height * 3 // 4), (0, height * 3 // 4, width, height)


def crops(picture, count, draws, size):
    ratio = size[1] / size[0] if size else 1
    longest = min(picture.width, int(picture.height / ratio))
    for _ in range(count):
        width = draws.randint(longest // 3, longest * 9 // 10)
        height = int(width * ratio)
        left = draws.randint(0, picture.width - width)
        top = draws.randint(0, picture.height - height)
        crop = picture.crop((left, top, left + width, top + height))
        yield crop.resize(size, Image.BICUBIC) if size else crop


def main():
    folder = Path(sys.argv[1])
    size = tuple(int(side) for side in sys.argv[2].split("x")) if len(sys.argv) > 2 else None
    draws = random.Random(1)
    for name, (file, quarter) in PICTURES.items():
        picture = Image.open(Path(skimage.__file__).parent / "data" / file).convert("RGB")
        rest, apart = divided(*picture.size, quarter)
        for part, box, count in (("train", rest, TRAINING), ("val", apart, VALIDATION)):
            target = folder / part / name
            target.mkdir(parents=True, exist_ok=True)
            for i, crop in enumerate(crops(picture.crop(box), count, draws, size)):
                crop.save(target / f"{i:02}.jpg", quality=92)


if __name__ == "__main__":
    main()
