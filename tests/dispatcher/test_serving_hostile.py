"""A service whose converter is hostile: it gets a clear error, and nothing of ours."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from lyceum import environments
from lyceum.config import settings
from lyceum.gateway import client
from lyceum.serving.bundles import revision_folder
from lyceum.serving.models import Service
from tests.dispatcher.serving import ENVIRONMENT, Parts, make_revision, make_service, number, until
from tests.notebooks.making import make_learner, make_project
from tests.support.environments import SHARED
from tests.support.platform import free_ports

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.sandbox, pytest.mark.slow]

CONVERTER = """
import os, socket


def loop(_):
    while True:
        pass


def memory(_):
    return len(bytearray(10 << 30))


def disk(_):
    with open("/tmp/filler", "wb") as file:
        for _ in range(10 << 10):
            file.write(os.urandom(1 << 20))


def connect(address):
    host, port = address.split(":")
    socket.create_connection((host, int(port)), timeout=3)


def read(path):
    return open(path, "rb").read()


def listed(path):
    return os.listdir(path)


def fork(_):
    children = []
    while True:
        child = os.fork()
        if child == 0:
            import time
            time.sleep(60)
            os._exit(0)
        children.append(child)


def exit(_):
    os._exit(0)


def reader_infer(data_args):
    act = globals().get(data_args["act"])
    if act:
        print("got", act(data_args["with"]))
    return [[1.0, 2.0]]
"""


@pytest.fixture
def service(transactional_db: None, tmp_path: Path, monkeypatch) -> Iterator[Service]:
    """A running service with that converter, which may think for two seconds."""
    monkeypatch.setenv("LYCEUM_PORT", str(free_ports(6)))
    monkeypatch.setenv("LYCEUM_ENVIRONMENTS", str(SHARED))
    monkeypatch.setenv("LYCEUM_LIMIT_SERVING_DISK_MB", "64")
    monkeypatch.setenv("LYCEUM_LIMIT_SERVING_MEMORY_MB", "1024")
    monkeypatch.setenv("LYCEUM_LIMIT_SERVING_TIMEOUT_SECONDS", "2")
    if not environments.availability(ENVIRONMENT).built:
        environments.build(ENVIRONMENT, lambda _progress: None)
    parts = Parts(tmp_path)
    parts.start("gateway")
    parts.start("dispatcher")
    revision = make_revision(make_project(make_learner("lin")), plus=0)
    text = {"default": "", "minimum": None, "maximum": None, "description": ""}
    fields = [
        {"name": name, "type": "string", "required": False, **text} for name in ("act", "with")
    ]
    revision.spec |= {"converter": True, "inputs": fields, "timeout_seconds": 2}
    revision.save()
    folder = revision_folder(revision.pk)
    (folder / "converter.py").write_text(CONVERTER)
    (folder / "service.json").write_text(json.dumps(revision.spec))
    made = make_service(revision)
    until(lambda: Service.objects.get(pk=made.pk).state == Service.State.RUNNING)
    yield made
    parts.close()


def test_a_hostile_converter_harms_nobody(service: Service) -> None:
    def ask(act: str, what: object = "") -> client.Answer:
        return client.call(service.pk, json.dumps({"act": act, "with": str(what)}))

    def is_well() -> bool:
        answer = ask("")
        return answer.status == 200 and number(answer.body) == 21.0

    def code(answer: client.Answer) -> str:
        return answer.body["error"]["code"]

    assert is_well(), ask("")

    looped = ask("loop")
    assert (looped.status, code(looped)) == (504, "timed_out")
    until(is_well, seconds=10)

    # Refused by the limit, or killed for it: the caller is told, the next one is served.
    for act in ("memory", "disk", "fork", "exit"):
        failed = ask(act)
        assert code(failed) in ("converter_failed", "worker_died", "timed_out"), act
        until(is_well, seconds=20)

    home = settings().root
    secrets = home / "secrets.json"
    assert secrets.exists()
    for act, what in (
        ("connect", f"127.0.0.1:{settings().gateway_port}"),
        ("connect", "1.1.1.1:80"),
        ("read", secrets),
        ("listed", home),
        ("read", f"/proc/1/root{secrets}"),
        ("read", "/etc/shadow"),
    ):
        failed = ask(act, what)
        assert (failed.status, code(failed)) == (500, "converter_failed"), (act, what)
        assert "Error" in failed.traceback and not failed.prints
    assert is_well()
