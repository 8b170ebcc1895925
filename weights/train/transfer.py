"""Transfer: how many drawn pictures the judge, a second classifier trained by ordinary means, takes for their class.

Prints and saves one JSON object: for every set of pictures the share recognised, and which classes were missed and
for what they were taken; beside them the judge's share of real validation images.
"""
from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np
import torch
from PIL import Image

import data
import judge


def load_pictures(path: str) -> torch.Tensor:
    """One picture a class, [classes, 3, H, W] in RGB 0-1: a .npy file, or a folder of PNGs `0000.png`, `0001.png`, ..."""
    if path.endswith(".npy"):
        return torch.from_numpy(np.load(path))
    files = sorted(Path(path).glob("[0-9]*.png"))
    pixels = [np.asarray(Image.open(file).convert("RGB"), dtype=np.float32) / 255 for file in files]
    return torch.from_numpy(np.stack(pixels)).permute(0, 3, 1, 2).contiguous()


def percent(right: torch.Tensor) -> float:
    return round(100 * float(right.float().mean()), 2)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--judge", required=True, help="checkpoint of the judge")
    parser.add_argument("--pictures", required=True, nargs="+", metavar="NAME=PATH", help="sets of one picture a class")
    parser.add_argument("--data", required=True)
    parser.add_argument("--cache", required=True, help="folder for decoded images")
    parser.add_argument("--out", required=True, help="JSON file")
    args = parser.parse_args()
    torch.set_num_threads(2)
    model = judge.load(args.judge)
    images, classes = data.load(args.data, "val", args.cache)
    names = data.labels(args.data)
    result: dict[str, object] = {"validationImages": percent(judge.predict(model, images.float() / 255) == classes)}
    for name, path in (one.split("=", 1) for one in args.pictures):
        drawn = load_pictures(path)
        assert len(drawn) == len(names), f"{path}: {len(drawn)} pictures of {len(names)} classes"
        predicted = judge.predict(model, drawn)
        right = predicted == torch.arange(len(drawn))
        missed = {names[i]: names[int(predicted[i])] for i in (~right).nonzero()[:, 0].tolist()}
        result[name] = {"recognised": percent(right), "missed": missed}
    Path(args.out).write_text(json.dumps(result, indent=1) + "\n")
    print(json.dumps(result))


if __name__ == "__main__":
    main()
