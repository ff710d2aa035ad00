"""The policies of a project: when it learns, what is let through, what is watched and kept."""

from __future__ import annotations

from typing import Annotated, Literal, get_args

from pydantic import BaseModel, ConfigDict, Field, field_validator

from activeloop import schedules

Mode = Literal["auto", "incremental", "full", "warm", "fine-tune"]
MODES: tuple[str, ...] = get_args(Mode)
Share = Annotated[float, Field(ge=0, le=1)]


class Part(BaseModel):
    """A part of the spec: frozen, and closed to fields it does not know."""

    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True)


class RetrainPolicy(Part):
    """When a new version is trained, and how."""

    every: Annotated[int, Field(ge=1, le=1_000_000)] = Field(
        20, description="Train after so many new training labels."
    )
    mode: Mode = Field("auto", description="auto, incremental, full, warm or fine-tune.")
    schedule: Annotated[str, Field(max_length=100)] = Field(
        "",
        description="Train at these times (UTC), when labels came since: five fields as cron "
        "writes them, such as `0 3 * * *`. Empty: no schedule.",
    )
    on_drift: bool = Field(
        True, description="Train when a campaign that a drift alarm opened has its labels."
    )
    on_drop: Annotated[float, Field(gt=0, le=1)] | None = Field(
        None,
        description="Train when the champion's audit figure has fallen by more than this since it "
        "was crowned, beyond chance.",
    )
    pull: Annotated[float, Field(ge=0, le=1e6)] = Field(
        0.01,
        description="Of fine-tune: how strongly the new model is pulled to the one before, lambda "
        "in lambda * ||theta - theta_0||^2.",
    )

    @field_validator("schedule")
    @classmethod
    def _schedule(cls, written: str) -> str:
        return schedules.check(written)


class Guardrails(Part):
    """What a challenger must not make worse, however much better it is overall."""

    slices: bool = Field(
        True, description="No slice of 30 audit labels or more may be worse beyond chance (Holm)."
    )
    fairness_gap: Share | None = Field(
        0.05,
        description="Largest growth of the gap between groups of people; more stops it when it is "
        "beyond chance; null: not looked at.",
    )
    log_loss: Annotated[float, Field(gt=0)] | None = Field(
        0.1,
        description="Largest growth of log loss, relative; more stops it when it is beyond "
        "chance; null: not looked at.",
    )
    latency: Annotated[float, Field(gt=0)] | None = Field(
        None, description="Longest time of one prediction (95th percentile, ms); null: any."
    )


class PromotionPolicy(Part):
    """When a challenger replaces the champion."""

    rule: Literal["better", "not_worse", "unless_worse", "manual"] = Field(
        "better",
        description="better: the audit labels show that it is better; not_worse: a paired interval "
        "excludes a loss of more than `margin`; unless_worse: a challenger that learned all the "
        "champion did, and more, by the same recipe is promoted unless it looks worse, and any "
        "other must show not_worse; manual: only people promote.",
    )
    figure: Literal["accuracy", "macro_f1"] = Field(
        "accuracy",
        description="What the gate compares: accuracy by an exact McNemar test, macro_f1 by the "
        "bound of a paired bootstrap.",
    )
    young: Literal["follow", "hold"] = Field(
        "follow",
        description="While there are too few audit labels to test anything: follow lets the newest "
        "descendant that does not look worse answer, provisionally; hold keeps the first version.",
    )
    margin: Annotated[float, Field(ge=0, le=0.5)] = Field(
        0.05, description="Largest loss that not_worse lets pass (0..0.5)."
    )
    alpha: Annotated[float, Field(gt=0, lt=0.5)] = Field(
        0.05,
        description="Error level of the gate, over all looks of a budget; twice the audit labels "
        "begin a new one.",
    )
    looks: Annotated[int, Field(ge=1, le=1000)] = Field(
        20, description="Looks at the audit labels over which `alpha` is spent in equal parts."
    )
    min_audit: Annotated[int, Field(ge=1, le=100_000)] = Field(
        200, description="Fewest audit labels on which the gate tests."
    )
    min_per_class: Annotated[int, Field(ge=0, le=10_000)] = Field(
        10, description="Fewest audit labels of each class that has any, on which it tests."
    )
    guardrails: Guardrails = Field(default_factory=Guardrails)


class SuggestionPolicy(Part):
    """Whether annotators see what the model thinks."""

    show: bool = Field(False, description="Show the model's label beside the sample.")
    hidden_share: Share = Field(
        0.2,
        description="Share of the samples, drawn at random, whose suggestion is hidden all the "
        "same; audit samples never show one. The team report compares the two.",
    )


class MonitoringPolicy(Part):
    """How incoming samples are watched."""

    drift: bool = Field(True, description="Compare incoming samples with the champion's reference.")
    window: Annotated[int, Field(ge=100, le=100_000)] = Field(
        200, description="How many incoming samples one comparison takes."
    )
    level: Annotated[float, Field(gt=0, lt=0.5)] = Field(
        0.05, description="Share of false findings allowed (Benjamini-Hochberg)."
    )
    floor: Share = Field(0.1, description="Smallest effect that counts, however sure it is.")
    campaign: Annotated[int, Field(ge=0, le=10_000)] = Field(
        100, description="Samples that an alarm puts up for labelling, drawn at random; 0: none."
    )
    keep_predicted: Share = Field(
        1.0, description="Share of the samples sent for prediction that is kept for this."
    )


class StoppingPolicy(Part):
    """When labelling has done its work."""

    target: Share | None = Field(None, description="The accuracy that is wanted.")
    precision: Annotated[float, Field(gt=0, le=0.5)] = Field(
        0.05, description="Half the width of the audit interval that is wanted."
    )
    budget: Annotated[int, Field(ge=1)] | None = Field(
        None, description="Answers that may be asked for in all."
    )
    least_gain: Share = Field(
        0.005, description="Expected gain of the next 100 labels below which they do not pay."
    )
    to_random: bool = Field(
        False,
        description="Ask at random when active learning is shown to be worse than random.",
    )


class RetentionPolicy(Part):
    """Which versions' model files are kept; their records always are."""

    newest: Annotated[int, Field(ge=1, le=100_000)] = Field(
        50, description="The newest versions keep their files."
    )
    best: Annotated[int, Field(ge=1, le=100_000)] = Field(
        10,
        description="So do the best by audit figure, those pinned, and every version that was a "
        "champion.",
    )
