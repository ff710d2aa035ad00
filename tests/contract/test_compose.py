"""docker-compose.yml says what is true: its words exist, its secrets have no default."""

from __future__ import annotations

import re
import tomllib

import pytest

from activeloop.settings import PREFIX, Settings
from tests.contract import compose

OURS = {"upgrade", "web", "worker", "clock"}
LASTING = {"postgres", "redis", "web", "worker", "clock"}


def test_the_services_are_those_of_the_design() -> None:
    assert set(compose.services()) == OURS | LASTING


@pytest.mark.parametrize("secret", sorted(compose.SECRETS))
def test_nothing_starts_while_a_secret_is_missing(secret: str) -> None:
    given = {name: value for name, value in compose.SECRETS.items() if name != secret}
    with pytest.raises(compose.Refused, match=secret):
        compose.filled(given)


def test_the_example_names_every_secret_and_gives_none_a_value() -> None:
    lines = (compose.ROOT / ".env.example").read_text().splitlines()
    stated = dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))
    assert stated == dict.fromkeys(compose.SECRETS, "")


def test_the_example_names_every_variable_that_the_file_reads() -> None:
    read = {found["name"] for found in compose.VARIABLE.finditer(compose.text())}
    example = (compose.ROOT / ".env.example").read_text()
    assert read
    assert not [name for name in read if not re.search(rf"^#? ?{name}=", example, re.MULTILINE)]


@pytest.mark.parametrize("name", sorted(LASTING))
def test_every_lasting_service_has_a_health_check_a_volume_and_comes_back(name: str) -> None:
    service = compose.services()[name]
    declared = compose.filled(compose.SECRETS)["volumes"]
    assert service["healthcheck"]["test"]
    assert [volume for volume in service["volumes"] if volume.split(":")[0] in declared]
    assert service["restart"] == "unless-stopped"


def test_the_database_the_broker_and_the_artifacts_have_a_volume_each() -> None:
    used = {name: service["volumes"] for name, service in compose.services().items()}
    assert len({*used["postgres"], *used["redis"], *used["web"]}) == 3
    assert used["web"] == used["worker"] == used["clock"] == used["upgrade"]


@pytest.mark.parametrize("name", sorted(OURS))
def test_every_variable_handed_to_activeloop_is_a_setting(name: str) -> None:
    handed = compose.services()[name]["environment"]
    known = {PREFIX + field.upper() for field in Settings.model_fields}
    assert set(handed) <= known
    Settings(**{word.removeprefix(PREFIX).lower(): value for word, value in handed.items()})


def test_what_depends_on_the_schema_waits_for_its_upgrade() -> None:
    for name in OURS - {"upgrade"}:
        waits = compose.services()[name]["depends_on"]
        assert waits["upgrade"]["condition"] == "service_completed_successfully"


def test_only_the_web_is_published_and_only_to_this_machine() -> None:
    published = {n: s["ports"] for n, s in compose.services().items() if "ports" in s}
    assert published == {"web": ["127.0.0.1:8000:8000"]}


def test_the_broker_is_durable_and_never_evicts() -> None:
    words = compose.services()["redis"]["command"]
    said = dict(zip(words[1::2], words[2::2], strict=True))
    assert said["--appendonly"] == "yes"
    assert said["--appendfsync"] == "everysec"
    assert said["--maxmemory-policy"] == "noeviction"
    assert said["--requirepass"] == compose.SECRETS["REDIS_PASSWORD"]


def test_the_image_runs_as_nobody_special_and_carries_no_secret() -> None:
    image = (compose.ROOT / "Dockerfile").read_text()
    last_stage = image.rsplit("FROM", 1)[1]
    assert re.search(r"^USER activeloop$", last_stage, re.MULTILINE)
    assert not re.search(r"PASSWORD|SECRET|TOKEN", image)


def test_the_image_is_built_from_files_that_are_there_and_not_ignored() -> None:
    image = (compose.ROOT / "Dockerfile").read_text()
    ignore = (compose.ROOT / ".dockerignore").read_text().splitlines()
    copied = [
        name
        for line in re.findall(r"^COPY (?!--from)(.+)$", image, re.MULTILINE)
        for name in line.split()[:-1]
    ]
    assert copied
    for name in copied:
        assert (compose.ROOT / name).exists(), name
        assert f"!{name}" in ignore, name


def test_the_image_has_a_python_that_the_project_supports() -> None:
    project = tomllib.loads((compose.ROOT / "pyproject.toml").read_text())["project"]
    least = tuple(int(part) for part in project["requires-python"].removeprefix(">=").split("."))
    versions = re.findall(
        r"^FROM python:(\d+)\.(\d+)", (compose.ROOT / "Dockerfile").read_text(), re.MULTILINE
    )
    assert versions
    assert all((int(major), int(minor)) >= least for major, minor in versions)


def test_every_command_is_a_word_of_the_command_line() -> None:
    from activeloop.cli import main

    for name, service in compose.services().items():
        commands = [service["command"]] if name in OURS else []
        check = service.get("healthcheck", {}).get("test", [])
        commands += [check[1:]] if check[1:2] == ["activeloop"] else []
        for program, word, *_ in commands:
            assert program == "activeloop"
            assert word in main.commands
