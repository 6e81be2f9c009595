"""A fitted model as one file, and back: `skcnn.save` and `skcnn.load`; types for files of skops."""

from __future__ import annotations

from skcnn.files._trusted_types import TRUSTED_TYPES

__all__ = ["TRUSTED_TYPES"]
