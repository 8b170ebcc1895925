"""Read and write `.safetensors` files (the little of the format that is needed here).

A file is an 8-byte little-endian header length, a JSON header (name -> dtype, shape, byte range, plus
`__metadata__`, a map of strings), then the raw little-endian tensors.
"""
from __future__ import annotations

import json
import struct
from pathlib import Path

import numpy as np
import torch

_NUMPY = {"F64": np.float64, "F32": np.float32, "F16": np.float16, "I64": np.int64}
_NAMES = {torch.float64: "F64", torch.float32: "F32", torch.float16: "F16", torch.int64: "I64"}


def read(path: str | Path) -> tuple[dict[str, torch.Tensor], dict[str, str]]:
    """The tensors (floats as float32) and the metadata of a file."""
    raw = Path(path).read_bytes()
    (length,) = struct.unpack("<Q", raw[:8])
    header = json.loads(raw[8 : 8 + length])
    metadata = header.pop("__metadata__", {})
    tensors = {}
    for name, entry in header.items():
        begin, end = (8 + length + offset for offset in entry["data_offsets"])
        values = np.frombuffer(raw[begin:end], _NUMPY[entry["dtype"]]).reshape(entry["shape"])
        tensor = torch.from_numpy(values.copy())
        tensors[name] = tensor.float() if tensor.is_floating_point() else tensor
    return tensors, metadata


def write(path: str | Path, tensors: dict[str, torch.Tensor], metadata: dict[str, str]) -> None:
    """Write tensors as they are, in the given order; the header is padded to 8 bytes."""
    header: dict[str, object] = {"__metadata__": metadata}
    offset, chunks = 0, []
    for name, tensor in tensors.items():
        chunk = tensor.detach().cpu().contiguous().numpy().tobytes()
        header[name] = {
            "dtype": _NAMES[tensor.dtype],
            "shape": list(tensor.shape),
            "data_offsets": [offset, offset + len(chunk)],
        }
        offset += len(chunk)
        chunks.append(chunk)
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    Path(path).write_bytes(struct.pack("<Q", len(text)) + text + b"".join(chunks))
