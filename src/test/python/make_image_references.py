"""Writes src/test/resources/images/references.zip: picture files of all kinds, and what PIL and torchvision make of them.

    python src/test/python/make_image_references.py

Needs torch, torchvision and numpy. Files below "in/" are what is read; "out/NAME.ppm" (RGB) and "out/NAME.pgm" (grey) are what the
test NAME must give; "out/NAME.f32" are float32 values, little-endian. Names hold the arguments of a test, separated by blanks.
"""

import io
import struct
import zipfile
import zlib
from pathlib import Path

import numpy as np
import PIL
import torch
import torchvision
from PIL import Image, ImageOps
from torchvision.transforms import functional as F
from torchvision.transforms import InterpolationMode as Mode
from torchvision.transforms.autoaugment import _apply_op

TARGET = Path(__file__).parents[1] / "resources" / "images" / "references.zip"
FILTERS = {
    "nearest": Image.Resampling.NEAREST,
    "box": Image.Resampling.BOX,
    "bilinear": Image.Resampling.BILINEAR,
    "bicubic": Image.Resampling.BICUBIC,
    "lanczos": Image.Resampling.LANCZOS,
}
entries = {}


def photograph(height, width, seed):
    """Slopes, edges, stripes and noise in all three channels."""
    random = np.random.default_rng(seed)
    y, x = np.mgrid[0:height, 0:width]
    picture = np.stack([255 * x / width, 255 * y / height, 128 + 90 * np.sin(x * y / 150)], axis=2)
    picture[height // 4 : height // 2, width // 5 : width // 2] = (250, 30, 60)
    picture[(x + 2 * y) % 11 == 0] = (5, 240, 200)
    picture[:, -width // 6 :] = picture[:, -width // 6 :].mean(axis=2, keepdims=True)
    picture += random.normal(0, 5, picture.shape)
    return Image.fromarray(np.clip(picture, 0, 255).astype(np.uint8))


def out(name, image):
    array = np.asarray(image)
    assert array.dtype == np.uint8
    kind, ending = (b"P5", "pgm") if array.ndim == 2 else (b"P6", "ppm")
    header = b"%s %d %d 255\n" % (kind, array.shape[1], array.shape[0])
    entries[f"out/{name}.{ending}"] = header + array.tobytes()


def floats(name, tensor):
    entries[f"out/{name}.f32"] = tensor.numpy().astype("<f4").tobytes()


def encoded(image, kind, **options):
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def read(name, data, mode=None, expected=None):
    """A file and what PIL reads from it, or what is expected."""
    entries["in/" + name] = data
    if expected is None:
        expected = Image.open(io.BytesIO(data))
        expected.load()
        expected = ImageOps.exif_transpose(expected)
        expected = expected.convert(mode or ("L" if expected.mode == "L" else "RGB"))
    out("read " + name, expected)


def on_white(image):
    """In the same integers as the library."""
    array = np.asarray(image.convert("RGBA")).astype(int)
    alpha = array[:, :, 3:]
    return Image.fromarray(((array[:, :, :3] * alpha + 255 * (255 - alpha) + 127) // 255).astype(np.uint8))


def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def filtered(lines, back):
    """All five filters of PNG, one after the other."""
    above = bytes(len(lines[0]))
    result = b""
    for number, line in enumerate(lines):
        kind = number % 5
        coded = bytearray(len(line))
        for i, value in enumerate(line):
            left = line[i - back] if i >= back else 0
            corner = above[i - back] if i >= back else 0
            up = above[i]
            estimate = left + up - corner
            nearest = min((abs(estimate - v), order, v) for order, v in enumerate((left, up, corner)))[2]
            coded[i] = (value - (0, left, up, (left + up) // 2, nearest)[kind]) % 256
        result += bytes([kind]) + bytes(coded)
        above = line
    return result


def png(samples, depth, kind, interlaced=False, palette=b"", transparency=b""):
    """A PNG file of samples [height, width, channels]; several IDAT chunks."""
    height, width, channels = samples.shape
    passes = [(0, 0, 1, 1)]
    if interlaced:
        passes = [(0, 0, 8, 8), (0, 4, 8, 8), (4, 0, 8, 4), (0, 2, 4, 4), (2, 0, 4, 2), (0, 1, 2, 2), (1, 0, 2, 1)]
    data = b""
    for top, left, down, right in passes:
        part = samples[top::down, left::right]
        if part.size:
            bits = ((part.reshape(len(part), -1, 1).astype(int) >> np.arange(depth)[::-1]) & 1).astype(np.uint8)
            lines = [np.packbits(row.reshape(-1)).tobytes() for row in bits]
            data += filtered(lines, max(1, channels * depth // 8))
    data = zlib.compress(data)
    third = len(data) // 3 + 1
    file = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, kind, 0, 0, interlaced))
    if palette:
        file += chunk(b"PLTE", palette)
    if transparency:
        file += chunk(b"tRNS", transparency)
    file += chunk(b"tEXt", b"Comment\0nothing")
    for start in range(0, len(data), third):
        file += chunk(b"IDAT", data[start : start + third])
    return file + chunk(b"IEND", b"")


def write_pngs():
    random = np.random.default_rng(5)
    for interlaced in (False, True):
        end = " interlaced.png" if interlaced else ".png"
        for depth in (1, 2, 4, 8, 16):
            grey = random.integers(0, 1 << depth, (13, 19, 1))
            shown = (grey >> 8 if depth == 16 else grey * 255 // ((1 << depth) - 1)).astype(np.uint8)
            read(f"grey{depth}{end}", png(grey, depth, 0, interlaced), expected=shown[:, :, 0])
            key = int(grey[3, 3, 0])
            keyed = np.where(grey == key, 255, shown).astype(np.uint8)
            file = png(grey, depth, 0, interlaced, transparency=struct.pack(">H", key))
            read(f"grey{depth} keyed{end}", file, expected=keyed[:, :, 0])
        for depth in (1, 2, 4, 8):
            palette = random.integers(0, 256, (1 << depth, 3), dtype=np.uint8)
            alpha = random.integers(0, 256, 1 << depth - 1, dtype=np.uint8)
            index = random.integers(0, 1 << depth, (13, 19, 1))
            full = np.concatenate([alpha, np.full((1 << depth) - len(alpha), 255, np.uint8)])
            rgba = np.concatenate([palette, full[:, None]], axis=1)[index[:, :, 0]]
            file = png(index, depth, 3, interlaced, palette.tobytes(), alpha.tobytes())
            read(f"palette{depth}{end}", file, expected=on_white(Image.fromarray(rgba)))
        for depth in (8, 16):
            rgba = random.integers(0, 1 << depth, (13, 19, 4))
            shown = (rgba >> depth - 8).astype(np.uint8)
            read(f"rgb{depth}{end}", png(rgba[:, :, :3], depth, 2, interlaced), expected=shown[:, :, :3])
            read(f"rgba{depth}{end}", png(rgba, depth, 6, interlaced), expected=on_white(Image.fromarray(shown)))
            white = on_white(Image.fromarray(np.stack([shown[:, :, 0]] * 3 + [shown[:, :, 3]], axis=2)))
            la = png(rgba[:, :, [0, 3]], depth, 4, interlaced)
            read(f"greyalpha{depth}{end}", la, expected=np.asarray(white)[:, :, 0])


def write_files(photo):
    write_pngs()
    grey = photo.convert("L")
    for name, options in {
        "420": {"subsampling": 2},
        "422": {"subsampling": 1},
        "444": {"subsampling": 0},
        "poor": {"quality": 12},
        "fine": {"quality": 98, "optimize": True},
        "progressive": {"progressive": True},
        "progressive444": {"progressive": True, "subsampling": 0, "quality": 93},
        "restart": {"restart_marker_blocks": 3},
        "progressiverestart": {"progressive": True, "restart_marker_rows": 1},
    }.items():
        read(f"{name}.jpg", encoded(photo, "JPEG", **options))
        if name in ("poor", "progressive", "restart"):
            read(f"grey{name}.jpg", encoded(grey, "JPEG", **options))
    read("cmyk.jpg", encoded(photo.convert("CMYK"), "JPEG", quality=90))
    small = photo.crop((10, 5, 42, 29))
    for orientation in range(1, 9):
        exif = Image.Exif()
        exif[0x112] = orientation
        read(f"orientation{orientation}.jpg", encoded(small, "JPEG", quality=95, exif=exif))
    for kind in ("BMP", "TIFF"):
        read(f"rgb.{kind.lower()}", encoded(small, kind))
        read(f"grey.{kind.lower()}", encoded(small.convert("L"), kind))
    read("lzw.tiff", encoded(small, "TIFF", compression="tiff_lzw"))
    read("deflate.tiff", encoded(small, "TIFF", compression="tiff_adobe_deflate"))
    read("palette.gif", encoded(small.quantize(64), "GIF"))
    read("palette.bmp", encoded(small.quantize(64), "BMP"))
    read("lossless.webp", encoded(small, "WEBP", lossless=True))
    read("lossy.webp", encoded(small, "WEBP", quality=90))
    clear = small.copy()
    clear.putalpha(Image.fromarray((np.arange(24 * 32).reshape(24, 32) % 256).astype(np.uint8)))
    read("alpha.webp", encoded(clear, "WEBP", lossless=True, exact=True), expected=on_white(clear))


def write_transforms(photo):
    out("input", photo)
    out("grey", photo.convert("L"))
    for name, kind in FILTERS.items():
        for height, width in ((20, 26), (70, 85), (49, 21), (13, 63), (121, 9), (1, 1), (48, 62)):
            out(f"resize {name} {height} {width}", photo.resize((width, height), kind))
        out(f"resize-grey {name} 31 80", photo.convert("L").resize((80, 31), kind))
        out(f"part {name} 7 11 30 41 24 24", F.resized_crop(photo, 7, 11, 30, 41, [24, 24], Mode(name)))
    for side in (40, 33, 60):
        out(f"shorter bilinear {side}", F.resize(photo, side, Mode.BILINEAR))
        out(f"shorter bicubic {side}", F.resize(photo, side, Mode.BICUBIC))
    for height, width in ((32, 32), (33, 27), (48, 62), (70, 80), (60, 20), (71, 81)):
        out(f"centre {height} {width}", F.center_crop(photo, [height, width]))
    for number, part in enumerate(F.ten_crop(photo, [30, 41])):
        out(f"ten {number} 30 41", part)
    for angle in (-10, -3.3, 0.4, 7.25, 10, 45, 90, 180):
        out(f"rotate bilinear {angle}", F.rotate(photo, angle, Mode.BILINEAR))
        out(f"rotate nearest {angle}", F.rotate(photo, angle, Mode.NEAREST))
    for factor in (0.0, 0.37, 0.9, 1.0, 1.2, 1.9):
        out(f"brightness {factor}", F.adjust_brightness(photo, factor))
        out(f"contrast {factor}", F.adjust_contrast(photo, factor))
        out(f"saturation {factor}", F.adjust_saturation(photo, factor))
        out(f"sharpness {factor}", F.adjust_sharpness(photo, factor))
    for turn in (-0.5, -0.21, 0.0, 0.07, 0.1, 0.5):
        out(f"hue {turn}", F.adjust_hue(photo, turn))
    height, width = photo.height, photo.width
    for step in (4, 9, 30):
        for sign in (1, -1):
            strength = step / 30
            for name, magnitude in {
                "ShearX": 0.3 * strength,
                "ShearY": 0.3 * strength,
                "TranslateX": 150 / 331 * width * strength,
                "TranslateY": 150 / 331 * height * strength,
                "Rotate": 30 * strength,
                "Brightness": 0.9 * strength,
                "Color": 0.9 * strength,
                "Contrast": 0.9 * strength,
                "Sharpness": 0.9 * strength,
            }.items():
                changed = _apply_op(photo, name, sign * magnitude, Mode.NEAREST, None)
                out(f"randaugment {name} {step} {sign}", changed)
        bits = 8 - int(torch.tensor(step / 7.5).round())
        out(f"randaugment Posterize {step} 1", _apply_op(photo, "Posterize", bits, Mode.NEAREST, None))
        out(f"randaugment Solarize {step} 1", _apply_op(photo, "Solarize", 255 - 255 * strength, Mode.NEAREST, None))
    dull = Image.fromarray((np.asarray(photo) // 3 + 40).astype(np.uint8))
    out("dull", dull)
    out("dull AutoContrast", _apply_op(dull, "AutoContrast", 0, Mode.NEAREST, None))
    out("dull Equalize", _apply_op(dull, "Equalize", 0, Mode.NEAREST, None))
    mean, deviation = [0.485, 0.456, 0.406], [0.229, 0.224, 0.225]
    centre = F.center_crop(F.resize(photo, 32, Mode.BILINEAR), [28, 28])
    floats("imagenet 28 of 32", F.normalize(F.to_tensor(centre), mean, deviation))


photo = photograph(49, 63, 1)
write_files(photo)
write_transforms(photo)
entries["versions.txt"] = (
    f"Pillow {PIL.__version__}, torchvision {torchvision.__version__}, torch {torch.__version__}\n".encode()
)
TARGET.parent.mkdir(parents=True, exist_ok=True)
with zipfile.ZipFile(TARGET, "w", zipfile.ZIP_DEFLATED) as archive:
    for name in sorted(entries):
        archive.writestr(zipfile.ZipInfo(name, (2026, 1, 1, 0, 0, 0)), entries[name], zipfile.ZIP_DEFLATED)
print(f"{len(entries)} entries, {TARGET.stat().st_size} bytes: {TARGET}")
