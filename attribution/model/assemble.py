r"""The PyMC model: channels' tables, gathered and marginalised by hand.

With :math:`\log\pi_{ik}` the nested-logit prior of incident ``i`` (`attribution.channels.effects`)
and :math:`S_{ik}` the log-likelihood of what was said of it,

.. math:: \log p(\text{data}_i) = \operatorname{logsumexp}_k(\log \pi_{ik} + S_{ik})

The sum over actors is exact; no discrete variable is sampled.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pymc as pm
import pytensor.tensor as pt

from attribution.channels.effects import concatenated, families, log_sum_exp
from attribution.model.likelihood import MarginalLikelihood
from attribution.model.tables import TABLE, table_coords

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from attribution.channels.base import Node, Tensor
    from attribution.channels.effects import Families
    from attribution.channels.stack import Codes, Stack

#: Name of the incidents' weights among the model's data.
INCIDENT_WEIGHT = "incident_weight"


def assemble(stack: Stack, codes: Codes, *, fused: bool = True) -> pm.Model:
    """Build the model of a stack of channels and the coded evidence of its labelled incidents.

    All that ``model_data`` returns is ``pm.Data``, so that another selection of labels, or an
    earlier state of the case, is fitted without compiling again.

    Parameters
    ----------
    stack
        The channels of the case.
    codes
        Evidence about the incidents of the fit.
    fused
        Compute the likelihood in one operation (`attribution.model.likelihood`); if not, by the
        same formula in PyTensor's own operations, which is slower in every respect and serves as
        the oracle.

    Returns
    -------
    pymc.Model
        With a deterministic ``table_<channel>`` for every channel and the potential
        ``log_likelihood``, the weighted sum over incidents.
    """
    coords = table_coords(stack)
    with pm.Model(coords=coords) as model:
        tables = [
            pm.Deterministic(
                f"{TABLE}{channel.name}",
                channel.table(),
                dims=(f"level_{channel.name}", "column" if channel.role == "act" else "actor"),
            )
            for channel in stack.channels
        ]
        data = {name: pm.Data(name, values) for name, values in coded_data(codes).items()}
        groups = families(stack.channels[0].actors)
        stacked = _stacked(stack, tables, groups)
        likelihood = fused_likelihood if fused else summed_likelihood
        pm.Potential("log_likelihood", likelihood(stacked, data, codes, groups))
    return model


def coded_data(codes: Codes) -> dict[str, NDArray[Any]]:
    """Return coded evidence as the model holds it, by name.

    Parameters
    ----------
    codes
        Evidence about the incidents of the fit.

    Returns
    -------
    ``code`` of the slots that are not measured, ``weight`` and ``factor`` (see
    `attribution.channels.stack.Codes`) and ``incident_weight``, 1 for every incident.
    """
    return {
        "code": codes.code[:, codes.factor.shape[1] :],
        "weight": codes.weight,
        "factor": codes.factor,
        INCIDENT_WEIGHT: np.ones(len(codes.code)),
    }


def model_data(stack: Stack, codes: Codes) -> dict[str, NDArray[Any]]:
    """Return all that may differ between two fits of one compiled model, by name.

    Parameters
    ----------
    stack, codes
        As for ``assemble``.

    Returns
    -------
    The arrays of ``coded_data`` and those behind the channels' tables.
    """
    behind = {name: each for channel in stack.channels for name, each in channel.data().items()}
    return {**coded_data(codes), **behind}


def fused_likelihood(
    stacked: Tensor, data: Mapping[str, Tensor], codes: Codes, groups: Families
) -> Tensor:
    """Return the weighted log-likelihood of all incidents, computed in one operation.

    Parameters
    ----------
    stacked, data, codes, groups
        See ``log_marginal_terms``.

    Returns
    -------
    Tensor
        A scalar.
    """
    first = codes.factor.shape[1]
    # A measured slot has one code for all incidents.
    operation = MarginalLikelihood(codes.code[0, :first], codes.act_slots - first, groups.of)
    evidence = (data[name] for name in ("code", "weight", "factor", INCIDENT_WEIGHT))
    outputs: Node = operation(stacked, *evidence)
    total: Tensor = outputs[0]
    return total


def summed_likelihood(
    stacked: Tensor, data: Mapping[str, Tensor], codes: Codes, groups: Families
) -> Tensor:
    """Return the same as ``fused_likelihood`` by PyTensor's own operations.

    Parameters
    ----------
    stacked, data, codes, groups
        See ``log_marginal_terms``.

    Returns
    -------
    Tensor
        A scalar.
    """
    total: Tensor = (log_marginal_terms(stacked, data, codes, groups) * data[INCIDENT_WEIGHT]).sum()
    return total


def log_marginal_terms(
    stacked: Tensor, data: Mapping[str, Tensor], codes: Codes, groups: Families
) -> Tensor:
    """Return each incident's log-likelihood with its actor summed out.

    The symbolic twin of ``log_marginal`` in the kernel of the posterior.

    Parameters
    ----------
    stacked
        Tables of all channels with a row of zeros behind them: (rows + 1, actors + families).
    data
        Evidence as ``coded_data`` names it.
    codes
        The same as arrays, for what does not change between fits.
    groups
        The families of the actors.

    Returns
    -------
    Tensor of shape (incidents,).
    """
    code, weight = data["code"], data["weight"]
    first = codes.factor.shape[1]
    acts = codes.act_slots - first
    gathered = stacked[_flat(code)].reshape((code.shape[0], code.shape[1], groups.width))
    weighted = gathered * weight[:, first:, None]
    act = weighted[:, :acts].sum(axis=1)
    if first:
        # A measured slot has one code for all incidents.
        rows = stacked[codes.code[0, :first]]
        act = act + (data["factor"] * weight[:, :first, None] * rows[None]).sum(axis=1)
    said = weighted[:, acts:, : groups.actors].sum(axis=1)
    member, group = act[:, : groups.actors], act[:, groups.actors :]
    family = np.asarray(groups.of)
    # Scores are a few units wide, so exponentials need no shift here.
    log_family = pt.log(pt.exp(member) @ groups.members.T)
    log_group = group - log_sum_exp(group)[:, None]
    log_prior = member + (log_group - log_family)[:, family]
    return log_sum_exp(log_prior + said)


def _flat(code: Tensor) -> Tensor:
    flat: Tensor = code.flatten()  # type: ignore[no-untyped-call] # PyTensor's
    return flat


def _stacked(stack: Stack, tables: list[Tensor], groups: Families) -> Tensor:
    """Stack tables of both widths, with a row of zeros behind them."""
    padded = [
        table
        if channel.role == "act"
        else concatenated([table, pt.zeros((table.shape[0], groups.count))], axis=1)
        for channel, table in zip(stack.channels, tables, strict=True)
    ]
    return concatenated([*padded, pt.zeros((1, groups.width))])
