"""Size of an environment that can only predict, and of a whole one; processor seconds and memory.

Builds the wheel and three virtual environments in a temporary folder, which needs 3 GB. For Linux.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parents[2]
MODEL = ROOT / "tests" / "files" / "stored" / "format_5.skcnn"
LISTS = ROOT / "docs" / "serving"
MEASURE = """
import resource, time
{work}
memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3  # Linux counts in kB
print(time.process_time(), memory)
"""
PREDICT = f"import skcnn; skcnn.load({str(MODEL)!r}).predict_proba(['win cash now'])"
WORK = {
    "to predict": {"import, load, predict": PREDICT},
    "with the command": {"import, load, predict": PREDICT},
    "whole": {"import, load, predict": PREDICT, "import TensorFlow": "import skcnn.network"},
}


def installed(folder: Path, *installs: list[str]) -> tuple[Path, float]:
    """Return the Python of a new environment, and the MB that the installations added."""
    subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
    python = folder / "bin" / "python"
    before = megabytes(folder)
    for arguments in installs:
        subprocess.run([str(python), "-m", "pip", "install", "-q", *arguments], check=True)
    return python, megabytes(folder) - before


def megabytes(folder: Path) -> float:
    """Return the size of all files in a folder."""
    return sum(file.lstat().st_size for file in folder.rglob("*") if file.is_file()) / 1e6


def measured(python: Path, work: str) -> tuple[float, float]:
    """Return the processor seconds of a new process that does some work, and its MB of memory."""
    code = MEASURE.format(work=work)
    printed = subprocess.run(
        [str(python), "-I", "-c", code],
        check=True,
        capture_output=True,
        text=True,
        cwd=python.parent,
    ).stdout
    seconds, memory = map(float, printed.split())
    return seconds, memory


def main() -> None:
    """Print a Markdown table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=7)
    repeats = parser.parse_args().repeats
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        subprocess.run(
            [sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "-w", name, str(ROOT)],
            check=True,
        )
        (wheel,) = map(str, folder.glob("skcnn-*.whl"))
        alone = ["--no-deps", wheel]
        environments = {
            "to predict": installed(
                folder / "predict", ["-r", str(LISTS / "requirements.txt")], alone
            ),
            "with the command": installed(
                folder / "command", ["-r", str(LISTS / "requirements-command.txt")], alone
            ),
            "whole": installed(folder / "whole", [wheel]),
        }
        found: dict[tuple[str, str], list[tuple[float, float]]] = {}
        for _ in range(repeats + 1):
            for environment, (python, _size) in environments.items():
                for what, work in WORK[environment].items():
                    found.setdefault((environment, what), []).append(measured(python, work))
    print("| environment | MB on disk | work | processor seconds | MB of memory |")
    print("|---|---|---|---|---|")
    for (environment, what), runs in found.items():
        # The first run of each reads the files from the disk.
        seconds, memory = (statistics.median(values) for values in zip(*runs[1:], strict=True))
        size = environments[environment][1]
        print(f"| {environment} | {size:,.0f} | {what} | {seconds:.2f} | {memory:,.0f} |")


if __name__ == "__main__":
    main()
