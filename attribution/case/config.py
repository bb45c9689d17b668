"""``case.toml``: actors, set-valued names, channels and vocabularies of one conflict."""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic_core import ErrorDetails

from attribution.case.faults import Fault, nearest, quoted
from attribution.case.readonly import ReadOnly, read_only

CONFIG_FILE = "case.toml"


@dataclass(frozen=True)
class Actor:
    """A possible parent behind an incident.

    Attributes
    ----------
    id
        Identifier; the coordinate value of every array.
    name
        Name for people.
    militia
        Whether it counts as a militia.
    iran_backed
        Whether "Iran-backed militia" includes it.
    groups
        Identifiers of the groups that are this actor; empty for a residual actor.
    residual
        Whether it takes every group of its kind that no other actor takes.
    """

    id: str
    name: str
    militia: bool
    iran_backed: bool
    groups: tuple[str, ...]
    residual: bool


@dataclass(frozen=True)
class Member:
    """An actor's membership of a set-valued name, both days included."""

    actor: str
    start: date | None
    end: date | None


@dataclass(frozen=True)
class NamedSet:
    """A name (a group identifier) that stands for several actors."""

    name: str
    members: tuple[Member, ...]


@dataclass(frozen=True)
class ChannelSpec:
    """One kind of evidence: its name, the columns it reads and its options."""

    name: str
    columns: tuple[str, ...]
    options: Mapping[str, Any]


@dataclass(frozen=True)
class CaseConfig:
    """Everything that ``case.toml`` says.

    Attributes
    ----------
    name, title
        Short and readable name of the case.
    actors
        The modelled parents and residual classes, in the order of every array.
    sets
        Set-valued names with dated members.
    channels
        Kinds of evidence, in the order in which they are shown.
    vocabularies
        Allowed words by column name.
    uninformative
        Groups that say nothing about the actor ("unknown").
    iran_sponsors
        Sponsors (of ``groups.csv``) that make a brand without links an Iran-backed one.
    text
        The file as it was read, so that saving it is exact.
    """

    name: str
    title: str
    actors: tuple[Actor, ...]
    sets: tuple[NamedSet, ...]
    channels: tuple[ChannelSpec, ...]
    vocabularies: Mapping[str, tuple[str, ...]]
    uninformative: tuple[str, ...]
    iran_sponsors: tuple[str, ...] = ()
    text: str = field(default="", compare=False, repr=False)

    @property
    def actor_ids(self) -> tuple[str, ...]:
        """Identifiers of the actors, in the order of every array."""
        return tuple(actor.id for actor in self.actors)


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


_Word = Field(min_length=1)


class _Actor(_Strict):
    id: str = Field(pattern=r"^[a-z0-9][a-z0-9_]*$")
    name: str = _Word
    militia: bool
    iran_backed: bool
    groups: list[str] = []
    residual: bool = False


class _Member(_Strict):
    actor: str
    start: date | None = None
    end: date | None = None


class _NamedSet(_Strict):
    name: str = _Word
    members: list[_Member] = Field(min_length=1)


class _Channel(_Strict):
    name: str = _Word
    columns: list[str] = Field(min_length=1)
    options: dict[str, Any] = {}


class _Config(_Strict):
    name: str = _Word
    title: str = _Word
    uninformative: list[str] = []
    iran_sponsors: list[str] = []
    vocabularies: dict[str, list[str]]
    actors: list[_Actor] = Field(min_length=2)
    sets: list[_NamedSet] = []
    channels: list[_Channel] = Field(min_length=1)


def parse_config(text: str) -> tuple[CaseConfig | None, tuple[Fault, ...]]:
    """Read the text of ``case.toml``.

    Parameters
    ----------
    text
        Content of the file.

    Returns
    -------
    tuple
        The configuration, None if the text has faults, and the faults. References to the tables
        are checked elsewhere.
    """
    try:
        content = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        return None, (_toml_fault(error),)
    except RecursionError:
        return None, (Fault(CONFIG_FILE, None, None, "", "nested too deeply to be read"),)
    try:
        model = _Config.model_validate(content)
    except ValidationError as error:
        return None, tuple(_model_fault(detail) for detail in error.errors())
    return _from_model(model, text), ()


def _from_model(model: _Config, text: str) -> CaseConfig:
    return CaseConfig(
        name=model.name,
        title=model.title,
        actors=tuple(
            Actor(a.id, a.name, a.militia, a.iran_backed, tuple(a.groups), a.residual)
            for a in model.actors
        ),
        sets=tuple(
            NamedSet(s.name, tuple(Member(m.actor, m.start, m.end) for m in s.members))
            for s in model.sets
        ),
        channels=tuple(
            ChannelSpec(c.name, tuple(c.columns), read_only(c.options)) for c in model.channels
        ),
        vocabularies=ReadOnly({name: tuple(words) for name, words in model.vocabularies.items()}),
        uninformative=tuple(model.uninformative),
        iran_sponsors=tuple(model.iran_sponsors),
        text=text,
    )


def _toml_fault(error: tomllib.TOMLDecodeError) -> Fault:
    # Python 3.14 carries the line as an attribute; before that only the message has it.
    where = re.search(r"\(at line ([0-9]+), column [0-9]+\)", str(error))
    reason = re.sub(r"\s*\(at .*\)$", "", str(error))
    row = int(where[1]) if where else None
    return Fault(CONFIG_FILE, row, None, "", f"not readable as TOML: {reason}")


def _model_fault(detail: ErrorDetails) -> Fault:
    location = detail["loc"]
    place = _place(location)
    if detail["type"] == "extra_forbidden":
        name = str(location[-1])
        known = _fields_at(location[:-1])
        message = f"{quoted(name)} is no entry here"
        return Fault(CONFIG_FILE, None, place, name, message, known, nearest(name, known))
    if detail["type"] == "missing":
        return Fault(CONFIG_FILE, None, place, "", "this entry is missing")
    message = str(detail["msg"])
    message = message[0].lower() + message[1:]
    value = str(detail["input"])
    return Fault(CONFIG_FILE, None, place, value, f"{quoted(value)} does not do: {message}")


def _place(location: tuple[str | int, ...]) -> str:
    place = ""
    for step in location:
        if isinstance(step, int):
            place += f"[{step}]"
        else:
            place += f".{step}" if place else step
    return place


def _fields_at(location: tuple[str | int, ...]) -> tuple[str, ...]:
    models: dict[tuple[str, ...], type[BaseModel]] = {
        (): _Config,
        ("actors",): _Actor,
        ("sets",): _NamedSet,
        ("sets", "members"): _Member,
        ("channels",): _Channel,
    }
    model = models.get(tuple(step for step in location if isinstance(step, str)))
    return () if model is None else tuple(model.model_fields)
