"""Adversarial examples within an L2 or L-infinity ball around the images, clamped to 0-1.

Training on them (Madry et al. 2018) is what makes the gradients of a classifier look like its classes (Santurkar et
al. 2019, Engstrom et al. 2019). In training one step from a random start is taken (Wong, Rice and Kolter 2020, "Fast
is better than free"); evaluation takes several (projected gradient descent).
"""
from __future__ import annotations

from typing import Callable

import torch
import torch.nn.functional as F


def _norm(x: torch.Tensor) -> torch.Tensor:
    """L2 norm of every image, [N, 1, 1, 1]."""
    return x.flatten(1).norm(dim=1).view(-1, 1, 1, 1) + 1e-12


def _start(images: torch.Tensor, ball: str, eps: float, generator: torch.Generator) -> torch.Tensor:
    """A random perturbation inside the ball."""
    if ball == "linf":
        return (torch.rand(images.shape, generator=generator).to(images) * 2 - 1) * eps
    direction = torch.randn(images.shape, generator=generator).to(images)
    radius = torch.rand((images.shape[0], 1, 1, 1), generator=generator).to(images)
    return direction * (eps * radius / _norm(direction))


def _project(delta: torch.Tensor, ball: str, eps: float) -> torch.Tensor:
    if ball == "linf":
        return delta.clamp(-eps, eps)
    return delta * (eps / _norm(delta)).clamp_max(1.0)


def perturb(
    forward: Callable[[torch.Tensor], torch.Tensor],
    images: torch.Tensor,
    classes: torch.Tensor,
    ball: str,
    eps: float,
    steps: int,
    generator: torch.Generator,
) -> torch.Tensor:
    """Images [N, 3, H, W] moved so that the cross-entropy of `forward` rises. Step: 1.25 eps, or 2.5 eps / steps."""
    stride = eps * (1.25 if steps == 1 else 2.5 / steps)
    delta = _start(images, ball, eps, generator)
    for _ in range(steps):
        moved = (images + delta).clamp_(0, 1).requires_grad_()
        with torch.autocast(moved.device.type, torch.bfloat16):
            logits = forward(moved)
        (gradient,) = torch.autograd.grad(F.cross_entropy(logits.float(), classes, reduction="sum"), moved)
        direction = gradient.sign() if ball == "linf" else gradient / _norm(gradient)
        delta = _project(moved.detach() - images + stride * direction, ball, eps)
    return (images + delta).clamp_(0, 1)
