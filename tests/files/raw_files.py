"""Model files taken apart and put together again, with right checksums and a right digest."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from dataclasses import dataclass, field
from typing import Any

import numpy as np


def npy(array: Any) -> bytes:
    """Any array, also of strings, as an ``.npy`` file."""
    buffer = io.BytesIO()
    np.lib.format.write_array(buffer, np.asarray(array), allow_pickle=False)
    return buffer.getvalue()


def npy_of(descr: str, shape: Any, data: bytes = b"", order: str = "False") -> bytes:
    """An ``.npy`` file that claims what it likes."""
    text = f"{{'descr': '{descr}', 'fortran_order': {order}, 'shape': {shape}, }}\n".encode()
    return b"\x93NUMPY\x01\x00" + len(text).to_bytes(2, "little") + text + data


@dataclass
class RawFile:
    """The contents of a model file, to be changed at will.

    Attributes
    ----------
    header : what `header.json` holds, all of it
    arrays : the other members
    json : replaces the text of `header.json`
    digest : replaces the digest
    """

    header: dict[str, Any]
    arrays: dict[str, bytes]
    json: bytes | None = None
    digest: bytes | None = None
    extra: dict[str, bytes] = field(default_factory=dict)

    @classmethod
    def parse(cls, content: bytes) -> RawFile:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            members = {name: archive.read(name) for name in archive.namelist()}
        return cls(json.loads(members.pop("header.json")), members)

    @property
    def content(self) -> dict[str, Any]:
        """The part of the header that says what the model is."""
        found: dict[str, Any] = self.header["content"]
        return found

    def array(self, name: str) -> np.ndarray[Any, Any]:
        found: np.ndarray[Any, Any] = np.load(io.BytesIO(self.arrays[name]), allow_pickle=False)
        return found

    def set(self, name: str, array: Any) -> None:
        self.arrays[name] = npy(array)

    def to_bytes(self) -> bytes:
        header = self.header
        if isinstance(header.get("arrays"), dict):
            header = header | {"arrays": {name: len(each) for name, each in self.arrays.items()}}
        text = self.json or json.dumps(header, ensure_ascii=False).encode("utf-8", "surrogatepass")
        members = {"header.json": text, **self.arrays, **self.extra}
        digest, buffer = hashlib.sha256(), io.BytesIO()
        with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
            for name, content in members.items():
                archive.writestr(zipfile.ZipInfo(name), content)
                digest.update(f"{name} {len(content)}\n".encode())
                digest.update(content)
            if header.get("format_version") in (5, 6):
                archive.comment = self.digest or f"sha256:{digest.hexdigest()}".encode()
        return buffer.getvalue()
