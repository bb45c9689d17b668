"""The model folder: ``manifest.json``, ``draws.zarr`` and the case's tables. No pickle.

A model updated without a refit holds, instead of draws of its own, the folder of its fit: which
draws it takes follows from the fit and the larger case.
"""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

import xarray as xr

from attribution import __version__
from attribution.case.load import load_case, save_case
from attribution.channels.stack import bind_stack
from attribution.model.tables import TABLE
from attribution.posterior.diagnosis import Densities
from attribution.posterior.manifest import (
    SCHEMA_VERSION,
    UPDATED_SCHEMA_VERSION,
    Manifest,
    manifest_from,
)
from attribution.posterior.posterior import Posterior
from attribution.posterior.share_sensitivity import ShareSensitivity, share_sensitivity_from
from attribution.posterior.update import restored

if TYPE_CHECKING:
    import numpy as np

    from attribution.case.case import Case

MANIFEST = "manifest.json"
DRAWS = "draws.zarr"
CASE = "case"
FITTED = "fitted"
DENSITIES = "densities"
PRIOR = "log_prior_"
LIKELIHOOD = "log_likelihood"
SENSITIVITY = "sensitivity.json"
BUNDLED = Path(__file__).parents[1] / "bundled"
REPOSITORY_DATA = Path(__file__).parents[2] / "data"


class ModelFolderError(ValueError):
    """A folder is not a model that this version can use."""


class SchemaError(ModelFolderError):
    """The folder's layout is of another schema version."""


class PackageVersionError(ModelFolderError):
    """The model was fitted by another version of this package."""


class ChangedDataError(ModelFolderError):
    """The tables in the folder are not those that the model was fitted to."""


def save(posterior: Posterior, path: str | Path) -> None:
    """Write a model folder, all of it or nothing.

    Raises
    ------
    FileExistsError
        If the path exists.
    """
    target = Path(path)
    if target.exists():
        raise FileExistsError(f"{target} exists already")
    target.parent.mkdir(parents=True, exist_ok=True)
    partial = Path(tempfile.mkdtemp(prefix=f".{target.name}-", dir=target.parent))
    try:
        save_case(posterior.case, partial / CASE)
        if posterior.fitted is None:
            _save_draws(posterior, partial)
        else:
            save(posterior.fitted, partial / FITTED)
        text = json.dumps(posterior.manifest.as_dict(), indent=1, ensure_ascii=False)
        (partial / MANIFEST).write_text(text + "\n", encoding="utf-8")
        # mkdtemp makes folders that only their owner may read.
        partial.chmod(0o777 & ~_umask())
        partial.rename(target)
    except BaseException:
        shutil.rmtree(partial, ignore_errors=True)
        raise


def load(path: str | Path, *, check_version: bool = True) -> Posterior:
    """Read a model folder. No code in it is run.

    Parameters
    ----------
    path
        The folder.
    check_version
        Refuse a model of another package version.

    Raises
    ------
    SchemaError, PackageVersionError, ChangedDataError
        If the folder is of another layout or version, or its tables are not those of the fit.
    ModelFolderError
        If it is no model folder at all.
    """
    folder = Path(path)
    manifest = _read_manifest(folder)
    if check_version and manifest.package_version != __version__:
        raise PackageVersionError(
            f"{folder} was fitted by version {manifest.package_version}; this is {__version__}. "
            f"Fit it again."
        )
    case = replace(load_case(folder / CASE), as_of=manifest.as_of_day)
    if case.fingerprint() != manifest.case_fingerprint:
        raise ChangedDataError(f"the tables in {folder / CASE} have changed since the fit")
    if manifest.update is not None:
        return _load_updated(folder, manifest, case, check_version=check_version)
    stack = bind_stack(case)
    if {channel.name: channel.levels for channel in stack.channels} != dict(manifest.levels):
        raise ChangedDataError(f"the channels' levels in {folder} are not those of the fit")
    try:
        with xr.open_zarr(folder / DRAWS, consolidated=False, chunks=None) as dataset:
            arrays = {str(name): dataset[name].to_numpy() for name in dataset.data_vars}
    except (OSError, KeyError, ValueError) as error:
        raise ModelFolderError(f"{folder / DRAWS} cannot be read: {error}") from error
    tables = {name: values for name, values in arrays.items() if name.startswith(TABLE)}
    _check_shapes(folder, tables, manifest)
    return Posterior(
        case,
        stack,
        MappingProxyType(tables),
        MappingProxyType({n: v for n, v in arrays.items() if not n.startswith(TABLE)}),
        manifest,
        _read_densities(folder, manifest),
        _read_share_sensitivity(folder, manifest),
    )


def bundled_model_folder(name: str = "iraq") -> Path:
    """Return the folder of the fitted model that comes with the package."""
    for parent in (BUNDLED, REPOSITORY_DATA):
        folder = parent / f"{name}.model"
        if folder.is_dir():
            return folder
    raise ModelFolderError(f"no fitted model of '{name}' comes with this package")


