"""Train the embedded network, its ordinary control (`--eps 0`) or the judge. Resumable; README.md has the commands."""
from __future__ import annotations

import argparse
import copy
import json
import math
import os
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import nn

import attack
import data
import judge
import network
import tensors

# The share of compute given to each training size, by progress through the schedule: small and cheap first, large
# last, so that objects are learnt large enough to fill a picture of 128 px.
PLANS: dict[str, tuple[tuple[float, dict[int, float]], ...]] = {
    "small": ((1.0, {48: 1.0}),),
    "mixed": (
        (0.50, {48: 0.80, 64: 0.20}),
        (0.75, {48: 0.40, 64: 0.35, 96: 0.25}),
        (1.00, {48: 0.15, 64: 0.35, 96: 0.30, 128: 0.20}),
    ),
    "large": ((1.0, {48: 0.10, 64: 0.35, 96: 0.25, 128: 0.30}),),
    "even": (
        (0.60, {48: 0.35, 64: 0.40, 96: 0.15, 128: 0.10}),
        (1.00, {48: 0.10, 64: 0.50, 96: 0.20, 128: 0.20}),
    ),
}
BATCH = {32: 128, 48: 128, 64: 128, 80: 96, 96: 64, 112: 48, 128: 48}


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", required=True, help="folder with train.tar.xz, val.tar.xz and labels.json")
    parser.add_argument("--out", required=True, help="folder for state.pt, checkpoint.safetensors and log.jsonl")
    parser.add_argument("--cache", help="folder for decoded images (default: OUT)")
    parser.add_argument("--network", choices=("vgg", "judge"), default="vgg")
    parser.add_argument("--warm-start", help="an exported network, or a checkpoint.safetensors, to begin from")
    horizon = parser.add_mutually_exclusive_group(required=True)
    horizon.add_argument("--images", type=int, help="length of the schedule in training images")
    horizon.add_argument("--minutes", type=float, help="length of the schedule in minutes of wall time")
    parser.add_argument("--plan", choices=PLANS, default="mixed", help="training sizes")
    parser.add_argument("--ball", choices=("l2", "linf"), default="l2")
    parser.add_argument("--eps", type=float, default=0.75, help="radius at 64 px; l2 grows with the size; 0: ordinary")
    parser.add_argument("--steps", type=int, default=1, help="attack steps")
    parser.add_argument("--lr", type=float, default=0.05, help="peak learning rate, for a batch of 128")
    parser.add_argument("--weight-decay", type=float, default=5e-4)
    parser.add_argument("--smoothing", type=float, default=0.05, help="label smoothing")
    parser.add_argument("--ema", type=float, default=0.999, help="decay of the averaged weights, which are the result")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--eval-minutes", type=float, default=10.0, help="minutes between evaluations")
    parser.add_argument("--save-minutes", type=float, default=5.0, help="minutes between saved states")
    parser.add_argument("--pause-file", help="while this file exists, training waits")
    return parser.parse_args()


class Batches:
    """Random batches: every pass visits all images once, in an order drawn from the seed."""

    def __init__(self, images: torch.Tensor, classes: torch.Tensor, generator: torch.Generator) -> None:
        self.images, self.classes, self.generator = images, classes, generator
        self.order = torch.empty(0, dtype=torch.long)

    def next(self, count: int) -> tuple[torch.Tensor, torch.Tensor]:
        """Images [count, 3, 64, 64] (uint8) and their classes [count]."""
        if len(self.order) < count:
            self.order = torch.randperm(len(self.images), generator=self.generator)
        pick, self.order = self.order[:count], self.order[count:]
        return self.images[pick], self.classes[pick]


def choose_size(plan: str, progress: float, generator: torch.Generator) -> int:
    """A training size, drawn so that each gets its share of the compute (which goes with batch * size squared)."""
    shares = next(shares for until, shares in PLANS[plan] if progress <= until)
    sizes = list(shares)
    weights = torch.tensor([shares[size] / (BATCH[size] * size * size) for size in sizes])
    return sizes[int(torch.multinomial(weights, 1, generator=generator))]


def rate(progress: float, peak: float) -> float:
    """Linear warm-up over 2 %, then a cosine to nothing."""
    if progress < 0.02:
        return peak * (0.02 + progress / 0.02 * 0.98)
    return peak * 0.5 * (1 + math.cos(math.pi * (progress - 0.02) / 0.98))


def bfloat16(device: str) -> torch.autocast:
    """bfloat16 on either kind of device."""
    return torch.autocast("cuda" if device.startswith("cuda") else "cpu", torch.bfloat16)


