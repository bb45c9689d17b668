"""Commands that show the model's tables: shares, brands, labellers, diagnose."""

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from attribution.cli.faults import ExitCode
from attribution.cli.models import load_model, open_model
from attribution.cli.options import JsonOption, ModelArgument
from attribution.cli.output import show, show_json
from attribution.cli.selection import (
    CountryOption,
    FromOption,
    ProvinceOption,
    TargetOption,
    ToOption,
    WeaponOption,
    check_days,
    words_of,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd

    from attribution.posterior.posterior import Posterior
    from attribution.report.blocks import Block


class Period(StrEnum):
    """Lengths of time into which shares can be split."""

    MONTH = "month"
    QUARTER = "quarter"
    YEAR = "year"


def shares(
    model: ModelArgument,
    *,
    start: FromOption = None,
    end: ToOption = None,
    by: Annotated[Period | None, typer.Option(help="Split by this length of time.")] = None,
    weapon_type: WeaponOption = None,
    target_type: TargetOption = None,
    country: CountryOption = None,
    province: ProvinceOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show the actors' shares of the incidents."""
    check_days(start, end)
    posterior = open_model(model)
    where = words_of(posterior, weapon_type, target_type, country, province)
    table = posterior.shares(start=start, end=end, by=None if by is None else by.value, where=where)
    if as_json:
        _show_json(posterior, {"shares": table})
        return
    from attribution.report.tables import shares_table  # noqa: PLC0415

    show((shares_table(table), _estimate()))


def brands(model: ModelArgument, as_json: JsonOption = False) -> None:
    """Show who probably stands behind each brand."""
    posterior = open_model(model)
    table = posterior.brands()
    if as_json:
        _show_json(posterior, {"brands": table})
        return
    from attribution.report.tables import brands_table  # noqa: PLC0415

    show((brands_table(table, posterior.actor_names), _estimate()))


def labellers(model: ModelArgument, as_json: JsonOption = False) -> None:
    """Show how reliable the labellers are.

    Shows how often a label is right and whom each type of labeller names when it does not know.
    """
    posterior = open_model(model)
    hits, preferences = posterior.labellers(), posterior.preferences()
    if as_json:
        _show_json(posterior, {"labellers": hits, "preferences": preferences})
        return
    from attribution.report.blocks import Heading  # noqa: PLC0415
    from attribution.report.tables import labellers_table, preferences_table  # noqa: PLC0415

    show(
        (
            Heading('How often a labeller is right when it says "likely"'),
            labellers_table(hits),
            Heading("Whom each type of labeller names when it does not know"),
            preferences_table(preferences, posterior.actor_names),
            _estimate(),
        )
    )


def diagnose(model: ModelArgument, as_json: JsonOption = False) -> None:
    """Show the model's own diagnostics.

    Exit 3 if it failed them.
    """
    posterior = load_model(model)
    diagnosis = posterior.diagnose()
    if as_json:
        from attribution.case.records import plain  # noqa: PLC0415
        from attribution.posterior.provenance import model_facts  # noqa: PLC0415

        show_json(
            {
                "passed": diagnosis.passed,
                "checks": plain(diagnosis.table),
                "worst": plain(diagnosis.worst),
                "sensitivity": plain(diagnosis.sensitivity),
                "model": model_facts(posterior),
            }
        )
    else:
        from attribution.report.blocks import Heading, Paragraph  # noqa: PLC0415
        from attribution.report.tables import (  # noqa: PLC0415
            any_table,
            checks_table,
            power_scaling_table,
        )
        from attribution.report.text import POWER_SCALING_MEANING  # noqa: PLC0415

        # An approximation is checked as a whole: no entry has figures of its own.
        worst = (Heading("Worst entries"), any_table(diagnosis.worst))
        show(
            (
                Paragraph(_sentence(diagnosis.text)),
                checks_table(diagnosis.table),
                *(worst if len(diagnosis.worst) else ()),
                Heading("What the shares of all incidents rest on"),
                power_scaling_table(diagnosis.sensitivity, posterior.actor_names),
                Paragraph(POWER_SCALING_MEANING),
            )
        )
    if not diagnosis.passed:
        raise typer.Exit(ExitCode.FAILED_DIAGNOSTICS)


def _sentence(text: str) -> str:
    """Return the first line of a verdict; the checks below it follow as a table."""
    first = text.splitlines()[0]
    return f"{first[:1].upper()}{first[1:].rstrip('.')}."


def _show_json(posterior: "Posterior", tables: "Mapping[str, pd.DataFrame]") -> None:
    from attribution.case.records import plain  # noqa: PLC0415
    from attribution.posterior.provenance import model_facts  # noqa: PLC0415

    found = {name: plain(table) for name, table in tables.items()}
    show_json(found | {"model": model_facts(posterior)})


def _estimate() -> "Block":
    from attribution.report.blocks import Paragraph  # noqa: PLC0415
    from attribution.report.text import INTERVAL_MEANING  # noqa: PLC0415

    return Paragraph(INTERVAL_MEANING)