def _read_manifest(folder: Path) -> Manifest:
    path = folder / MANIFEST
    if not folder.exists():
        raise ModelFolderError(f"{folder} does not exist")
    if not path.is_file():
        raise ModelFolderError(f"{folder} is not a model folder: it has no {MANIFEST}")
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        schema = content["schema_version"]
    except (ValueError, KeyError, TypeError) as error:
        raise ModelFolderError(f"{path} cannot be read: {error}") from error
    if schema not in (SCHEMA_VERSION, UPDATED_SCHEMA_VERSION):
        raise SchemaError(
            f"{folder} has schema version {schema}; this reads {SCHEMA_VERSION} and, of updated "
            f"models, {UPDATED_SCHEMA_VERSION}"
        )
    try:
        return manifest_from(content)
    except (KeyError, TypeError, AttributeError) as error:
        raise ModelFolderError(
            f"{path} lacks a field or has one of another kind: {error}"
        ) from error


def _load_updated(
    folder: Path, manifest: Manifest, case: Case, *, check_version: bool
) -> Posterior:
    """Load the fit behind an updated model and take the new rows up again."""
    fitted = load(folder / FITTED, check_version=check_version)
    update = manifest.update or {}
    if fitted.manifest.case_fingerprint != update.get("fitted_case_fingerprint"):
        raise ChangedDataError(f"the fit in {folder / FITTED} is not the one that was updated")
    posterior = restored(fitted, case, manifest)
    if {c.name: c.levels for c in posterior.stack.channels} != dict(manifest.levels):
        raise ChangedDataError(f"the channels' levels in {folder} are not those of the update")
    return posterior


def _check_shapes(folder: Path, tables: dict[str, np.ndarray], manifest: Manifest) -> None:
    for name, levels in manifest.levels.items():
        shape = tables[f"{TABLE}{name}"].shape if f"{TABLE}{name}" in tables else None
        if shape is None or shape[:2] != (manifest.draws, len(levels)):
            raise ModelFolderError(
                f"{folder / DRAWS}: the table of channel '{name}' has shape {shape}, not "
                f"{manifest.draws} draws of {len(levels)} levels"
            )


def _dataset(posterior: Posterior) -> xr.Dataset:
    """Put all draws into one dataset; axes carry no labels there, the manifest names the levels."""
    variables = {
        name: (("draw", *(f"{name}_axis{axis}" for axis in range(1, values.ndim))), values)
        for name, values in {**posterior.tables, **posterior.reported}.items()
    }
    return xr.Dataset(variables)


def _save_draws(posterior: Posterior, folder: Path) -> None:
    """Write draws and what a model may have or lack: log densities, the sensitivity of a share."""
    from zarr.codecs import BloscCodec  # noqa: PLC0415 - heavy, needed only to save

    draws = _dataset(posterior)
    # Bytes of one place side by side: draws of a few significant bits share most of them.
    codec = BloscCodec(cname="zstd", clevel=5, shuffle="shuffle")
    encoding = {str(name): {"compressors": (codec,)} for name in draws.data_vars}
    draws.to_zarr(folder / DRAWS, mode="w", consolidated=False, zarr_format=3, encoding=encoding)
    densities = posterior.densities
    if densities is not None:
        priors = {f"{PRIOR}{name}": ("draw", each) for name, each in densities.log_prior.items()}
        xr.Dataset({**priors, LIKELIHOOD: ("draw", densities.log_likelihood)}).to_zarr(
            folder / DRAWS, group=DENSITIES, mode="a", consolidated=False, zarr_format=3
        )
    if posterior.share_sensitivity is not None:
        text = json.dumps(posterior.share_sensitivity.as_dict(), indent=1, ensure_ascii=False)
        (folder / SENSITIVITY).write_text(text + "\n", encoding="utf-8")


def _read_densities(folder: Path, manifest: Manifest) -> Densities | None:
    """Read the log densities of the draws; None of a model saved without them."""
    path = folder / DRAWS
    if not (path / DENSITIES).is_dir():
        return None
    try:
        with xr.open_zarr(path, group=DENSITIES, consolidated=False, chunks=None) as dataset:
            found = {str(name): dataset[name].to_numpy() for name in dataset.data_vars}
        likelihood = found.pop(LIKELIHOOD)
    except (OSError, KeyError, ValueError) as error:
        raise ModelFolderError(f"{path / DENSITIES} cannot be read: {error}") from error
    if any(values.shape != (manifest.draws,) for values in (likelihood, *found.values())):
        raise ModelFolderError(f"{path / DENSITIES} does not have {manifest.draws} draws")
    priors = {name.removeprefix(PRIOR): values for name, values in found.items()}
    return Densities(MappingProxyType(priors), likelihood)


def _read_share_sensitivity(folder: Path, manifest: Manifest) -> ShareSensitivity | None:
    """Read the sensitivity of a share; None of a model for which none was measured."""
    path = folder / SENSITIVITY
    if not path.is_file():
        return None
    try:
        found = share_sensitivity_from(json.loads(path.read_text(encoding="utf-8")))
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ModelFolderError(f"{path} cannot be read: {error}") from error
    if found.case_fingerprint != manifest.case_fingerprint:
        raise ChangedDataError(f"{path} was measured on other tables than those of the fit")
    return found


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
