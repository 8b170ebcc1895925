"""Measure an exported network in float32 on the validation split.

Prints and saves one JSON object: top-1 at 64 px and enlarged to 72 up to 128 px (bilinear), per class at 64 px, dead channels a layer, the
predictions on two images of every class (for the project's own test).
"""
from __future__ import annotations

import argparse
import hashlib
import json
import tarfile
from pathlib import Path

import torch
import torch.nn.functional as F

import data
import network


@torch.no_grad()
def predict(folded: network.FoldedVGG, images: torch.Tensor, size: int) -> tuple[torch.Tensor, list[torch.Tensor]]:
    """Predicted classes [N], and each ReLU's largest value a channel over all images and positions [C]."""
    predicted, largest = [], [torch.zeros(())] * len(folded.names())
    for begin in range(0, len(images), 100):
        x = images[begin : begin + 100].float() / 255
        if size != x.shape[-1]:
            x = F.interpolate(x, size=(size, size), mode="bilinear", align_corners=False)
        taps: list[torch.Tensor] = []
        predicted.append(folded(x, taps).argmax(1))
        largest = [torch.maximum(old, tap.amax((0, 2, 3))) for old, tap in zip(largest, taps)]
    return torch.cat(predicted), largest


def sample_indices(classes: torch.Tensor, each: int = 2) -> list[int]:
    """The first `each` images of every class, in the archive's order."""
    return [int(i) for c in range(int(classes.max()) + 1) for i in (classes == c).nonzero()[:each, 0]]


def member_names(folder: str) -> list[str]:
    with tarfile.open(Path(folder) / "val.tar.xz") as archive:
        return [member.name for member in archive if member.isfile()]


def percent(right: torch.Tensor) -> float:
    return round(100 * float(right.float().mean()), 2)


def evaluate(path: str, folder: str, cache: str, large: bool) -> dict[str, object]:
    """Everything that needs no judge."""
    folded, _ = network.read_folded(path)
    images, classes = data.load(folder, "val", cache)
    predicted, largest = predict(folded, images, 64)
    names, sample = data.labels(folder), sample_indices(classes)
    members = member_names(folder)
    result: dict[str, object] = {
        "sha256": hashlib.sha256(Path(path).read_bytes()).hexdigest(),
        "top1_64": percent(predicted == classes),
        "perClass": {name: percent((predicted == classes)[classes == c]) for c, name in enumerate(names)},
        "deadChannels": {n: f"{int((m == 0).sum())}/{len(m)}" for n, m in zip(folded.names(), largest)},
        "sample": {
            "files": [members[i] for i in sample],
            "predicted": predicted[sample].tolist(),
            "right": int((predicted == classes)[sample].sum()),
        },
    }
    for size in (72, 80, 96, 128) if large else ():
        result[f"top1_{size}"] = percent(predict(folded, images, size)[0] == classes)
    return result


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--network", required=True, help="an exported network")
    parser.add_argument("--data", required=True)
    parser.add_argument("--cache", required=True, help="folder for decoded images")
    parser.add_argument("--large", action="store_true", help="also top-1 on enlarged images, up to 128 px (ten times the work)")
    parser.add_argument("--out", required=True, help="JSON file")
    parser.add_argument("--threads", type=int, default=2)
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    result = evaluate(args.network, args.data, args.cache, args.large)
    Path(args.out).write_text(json.dumps(result, indent=1) + "\n")
    print(json.dumps({key: result[key] for key in result if key not in ("perClass", "sample")}))


if __name__ == "__main__":
    main()
