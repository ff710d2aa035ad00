"""The project spec: what a project is, validated once, frozen, and versioned."""

from __future__ import annotations

import json
import unicodedata
from typing import Annotated, Any, Literal

import yaml
from pydantic import (
    Field,
    JsonValue,
    ValidationError,
    field_validator,
    model_validator,
)

from activeloop.errors import Invalid, Problem
from activeloop.policies import Mode as Mode  # noqa: PLC0414 - named here
from activeloop.policies import (
    MonitoringPolicy,
    Part,
    PromotionPolicy,
    RetentionPolicy,
    RetrainPolicy,
    StoppingPolicy,
    SuggestionPolicy,
)

Kind = Literal["text", "image", "table", "vectors"]
Answer = Literal["one", "several"]
Example = Annotated[str, Field(max_length=2000)]
Reason = Annotated[str, Field(min_length=1, max_length=100)]
TAKEN_KEYS = frozenset("ufhg")
"""Letters that mean something else on the labelling page: undo, flag, guidelines, group."""
DEFAULT_STRATEGY: dict[Answer, str] = {"one": "margin-badge", "several": "binary-badge"}
MAX_CLASSES = 1000
MAX_NAME = 100

Params = dict[str, JsonValue]


class ClassDetail(Part):
    """What annotators are told of a class beside its name."""

    color: Annotated[str, Field(pattern=r"^(#[0-9a-fA-F]{6})?$")] = Field(
        "", description="As #rrggbb; empty: none."
    )
    key: Annotated[str, Field(max_length=1)] = Field(
        "", description="The key that chooses it: a digit or a letter without a meaning of its own."
    )
    description: Annotated[str, Field(max_length=2000)] = Field(
        "", description="When it applies, in a sentence."
    )
    group: Annotated[str, Field(max_length=100)] = Field(
        "", description="Heading under which it stands when there are many."
    )
    examples: Annotated[tuple[Example, ...], Field(max_length=20)] = Field(
        (), description="Examples of it, for the guidelines."
    )

    @field_validator("key")
    @classmethod
    def _free(cls, key: str) -> str:
        if key and (not key.isalnum() or key.lower() in TAKEN_KEYS):
            raise ValueError(
                f"{key!r} must be a digit or a letter; {', '.join(sorted(TAKEN_KEYS))} are taken"
            )
        return key.lower()


class FeatureSpec(Part):
    """How samples become numbers. `auto` takes the recipe made for the project's kind."""

    recipe: str = Field("auto", description="Feature recipe, by name; `auto` follows the kind.")
    params: Params = Field(default_factory=dict, description="Parameters of the recipe.")
    precision: Literal["float32", "float16"] = Field(
        "float32",
        description="How dense features are kept on disk; float16 takes half the space.",
    )


class ModelSpec(Part):
    """What learns."""

    recipe: str = Field("linear", description="Model recipe: linear, online, forest, or a plug-in.")
    params: Params = Field(default_factory=dict, description="Parameters of the recipe.")


class StrategySpec(Part):
    """What is asked next."""

    name: str = Field(
        DEFAULT_STRATEGY["one"],
        description="Query strategy once a model exists; where answers are several labels "
        f"{DEFAULT_STRATEGY['several']} is the default.",
    )
    cold_start: str = Field("typiclust", description="Order before a model exists.")
    params: Params = Field(default_factory=dict, description="Parameters of the strategy.")


