"""`Transform`: a leaf spec, Java class name and dataString; and the base of those with parameters in Python."""

from __future__ import annotations

from functools import lru_cache
from typing import Any, ClassVar, overload

from render_io import _json, codecs
from render_io._spec_json import Spec, leaf_text
from render_io.errors import RenderError, SpecError
from render_io.transform._errors import seed_error
from render_io.transform._wire import WireObject, bits
from transforms.base import Transform as MathsTransform
from transforms.errors import TransformError

__all__ = ["Transform"]


@lru_cache(maxsize=128)
def _decoded(class_name: str, text: str) -> tuple[MathsTransform, dict[type, Any]]:
    """Decode, once for the tiles of a section that share a lens correction: transforms are immutable.

    With it comes a place for what each class of objects makes of it.
    """
    return codecs.decode(class_name, text), {}


class ClassName:
    """Java class name: of a class its own, of an object what it is written as; can be set on objects."""

    def __init__(self, own: str | None) -> None:
        self.own = own

    @overload
    def __get__(self, instance: None, owner: type) -> str: ...
    @overload
    def __get__(self, instance: Transform, owner: type) -> Any: ...
    def __get__(self, instance: Transform | None, owner: type) -> Any:
        return self.own if instance is None else instance._class_name(instance._declared or self.own)

    def __set__(self, instance: Transform, value: str | None) -> None:
        if (value or self.own) != (instance._declared or self.own):
            instance._made = None  # Under another name the same matrix may be another transform.
        instance._declared = value


class Transform(WireObject):
    """Leaf of any Java class.

    Parameters
    ----------
    className : str, optional
        Java class name.
    dataString : str, optional
        Text of its parameters.
    transformId : str, optional
        Id of the spec.
    labels : list of str, optional
        Its labels.
    json : dict, optional
        Spec to take everything from; copied. Everything else is ignored then.

    Raises
    ------
    SpecError
        A malformed spec.
    """

    className = ClassName(None)
    _declared: str | None = None
    _text: str | None = None
    _made: tuple[Any, MathsTransform] | None = None
    """The transform that was made last, with the key of what it was made of; of those that keep one."""

    def __init__(
        self,
        className: str | None = None,
        dataString: str | None = None,
        transformId: str | None = None,
        labels: list[str] | None = None,
        json: Spec | None = None,
    ) -> None:
        if json is not None:
            self.from_dict(json)
            return
        self.className = className
        self._text = dataString
        self.transformId = transformId
        self.labels = labels

    def __init_subclass__(cls) -> None:
        own = cls.__dict__.get("className")
        if isinstance(own, str):  # as classes of other projects say it
            cls.className = ClassName(own)

    def _class_name(self, declared: str | None) -> str | None:
        return declared

    @property
    def dataString(self) -> Any:
        """Text of the parameters, as Java reads it."""
        return self._text

    @dataString.setter
    def dataString(self, value: str) -> None:
        self._process_dataString(value)

    def from_dict(self, d: Spec) -> None:
        """Take everything from a leaf spec.

        Parameters
        ----------
        d : dict
            Copied, not kept.

        Raises
        ------
        SpecError
            A member is missing, or the text is one that Java refuses.
        """
        self._become(_json.copied(d))

    def _become(self, d: Spec) -> None:
        """Take over a leaf spec."""
        self._take(d)
        self._declared = leaf_text(d, "className")
        self._read(leaf_text(d, "dataString"))

    def _read(self, text: str) -> None:
        try:
            self._process_dataString(text)
        except SpecError as error:
            raise error.at(path="dataString") from error

    def _process_dataString(self, datastring: str) -> None:
        """Take the parameters from a text; subclasses of other projects override this."""
        self._text = datastring

    def _content(self, document: Spec) -> Spec:
        content = {}
        for name, value in (("className", self.className), ("dataString", self.dataString)):
            if value is None:
                raise SpecError(f"expected the {name} of a leaf as a text, got none", path=name)
            known = document.get(name)
            if known != value and (known is None or str(known) != value):  # a number in place of a text stays one
                content[name] = value
        return content

    @property
    def transform(self) -> MathsTransform:
        """The immutable transform that this leaf stands for now.

        Raises
        ------
        SpecError
            Java refuses the text.
        """
        return _decoded(self.className, self.dataString)[0]

    def _identity(self) -> tuple[Any, ...]:
        return "leaf", self.className, self.dataString

    def __str__(self) -> str:
        return f"className:{self.className}\ndataString:{self.dataString}"

    def __repr__(self) -> str:
        try:
            text, name = str(self.dataString), self.className
        except RenderError as error:  # parameters that don't fit together, on their way to others that do
            return f"<{type(self).__name__}: {error}>"
        shown = text if len(text) <= 80 else f"{text[:80]}..."
        named = "" if name == type(self).className else f"className={name!r}, "
        return f"{type(self).__name__}({named}dataString={shown!r}{self._described()})"


