"""Example texts: headlines that an extra installs, and corpora that are downloaded and kept."""

from __future__ import annotations

from skcnn.datasets._bbc import load_bbc_headlines
from skcnn.datasets._fetch import fetch_corpus

__all__ = ["fetch_corpus", "load_bbc_headlines"]
