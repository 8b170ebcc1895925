"""Gradient ascent on the image in float32, step for step what the project's renderer does, many pictures at a time.

What is resident is x - mean in RGB 0-1 units, [N, 3, H, W], zeros at the start (Simonyan, Vedaldi and Zisserman 2013).
One iteration: circular jitter, forward, backward, inverse jitter, update, blur. A recipe is a list of stages; between
stages the image is enlarged (bilinear), so that what was drawn small, as one subject, is refined large.
"""
from __future__ import annotations

import argparse
import json
from dataclasses import dataclass
from typing import Callable

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image

import network


@dataclass(frozen=True)
class Stage:
    """Settings in the renderer's words; `rms`: x + lr g / (rms(g) + 1e-8), `normalized`: x + lr g / (|g| + 1e-8).

    The rate falls linearly from `lr` to `lr_end` (default: constant). `l2` decays toward the zero input, in units of
    the network's input. `blur` is the standard deviation of a Gaussian blur after every `every`-th iteration.
    """

    size: int
    iterations: int
    lr: float = 0.02
    lr_end: float | None = None
    optimizer: str = "rms"
    jitter: int = 4
    clamp: bool = True
    l2: float = 0.0
    blur: float = 0.0
    every: int = 4


# The candidates for the class recipe; README.md says what each gave.
RECIPES: dict[str, list[Stage]] = {
    "plain": [Stage(128, 256)],
    "plain-64": [Stage(64, 100)],
    "coarse": [Stage(32, 64, jitter=1), Stage(64, 96, jitter=3), Stage(128, 96, jitter=4)],
    "two": [Stage(64, 128, jitter=4), Stage(128, 128, lr=0.01, jitter=4)],
    "default": [Stage(64, 128, lr=0.01), Stage(128, 64, lr=0.01)],
    "blur": [Stage(128, 256, lr=0.03, blur=0.6, every=4, jitter=8)],
}


def _blur(x: torch.Tensor, sigma: float) -> torch.Tensor:
    """Separable Gaussian of radius floor(4 sigma + 0.5), reflected borders."""
    radius = int(4 * sigma + 0.5)
    offsets = torch.arange(-radius, radius + 1, dtype=torch.float32)
    kernel = torch.exp(-(offsets**2) / (2 * sigma * sigma))
    kernel = (kernel / kernel.sum()).view(1, 1, 1, -1).repeat(3, 1, 1, 1)
    x = F.conv2d(F.pad(x, (radius, radius, 0, 0), "reflect"), kernel, groups=3)
    return F.conv2d(F.pad(x, (0, 0, radius, radius), "reflect"), kernel.transpose(2, 3), groups=3)


def _direction(gradient: torch.Tensor, optimizer: str) -> torch.Tensor:
    """The step for a rate of 1, per image; a zero gradient moves nothing."""
    norm = gradient.flatten(1).norm(dim=1).view(-1, 1, 1, 1)
    if optimizer == "rms":
        return gradient / (norm / gradient[0].numel() ** 0.5 + 1e-8)
    if optimizer == "normalized":
        return gradient / (norm + 1e-8)
    return gradient


def climb(
    score: Callable[[torch.Tensor], torch.Tensor],
    stage: Stage,
    x: torch.Tensor,
    generator: torch.Generator,
    bfloat16: bool = False,
) -> torch.Tensor:
    """Run one stage on x - mean [N, 3, size, size]; `score` gives one number an image, [N]."""
    mean = torch.tensor(network.MEAN).view(1, 3, 1, 1)
    std = torch.tensor(network.STD).view(1, 3, 1, 1)
    for t in range(stage.iterations):
        dy, dx = (torch.randint(-stage.jitter, stage.jitter + 1, (2,), generator=generator)).tolist()
        moved = torch.roll(x, (dy, dx), (2, 3)).requires_grad_()
        with torch.autocast("cpu", torch.bfloat16, enabled=bfloat16):
            value = score(moved + mean).float().sum() - stage.l2 * ((moved / std) ** 2).sum()
        (gradient,) = torch.autograd.grad(value, moved)
        gradient = torch.roll(gradient, (-dy, -dx), (2, 3))
        end = stage.lr if stage.lr_end is None else stage.lr_end
        lr = stage.lr + (end - stage.lr) * t / max(1, stage.iterations - 1)
        x = x + lr * _direction(gradient, stage.optimizer)
        if stage.clamp:
            x = (x + mean).clamp_(0, 1) - mean
        if stage.blur > 0 and t % stage.every == 0:
            x = _blur(x, stage.blur)
    return x


def draw_classes(
    folded: network.FoldedVGG, classes: list[int], stages: list[Stage], seed: int = 0, bfloat16: bool = False
) -> torch.Tensor:
    """The pictures of `classes`, [N, 3, H, W] in RGB 0-1 (clamped), each from zeros by its own logit."""
    pictures = []
    for begin in range(0, len(classes), 20):
        chunk = torch.tensor(classes[begin : begin + 20])
        generator = torch.Generator().manual_seed(seed)

        def score(x: torch.Tensor) -> torch.Tensor:
            x = x.contiguous(memory_format=torch.channels_last)
            return folded(x).gather(1, chunk.view(-1, 1)).squeeze(1)

        x = torch.zeros(len(chunk), 3, stages[0].size, stages[0].size)
        for stage in stages:
            if stage.size != x.shape[-1]:
                x = F.interpolate(x, size=(stage.size, stage.size), mode="bilinear", align_corners=False)
            x = climb(score, stage, x, generator, bfloat16)
        pictures.append(x)
    return (torch.cat(pictures) + torch.tensor(network.MEAN).view(1, 3, 1, 1)).clamp(0, 1)


def sheet(pictures: torch.Tensor, columns: int, path: str) -> None:
    """Save [N, 3, H, W] as a PNG of rows of `columns`."""
    count, _, height, width = pictures.shape
    rows = -(-count // columns)
    canvas = torch.ones(3, rows * height, columns * width)
    for i, picture in enumerate(pictures):
        y, x = i // columns * height, i % columns * width
        canvas[:, y : y + height, x : x + width] = picture
    Image.fromarray((canvas * 255).round().byte().permute(1, 2, 0).numpy()).save(path)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--network", required=True, help="an exported network")
    parser.add_argument("--recipe", default="plain", help=f"one of {', '.join(RECIPES)}, or a JSON array of stages")
    parser.add_argument("--classes", help="comma-separated indices (default: all)")
    parser.add_argument("--out", required=True, help="contact sheet, PNG")
    parser.add_argument("--pictures", help="also save the pictures [N, 3, H, W] (float32, .npy)")
    parser.add_argument("--columns", type=int, default=10)
    parser.add_argument("--bfloat16", action="store_true", help="faster, not quite what the renderer computes")
    parser.add_argument("--threads", type=int, default=2)
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    folded, metadata = network.read_folded(args.network)
    names = json.loads(metadata["classes"])
    classes = [int(c) for c in args.classes.split(",")] if args.classes else list(range(len(names)))
    stages = RECIPES.get(args.recipe) or [Stage(**stage) for stage in json.loads(args.recipe)]
    pictures = draw_classes(folded, classes, stages, bfloat16=args.bfloat16)
    sheet(pictures, args.columns, args.out)
    if args.pictures:
        np.save(args.pictures, pictures.numpy())


if __name__ == "__main__":
    main()