class ProjectSpec(Part):
    """A project: everything but `name`, `kind` and `classes` has a default."""

    version: Literal[1] = Field(1, description="Version of this format.")
    name: str = Field(description="Unique name, 1 to 100 characters, not all digits, no slash.")
    kind: Kind = Field(description="What a sample is: text, image, table or vectors.")
    classes: tuple[str, ...] = Field(description="The class names, 2 to 1000, in order.")
    class_details: dict[str, ClassDetail] = Field(
        default_factory=dict,
        description="By class name: color, key, description, group and examples. May also be "
        "given in `classes`, as objects with a `name`.",
    )
    answer: Answer = Field(
        "one", description="one: a sample has one label; several: any number, none among them."
    )
    guidelines: Annotated[str, Field(max_length=100_000)] = Field(
        "", description="What annotators should know, in Markdown."
    )
    features: FeatureSpec = Field(default_factory=FeatureSpec)
    model: ModelSpec = Field(default_factory=ModelSpec)
    strategy: StrategySpec = Field(default_factory=StrategySpec)
    batch_size: Annotated[int, Field(ge=1, le=10_000)] = Field(
        20, description="How many samples one diverse batch holds."
    )
    answers_per_sample: Annotated[int, Field(ge=1, le=25)] = Field(
        1, description="Answers by different people that complete a sample."
    )
    extra_answers: Annotated[int, Field(ge=0, le=25)] = Field(
        0, description="How many more answers are asked for, one at a time, while people disagree."
    )
    min_agreement: Annotated[float, Field(ge=0.5, le=1)] = Field(
        0.5,
        description="Share of the answers that must agree, and more than half of them; below it "
        "people disagree, and the sample goes to review.",
    )
    consensus: Literal["majority", "dawid-skene"] = Field(
        "majority",
        description="What training takes as a sample's label: what most say, or what is likeliest "
        "given how reliable each annotator is (Dawid & Skene, 1979).",
    )
    gold_share: Annotated[float, Field(ge=0, le=0.5)] = Field(
        0.0, description="Share of offers that are gold samples, whose label is known, unseen."
    )
    offer_groups: bool = Field(
        True, description="Offer near-duplicates with their sample, to be answered together."
    )
    suggestions: SuggestionPolicy = Field(default_factory=SuggestionPolicy)
    skip_reason: Literal["none", "optional", "required"] = Field(
        "none", description="Whether people are asked why they skip."
    )
    skip_reasons: Annotated[tuple[Reason, ...], Field(max_length=9)] = Field(
        ("unclear", "broken", "not in the list"), description="Reasons to choose from."
    )
    show_metadata: Annotated[tuple[str, ...], Field(max_length=20)] = Field(
        (), description="Metadata shown to annotators beside the sample."
    )
    cost_per_label: Annotated[float, Field(ge=0, le=1e6)] | None = Field(
        None, description="What one answer costs, for the team report."
    )
    currency: Annotated[str, Field(max_length=10)] = Field(
        "", description="What the cost is counted in."
    )
    audit_share: Annotated[float, Field(ge=0, le=0.5)] = Field(
        0.1, description="Share of samples reserved at random for evaluation, never trained on."
    )
    random_share: Annotated[float, Field(ge=0, le=1)] = Field(
        0.1,
        description="Share of training offers drawn at random: the arm that active learning is "
        "compared with. It can serve both, for its labels are learned as all others are.",
    )
    slices: Annotated[tuple[str, ...], Field(max_length=20)] = Field(
        (), description="Metadata by whose values every figure is told, too."
    )
    fairness: Annotated[tuple[str, ...], Field(max_length=10)] = Field(
        (),
        description="Metadata that name groups of people, between which figures must not differ.",
    )
    lease_seconds: Annotated[int, Field(ge=5, le=86_400)] = Field(
        600, description="How long an offered sample stays with one annotator."
    )
    retrain: RetrainPolicy = Field(default_factory=RetrainPolicy)
    promotion: PromotionPolicy = Field(default_factory=PromotionPolicy)
    monitoring: MonitoringPolicy = Field(default_factory=MonitoringPolicy)
    stopping: StoppingPolicy = Field(default_factory=StoppingPolicy)
    retention: RetentionPolicy = Field(default_factory=RetentionPolicy)
    seed: Annotated[int, Field(ge=0, le=2**31 - 1)] = Field(
        0, description="Seed of everything random in learning."
    )

    @model_validator(mode="before")
    @classmethod
    def _named_classes(cls, values: Any) -> Any:
        """Take classes that are given as objects apart into names and details."""
        if not isinstance(values, dict) or not isinstance(values.get("classes"), list | tuple):
            return values
        if not any(isinstance(each, dict) for each in values["classes"]):
            return values
        names, details = [], dict(values.get("class_details") or {})
        for each in values["classes"]:
            name = each.get("name") if isinstance(each, dict) else each
            names.append(name)
            if isinstance(each, dict) and isinstance(name, str):
                details[name] = {key: value for key, value in each.items() if key != "name"}
        return {**values, "classes": names, "class_details": details}

    @model_validator(mode="before")
    @classmethod
    def _default_strategy(cls, values: Any) -> Any:
        """Name the strategy for several labels where none is named."""
        if not isinstance(values, dict) or values.get("answer") != "several":
            return values
        given = values.get("strategy", {})
        if not isinstance(given, dict) or "name" in given:
            return values
        return {**values, "strategy": {**given, "name": DEFAULT_STRATEGY["several"]}}

    @field_validator("name")
    @classmethod
    def _name(cls, name: str) -> str:
        if not 1 <= len(name) <= MAX_NAME:
            raise ValueError(f"must have 1 to {MAX_NAME} characters, has {len(name)}")
        if name.isdigit():
            raise ValueError("must not be all digits: that is how ids are written")
        if "/" in name or not _printable(name):
            raise ValueError("must be printable and contain no slash")
        return name

    @field_validator("classes")
    @classmethod
    def _classes(cls, classes: tuple[str, ...]) -> tuple[str, ...]:
        if not 2 <= len(classes) <= MAX_CLASSES:
            raise ValueError(f"wants 2 to {MAX_CLASSES} names, got {len(classes)}")
        for name in classes:
            if not 1 <= len(name) <= MAX_NAME or not _printable(name):
                raise ValueError(f"{name!r} must be printable, 1 to {MAX_NAME} characters")
        doubled = sorted({name for name in classes if classes.count(name) > 1})
        if doubled:
            raise ValueError(f"{', '.join(map(repr, doubled))} stands more than once")
        return classes

    @model_validator(mode="after")
    def _fits(self) -> ProjectSpec:
        if self.features.recipe not in ("auto", self.kind):
            raise ValueError(
                f"features.recipe {self.features.recipe!r} does not fit kind {self.kind!r}; "
                f"use 'auto' or {self.kind!r}"
            )
        unknown = [name for name in self.class_details if name not in self.classes]
        if unknown:
            raise ValueError(f"class_details names {unknown[0]!r}, which is not among the classes")
        keys = [each.key for each in self.class_details.values() if each.key]
        doubled = sorted({key for key in keys if keys.count(key) > 1})
        if doubled:
            raise ValueError(f"class_details gives the key {doubled[0]!r} to more than one class")
        return self

    def dump(self) -> dict[str, Any]:
        """Give the spec as JSON-able values, defaults included."""
        return self.model_dump(mode="json")


