"""Fit the classifier again, on clean images at several sizes, with the features as they are.

Training shows the network attacked crops that are never smaller than life, so its classifier has never seen the features
of a whole, clean image at 64 px; fitting the last layer anew mends that (Touvron et al. 2019, "Fixing the train-test
resolution discrepancy"). The convolutions, and so the pictures of every channel, stay as they are.

Writes checkpoint.safetensors (the network with the new classifier) and log.jsonl to OUT, and features.pt, with which a
second run is a matter of a minute. Logged are the settings and top-1 on the validation split before and after.
"""
from __future__ import annotations

import argparse
import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import torch
import torch.nn.functional as F

import data
import network
import tensors

# Of the training images: size, every how many-th of them, from which on, whether mirrored.
SEEN = ((64, 1, 0, False), (64, 1, 0, True), (96, 2, 0, False), (128, 2, 1, True))
# Sizes at which the validation images are seen.
UNSEEN = (64, 72, 96, 128)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--checkpoint", required=True, help="checkpoint.safetensors of a training run")
    parser.add_argument("--data", required=True, help="folder with train.tar.xz, val.tar.xz and labels.json")
    parser.add_argument("--cache", required=True, help="folder for decoded images")
    parser.add_argument("--out", required=True, help="folder for checkpoint.safetensors, log.jsonl and features.pt")
    parser.add_argument("--decay", type=float, default=1e-3, help="weight of half the squared distance from the old one")
    parser.add_argument("--smoothing", type=float, default=0.05, help="label smoothing")
    parser.add_argument("--iterations", type=int, default=60, help="of L-BFGS")
    parser.add_argument("--threads", type=int, default=2)
    return parser.parse_args()


def features(
    folded: network.FoldedVGG, images: torch.Tensor, size: int, pool: ThreadPoolExecutor, mirror: bool = False
) -> torch.Tensor:
    """What the classifier sees, [N, C], of images [N, 3, 64, 64] (uint8) enlarged to `size` (bilinear)."""

    def work(part: torch.Tensor) -> torch.Tensor:
        torch.set_num_threads(1)
        x = part.float() / 255
        if size != x.shape[-1]:
            x = F.interpolate(x, size=(size, size), mode="bilinear", align_corners=False)
        taps: list[torch.Tensor] = []
        with torch.no_grad():
            folded(x.flip(3) if mirror else x, taps)
        return F.max_pool2d(taps[-1], 2).mean((2, 3))

    return torch.cat(list(pool.map(work, images.split(50))))


def fit(
    x: torch.Tensor, y: torch.Tensor, weight: torch.Tensor, bias: torch.Tensor, args: argparse.Namespace
) -> tuple[torch.Tensor, torch.Tensor]:
    """Weight [K, C] and bias [K] of least cross-entropy on features [N, C] of classes [N], held near the given ones."""
    held = (weight.clone(), bias.clone())
    free = [one.clone().requires_grad_() for one in held]
    optimizer = torch.optim.LBFGS(free, max_iter=args.iterations, history_size=20, line_search_fn="strong_wolfe")

    def loss() -> torch.Tensor:
        optimizer.zero_grad()
        away = sum(((one - old) ** 2).sum() for one, old in zip(free, held))
        value = F.cross_entropy(F.linear(x, *free), y, label_smoothing=args.smoothing) + args.decay / 2 * away
        value.backward()
        return value

    optimizer.step(loss)
    return free[0].detach(), free[1].detach()


def all_features(folded: network.FoldedVGG, args: argparse.Namespace) -> dict[str, torch.Tensor]:
    """Features and classes of the training images as SEEN says, and of the validation images by size."""
    # Single-threaded workers, as in training: they wait less where the cores have other work.
    pool = ThreadPoolExecutor(args.threads)
    images, classes = data.load(args.data, "train", args.cache)
    seen, names = [], []
    for size, every, first, mirror in SEEN:
        seen.append(features(folded, images[first::every], size, pool, mirror))
        names.append(classes[first::every])
    images, truth = data.load(args.data, "val", args.cache)
    unseen = {f"unseen {size}": features(folded, images, size, pool) for size in UNSEEN}
    return {"seen": torch.cat(seen), "classes": torch.cat(names), **unseen, "truth": truth}


def main() -> None:
    args = arguments()
    out = Path(args.out)
    out.mkdir(parents=True, exist_ok=True)
    model = network.AscentVGG()
    stored, metadata = tensors.read(args.checkpoint)
    model.load_state_dict(stored, strict=False)
    folded = network.fold(model)
    kept = out / "features.pt"
    if not kept.exists():
        torch.save(all_features(folded, args), kept)
    found = torch.load(kept)
    torch.set_num_threads(args.threads)

    def top1(weight: torch.Tensor, bias: torch.Tensor) -> dict[str, float]:
        right = {size: F.linear(found[f"unseen {size}"], weight, bias).argmax(1) == found["truth"] for size in UNSEEN}
        return {f"top1_{size}": round(100 * float(one.float().mean()), 2) for size, one in right.items()}

    weight, bias = fit(found["seen"], found["classes"], *folded.head, args)
    settings = {key: getattr(args, key) for key in ("decay", "smoothing", "iterations")}
    lines = [
        {"event": "start", "arguments": settings, "features": len(found["seen"]), "torch": torch.__version__},
        {"event": "before", **top1(*folded.head)},
        {"event": "after", **top1(weight, bias)},
    ]
    with open(out / "log.jsonl", "a") as file:
        for line in lines:
            print(json.dumps(line), flush=True)
            file.write(json.dumps(line) + "\n")
    stored["classifier.weight"], stored["classifier.bias"] = weight, bias
    half = {name: value.half() for name, value in stored.items()}
    tensors.write(out / "checkpoint.safetensors", half, {**metadata, "note": "the same with its classifier fitted again"})


if __name__ == "__main__":
    main()
