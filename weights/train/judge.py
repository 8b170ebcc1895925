"""The judge: a residual network (He et al. 2016, pre-activation), trained on the same images by ordinary means.

It only ever answers one question, whether somebody else recognises the pictures. It chooses nothing: no network, no
recipe, no setting.
"""
from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import nn

import network
import tensors


class Block(nn.Module):
    """Two 3x3 convolutions beside a shortcut; [N, C, H, W] to [N, width, H/stride, W/stride]."""

    def __init__(self, channels: int, width: int, stride: int) -> None:
        super().__init__()
        self.norm1, self.norm2 = nn.BatchNorm2d(channels), nn.BatchNorm2d(width)
        self.conv1 = nn.Conv2d(channels, width, 3, stride, 1, bias=False)
        self.conv2 = nn.Conv2d(width, width, 3, 1, 1, bias=False)
        same = channels == width and stride == 1
        self.shortcut = nn.Identity() if same else nn.Conv2d(channels, width, 1, stride, bias=False)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y = F.relu(self.norm1(x))
        return self.shortcut(y if not isinstance(self.shortcut, nn.Identity) else x) + self.conv2(
            F.relu(self.norm2(self.conv1(y)))
        )


class Judge(nn.Module):
    """5x5 stem of stride 2, three stages of two blocks, global average pool, linear. RGB 0-1 in, logits out."""

    def __init__(self, widths: tuple[int, ...] = (48, 96, 192), blocks: int = 2, classes: int = 100) -> None:
        super().__init__()
        self.preprocess = network.Preprocess()
        self.stem = nn.Conv2d(3, widths[0], 5, 2, 2, bias=False)
        layers: list[nn.Module] = []
        channels = widths[0]
        for stage, width in enumerate(widths):
            for index in range(blocks):
                layers.append(Block(channels, width, 2 if stage and not index else 1))
                channels = width
        self.body = nn.Sequential(*layers)
        self.norm = nn.BatchNorm2d(channels)
        self.classifier = nn.Linear(channels, classes)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.body(self.stem(self.preprocess(x)))
        return self.classifier(F.relu(self.norm(x)).mean((2, 3)))


def load(path: str) -> Judge:
    model = Judge()
    model.load_state_dict(tensors.read(path)[0], strict=False)
    return model.eval()


@torch.no_grad()
def predict(model: Judge, pictures: torch.Tensor) -> torch.Tensor:
    """Classes [N] of pictures [N, 3, H, W] in RGB 0-1, brought to the judge's 64 px by area averaging."""
    chunks = []
    for begin in range(0, len(pictures), 100):
        x = pictures[begin : begin + 100]
        if x.shape[-1] != 64:
            x = F.interpolate(x, size=(64, 64), mode="area")
        chunks.append(model(x).argmax(1))
    return torch.cat(chunks)
