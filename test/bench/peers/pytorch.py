"""The work of `work.ts` in PyTorch on the CPU: its rate, or its gradient in float64.

python3 pytorch.py rate SIZE TARGET          prints one JSON line
python3 pytorch.py gradient SIZE TARGET OUT  writes the gradient, float32 (3,H,W)
"""

import json
import math
import os
import sys
import time
from pathlib import Path

import torch

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "fixtures"))
import hashing  # noqa: E402
import random_network  # noqa: E402

SEED, CHANNEL, RATE, EPSILON = 1234, 7, 0.05, 1e-8


def layers(target: str, dtype):
    """[(weight, bias) or None for a pool], up to relu<block>_<index>."""
    block, index = map(int, target.removeprefix("relu").split("_"))
    made, channels, at, here = [], 3, 0, [1, 0]
    for width in random_network.PLANS["vgg16"].split():
        if width == "M":
            made.append(None)
            at, here = at + 1, [here[0] + 1, 0]
            continue
        tensors = random_network.weight_and_bias(f"features.{at}", (int(width), channels, 3, 3), SEED)
        made.append(tuple(torch.from_numpy(t).to(dtype) for t in tensors.values()))
        channels, at, here[1] = int(width), at + 2, here[1] + 1
        if here == [block, index]:
            return made
    raise SystemExit(f"VGG-16 has no {target}")


def gradient(network, image):
    image = image.detach().requires_grad_(True)
    x = image
    for layer in network:
        if layer is None:
            x = torch.nn.functional.max_pool2d(x, 2)
        else:
            x = torch.relu(torch.nn.functional.conv2d(x, *layer, padding=1))
    (result,) = torch.autograd.grad(x[0, CHANNEL].mean(), image)
    return result


def step(network, image):
    g = gradient(network, image)
    return image + RATE * g / (g.square().mean().sqrt() + EPSILON)


def rate(size: int, target: str) -> None:
    # Some builds start with one thread.
    torch.set_num_threads(os.cpu_count() or 1)
    network, image = layers(target, torch.float32), start(size).float()
    begin = time.perf_counter()
    image = step(network, image)
    first = time.perf_counter() - begin
    count = max(1, math.ceil(1.5 / first))
    times = []
    for _ in range(5):
        begin = time.perf_counter()
        for _ in range(count):
            image = step(network, image)
        times.append((time.perf_counter() - begin) / count)
    print(json.dumps({"iterationsPerSecond": 1 / sorted(times)[2], "firstSeconds": first,
                      "version": torch.__version__, "threads": torch.get_num_threads()}))


def start(size: int):
    return torch.from_numpy(hashing.image(SEED, (1, 3, size, size)))


if __name__ == "__main__":
    command, size, target, *rest = sys.argv[1:]
    if command == "rate":
        rate(int(size), target)
    else:
        torch.set_num_threads(1)
        result = gradient(layers(target, torch.float64), start(int(size)))
        result[0].float().numpy().tofile(rest[0])
