"""Pictures from the file to the network's floats, one thread: this library against torchvision.

    target/venv/bin/pip install torch torchvision
    mvn -q -Pbenchmarks test-compile
    target/venv/bin/python benchmarks/pictures.py

Makes JPEGs of ImageNet's usual size (500x375, quality 90), unless --data names a folder with one folder per class. The two sides take
turns; a figure is the median of the rounds, and of each round the fastest of seven passes, in processor time: other programs do not count.
torchvision computes with PIL and one thread of PyTorch, as its data loader's workers do. For crops of real photographs:

    target/venv/bin/python src/test/python/make_photographs.py target/photographs-500x375 500x375
    target/venv/bin/python benchmarks/pictures.py --data target/photographs-500x375/train --pictures 60
"""

import argparse
import os
import platform
import statistics
import subprocess
import tempfile
import time
from pathlib import Path

import numpy as np
import PIL
import torch
import torchvision
from PIL import Image
from torchvision import transforms as T

ROOT = Path(__file__).parents[1]
PRESETS = ("senet", "rgsenet", "eval")


def photographs(folder, count):
    """Clouds of all sizes with edges and some noise."""
    random = np.random.default_rng(1)
    for number in range(count):
        layers = []
        for octave in range(1, 8):
            small = random.uniform(0, 255, (3 * 2**octave // 4 + 1, 2**octave + 1, 3)).astype(np.uint8)
            layers.append(np.asarray(Image.fromarray(small).resize((500, 375), Image.BICUBIC), float) / 1.6**octave)
        picture = sum(layers)
        picture = (picture - picture.min()) / (picture.max() - picture.min()) * 255
        picture[(picture.sum(axis=2) > 390)] *= 0.6
        picture += random.normal(0, 4, picture.shape)
        path = folder / ("even" if number % 2 else "odd") / f"{number:03}.jpg"
        path.parent.mkdir(exist_ok=True)
        Image.fromarray(np.clip(picture, 0, 255).astype(np.uint8)).save(path, quality=90)


def jitter(image):
    values = np.asarray(image).astype(np.int16) + np.random.randint(-20, 21, (224, 224, 3), dtype=np.int16)
    return np.clip(values, 0, 255).astype(np.uint8)


def pipelines():
    crop = [T.RandomResizedCrop(224), T.RandomHorizontalFlip()]
    end = [T.ToTensor(), T.Normalize([0.485, 0.456, 0.406], [0.229, 0.224, 0.225])]
    turn = T.RandomRotation(10, interpolation=T.InterpolationMode.BILINEAR)
    return {
        "senet": T.Compose([*crop, turn, jitter, *end]),
        "rgsenet": T.Compose([*crop, *end]),
        "eval": T.Compose([T.Resize(256), T.CenterCrop(224), *end]),
    }


def torchvision_pass(files, pipeline):
    start = time.process_time()
    for file in files:
        pipeline(Image.open(file).convert("RGB"))
    return (time.process_time() - start) * 1000 / len(files)


def java(folder):
    classpath = os.environ.get("CLASSPATH") or ":".join(
        ["target/test-classes", "target/classes", (ROOT / "target/benchmarks.classpath").read_text()]
    )
    command = ["java", "-Xmx1g", "-cp", classpath, "io.github.squeeze4j.benchmarks.PictureSpeed", str(folder), *PRESETS]
    lines = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout.splitlines()
    words = (line.split() for line in lines if " first " in line)
    return {word[0]: (float(word[2]), float(word[4])) for word in words}


def processor():
    for line in Path("/proc/cpuinfo").read_text().splitlines() if Path("/proc/cpuinfo").exists() else []:
        if line.startswith("model name"):
            return line.split(":")[1].strip()
    return platform.processor()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--data", type=Path)
    parser.add_argument("--pictures", type=int, default=60)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as temporary:
        folder = options.data or Path(temporary)
        if not options.data:
            photographs(folder, options.pictures)
        files = sorted(path for path in folder.rglob("*") if path.is_file())
        kilobytes = sum(path.stat().st_size for path in files) / len(files) / 1024
        ours, theirs = [], []
        for _ in range(options.rounds):
            ours.append(java(folder))
            round_ = {}
            for name, pipeline in pipelines().items():
                torchvision_pass(files, pipeline)
                round_[name] = min(torchvision_pass(files, pipeline) for _ in range(7))
            theirs.append(round_)
    print(f"{processor()}; torchvision {torchvision.__version__}, Pillow {PIL.__version__}, Python {platform.python_version()}")
    print(f"{len(files)} files of {kilobytes:.0f} KB; ms of processor time per picture, one thread")
    print("| preset | ours, first epoch | ours, later | torchvision | torchvision / ours, first | later |")
    print("| --- | --- | --- | --- | --- | --- |")
    for name in PRESETS:
        first, later = (statistics.median(round_[name][i] for round_ in ours) for i in (0, 1))
        peer = statistics.median(round_[name] for round_ in theirs)
        print(f"| {name} | {first:.2f} | {later:.2f} | {peer:.2f} | {peer / first:.2f} | {peer / later:.2f} |")


main()
