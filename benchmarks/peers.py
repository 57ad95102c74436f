"""The other packages: here or not, which version, and how their transforms are made from ours."""

from __future__ import annotations

import platform
from functools import cache
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

RENDERAPI, SKIMAGE, OPENCV, NUMPY, SCIPY = "renderapi", "scikit-image", "OpenCV", "numpy", "scipy"
_MODULES = {RENDERAPI: "renderapi", SKIMAGE: "skimage.transform", OPENCV: "cv2"}
_DISTRIBUTIONS = {
    RENDERAPI: "render-python",
    SKIMAGE: "scikit-image",
    OPENCV: "opencv-python-headless",
    NUMPY: "numpy",
    SCIPY: "scipy",
    "numba": "numba",
}


@cache
def module(peer: str) -> Any:
    """Return the peer's module, or None where it is not installed."""
    try:
        found = import_module(_MODULES[peer])
    except ImportError:
        return None
    if peer == OPENCV:
        found.setNumThreads(1)  # all contenders have one thread
    return found


def absent() -> dict[str, str]:
    """Peers that are left out of this run, and why."""
    return {peer: "not installed (`make bench` installs it)" for peer in _MODULES if module(peer) is None}


def versions() -> dict[str, str]:
    """Return versions of all that is measured."""
    found = {"Python": platform.python_version()}
    for name, distribution in _DISTRIBUTIONS.items():
        try:
            found[name] = version(distribution)
        except PackageNotFoundError:
            continue
    return found


def processor() -> str:
    """Name of the processor, as far as the system tells."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    named = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return named[0] if named else platform.machine()


def wire(transform: Any) -> Any:
    """Make renderapi's object of one of our transforms, through the text that both read."""
    from render_io import codecs

    class_name, text = codecs.encode(transform)
    spec = {"type": "leaf", "className": class_name, "dataString": text}
    return module(RENDERAPI).transform.load_leaf_json(spec)


def exact(transform: Any) -> Any:
    """Make renderapi's polynomial or affine with our very numbers, which its own text would round."""
    from transforms import Affine

    leaf = module(RENDERAPI).transform
    if isinstance(transform, Affine):
        (a, b, x), (c, d, y) = transform.matrix[:2].tolist()
        return leaf.AffineModel(M00=a, M01=b, M10=c, M11=d, B0=x, B1=y)
    return leaf.Polynomial2DTransform(params=transform.coefficients.copy())
