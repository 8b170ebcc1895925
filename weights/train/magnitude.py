"""Measures the mean magnitude spectrum of the training images, for MACO (Fel et al. 2023).

    python3 weights/train/magnitude.py --data ../shared/data/train --cache .cache/train

Writes weights/magnitude.json: `mean` holds, for each of the three decorrelated colours, the mean magnitude of
numpy.fft.rfft2 at frequencies 0 ... side/2 along both axes, rows first. A real image's spectrum has the same
magnitude at opposite frequencies, so the rows of negative frequency are averaged in. Colours are decorrelated as
src/optvis/params/colour.ts does it: the inverse of Lucid's matrix, on logits.
"""
from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np

import data

CORRELATION = np.array([[0.26, 0.09, 0.02], [0.27, 0.00, -0.05], [0.27, -0.09, 0.03]])
# 0 and 1 have no logit; see EDGE in colour.ts.
EDGE = 1 / 1024
BATCH = 1000


def magnitudes(images: np.ndarray) -> np.ndarray:
    """[N, 3, S, S] (uint8) to the summed magnitudes [3, S, S/2+1]."""
    rgb = np.clip(images / 255.0, EDGE, 1 - EDGE)
    matrix = CORRELATION / np.linalg.norm(CORRELATION, axis=0).max()
    colours = np.einsum("kc,nchw->nkhw", np.linalg.inv(matrix), np.log(rgb / (1 - rgb)))
    return np.abs(np.fft.rfft2(colours)).sum(0)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", required=True)
    parser.add_argument("--cache", default=".cache/train")
    arguments = parser.parse_args()
    images = data.load(arguments.data, "train", arguments.cache)[0].numpy()
    side = images.shape[-1]
    total = sum(magnitudes(images[i : i + BATCH]) for i in range(0, len(images), BATCH)) / len(images)
    half = side // 2
    rows = [(total[:, l] + total[:, -l % side]) / 2 for l in range(half + 1)]
    mean = np.stack(rows, 1).reshape(3, -1)
    text = json.dumps({"side": side, "images": len(images), "mean": [[float(f"{v:.4g}") for v in c] for c in mean]})
    target = Path(__file__).resolve().parents[1] / "magnitude.json"
    target.write_text(text.replace(" ", "") + "\n")


if __name__ == "__main__":
    main()
