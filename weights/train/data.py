"""100 classes of Tiny ImageNet: 50,000 training and 5,000 validation images, 64x64 RGB, and the augmentation."""
from __future__ import annotations

import io
import json
import math
import tarfile
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image

# Zoom range (output pixels per image pixel) for each training size: a crop of 48 sees at most 48 pixels of the image
# enlarged up to 1.4 times, one of 128 sees the whole image enlarged twice. Never smaller than life: a network that
# knows small objects draws many of them.
ZOOM = {32: (0.8, 1.1), 48: (0.95, 1.4), 64: (1.0, 1.6), 80: (1.25, 1.9), 96: (1.45, 2.2), 112: (1.75, 2.4), 128: (2.0, 2.6)}


def labels(folder: str | Path) -> list[str]:
    """The class names in the order of their indices."""
    return [entry["name"] for entry in json.loads((Path(folder) / "labels.json").read_text())]


def load(folder: str | Path, split: str, cache: str | Path) -> tuple[torch.Tensor, torch.Tensor]:
    """Images [N, 3, 64, 64] (uint8) and classes [N] of `train` or `val`; decoded once into `cache`."""
    images_file, classes_file = (Path(cache) / f"{split}_{kind}.npy" for kind in "xy")
    if not images_file.exists():
        Path(cache).mkdir(parents=True, exist_ok=True)
        images, classes = _decode(Path(folder) / f"{split}.tar.xz")
        np.save(images_file, images)
        np.save(classes_file, classes)
    images, classes = np.load(images_file), np.load(classes_file)
    return torch.from_numpy(images).permute(0, 3, 1, 2).contiguous(), torch.from_numpy(classes)


def _decode(archive: Path) -> tuple[np.ndarray, np.ndarray]:
    """[N, 64, 64, 3] and [N] from members named `<class index>/<file>`."""
    images, classes = [], []
    with tarfile.open(archive) as members:
        for member in members:
            if member.isfile():
                data = members.extractfile(member).read()
                images.append(np.asarray(Image.open(io.BytesIO(data)).convert("RGB")))
                classes.append(int(member.name.split("/")[-2]))
    return np.stack(images), np.array(classes)


def augment(images: torch.Tensor, size: int, generator: torch.Generator) -> torch.Tensor:
    """[N, 3, 64, 64] (uint8) to [N, 3, size, size] in 0-1: zoom, place, small rotation, mirror, colour."""
    count = images.shape[0]

    def uniform(low: float, high: float) -> torch.Tensor:
        return torch.rand(count, generator=generator) * (high - low) + low

    low, high = ZOOM[size]
    zoom = torch.exp(uniform(math.log(low), math.log(high)))
    window = size / (64.0 * zoom)  # side of the crop as a fraction of the image
    angle = uniform(-0.12, 0.12)
    mirror = torch.where(uniform(0, 1) < 0.5, -1.0, 1.0)
    free = (1.0 - window).clamp_min(0.0)
    cos, sin = window * torch.cos(angle), window * torch.sin(angle)
    rows = [cos * mirror, -sin, free * uniform(-1, 1), sin * mirror, cos, free * uniform(-1, 1)]
    theta = torch.stack(rows, 1).view(count, 2, 3)
    grid = F.affine_grid(theta, [count, 3, size, size], align_corners=False)
    pixels = images.float() / 255.0
    pixels = F.grid_sample(pixels, grid, mode="bilinear", padding_mode="reflection", align_corners=False)
    return _colour(pixels, uniform(0.8, 1.2), uniform(0.7, 1.3), uniform(-0.08, 0.08))


def _colour(x: torch.Tensor, contrast: torch.Tensor, saturation: torch.Tensor, light: torch.Tensor) -> torch.Tensor:
    """Scale contrast about the image's mean and saturation about its grey, then shift; one number an image."""
    contrast, saturation, light = (value.view(-1, 1, 1, 1) for value in (contrast, saturation, light))
    grey = x.mean(1, keepdim=True)
    x = grey + (x - grey) * saturation
    mean = x.mean((1, 2, 3), keepdim=True)
    return (mean + (x - mean) * contrast + light).clamp_(0.0, 1.0)