def _printable(text: str) -> bool:
    return all(unicodedata.category(character)[0] != "C" for character in text)


def problems_of(error: ValidationError) -> list[Problem]:
    """Turn pydantic's findings into problems that name the field."""
    return [
        Problem(
            ".".join(map(str, found["loc"])) or "(whole)",
            found["msg"].removeprefix("Value error, "),
        )
        for found in error.errors(include_url=False, include_input=False, include_context=False)
    ]


def parse_spec(values: Any) -> ProjectSpec:
    """Validate a spec given as plain values.

    Raises:
        Invalid: naming every field at fault.
    """
    try:
        return ProjectSpec.model_validate(values)
    except ValidationError as error:
        problems = problems_of(error)
        listed = "; ".join(f"{p.where}: {p.problem}" for p in problems)
        raise Invalid(f"The project spec is not valid. {listed}", problems=problems) from error


def read_spec(text: str) -> ProjectSpec:
    """Validate a spec written as YAML or JSON text.

    Raises:
        Invalid: when the text cannot be read or names a wrong field.
    """
    try:
        values = json.loads(text) if text.lstrip().startswith("{") else yaml.safe_load(text)
    except (json.JSONDecodeError, yaml.YAMLError, RecursionError, ValueError) as error:
        raise Invalid(f"The project spec is neither YAML nor JSON: {error}") from error
    return parse_spec(values)
