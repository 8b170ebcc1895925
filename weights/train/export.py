"""Turn a checkpoint (batch norm alive) into the file the project ships: folded, F16, torchvision names."""
from __future__ import annotations

import argparse
import hashlib
import json
from pathlib import Path

import torch
from torch import nn

import data
import network
import tensors


def folded_tensors(model: network.AscentVGG) -> dict[str, torch.Tensor]:
    """`features.N.weight` and `.bias` with the indices torchvision's VGG without batch norm has, and `classifier`."""
    folded = network.fold(model)
    result: dict[str, torch.Tensor] = {}
    index = 0
    for layer in folded.layers:
        if layer is None:
            index += 1
            continue
        result[f"features.{index}.weight"], result[f"features.{index}.bias"] = layer
        index += 2
    result["classifier.weight"], result["classifier.bias"] = folded.head
    return result


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--checkpoint", required=True)
    parser.add_argument("--data", required=True, help="folder with labels.json")
    parser.add_argument("--out", required=True)
    parser.add_argument("--note", default="", help="one sentence for the metadata: how it was trained, what it reaches")
    args = parser.parse_args()
    model = network.AscentVGG()
    stored, _ = tensors.read(args.checkpoint)
    missing = model.load_state_dict(stored, strict=False)
    assert not missing.unexpected_keys and all("num_batches" in key for key in missing.missing_keys), missing
    half = {name: value.half() for name, value in folded_tensors(model).items()}
    assert all(bool(value.isfinite().all()) for value in half.values())
    widths = ",".join(
        str(layer.out_channels) if isinstance(layer, nn.Conv2d) else "M"
        for layer in model.features
        if isinstance(layer, (nn.Conv2d, nn.MaxPool2d))
    )
    metadata = {
        "preprocess": "imagenet",
        "classes": json.dumps(data.labels(args.data)),
        "arch": f"{widths}; global average pool; linear {len(half['classifier.bias'])}; batch norm folded",
        "note": args.note,
    }
    tensors.write(args.out, half, metadata)
    content = Path(args.out).read_bytes()
    print(json.dumps({"file": args.out, "bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}))


if __name__ == "__main__":
    main()
