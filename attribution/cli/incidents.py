"""Commands about one incident: query and what-if."""

from typing import TYPE_CHECKING, Annotated

import typer

from attribution.cli.faults import UserError
from attribution.cli.models import check_actor, open_model
from attribution.cli.options import JsonOption, ModelArgument, parse_assignment, parse_date
from attribution.cli.output import note, show, show_json
from attribution.posterior.questions import changeable_columns, claimants, known_word, new_value

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from attribution.posterior.posterior import Posterior
    from attribution.posterior.what_if import WhatIf
    from attribution.report.incident import IncidentView


def query(
    model: ModelArgument,
    incident: Annotated[
        str, typer.Argument(metavar="INCIDENT", help="Identifier of an incident of the case.")
    ],
    actor: Annotated[
        str | None,
        typer.Option(metavar="ACTOR", help="Explain this actor instead of the most probable one."),
    ] = None,
    against: Annotated[
        str | None,
        typer.Option(metavar="ACTOR", help="Weigh the evidence against this actor."),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Say who is probably behind an incident.

    Shows the probabilities with intervals and words, the evidence piece by piece with its weight
    and source, the confidence in the evidence base, and what is missing.
    """
    posterior = open_model(model)
    first, second = check_actor(posterior, actor), check_actor(posterior, against)
    if first is not None and first == second:
        raise typer.BadParameter("--actor and --against name the same actor.")
    explanation = posterior.explain(incident, actor=first, against=second)
    from attribution.report.incident import incident_view  # noqa: PLC0415
    from attribution.report.text import incident_blocks  # noqa: PLC0415

    missing = posterior.missing(incident)
    view = incident_view(posterior.case, posterior.actor_names, explanation, missing=missing)
    if as_json:
        show_json(_document(posterior, view))
    else:
        show(incident_blocks(view))


def what_if(
    model: ModelArgument,
    incident: Annotated[
        str | None,
        typer.Argument(
            metavar="[INCIDENT]", help="An incident of the case; none makes one up from --set."
        ),
    ] = None,
    *,
    changes: Annotated[
        list[str] | None,
        typer.Option(
            "--set",
            metavar="COLUMN=VALUE",
            parser=parse_assignment,
            help="Change a column, as in weapon_type=drone; repeat for more.",
        ),
    ] = None,
    claims: Annotated[
        list[str] | None,
        typer.Option(
            "--claim", metavar="BRAND", help="Suppose a claim by this brand; repeat for more."
        ),
    ] = None,
    no_claims: Annotated[
        bool, typer.Option("--no-claims", help="Suppose that nobody claimed it.")
    ] = False,
    no_labels: Annotated[
        bool, typer.Option("--no-labels", help="Suppose that no expert had said who did it.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Change an incident or its evidence and ask again.

    Nothing is stored: the answer is what the model would say of such an incident.
    """
    if claims and no_claims:
        raise typer.BadParameter("--claim and --no-claims contradict each other.")
    if not (changes or claims or no_claims or no_labels):
        raise typer.BadParameter("nothing to change: give --set, --claim, --no-claims, --no-labels")
    posterior = open_model(model)
    columns = _columns(posterior, changes or [])
    answer = posterior.what_if_columns(
        incident,
        columns=columns,
        claims=_claims(posterior, claims or [], no_claims),
        keep_labels=not no_labels,
    )
    _show_answer(posterior, answer, columns, as_json)


def _columns(posterior: "Posterior", changes: "Sequence[str]") -> dict[str, str]:
    columns: dict[str, str] = {}
    for change in changes:
        name, _, value = (part.strip() for part in change.partition("="))
        known_word("column", name, changeable_columns(posterior.case))
        if name in columns:
            raise UserError(f"column {name} is set twice: {columns[name]!r} and {value!r}")
        columns[name] = _value(posterior, name, value)
    return columns


def _value(posterior: "Posterior", column: str, value: str) -> str:
    if not value:
        return value  # A blank value makes the column unknown.
    if column == "date":
        try:
            return parse_date(value).isoformat()
        except typer.BadParameter as error:
            raise UserError(f"column date: {error.message}") from error
    found = new_value(posterior.case, column, value)
    if found.remark:
        note(f"Note: {found.remark}")
    return found.text


def _claims(posterior: "Posterior", brands: "Sequence[str]", nobody: bool) -> list[str] | None:
    if not brands:
        return [] if nobody else None
    from attribution.case.names import UnknownNameError  # noqa: PLC0415

    try:
        return claimants(posterior.case, brands)
    except UnknownNameError as error:
        raise UserError(
            f"{error} (`--claim new` supposes a name never seen before, `--claim unknown` one that "
            "could not be read)"
        ) from error


def _show_answer(
    posterior: "Posterior", answer: "WhatIf", columns: "Mapping[str, str]", as_json: bool
) -> None:
    from attribution.report.incident import incident_view  # noqa: PLC0415
    from attribution.report.what_if import shown_changes, what_if_blocks, what_if_chances  # noqa: PLC0415

    names = posterior.actor_names
    view = incident_view(posterior.case, names, answer.explanation, shown_changes(columns))
    before = what_if_chances(answer.score_before, names)
    if as_json:
        from attribution.case.records import plain  # noqa: PLC0415

        supposed = {"changes": answer.changes, "chances_before": plain(before)}
        show_json(supposed | _document(posterior, view))
    else:
        show(what_if_blocks(answer.changes, before, view))


def _document(posterior: "Posterior", view: "IncidentView") -> dict[str, object]:
    from attribution.case.records import plain  # noqa: PLC0415
    from attribution.posterior.provenance import model_facts  # noqa: PLC0415

    return {"incident": plain(view), "model": model_facts(posterior)}
