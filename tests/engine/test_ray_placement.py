"""Who runs with whom on the machines of a cluster, and what their ends mean."""

from __future__ import annotations

import pytest

from lyceum.engine.base import Status
from lyceum.engine.ray.placement import Machine, bundle, decided, lost, shares
from lyceum.engine.ray.share import interfaces
from lyceum.engine.workload import Limits, Member, RunState

ALPHA = Machine("a" * 56, "alpha", "10.0.0.1")
BETA = Machine("b" * 56, "beta", "10.0.0.2")
GB = 1 << 30


def trainers(count: int) -> list[Member]:
    return [Member("trainer", index, ("true",)) for index in range(count)]


def pservers(count: int) -> list[Member]:
    return [Member("pserver", index, ("true",)) for index in range(count)]


def ended(state: str, **facts) -> Status:
    return Status("", RunState(state), **facts)


def test_a_member_takes_its_cpus_memory_and_gpus():
    assert bundle(Limits(cpus=2, memory_bytes=GB, gpus=1)) == {"CPU": 2, "memory": GB, "GPU": 1}
    assert bundle(Limits()) == {"CPU": 1}


def test_on_one_machine_all_are_together():
    (share,) = shares([*pservers(1), *trainers(2)], [ALPHA] * 3)
    assert [member.name for member in share.members] == ["pserver-0", "trainer-0", "trainer-1"]
    assert share.name == "alpha"
    assert not share.serves


def test_who_has_no_members_is_a_share_too():
    assert shares([], [ALPHA])[0].members == ()


def test_on_two_machines_parameter_servers_are_apart_from_trainers():
    found = shares([*pservers(1), *trainers(3)], [BETA, ALPHA, BETA, ALPHA])
    assert [(one.name, one.bundle, one.serves) for one in found] == [
        ("beta-pserver", 0, True),
        ("alpha-trainer", 1, False),
        ("beta-trainer", 2, False),
    ]
    assert [member.index for member in found[1].members] == [0, 2]


@pytest.mark.parametrize("name", ["../../etc", "a b/c", "…"])
def test_a_machines_name_can_name_a_file(name: str):
    odd = Machine("c" * 56, name, "10.0.0.3")
    (share,) = shares(trainers(1), [odd])
    assert "/" not in share.name
    assert share.name.strip(".")


class TestDecided:
    spread = shares([*pservers(1), *trainers(2)], [ALPHA, ALPHA, BETA])

    def test_nothing_while_a_trainer_runs(self):
        server, first, _ = self.spread
        assert decided([], self.spread) is None
        ends = [(first, ended("succeeded")), (server, ended("succeeded"))]
        assert decided(ends, self.spread) is None

    def test_success_once_all_trainers_have_it_though_servers_run(self):
        _, first, second = self.spread
        ends = [(first, ended("succeeded")), (second, ended("succeeded", exit_code=0))]
        assert decided(ends, self.spread).state == RunState.SUCCEEDED

    def test_the_first_failure_counts_and_says_where(self):
        _, first, second = self.spread
        failure = ended("failed", reason="exit", exit_code=3, detail="it ended with exit code 3")
        ends = [(second, failure), (first, ended("failed", reason="signal", signal=15))]
        end = decided(ends, self.spread)
        assert (end.reason, end.exit_code) == ("exit", 3)
        assert end.detail == "it ended with exit code 3 (on beta)"

    def test_a_failed_server_ends_it_too(self):
        server, *_ = self.spread
        assert decided([(server, ended("failed", exit_code=1))], self.spread).exit_code == 1

    def test_a_lost_machine_is_named_once(self):
        _, _, second = self.spread
        end = decided([(second, lost(second))], self.spread)
        assert (end.state, end.detail) == (RunState.LOST, "the machine beta was lost")

    def test_servers_alone_are_waited_for(self):
        only = shares(pservers(2), [ALPHA, BETA])
        first = [(only[0], ended("succeeded"))]
        assert decided(first, only) is None
        assert decided([*first, (only[1], ended("succeeded"))], only).state == "succeeded"


def test_collectives_listen_where_the_machine_is_reached():
    assert interfaces("127.0.0.3")["GLOO_SOCKET_IFNAME"] == "lo"
    assert interfaces("192.0.2.77") == {}