class NotOfThePlaneError(SpecError):
    """The text is right, but not of a map of the plane."""


class ParametricTransform(Transform):
    """Leaf with its parameters in attributes, which may be written at any time, in place, too.

    They are the one source of truth: the text is written from them, and the transform made anew when their bits have
    changed. A text that was read is kept as long as the parameters are those that it gave.
    """

    _layouts: ClassVar[tuple[str, ...]]
    """Class names whose texts an object may hold, the usual one first."""

    _text_name: str | None = None
    _text_key: Any = None

    # -- What subclasses say -------------------------------------------------------------------------------------------

    def _parameters(self) -> tuple[Any, ...]:
        """Return all parameters."""
        raise NotImplementedError

    def _show(self, transform: Any) -> None:
        """Set the parameters to those of a transform."""
        raise NotImplementedError

    def _build(self) -> MathsTransform:
        """Make a transform of the parameters."""
        raise NotImplementedError

    # -- What follows from it ------------------------------------------------------------------------------------------

    @property
    def transform(self) -> MathsTransform:
        """The immutable transform of the present parameters, made anew only when their bits have changed.

        Raises
        ------
        ConversionError
            The parameters don't fit together.
        """
        key = self._key()
        if self._made is None or self._made[0] != key:
            try:
                self._made = key, self._build()
            except TransformError as error:
                raise seed_error(error) from error
        return self._made[1]

    def _key(self) -> Any:
        """Return something hashable that is equal exactly when the bits of the parameters are."""
        key = tuple([bits(value) for value in self._parameters()])
        # One object for equal keys: those that are kept are many.
        return self._made[0] if self._made is not None and self._made[0] == key else key

    def _adopt(self, transform: MathsTransform) -> None:
        """Stand for a transform from now on, exactly."""
        self._show(transform)
        self._made = self._key(), transform

    @property
    def dataString(self) -> str:
        """Text of the parameters: the one that was read while they are unchanged, else with shortest exact numbers.

        Raises
        ------
        ConversionError
            The parameters don't fit together.
        """
        if self._text is not None and self._text_name == self._declared and self._text_key == self._key():
            return self._text
        return self._written()

    @dataString.setter
    def dataString(self, value: str) -> None:
        self._process_dataString(value)

    def _written(self) -> str:
        return codecs.encode(self.transform, self._layout())[1]

    def _layout(self) -> str:
        """Class name that says how the text is laid out."""
        declared = self._declared or type(self).className
        if declared in self._layouts:
            return declared
        if declared in codecs.CODECS:
            raise SpecError(f"expected {type(self).__name__} of class {self._layouts[0]}, got {declared}")
        return self._layouts[0]  # a name of one's own

    def _process_dataString(self, datastring: str) -> None:
        transform, made = _decoded(self._layout(), datastring)
        if isinstance(transform, codecs.OpaqueTransform):
            raise NotOfThePlaneError(f"expected a map of the plane for {type(self).__name__}, got {datastring!r:.80}")
        self._show(transform)
        if type(self) not in made:
            made[type(self)] = self._key(), transform
        self._made = made[type(self)]
        self._keep(datastring, self._made[0])

    def _keep(self, text: str, key: Any) -> None:
        """Write a text that was read as long as the parameters are those that it gave."""
        self._text, self._text_name, self._text_key = text, self._declared, key

    def _identity(self) -> tuple[Any, ...]:
        return "leaf", self.className, self._key()