class Trainer:
    """Model, averaged model, optimizer, data and clock; everything that a state file holds."""

    def __init__(self, args: argparse.Namespace) -> None:
        self.args = args
        self.out = Path(args.out)
        self.out.mkdir(parents=True, exist_ok=True)
        torch.manual_seed(args.seed)
        self.generator = torch.Generator().manual_seed(args.seed)
        cache = args.cache or args.out
        self.batches = Batches(*data.load(args.data, "train", cache), self.generator)
        self.validation = data.load(args.data, "val", cache)
        assert args.network == "vgg" or args.eps == 0, "the judge is trained by ordinary means: --eps 0"
        model = network.AscentVGG() if args.network == "vgg" else judge.Judge()
        self.model = model.to(args.device, memory_format=torch.channels_last)
        if args.warm_start:
            self.warm_start(args.warm_start)
        self.average = copy.deepcopy(self.model).requires_grad_(False)
        self.optimizer = torch.optim.SGD(
            self.model.parameters(), lr=args.lr, momentum=0.9, nesterov=True, weight_decay=args.weight_decay
        )
        self.iteration, self.images, self.seconds = 0, 0, 0.0
        self.parameters = list(self.model.parameters())
        self.pool = ThreadPoolExecutor(args.threads)
        if (self.out / "state.pt").exists():
            self.resume()

    def warm_start(self, path: str) -> None:
        """Begin from an unfolded checkpoint, or from an exported network with batch norm put back."""
        stored, _ = tensors.read(path)
        if self.args.network == "judge" or "features.1.running_mean" in stored:
            self.model.load_state_dict(stored, strict=False)
            return
        sample = data.augment(self.batches.images[torch.arange(0, 50000, 50)], 48, self.generator)
        network.unfold_into(self.model, network.read_folded(path)[0], sample)

    def resume(self) -> None:
        state = torch.load(self.out / "state.pt", map_location=self.args.device)
        self.model.load_state_dict(state["model"])
        self.average.load_state_dict(state["average"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.generator.set_state(state["generator"].cpu())
        self.iteration, self.images, self.seconds = state["clock"]

    def save(self) -> None:
        """`state.pt` to resume from, and the averaged network as a small F16 checkpoint to warm-start from."""
        state = {
            "model": self.model.state_dict(),
            "average": self.average.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "generator": self.generator.get_state(),
            "clock": (self.iteration, self.images, self.seconds),
        }
        torch.save(state, self.out / "state.pt.new")
        os.replace(self.out / "state.pt.new", self.out / "state.pt")
        half = {name: value.half() for name, value in self.average.state_dict().items() if value.is_floating_point()}
        note = f"averaged weights with batch norm, after {self.images} images"
        tensors.write(self.out / "checkpoint.safetensors", half, {"note": note})

    def progress(self) -> float:
        if self.args.images:
            return min(1.0, self.images / self.args.images)
        return min(1.0, self.seconds / (60 * self.args.minutes))

    def step(self) -> tuple[int, float, float]:
        """One iteration; returns the size, the loss and the accuracy on its adversarial images.

        The batch goes in parts to single-threaded workers: on processors shared with other work this wastes far less
        time in waiting than splitting every operation. Batch norm then sees a part at a time ("ghost batch norm").
        """
        progress = self.progress()
        size = choose_size(self.args.plan, progress, self.generator)
        images, classes = self.batches.next(BATCH[size])
        folded = network.fold(self.model) if self.args.eps > 0 else None
        count = 2 * self.args.threads if self.args.device == "cpu" else 1
        seeds = torch.randint(2**31, (count,), generator=self.generator).tolist()
        parts = list(zip(images.chunk(count), classes.chunk(count), seeds))
        results = list(self.pool.map(lambda part: self.gradients(size, folded, *part), parts))
        for index, parameter in enumerate(self.parameters):
            parameter.grad = torch.stack([result[2][index] for result in results]).sum(0) / BATCH[size]
        for group in self.optimizer.param_groups:
            group["lr"] = rate(progress, self.args.lr) * BATCH[size] / 128
        self.optimizer.step()
        self.iteration += 1
        self.images += BATCH[size]
        self.update_average()
        return size, sum(result[0] for result in results) / BATCH[size], sum(result[1] for result in results) / BATCH[size]

    def gradients(
        self, size: int, folded: nn.Module | None, images: torch.Tensor, classes: torch.Tensor, seed: int
    ) -> tuple[float, float, tuple[torch.Tensor, ...]]:
        """Summed loss, number right and summed parameter gradients on a part of a batch [N, 3, 64, 64] (uint8)."""
        args, generator = self.args, torch.Generator().manual_seed(seed)
        if args.device == "cpu":
            torch.set_num_threads(1)
        images = data.augment(images, size, generator).to(args.device, memory_format=torch.channels_last)
        classes = classes.to(args.device)
        if folded is not None:
            eps = args.eps * (size / 64 if args.ball == "l2" else 1)
            images = attack.perturb(folded, images, classes, args.ball, eps, args.steps, generator)
        with bfloat16(args.device):
            logits = self.model(images)
        logits = logits.float()
        loss = F.cross_entropy(logits, classes, label_smoothing=args.smoothing, reduction="sum")
        gradients = torch.autograd.grad(loss, self.parameters)
        return float(loss.detach()), float((logits.argmax(1) == classes).float().sum()), gradients

    @torch.no_grad()
    def update_average(self) -> None:
        """Exponential average of weights and statistics; the decay starts low so that the start is forgotten."""
        decay = min(self.args.ema, (1 + self.iteration) / (10 + self.iteration))
        pairs = zip(self.average.state_dict().values(), self.model.state_dict().values())
        for mean, value in pairs:
            if mean.is_floating_point():
                mean.lerp_(value, 1 - decay)

    def evaluate(self) -> dict[str, float]:
        """Top-1 of the averaged weights: validation at 64 px; 500 of them at 128 px, 250 under attack."""
        forward = network.fold(self.average) if self.args.network == "vgg" else self.average.eval()
        images, classes = self.validation
        some = torch.arange(0, len(images), max(1, len(images) // 500))
        result = {"val64": accuracy(forward, images, classes, 64, self.args)}
        result["val128"] = accuracy(forward, images[some], classes[some], 128, self.args)
        few = some[::2]
        result["robust64"] = accuracy(forward, images[few], classes[few], 64, self.args, eps=0.75)
        return result

    def log(self, record: dict[str, object]) -> None:
        clock = {"iteration": self.iteration, "images": self.images, "minutes": round(self.seconds / 60, 2)}
        line = json.dumps({**clock, **record})
        print(line, flush=True)
        with open(self.out / "log.jsonl", "a") as file:
            file.write(line + "\n")

    def run(self) -> None:
        """Train to the end of the schedule. Wall time counts pauses, so that a schedule in minutes ends on time."""
        args = self.args
        settings = {k: v for k, v in vars(args).items() if k not in ("data", "out", "cache", "warm_start", "pause_file")}
        self.log({"event": "start", "arguments": settings, "torch": torch.__version__})
        begin = time.monotonic() - self.seconds
        saved = logged = self.seconds
        evaluated = self.seconds
        recent: list[tuple[int, float, float]] = []
        while self.progress() < 1:
            if self.seconds - evaluated >= 60 * args.eval_minutes:
                self.log({"event": "evaluation", **self.evaluate()})
                evaluated = time.monotonic() - begin
            while args.pause_file and os.path.exists(args.pause_file):
                time.sleep(1)
            recent.append(self.step())
            self.seconds = time.monotonic() - begin
            if self.seconds - logged >= 30:
                loss, right = (sum(item[k] for item in recent) / len(recent) for k in (1, 2))
                speed = sum(BATCH[item[0]] for item in recent) / (self.seconds - logged)
                lr = rate(self.progress(), args.lr)
                self.log({"lr": round(lr, 5), "loss": round(loss, 4), "adversarial": round(right, 4), "speed": round(speed, 1)})
                logged, recent = self.seconds, []
            if self.seconds - saved >= 60 * args.save_minutes:
                self.save()
                saved = self.seconds
        self.save()
        self.log({"event": "end", **self.evaluate()})


def accuracy(
    forward: nn.Module,
    images: torch.Tensor,
    classes: torch.Tensor,
    size: int,
    args: argparse.Namespace,
    eps: float = 0.0,
) -> float:
    """Top-1 (in bfloat16) on images [N, 3, 64, 64] enlarged to `size`; with eps, after five L2 attack steps."""
    generator = torch.Generator().manual_seed(1)
    right = 0
    for begin in range(0, len(images), 125):
        x = images[begin : begin + 125].to(args.device).float() / 255
        y = classes[begin : begin + 125].to(args.device)
        if size != x.shape[-1]:
            x = F.interpolate(x, size=(size, size), mode="bilinear", align_corners=False)
        x = x.contiguous(memory_format=torch.channels_last)
        if eps > 0:
            x = attack.perturb(forward, x, y, "l2", eps, 5, generator)
        with torch.no_grad(), bfloat16(args.device):
            right += int((forward(x).argmax(1) == y).sum())
    return round(right / len(images), 4)


if __name__ == "__main__":
    options = arguments()
    torch.set_num_threads(options.threads)
    Trainer(options).run()
