"""Files of tile pairs: numbered when there are several."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from render_io._native.files import write_json
from render_io._native.job import Job
from render_io._native.pairs import Pair

__all__ = ["PairFiles"]

_SUFFIXES = (".json.gz", ".json", ".gz")


class PairFiles:
    """Writes pairs, full files as soon as they are full.

    Parameters
    ----------
    job : Job
        Names the stack of the pictures and the number of pairs in one file.
    path : Path
        The file when there is only one; else, where numbers go into its name.
    """

    def __init__(self, job: Job, path: Path) -> None:
        self._job, self._most = job, max(1, job["maxPairsPerFile"])
        self._waiting: list[Pair] = []
        self._files = self._count = 0
        suffix = next((each for each in _SUFFIXES if path.name.endswith(each)), "")
        self._path, self._suffix = path, suffix
        self._root = path.name[: len(path.name) - len(suffix)]

    def add(self, pairs: Iterable[Pair]) -> None:
        """Take the pairs of a layer."""
        self._waiting = sorted([*self._waiting, *pairs], key=Pair.key)
        if len(self._waiting) > self._most:
            while len(self._waiting) >= self._most:
                self._write(self._numbered(), self._waiting[: self._most])
                self._waiting = self._waiting[self._most :]

    def close(self) -> None:
        """Write the rest."""
        if self._waiting:
            self._write(self._numbered() if self._files else self._path, self._waiting)
        elif not self._files:
            self._job.hide(f"no pairs are found: {self._path} is not written")
        self._job.log(f"{self._count} pairs in {self._files} files")

    def _numbered(self) -> Path:
        return self._path.with_name(f"{self._root}_p{self._files:03d}{self._suffix}")

    def _write(self, path: Path, pairs: list[Pair]) -> None:
        write_json(
            path,
            {"renderParametersUrlTemplate": _template(self._job), "neighborPairs": [pair.to_dict() for pair in pairs]},
        )
        self._files, self._count = self._files + 1, self._count + len(pairs)


def _template(job: Job) -> str:
    owner, project = job["baseOwner"] or job["owner"], job["baseProject"] or job["project"]
    stack = job["baseStack"] or job["stack"]
    return f"{{baseDataUrl}}/owner/{owner}/project/{project}/stack/{stack}/tile/{{id}}/render-parameters"
