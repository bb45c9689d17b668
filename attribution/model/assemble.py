r"""The PyMC model: channels' tables, gathered and marginalised by hand.

With :math:`\log\pi_{ik}` the nested-logit prior of incident ``i`` (`attribution.channels.effects`)
and :math:`S_{ik}` the log-likelihood of what was said of it,

.. math:: \log p(\text{data}_i) = \operatorname{logsumexp}_k(\log \pi_{ik} + S_{ik})

The sum over actors is exact; no discrete variable is sampled.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pymc as pm
import pytensor.tensor as pt

from attribution.channels.effects import concatenated, families, log_sum_exp
from attribution.model.tables import TABLE, table_coords

if TYPE_CHECKING:
    from attribution.channels.base import Tensor
    from attribution.channels.effects import Families
    from attribution.channels.stack import Codes, Stack


def assemble(stack: Stack, codes: Codes) -> pm.Model:
    """Build the model of a stack of channels and the coded evidence of its labelled incidents.

    Codes, weights and the incidents' weights are ``pm.Data``, so that another selection of labels
    of the same shape is fitted without compiling again.

    Parameters
    ----------
    stack
        The channels of the case.
    codes
        Evidence about the incidents of the fit.

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
        code = pm.Data("code", codes.code)
        weight = pm.Data("weight", codes.weight)
        incident_weight = pm.Data("incident_weight", np.ones(codes.code.shape[0]))
        groups = families(stack.channels[0].actors)
        stacked = _stacked(stack, tables, groups)
        terms = log_marginal_terms(stacked, code, weight, codes.act_slots, groups)
        pm.Potential("log_likelihood", (terms * incident_weight).sum())
    return model


def log_marginal_terms(
    stacked: Tensor,
    code: Tensor,
    weight: Tensor,
    act_slots: int,
    groups: Families,
) -> Tensor:
    """Return each incident's log-likelihood with its actor summed out.

    The symbolic twin of ``log_marginal`` in the kernel of the posterior.

    Parameters
    ----------
    stacked
        Tables of all channels with a row of zeros behind them: (rows + 1, actors + families).
    code, weight
        (incidents, slots); see `attribution.channels.stack.Codes`.
    act_slots
        Number of slots that hold act evidence; they come first.
    groups
        The families of the actors.

    Returns
    -------
    Tensor of shape (incidents,).
    """
    gathered = stacked[_flat(code)].reshape((code.shape[0], code.shape[1], groups.width))
    weighted = gathered * weight[:, :, None]
    act = weighted[:, :act_slots].sum(axis=1)
    said = weighted[:, act_slots:, : groups.actors].sum(axis=1)
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
