"""Checks across the columns of a row, across tables, and between tables and ``case.toml``."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping

import pandas as pd

from attribution.case.config import CONFIG_FILE, CaseConfig
from attribution.case.faults import Fault, nearest, quoted
from attribution.case.membership import residual_actors
from attribution.case.schema import REQUIRED_VOCABULARIES, SCHEMA, VOCABULARIES
from attribution.case.validate import Typed

# Warnings and false-flag stories precede an incident by days; a month is a mistaken year or month.
_DAYS_BEFORE = 30


def table_faults(tables: Mapping[str, Typed]) -> tuple[Fault, ...]:
    """Check the columns of the tables against each other.

    Parameters
    ----------
    tables
        Typed tables by name; those that could not be read are left out.

    Returns
    -------
    tuple of Fault
        Half a coordinate pair, an end before its beginning, words long before the deed, and a
        label whose labeller has another type.
    """
    faults: list[Fault] = []
    if "incidents" in tables:
        faults.extend(_half_coordinates(tables["incidents"]))
    for name, first, last in (
        ("groups", "active_from", "active_to"),
        ("triggers", "date", "end_date"),
    ):
        if name in tables:
            faults.extend(_ends_before_start(name, tables[name], first, last))
    for name in ("statements", "labels"):
        if name in tables and "incidents" in tables:
            faults.extend(_said_too_early(name, tables[name], tables["incidents"]))
    if "labels" in tables and "labellers" in tables:
        faults.extend(_other_labeller_type(tables["labels"], tables["labellers"]))
    return tuple(faults)


def config_faults(
    config: CaseConfig, tables: Mapping[str, Typed], broken: frozenset[str]
) -> tuple[Fault, ...]:
    """Check ``case.toml`` against itself and against the tables.

    Parameters
    ----------
    config
        The configuration.
    tables
        Typed tables by name; those that could not be read are left out.
    broken
        Tables whose content is not fully known; names are not looked up there.

    Returns
    -------
    tuple of Fault
        What contradicts itself, and what names an actor, a group, a vocabulary or a column that
        does not exist.
    """
    faults = [*_actor_faults(config), *_set_faults(config), *_vocabulary_faults(config)]
    faults.extend(_column_faults(config, tables))
    if "groups" in tables and "groups" not in broken:
        groups = tables["groups"].frame
        faults.extend(_unknown_groups(config, groups))
        faults.extend(_unclaimed_groups(config, groups))
    return tuple(faults)


def _half_coordinates(incidents: Typed) -> Iterator[Fault]:
    frame = incidents.frame
    for line, north, east in zip(
        incidents.lines, frame["latitude"], frame["longitude"], strict=True
    ):
        if {(line, "latitude"), (line, "longitude")} & incidents.faulty:
            continue
        if pd.isna(north) != pd.isna(east):
            column = "latitude" if pd.isna(north) else "longitude"
            message = "latitude and longitude must both be given or both be blank"
            yield Fault(SCHEMA["incidents"].file, line, column, "", message)


def _ends_before_start(name: str, table: Typed, first: str, last: str) -> Iterator[Fault]:
    for line, start, end in zip(table.lines, table.frame[first], table.frame[last], strict=True):
        if end < start:  # never true of a missing day
            message = f"'{end:%Y-%m-%d}' is before {first} '{start:%Y-%m-%d}'"
            yield Fault(SCHEMA[name].file, line, last, f"{end:%Y-%m-%d}", message)


def _said_too_early(name: str, said: Typed, incidents: Typed) -> Iterator[Fault]:
    days = dict(zip(incidents.frame["incident_id"], incidents.frame["date"], strict=True))
    limit = pd.Timedelta(days=_DAYS_BEFORE)
    rows = said.frame[["incident_id", "date"]].itertuples(index=False)
    for line, (incident, day) in zip(said.lines, rows, strict=True):
        happened = days.get(incident, pd.NaT)
        if day < happened - limit:
            message = (
                f"'{day:%Y-%m-%d}' is more than {_DAYS_BEFORE} days before the incident "
                f"({happened:%Y-%m-%d})"
            )
            yield Fault(SCHEMA[name].file, line, "date", f"{day:%Y-%m-%d}", message)


def _other_labeller_type(labels: Typed, labellers: Typed) -> Iterator[Fault]:
    types = dict(zip(labellers.frame["labeller"], labellers.frame["type"], strict=True))
    rows = labels.frame[["labeller", "labeller_type"]].itertuples(index=False)
    for line, (labeller, said) in zip(labels.lines, rows, strict=True):
        known = types.get(labeller, "")
        if said and known and said != known:
            message = f"{quoted(said)} is not the type of {labeller} in labellers.csv"
            file = SCHEMA["labels"].file
            yield Fault(file, line, "labeller_type", said, message, (known,), known)


def _actor_faults(config: CaseConfig) -> Iterator[Fault]:
    yield from _repeated("actors", (actor.id for actor in config.actors))
    yield from _repeated("actors.groups", (g for actor in config.actors for g in actor.groups))
    for position, actor in enumerate(config.actors):
        place = f"actors[{position}].groups"
        if actor.residual and actor.groups:
            message = (
                f"the residual actor {quoted(actor.id)} takes what is left: it names no groups"
            )
            yield _at(place, ", ".join(actor.groups), message)
        if not actor.residual and not actor.groups:
            message = f"the actor {quoted(actor.id)} names no groups and is not residual"
            yield _at(place, "", message)
    for militia, kind in ((True, "militia"), (False, "not a militia")):
        residual = sorted(residual_actors(config, militia=militia))
        if len(residual) > 1:
            message = f"more than one residual actor is {kind}: {', '.join(residual)}"
            yield _at("actors", ", ".join(residual), message)


def _set_faults(config: CaseConfig) -> Iterator[Fault]:
    yield from _repeated("sets", (named.name for named in config.sets))
    taken = {group: actor.id for actor in config.actors for group in actor.groups}
    for position, named in enumerate(config.sets):
        if named.name in taken:
            message = f"{quoted(named.name)} is already the actor {taken[named.name]}"
            yield _at(f"sets[{position}].name", named.name, message)
        if named.name in config.uninformative:
            message = f"{quoted(named.name)} is already said to be uninformative"
            yield _at(f"sets[{position}].name", named.name, message)
        for place, member in enumerate(named.members):
            where = f"sets[{position}].members[{place}]"
            if member.actor not in config.actor_ids:
                message = f"{quoted(member.actor)} is no actor"
                close = nearest(member.actor, config.actor_ids)
                yield _at(f"{where}.actor", member.actor, message, config.actor_ids, close)
            if member.start and member.end and member.end < member.start:
                message = f"'{member.end}' is before start '{member.start}'"
                yield _at(f"{where}.end", str(member.end), message)


def _vocabulary_faults(config: CaseConfig) -> Iterator[Fault]:
    yield from _repeated("channels", (channel.name for channel in config.channels))
    for name in REQUIRED_VOCABULARIES:
        if not config.vocabularies.get(name):
            yield _at(f"vocabularies.{name}", "", "this vocabulary is missing or empty")
    for name, words in config.vocabularies.items():
        place = f"vocabularies.{name}"
        if name not in VOCABULARIES:
            message = f"no column has a vocabulary {quoted(name)}"
            yield _at(place, name, message, VOCABULARIES, nearest(name, VOCABULARIES))
        yield from _repeated(place, words)


def _column_faults(config: CaseConfig, tables: Mapping[str, Typed]) -> Iterator[Fault]:
    columns = {
        name: {column.name for column in schema.columns}
        | ({str(extra) for extra in tables[name].frame.columns} if name in tables else set())
        for name, schema in SCHEMA.items()
    }
    readable = {f"{table}:{column}" for table, names in columns.items() for column in names}
    readable |= columns["incidents"] | set(SCHEMA)
    allowed = tuple(sorted(readable))
    for position, channel in enumerate(config.channels):
        for place, column in enumerate(channel.columns):
            if column not in readable:
                where = f"channels[{position}].columns[{place}]"
                message = f"the channel {channel.name} reads {quoted(column)}, which is no column"
                yield _at(where, column, message, allowed, nearest(column, allowed))


def _unknown_groups(config: CaseConfig, groups: pd.DataFrame) -> Iterator[Fault]:
    named = [
        (f"actors[{position}].groups[{place}]", group)
        for position, actor in enumerate(config.actors)
        for place, group in enumerate(actor.groups)
    ]
    named += [(f"sets[{position}].name", item.name) for position, item in enumerate(config.sets)]
    named += [(f"uninformative[{place}]", name) for place, name in enumerate(config.uninformative)]
    known = tuple(sorted(set(groups["group_id"]) - {""}))
    for where, group in named:
        if group not in known:
            message = f"{quoted(group)} is no group_id of groups.csv"
            yield _at(where, group, message, known, nearest(group, known))


def _unclaimed_groups(config: CaseConfig, groups: pd.DataFrame) -> Iterator[Fault]:
    taken = {group for actor in config.actors for group in actor.groups}
    taken |= {named.name for named in config.sets} | set(config.uninformative)
    for kind in ("militia", "non_militia_actor"):
        left = sorted(set(groups.loc[groups["kind"] == kind, "group_id"]) - taken)
        if left and not residual_actors(config, militia=kind == "militia"):
            message = (
                f"no actor takes {len(left)} groups of kind {kind} ({quoted(left[0])} is one); "
                f"name them or add a residual actor"
            )
            yield _at("actors", left[0], message)


def _repeated(place: str, names: Iterable[str]) -> Iterator[Fault]:
    for name, count in Counter(names).items():
        if count > 1:
            yield _at(place, name, f"{quoted(name)} stands {count} times", ("each once",))


def _at(
    place: str,
    value: str,
    message: str,
    allowed: tuple[str, ...] = (),
    close: str | None = None,
) -> Fault:
    return Fault(CONFIG_FILE, None, place, value, message, allowed, close)
