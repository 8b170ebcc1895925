"""The work of `work.ts` in PyTorch: its rate, on a CUDA GPU where there is one and else on the CPU, or its gradient in
float64.

python3 pytorch.py rate SIZE TARGET          prints a JSON line for float32, and on a GPU another for float16
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
    """The image and its norm stay in float32."""
    g = gradient(network, image.to(network[0][0].dtype)).float()
    return image + RATE * g / (g.square().mean().sqrt() + EPSILON)


def rate(size: int, target: str) -> None:
    # Some builds start with one thread.
    torch.set_num_threads(os.cpu_count() or 1)
    # Float32 means float32: no 10-bit products.
    torch.backends.cuda.matmul.allow_tf32 = False
    torch.backends.cudnn.allow_tf32 = False
    measure(size, target, torch.float32)
    if torch.cuda.is_available():
        measure(size, target, torch.float16)


def measure(size: int, target: str, dtype) -> None:
    on_gpu = torch.cuda.is_available()
    device = torch.device("cuda" if on_gpu else "cpu")
    network = [layer and tuple(t.to(device) for t in layer) for layer in layers(target, dtype)]
    image = start(size).float().to(device)

    def timed(count: int) -> float:
        nonlocal image
        begin = time.perf_counter()
        for _ in range(count):
            image = step(network, image)
        if on_gpu:
            torch.cuda.synchronize()
        return (time.perf_counter() - begin) / count

    first = timed(1)
    count = max(1, math.ceil(1.5 / timed(1)))
    times = sorted(timed(count) for _ in range(5))
    where = torch.cuda.get_device_name() if on_gpu else f"CPU, {torch.get_num_threads()} threads"
    print(json.dumps({"iterationsPerSecond": 1 / times[2], "firstSeconds": first, "version": torch.__version__,
                      "precision": str(dtype).removeprefix("torch."), "device": where}))


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
