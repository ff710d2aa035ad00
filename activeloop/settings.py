"""Settings: read once from ACTIVELOOP_* by the composition root, then frozen."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from activeloop.errors import Misconfigured

PREFIX = "ACTIVELOOP_"


class Settings(BaseSettings):
    """How one process runs. Each field is the environment variable ACTIVELOOP_<NAME>."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, frozen=True, extra="ignore")

    data: Path = Field(
        Path("activeloop-data"), description="Data directory: database, artifacts, uploads."
    )
    database_url: str = Field(
        "", description="SQLAlchemy URL of PostgreSQL; empty means SQLite in the data directory."
    )
    redis_url: str = Field(
        "", description="Redis URL of the broker; empty means the embedded broker."
    )
    secret_key: SecretStr = Field(
        SecretStr(""),
        description="Signs cookies, at least 32 characters. Empty: made once and kept in the data "
        "directory (embedded only; with PostgreSQL it must be given).",
    )
    host: str = Field("127.0.0.1", description="Address the web process listens on.")
    port: int = Field(8000, ge=0, le=65535, description="Port the web process listens on.")
    web_threads: int = Field(16, ge=1, le=256, description="Threads of the web process.")
    worker_processes: int = Field(1, ge=1, le=64, description="Celery pool processes per worker.")
    secure_cookies: bool = Field(
        False, description="Send cookies over HTTPS only; set it behind a TLS proxy."
    )
    behind_proxy: bool = Field(
        False, description="Trust X-Forwarded-* from one proxy in front of the web process."
    )
    metrics_token: SecretStr = Field(
        SecretStr(""),
        description="Bearer token that /metrics asks for. Empty: everyone who reaches the port may "
        "read them, the names of projects among them.",
    )
    log_format: Literal["text", "json"] = Field(
        "text", description="How log lines are written: for people, or as JSON, one per line."
    )
    max_upload_mb: int = Field(4096, ge=1, description="Largest import upload, in MiB.")
    max_line_mb: int = Field(16, ge=1, description="Longest line of an import file, in MiB.")
    max_image_pixels: int = Field(
        40_000_000, ge=1, description="Largest image accepted, in pixels."
    )
    tick_seconds: float = Field(1.0, gt=0, le=60, description="Pause between two clock steps.")
    job_lease_seconds: float = Field(
        30.0, gt=0, description="How long a worker may be silent before its job is taken over."
    )
    queue_length: int = Field(
        2000, ge=10, le=100_000, description="How many best candidates one ranking keeps."
    )
    sweep_rows: int = Field(
        1_000_000,
        ge=1,
        description="A pool of more samples than this is swept in ranges of about as many, which "
        "all worker processes share.",
    )
    scoring_threads: int = Field(
        0,
        ge=0,
        le=256,
        description="Threads with which one worker process scores; 0 divides the cores among the "
        "worker's processes.",
    )

    @property
    def threads(self) -> int:
        """With how many threads one worker process scores."""
        if self.scoring_threads:
            return self.scoring_threads
        return max(1, len(os.sched_getaffinity(0)) // self.worker_processes)

    @property
    def embedded(self) -> bool:
        """Whether the database is SQLite in the data directory."""
        return not self.database_url


def read_settings(**overrides: object) -> Settings:
    """Read the settings from the environment.

    Raises:
        Misconfigured: naming each variable at fault.
    """
    try:
        return Settings(**{k: v for k, v in overrides.items() if v is not None})  # type: ignore[arg-type]
    except ValidationError as error:
        said = "; ".join(
            f"{PREFIX}{'_'.join(map(str, found['loc'])).upper()}: {found['msg']}"
            for found in error.errors()
        )
        raise Misconfigured(f"A setting is wrong. {said}") from error
