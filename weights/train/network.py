"""The network: VGG-style blocks of 3x3 convolution + batch norm + ReLU, each block closed by a 2x2 max-pool.

Shapes are [N, C, H, W]. Input is RGB in 0-1; the ImageNet mean and standard deviation are applied inside, so that
zero padding happens after preprocessing, as everywhere in the project.
"""
from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import nn

import tensors

MEAN = (0.485, 0.456, 0.406)
STD = (0.229, 0.224, 0.225)
BLOCKS = ((32,), (64, 64), (128, 128), (256, 256), (384, 384))


class Preprocess(nn.Module):
    """RGB in 0-1 to the ImageNet normalisation."""

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("mean", torch.tensor(MEAN).view(1, 3, 1, 1), persistent=False)
        self.register_buffer("std", torch.tensor(STD).view(1, 3, 1, 1), persistent=False)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return (x - self.mean) / self.std


class AscentVGG(nn.Module):
    """`features` (convolution, batch norm, ReLU, ..., max-pool), mean over positions, `classifier` (linear)."""

    def __init__(self, blocks: tuple[tuple[int, ...], ...] = BLOCKS, classes: int = 100) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        channels = 3
        for block in blocks:
            for width in block:
                layers += [nn.Conv2d(channels, width, 3, padding=1, bias=False), nn.BatchNorm2d(width), nn.ReLU(True)]
                channels = width
            layers.append(nn.MaxPool2d(2))
        self.preprocess = Preprocess()
        self.features = nn.Sequential(*layers)
        self.classifier = nn.Linear(channels, classes)
        for layer in self.features:
            if isinstance(layer, nn.Conv2d):
                nn.init.kaiming_normal_(layer.weight, mode="fan_out", nonlinearity="relu")

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """[N, 3, H, W] to logits [N, classes]."""
        return self.classifier(self.features(self.preprocess(x)).mean((2, 3)))

    def units(self) -> list[tuple[nn.Conv2d, nn.BatchNorm2d]]:
        """The convolutions with their batch norms, in order."""
        layers = list(self.features)
        return [(a, b) for a, b in zip(layers, layers[1:]) if isinstance(a, nn.Conv2d)]


class FoldedVGG(nn.Module):
    """The same function with batch norm folded into weight and bias: what is exported, and what the attack uses.

    It is made of plain tensors, so that gradients reach the input and stop at the weights.
    """

    def __init__(self, layers: list[tuple[torch.Tensor, torch.Tensor] | None], head: tuple[torch.Tensor, torch.Tensor]):
        super().__init__()
        self.preprocess = Preprocess()
        self.layers = layers  # None stands for a 2x2 max-pool
        self.head = head

    def forward(self, x: torch.Tensor, taps: list[torch.Tensor] | None = None) -> torch.Tensor:
        """[N, 3, H, W] to logits [N, classes]; `taps` collects the output of every ReLU."""
        x = self.preprocess(x)
        for layer in self.layers:
            if layer is None:
                x = F.max_pool2d(x, 2)
                continue
            x = F.relu(F.conv2d(x, *layer, padding=1))
            if taps is not None:
                taps.append(x)
        return F.linear(x.mean((2, 3)), *self.head)

    def names(self) -> list[str]:
        """conv1_1, conv2_1, ... in order."""
        names, block, index = [], 1, 0
        for layer in self.layers:
            if layer is None:
                block, index = block + 1, 0
            else:
                index += 1
                names.append(f"conv{block}_{index}")
        return names


def fold(model: AscentVGG) -> FoldedVGG:
    """Fold the running statistics: w' = w k, b' = beta - mean k, with k = gamma / sqrt(variance + eps)."""
    layers: list[tuple[torch.Tensor, torch.Tensor] | None] = []
    norms = {conv: norm for conv, norm in model.units()}
    for layer in model.features:
        if isinstance(layer, nn.Conv2d):
            norm = norms[layer]
            k = norm.weight.detach() * torch.rsqrt(norm.running_var + norm.eps)
            weight = layer.weight.detach() * k.view(-1, 1, 1, 1)
            layers.append((weight, norm.bias.detach() - norm.running_mean * k))
        elif isinstance(layer, nn.MaxPool2d):
            layers.append(None)
    folded = FoldedVGG(layers, (model.classifier.weight.detach(), model.classifier.bias.detach()))
    return folded.to(model.classifier.weight.device)


def read_folded(path: str) -> tuple[FoldedVGG, dict[str, str]]:
    """An exported file (torchvision names). A gap of 3 between indices is a pool; one follows the last convolution."""
    stored, metadata = tensors.read(path)
    indices = sorted(int(name.split(".")[1]) for name in stored if name.startswith("features.") and "weight" in name)
    layers: list[tuple[torch.Tensor, torch.Tensor] | None] = []
    for previous, index in zip([indices[0]] + indices, indices):
        if index - previous == 3:
            layers.append(None)
        layers.append((stored[f"features.{index}.weight"], stored[f"features.{index}.bias"]))
    layers.append(None)
    return FoldedVGG(layers, (stored["classifier.weight"], stored["classifier.bias"])), metadata


@torch.no_grad()
def unfold_into(model: AscentVGG, folded: FoldedVGG, images: torch.Tensor) -> None:
    """Put a folded network into `model` (same widths) so that its function is kept and batch norm is alive again.

    With m and v the mean and variance of a folded convolution (without its bias b) over `images` [N, 3, H, W],
    the weight becomes w / sqrt(v), the running statistics those of the scaled output, gamma sqrt(v) and beta m + b.
    """
    x = folded.preprocess(images)
    units = iter(model.units())
    for layer in folded.layers:
        if layer is None:
            x = F.max_pool2d(x, 2)
            continue
        weight, bias = layer
        conv, norm = next(units)
        response = F.conv2d(x, weight, padding=1)
        mean, variance = response.mean((0, 2, 3)), response.var((0, 2, 3)).clamp_min(1e-6)
        scale = variance.sqrt()
        conv.weight.copy_(weight / scale.view(-1, 1, 1, 1))
        norm.running_mean.copy_(mean / scale)
        norm.running_var.fill_(1.0 - norm.eps)
        norm.weight.copy_(scale)
        norm.bias.copy_(mean + bias)
        x = F.relu(response + bias.view(1, -1, 1, 1))
    model.classifier.weight.copy_(folded.head[0])
    model.classifier.bias.copy_(folded.head[1])
