"""Makes src/test/resources/reference/bfloat16.csv: how far PyTorch's bfloat16 is from exact logits, to compare ours with.

    python src/test/python/make_bfloat16.py --references DIR [--only NAME ...]

Runs the networks of make_networks.py, with its weights and images, under torch.autocast("cpu", dtype=torch.bfloat16), and takes
the largest difference from the logits in double precision that make_networks.py stored. Needs what that needs.
"""

import argparse
import csv
import pathlib

import make_networks
import numpy as np
import torch

OUT = make_networks.OUT.parent / "bfloat16.csv"


def logits(make, image):
    """Of float32 weights and images, under autocast."""
    network = make()
    with torch.no_grad(), torch.autocast("cpu", dtype=torch.bfloat16):
        if isinstance(network, make_networks.Prototxt):
            return network(image)[0]
        return make_networks.fill_module(network.model).float()(image)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--references", type=pathlib.Path, required=True)
    parser.add_argument("--only", nargs="*")
    arguments = parser.parse_args()
    exact_fill = make_networks.fill
    rows = {}
    if OUT.exists():
        with open(OUT, newline="") as file:
            rows = {row["network"]: row for row in csv.DictReader(line for line in file if not line.startswith("#"))}
    for name, (size, make) in make_networks.networks(arguments.references).items():
        if arguments.only and name not in arguments.only:
            continue
        image = torch.from_numpy(make_networks.uniform("image", 2 * 3 * size * size).reshape(2, 3, size, size)).float()
        # a Caffe network draws its tensors as it runs
        make_networks.fill = lambda *of: exact_fill(*of).float()
        narrow = logits(make, image).double().numpy()
        make_networks.fill = exact_fill
        exact = np.load(make_networks.OUT / f"{name}.npz")["logits"]
        deviation = float(np.abs(narrow - exact).max())
        rows[name] = {"network": name, "largest_logit": f"{np.abs(exact).max():.6g}", "deviation": f"{deviation:.6g}"}
        print(rows[name], flush=True)
        with open(OUT, "w", newline="") as file:
            file.write(f"# torch {torch.__version__}, autocast on the CPU; see make_bfloat16.py\n")
            writer = csv.DictWriter(file, ["network", "largest_logit", "deviation"], lineterminator="\n")
            writer.writeheader()
            writer.writerows(rows[key] for key in sorted(rows))


if __name__ == "__main__":
    main()
