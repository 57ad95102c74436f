"""Makes the packed copies of the recorded material in this folder from the shared folder beside the clone.

    python tests/golden/update.py            write what is new or changed, remove what is gone
    python tests/golden/update.py --check    change nothing; exit status 1 when something would be

What is compared is the content, never its packed form: another zlib may pack the same content into other bytes.
"""

from __future__ import annotations

import argparse
import gzip
import io
import sys
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

HERE = Path(__file__).resolve().parent
SHARED = HERE.parents[2] / "shared"

FOLDERS = {"vectors": "golden", "conversations": "golden-http", "clients": "golden-clients"}
"""Folders here, and where each comes from."""
PICTURES = {"conversations": "files", "clients": "pictures"}
"""Subfolders of pictures, which are packed as they are."""


class Differences(NamedTuple):
    """Paths in this folder that differ from the shared material."""

    changed: list[str]
    missing: list[str]
    gone: list[str]

    def __str__(self) -> str:
        return "\n".join(f"{word}: {path}" for word, paths in self._asdict().items() for path in paths)


def packed(data: bytes) -> bytes:
    """Compress without a time stamp."""
    return gzip.compress(data, 9, mtime=0)


def content(data: bytes) -> bytes:
    """What a file here says, whatever packed it."""
    return gzip.decompress(data) if data.startswith(b"\x1f\x8b") else data


def archive(folder: Path) -> bytes:
    """A tar archive of a folder's files that depends on their names and bytes alone."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.USTAR_FORMAT) as tar:
        for path in sorted(folder.rglob("*")):
            if path.is_file():
                member = tarfile.TarInfo(path.relative_to(folder).as_posix())
                member.size, member.mode = path.stat().st_size, 0o644
                tar.addfile(member, io.BytesIO(path.read_bytes()))
    return out.getvalue()


def unpack(file: Path, folder: Path) -> None:
    """Write the files of an archive below a folder."""
    with tarfile.open(file) as tar:
        for member in tar:
            stream = tar.extractfile(member)
            assert stream is not None, f"{file.name}: {member.name} is no file"
            path = folder / member.name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(stream.read())


def sources(shared: Path) -> Iterator[tuple[str, bytes]]:
    """Path here and content of everything that belongs here."""
    for kind, name in FOLDERS.items():
        folder = shared / name
        if kind == "clients":
            for case in sorted(folder.glob("*/case.json")):
                yield f"{kind}/{case.parent.name}.tar.gz", archive(case.parent)
        else:
            for path in sorted(folder.glob("*.json")):
                yield f"{kind}/{path.name}.gz", path.read_bytes()
        if kind in PICTURES:
            for path in sorted((folder / PICTURES[kind]).glob("*")):
                yield f"{kind}/{PICTURES[kind]}/{path.name}", path.read_bytes()


def present(here: Path) -> set[str]:
    """Paths of what is here already."""
    return {
        path.relative_to(here).as_posix() for kind in FOLDERS for path in (here / kind).rglob("*") if path.is_file()
    }


def differences(shared: Path, here: Path = HERE) -> Differences:
    """Compare what is here with the shared material."""
    wanted, found = dict(sources(shared)), present(here)
    changed = [path for path in sorted(wanted.keys() & found) if content((here / path).read_bytes()) != wanted[path]]
    return Differences(changed, sorted(wanted.keys() - found), sorted(found - wanted.keys()))


def update(shared: Path, here: Path = HERE) -> Differences:
    """Make this folder hold the shared material; what had to be changed."""
    wanted, found = dict(sources(shared)), differences(shared, here)
    for path in found.changed + found.missing:
        goal = here / path
        goal.parent.mkdir(parents=True, exist_ok=True)
        goal.write_bytes(packed(wanted[path]) if goal.suffix == ".gz" else wanted[path])
    for path in found.gone:
        (here / path).unlink()
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="change nothing")
    parser.add_argument("--shared", type=Path, default=SHARED, help="default: %(default)s")
    chosen = parser.parse_args()
    absent = [name for name in FOLDERS.values() if not (chosen.shared / name).is_dir()]
    if absent:
        parser.error(f"{chosen.shared} lacks {', '.join(absent)}")
    found = (differences if chosen.check else update)(chosen.shared)
    print(found if any(found) else "nothing differs")
    return int(chosen.check and any(found))


if __name__ == "__main__":
    sys.exit(main())
