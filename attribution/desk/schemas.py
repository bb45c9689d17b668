"""What the JSON API takes and gives."""

from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

MOST_ROWS = 1000
LONGEST = 500
MOST_CLAIMS = 20
MOST_COLUMNS = 20


def _storable(text: str) -> str:
    """Refuse what no file and no page can hold: half of a surrogate pair, and NUL."""
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        raise ValueError("the text is not valid Unicode") from None
    if "\0" in text:
        raise ValueError("the text holds a NUL character")
    return text.strip()


Text = Annotated[str, Field(max_length=LONGEST), AfterValidator(_storable)]


class _Given(BaseModel):
    """What a caller sends: a field that does not exist is an error, not ignored."""

    model_config = ConfigDict(extra="forbid", strict=True)


class IncidentRow(_Given):
    """An incident to be attributed, with the columns of the case's incidents."""

    incident_id: Text = ""
    date: Text = Field("", description="YYYY-MM-DD", examples=["2021-02-15"])
    country: Text = ""
    province: Text = ""
    place: Text = ""
    latitude: float | None = None
    longitude: float | None = None
    location_precision: Text = ""
    weapon_type: Text = ""
    target_type: Text = ""
    claims: list[Text] = Field(
        [], max_length=MOST_CLAIMS, description="Names under which it was claimed."
    )


class AttributeRequest(_Given):
    """Incidents to be attributed."""

    incidents: list[IncidentRow] = Field(max_length=MOST_ROWS)


class WhatIfRequest(_Given):
    """A supposed change of an incident."""

    incident_id: Text | None = Field(
        None, description="An incident of the case; none starts from nothing."
    )
    columns: dict[Text, Text] = Field(
        {},
        max_length=MOST_COLUMNS,
        description='New values by column; "" makes a column unknown.',
        examples=[{"weapon_type": "drone"}],
    )
    claims: list[Text] | None = Field(
        None,
        max_length=MOST_CLAIMS,
        description="Names that claim it instead; [] is nobody, null leaves the claims.",
    )
    keep_labels: bool = Field(True, description="Whether its labels stay.")
    actor: Text | None = Field(None, description="Explain this actor, not the most probable one.")
    against: Text | None = Field(None, description="Weigh the evidence against this actor.")


class FaultModel(BaseModel):
    """One thing that is wrong with a request."""

    where: str
    message: str
    nearest: str | None = None


class ErrorModel(BaseModel):
    """Why a request was not answered."""

    message: str
    faults: list[FaultModel]


class ModelFacts(BaseModel):
    """Which fit answered."""

    model_config = ConfigDict(extra="allow")

    package_version: str
    seed: int
    draws: int
    as_of: str | None
    case_name: str
    case_fingerprint: str
    passed_diagnostics: bool


class ChanceModel(BaseModel):
    """The probability of one actor, with its 90 % interval and its ICD 203 words."""

    actor: str
    name: str
    p: float
    lo: float
    hi: float
    words: str


class SourceModel(BaseModel):
    """Where a piece of evidence was read; a blank text is unknown."""

    source_id: str
    publisher: str
    title: str
    date: str
    url: str


class PieceModel(BaseModel):
    """One piece of evidence and its weight in decibans, with its 90 % interval."""

    piece: str
    channel: str
    text: str
    date: str
    decibans: float
    lo: float
    hi: float
    source: SourceModel | None
    sources: list[SourceModel]


class LackingModel(BaseModel):
    """Something that is not known, and how far knowing it could move the actor that comes first."""

    missing: str
    actor: str
    name: str
    now: float
    lowest: float
    lowest_if: str
    highest: float
    highest_if: str
    shift: float
    overturned: float


class IncidentModel(BaseModel):
    """One incident, explained."""

    incident_id: str
    facts: list[tuple[str, str]]
    chances: list[ChanceModel]
    actor: str = Field(description="Name of the actor that the evidence is weighed for.")
    against: str = Field(description="Name of the rival; blank for all others.")
    pieces: list[PieceModel] = Field(description="Base rate first, total last.")
    evidence: Literal["low", "moderate", "high", ""]
    entropy_bits: float
    status: str
    missing: list[str]
    lacking: list[LackingModel] = Field(description="Of incidents of the case.")


class SimilarModel(BaseModel):
    """An incident like another one."""

    incident_id: str
    likeness: float
    shared: list[str]
    kilometres: float | None
    days: int | None


class ListedModel(BaseModel):
    """One incident in a list."""

    incident_id: str
    date: str
    country: str
    province: str
    place: str
    weapon_type: str
    target_type: str
    target_name: str
    latitude: float | None
    longitude: float | None
    claimed_by: list[str]
    labels: int
    best: ChanceModel
    entropy_bits: float
    evidence: str
    status: str


class IncidentsAnswer(BaseModel):
    """A page of incidents."""

    total: int
    page: int
    pages: int
    incidents: list[ListedModel]
    model: ModelFacts


class IncidentAnswer(BaseModel):
    """One incident, explained, and incidents like it."""

    incident: IncidentModel
    similar: list[SimilarModel]
    model: ModelFacts


class AttributionModel(BaseModel):
    """A row of the score output; without an answer its numbers are null."""

    incident_id: str
    chances: list[ChanceModel]
    top_actor: str
    top_p: float | None
    words: str
    entropy_bits: float | None
    evidence: str
    status: str


class AttributeAnswer(BaseModel):
    """Attributions, one for each row asked for, in order."""

    attributions: list[AttributionModel]
    model: ModelFacts


class WhatIfAnswer(BaseModel):
    """An incident as supposed."""

    changes: str
    remarks: list[str]
    chances_before: list[ChanceModel]
    incident: IncidentModel
    model: ModelFacts


class ShareModel(BaseModel):
    """An actor's share of the incidents of a period, with its 90 % interval."""

    period: str
    actor: str
    name: str
    share: float
    lo: float
    hi: float
    expected_incidents: float
    n_incidents: int


class SharesAnswer(BaseModel):
    """Shares by period and actor."""

    shares: list[ShareModel]
    model: ModelFacts


class BrandModel(BaseModel):
    """How probably an actor stands behind a claim by a brand, with its 90 % interval."""

    brand_id: str
    name: str
    actor: str
    share: float
    lo: float
    hi: float
    claims: int
    active_from: str | None
    active_to: str | None


class BrandsAnswer(BaseModel):
    """Brands by actor."""

    brands: list[BrandModel]
    model: ModelFacts


class LabellerModel(BaseModel):
    """How often a labeller is right when it says "likely", with its 90 % interval."""

    labeller: str
    name: str
    type: str
    labels: int
    hit: float
    lo: float
    hi: float


class PreferenceModel(BaseModel):
    """How often a type of labeller names an actor when it does not know, with its 90 % interval."""

    labeller_type: str
    actor: str
    share: float
    lo: float
    hi: float


class LabellersAnswer(BaseModel):
    """Labellers and their habits."""

    labellers: list[LabellerModel]
    preferences: list[PreferenceModel]
    model: ModelFacts
