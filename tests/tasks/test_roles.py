"""What each member of a gang is told; every name of docs/cluster-variables.md is set."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from lyceum import environments
from lyceum.tasks.models import Task
from lyceum.tasks.roles import PSERVER, TRAINER, members, variables

DOC = Path(__file__).parents[2] / "docs" / "cluster-variables.md"


def task(**fields) -> Task:
    usual = {"pk": 7, "environment": "sklearn-py311", "main_file": "train.py", "attempt": 1}
    return Task(**{**usual, "cpus": 2, **fields})


def test_parameter_servers_come_first_and_each_member_runs_the_main_file():
    found = members(task(trainers=2, pservers=1))
    assert [member.name for member in found] == ["pserver-0", "trainer-0", "trainer-1"]
    python = str(environments.python("sklearn-py311"))
    assert {member.argv for member in found} == {(python, "-u", "train.py")}
    [alone] = members(task(main_file="-c.py"))
    assert alone.argv == (python, "-u", "./-c.py")


def test_the_guides_names_say_the_role():
    told = [member.env for member in members(task(trainers=2, pservers=1))]
    assert [env["PADDLE_TRAINING_ROLE"] for env in told] == ["PSERVER", "TRAINER", "TRAINER"]
    assert [env["PADDLE_TRAINER_ROLE"] for env in told] == ["PSERVER", "TRAINER", "TRAINER"]
    assert {env["PADDLE_TRAINERS"] for env in told} == {"2"}
    assert [env["PADDLE_TRAINER_ID"] for env in told] == ["0", "0", "1"]


def test_everybody_knows_where_everybody_is():
    trainers = "{host:trainer-0}:{port:trainer-0},{host:trainer-1}:{port:trainer-1}"
    servers = "{host:pserver-0}:{port:pserver-0},{host:pserver-1}:{port:pserver-1}"
    for member in members(task(trainers=2, pservers=2)):
        env, own = member.env, f"{{host:{member.name}}}"
        assert env["PADDLE_TRAINER_ENDPOINTS"] == trainers
        assert env["PADDLE_PSERVER_ENDPOINTS"] == env["PADDLE_PSERVERS_IP_PORT_LIST"] == servers
        assert env["PADDLE_CURRENT_ENDPOINT"] == f"{own}:{{port:{member.name}}}"
        assert (env["MASTER_ADDR"], env["MASTER_PORT"]) == (
            "{host:trainer-0}",
            "{port2:trainer-0}",
        )


def test_without_parameter_servers_none_are_listed():
    """Paddle 3 reads an empty list as one server without a name."""
    env = variables(task(trainers=2), TRAINER, 1)
    assert not [name for name in env if "PSERVER" in name]
    assert env["PADDLE_IS_LOCAL"] == "1"


def test_one_port_for_all_servers_is_told_only_where_it_is_true():
    assert variables(task(pservers=1), TRAINER, 0)["PADDLE_PSERVER_PORT"] == "{port:pserver-0}"
    assert "PADDLE_PSERVER_PORT" not in variables(task(pservers=2), TRAINER, 0)


def test_the_hosts_proxy_is_not_asked_for_members(monkeypatch):
    monkeypatch.setenv("no_proxy", "example.org")
    monkeypatch.delenv("NO_PROXY", raising=False)
    env = variables(task(pservers=1), TRAINER, 0)
    assert env["no_proxy"] == env["NO_PROXY"]
    names = ["example.org", "localhost", "127.0.0.1", "{host:pserver-0}", "{host:trainer-0}"]
    assert env["no_proxy"].split(",") == names


def test_paddle_uses_gloo_without_gpus_and_its_first_gpu_with_them():
    assert variables(task(), TRAINER, 0)["PADDLE_DISTRI_BACKEND"] == "gloo"
    env = variables(task(gpus=1), TRAINER, 0)
    assert env["FLAGS_selected_gpus"] == "0" and "PADDLE_DISTRI_BACKEND" not in env


@pytest.mark.parametrize("role", [TRAINER, PSERVER])
def test_the_table_of_variables_has_each_name_and_no_other(role):
    """A row is ``| `NAME` | who | … |``; who begins with everybody, trainers or servers."""
    rows = re.findall(r"^\| `([\w`, ]+)` \| ([^|]+) \|", DOC.read_text(), re.MULTILINE)
    documented = {
        name: who.split(",")[0] for names, who in rows for name in re.split(r"`, `", names)
    }
    others = "trainers" if role == PSERVER else "servers"
    told = set()
    for gpus in (0, 1):
        told |= set(variables(task(pservers=1, gpus=gpus), role, 0))
    assert told == {name for name, who in documented.items() if who != others}
