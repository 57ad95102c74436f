"""The project as a whole: whose packages are imported, at what cost, what a wheel holds, what files may say."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

import render_io
import transforms
from transforms._version import __version__

ROOT = Path(__file__).resolve().parents[1]
PACKAGES = ("transforms", "render_io")


def modules_loaded_by(statement: str) -> set[str]:
    """Names of all modules present in a fresh process after the statement."""
    code = f"{statement}\nimport sys\nprint('\\n'.join(sys.modules))"
    result = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
    return set(result.stdout.split())


def python_files(package: str) -> set[str]:
    return {path.relative_to(ROOT).as_posix() for path in (ROOT / package).rglob("*.py")}


@pytest.mark.parametrize("package", [transforms, render_io], ids=PACKAGES)
def test_packages_are_ours(package: object) -> None:
    # `transforms` is a common word: a folder of that name elsewhere on the path must not answer for us.
    assert Path(str(package.__file__)).parent == ROOT / package.__name__  # type: ignore[attr-defined]


def test_T61_the_version_has_a_single_source() -> None:
    assert transforms.__version__ == render_io.__version__ == __version__
    written = [
        path
        for package in PACKAGES
        for path in sorted(python_files(package))
        if f'"{__version__}"' in (ROOT / path).read_text()
    ]
    assert written == ["transforms/_version.py"]


def test_every_folder_with_modules_is_a_package() -> None:
    folders = {(ROOT / path).parent for package in PACKAGES for path in python_files(package)}
    assert [str(folder) for folder in folders if not (folder / "__init__.py").is_file()] == []


@pytest.mark.slow
def test_wheel_from_tree_without_git_holds_every_module_D48(tmp_path: Path) -> None:
    tree = tmp_path / "tree"
    ignore = shutil.ignore_patterns("__pycache__", "*.nbi", "*.nbc")
    for package in PACKAGES:
        shutil.copytree(ROOT / package, tree / package, ignore=ignore)
    for name in ("pyproject.toml", "README.md", "LICENSE", ".gitignore"):
        shutil.copy(ROOT / name, tree / name)
    command = [
        sys.executable,
        "-m",
        "build",
        "--wheel",
        "--no-isolation",
        "--outdir",
        str(tmp_path / "dist"),
        str(tree),
    ]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout + result.stderr

    (wheel,) = (tmp_path / "dist").glob("*.whl")
    assert wheel.name.startswith(f"render_transforms-{__version__}-")
    with zipfile.ZipFile(wheel) as archive:
        held = set(archive.namelist())
    expected = {path.relative_to(tree).as_posix() for package in PACKAGES for path in (tree / package).rglob("*.py")}
    assert {name for name in held if name.endswith(".py")} == expected
    assert {f"{package}/py.typed" for package in PACKAGES} <= held


# What numba itself loads of scipy is its version and nothing of weight.
SCIPY = r"scipy\.(linalg|spatial|optimize|sparse|interpolate)"
OPTIONAL = r"PIL|matplotlib|tifffile|dask|distributed|fastapi|starlette|uvicorn"
ADAPTER = r"render_io|requests|urllib3|orjson|typer|rich"


@pytest.mark.parametrize(
    ("statement", "unwanted"),
    [
        ("import transforms", rf"{SCIPY}|{OPTIONAL}|{ADAPTER}"),
        # D46: the peer loads 718 modules, the HTTP and image libraries among them.
        ("import render_io.transform", rf"{SCIPY}|{OPTIONAL}|requests|urllib3"),
    ],
)
def test_imports_stay_light(statement: str, unwanted: str) -> None:
    loaded = modules_loaded_by(statement)
    assert sorted(name for name in loaded if re.fullmatch(rf"({unwanted})(\..*)?", name)) == []


def tracked_text_files() -> list[Path]:
    skipped = {".git", "__pycache__", "demo-output", "_build", "build", "dist"}
    for_text = {".py", ".md", ".toml", ".lock", ".sh", ".yml", ".yaml", ".json", ".cfg", ".ini", ".txt", ".html", ""}
    return [
        path
        for path in sorted(ROOT.rglob("*"))
        if path.suffix in for_text
        and not any(
            part in skipped or part.endswith("-info") or (part.startswith(".") and part not in {".ci", ".gitignore"})
            for part in path.relative_to(ROOT).parts
        )
        and path.is_file()
    ]


# In pieces, so that this file is not its own offender: hosts of registries, paths of one machine.
FORBIDDEN = re.compile(r"py" r"pi\.org|python" r"hosted\.org|(?<![\w.}])/wo" r"rk/|/ro" r"ot/")


def test_files_name_no_registry_and_no_machine() -> None:
    files = tracked_text_files()
    assert len(files) > 10
    offences = [
        f"{path.relative_to(ROOT)}:{number}"
        for path in files
        for number, line in enumerate(path.read_text(encoding="utf-8", errors="replace").splitlines(), 1)
        if FORBIDDEN.search(line)
    ]
    assert offences == []


def test_readme_example_runs() -> None:
    readme = (ROOT / "README.md").read_text()
    assert 60 <= len(readme.splitlines()) <= 120
    (example,) = re.findall(r"^```python\n(.*?)^```", readme, flags=re.DOTALL | re.MULTILINE)
    result = subprocess.run([sys.executable, "-c", example], cwd=ROOT, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
    assert "px" in result.stdout


@pytest.mark.parametrize("lock", ["dev.lock", "peers.lock"])
def test_lock_pins_and_hashes_what_we_ask_for(lock: str) -> None:
    text = (ROOT / "requirements" / lock).read_text()
    assert "://" not in text, "a lock names no index: the installer's own is used"
    entries = re.split(r"\n(?=\S)", text.strip())
    assert [entry for entry in entries if not re.match(r"[\w.-]+==\S+ .*--hash=sha256:", entry, flags=re.DOTALL)] == []

    pinned = {entry.partition("==")[0] for entry in entries}
    with (ROOT / "pyproject.toml").open("rb") as stream:
        project = tomllib.load(stream)["project"]
    extras = project["optional-dependencies"]
    chosen = [
        extras[name] for name in extras if name not in {"all", "peers"} or (name, lock) == ("peers", "peers.lock")
    ]
    asked = {re.split(r"[\[<>=!~ ]", text)[0] for text in sum(chosen, start=project["dependencies"])}
    assert asked <= pinned
