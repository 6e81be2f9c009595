"""What a package index shows of a built wheel: the README, with links that lead somewhere."""

from __future__ import annotations

import re
import subprocess
import sys
from email.message import Message
from email.parser import Parser
from pathlib import Path
from zipfile import ZipFile

import pytest

import skcnn

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text("utf-8")
FENCE = re.compile(r"^```.*?^```$", re.DOTALL | re.MULTILINE)
LINK = re.compile(r"(?<!!)\[[^][]*\]\((\S+)\)")
PICTURE = re.compile(r"!\[[^]]*\]\((\S+)\)")
TAG = f"v{skcnn.__version__}"
FILES = f"https://github.com/skcnn/skcnn/blob/{TAG}/"
RAW_FILES = f"https://raw.githubusercontent.com/skcnn/skcnn/{TAG}/"


@pytest.fixture(scope="module")
def metadata(tmp_path_factory: pytest.TempPathFactory) -> Message:
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True, timeout=120)
    (wheel,) = folder.glob("*.whl")
    with ZipFile(wheel) as archive:
        (name,) = (each for each in archive.namelist() if each.endswith(".dist-info/METADATA"))
        return Parser().parsestr(archive.read(name).decode())


def targets(pattern: re.Pattern[str], text: str) -> list[str]:
    return pattern.findall(FENCE.sub("", text))


def test_the_links_of_the_readme_lead_to_the_files_of_this_version(metadata: Message) -> None:
    links = targets(LINK, str(metadata.get_payload()))
    assert len(links) == len(targets(LINK, README)) > 20
    for link in links:
        assert link.startswith("https://")
        if link.startswith(FILES):
            assert (ROOT / link.removeprefix(FILES).partition("#")[0]).is_file(), link
        else:
            assert link in README


def test_the_pictures_of_the_readme_are_the_files_themselves(metadata: Message) -> None:
    pictures = targets(PICTURE, str(metadata.get_payload()))
    assert len(pictures) == len(targets(PICTURE, README)) >= 2
    for picture in pictures:
        assert picture.startswith(RAW_FILES)
        assert (ROOT / picture.removeprefix(RAW_FILES)).is_file()


def test_nothing_else_of_the_readme_is_changed(metadata: Message) -> None:
    def without_targets(text: str) -> str:
        return re.sub(r"\]\(\S+\)", "]", text).strip()

    assert metadata["Description-Content-Type"] == "text/markdown"
    assert without_targets(str(metadata.get_payload())) == without_targets(README)
