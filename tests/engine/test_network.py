from __future__ import annotations

import base64
import contextlib
import errno
import hashlib
import json
import os
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from pathlib import PurePosixPath

import pytest

from lyceum.engine import procs, rootfs, routes, runfolder
from lyceum.engine.workload import Forward, RunState, Workload
from tests.engine.conftest import finish, running, shell, until

pytestmark = pytest.mark.sandbox

ECHO = """
import socket, threading
server = socket.create_server(("127.0.0.1", 8888))
def echo(connection):
    while data := connection.recv(65536):
        connection.sendall(data)
    connection.sendall(b"<end>")
    connection.close()
while True:
    connection, _ = server.accept()
    threading.Thread(target=echo, args=(connection,), daemon=True).start()
"""
STREAM = """
import http.server, time
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        for number in range(3):
            self.wfile.write(f"{number}\\n".encode())
            self.wfile.flush()
            time.sleep(0.4)
http.server.ThreadingHTTPServer(("127.0.0.1", 8888), Handler).serve_forever()
"""


def serve(engine, code: str, **fields) -> tuple[str, tuple[str, int]]:
    run_id = running(
        engine, Workload(argv=("/usr/bin/python3", "-c", code), listen=8888, **fields)
    )
    host, _, port = engine.address(run_id).rpartition(":")
    until(lambda: answers((host, int(port))))
    return run_id, (host, int(port))


def answers(address: tuple[str, int]) -> bool:
    """Whether the program itself is there: the relay takes connections before it."""
    with socket.create_connection(address, timeout=5) as probe:
        probe.settimeout(0.2)
        try:
            return probe.recv(1) != b""
        except TimeoutError:
            return True
        except OSError:
            return False


@pytest.mark.parametrize("network", ["none", "loopback", "open"])
def test_a_sandboxs_port_is_reached_at_its_address_till_it_ends(engine, network):
    run_id, address = serve(engine, ECHO, network=network)
    assert address[0] == "127.0.0.1"
    with socket.create_connection(address) as connection:
        connection.sendall(b"hello")
        assert connection.recv(5) == b"hello"
        connection.shutdown(socket.SHUT_WR)
        assert connection.recv(9) == b"<end>"
    assert engine.address(run_id) == "{}:{}".format(*address)
    engine.stop(run_id, grace=0)
    assert engine.address(run_id) is None
    with pytest.raises(OSError):
        socket.create_connection(address)


def test_nothing_is_answered_before_the_program_listens(engine):
    run_id = running(engine, shell("sleep 60", listen=8888))
    host, _, port = engine.address(run_id).rpartition(":")
    with socket.create_connection((host, int(port)), timeout=5) as connection:
        connection.settimeout(5)
        with contextlib.suppress(ConnectionResetError):
            assert connection.recv(1) == b""


def test_much_data_both_ways_arrives_unchanged(engine):
    _, address = serve(engine, ECHO)
    sent = os.urandom(1 << 20) * 100
    got = hashlib.sha256()
    with socket.create_connection(address) as connection:
        writer = threading.Thread(
            target=lambda: (connection.sendall(sent), connection.shutdown(socket.SHUT_WR))
        )
        writer.start()
        received = 0
        while received < len(sent):
            data = connection.recv(1 << 20)
            assert data
            received += len(data)
            got.update(data[: len(data) - max(received - len(sent), 0)])
        writer.join()
    assert got.digest() == hashlib.sha256(sent).digest()


def test_a_slow_reader_holds_up_only_itself(engine):
    _, address = serve(engine, ECHO)
    slow = socket.create_connection(address)
    slow.setblocking(False)
    try:
        for _ in range(1000):
            slow.send(b"x" * 65536)
    except BlockingIOError:
        pass
    with socket.create_connection(address, timeout=5) as quick:
        quick.sendall(b"quick")
        assert quick.recv(5) == b"quick"
    slow.close()


def test_many_connections_at_once(engine):
    _, address = serve(engine, ECHO)
    connections = [socket.create_connection(address, timeout=10) for _ in range(200)]
    for number, connection in enumerate(connections):
        connection.sendall(str(number).encode().ljust(8))
    for number, connection in enumerate(connections):
        assert connection.recv(8).strip() == str(number).encode()
        connection.close()


def test_a_stream_comes_piece_by_piece(engine):
    _, address = serve(engine, STREAM)
    moments = []
    with urllib.request.urlopen("http://{}:{}/".format(*address)) as answer:
        for line in answer:
            moments.append((line, time.monotonic()))
    assert [line for line, _ in moments] == [b"0\n", b"1\n", b"2\n"]
    assert moments[2][1] - moments[0][1] > 0.6


WEBSOCKET = """
import base64, hashlib, socket
server = socket.create_server(("127.0.0.1", 8888))
while True:
    connection, _ = server.accept()
    head = connection.recv(65536).decode()
    if "Sec-WebSocket-Key: " not in head:
        connection.close()
        continue
    key = head.split("Sec-WebSocket-Key: ")[1].split("\\r\\n")[0]
    digest = hashlib.sha1((key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11").encode()).digest()
    accept = base64.b64encode(digest).decode()
    head = ["HTTP/1.1 101 Switching Protocols", "Upgrade: websocket", "Connection: Upgrade"]
    head += [f"Sec-WebSocket-Accept: {accept}", "", ""]
    connection.sendall("\\r\\n".join(head).encode())
    while data := connection.recv(65536):
        connection.sendall(b"\\x81\\x02ok")
"""


def test_an_upgraded_connection_stays_open_when_idle(engine):
    _, address = serve(engine, WEBSOCKET)
    key = base64.b64encode(b"0123456789abcdef").decode()
    with socket.create_connection(address, timeout=5) as connection:
        connection.sendall(
            f"GET / HTTP/1.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Sec-WebSocket-Key: {key}\r\n\r\n".encode()
        )
        assert b"101" in connection.recv(4096)
        time.sleep(2)
        connection.sendall(b"\x81\x80abcd")
        assert connection.recv(4) == b"\x81\x02ok"


KILL_ALL = """
import os
try:
    os.kill(-1, 9)
except ProcessLookupError:
    pass
"""


def test_user_code_cannot_take_its_relays_down(engine):
    _, address = serve(engine, KILL_ALL + ECHO)
    with socket.create_connection(address) as connection:
        connection.sendall(b"hello")
        assert connection.recv(5) == b"hello"


def test_forwards_lead_to_their_own_service_only(engine):
    with (
        socket.create_server(("127.0.0.1", 0)) as one,
        socket.create_server(("127.0.0.1", 0)) as two,
    ):

        def answer(server: socket.socket, text: bytes) -> None:
            while True:
                try:
                    connection, _ = server.accept()
                except OSError:
                    return
                connection.sendall(text)
                connection.close()

        for server, text in ((one, b"one"), (two, b"two")):
            threading.Thread(target=answer, args=(server, text), daemon=True).start()
        ports = one.getsockname()[1], two.getsockname()[1]
        forwards = tuple(
            Forward(inside, f"127.0.0.1:{port}")
            for inside, port in zip((80, 8001), ports, strict=True)
        )
        code = """
import socket
for port in (80, 8001):
    print(socket.create_connection(("127.0.0.1", port)).recv(9))
"""
        workload = Workload(
            argv=("/usr/bin/python3", "-c", code), network="open", forwards=forwards
        )
        _, log = finish(engine, workload)
    assert log == "b'one'\nb'two'\n"


def test_none_and_loopback_have_no_way_out(engine):
    for network in ("none", "loopback"):
        _, log = finish(
            engine, shell("cat /proc/net/dev | grep -c tap; cat /etc/resolv.conf", network=network)
        )
        assert log == "0\n"


def test_a_clouds_credentials_and_the_hosts_own_addresses_are_out_of_reach(engine):
    """What listens on every address of the host is not meant for user code on it."""
    own = routes.own_addresses()
    assert own, "a machine with no address but loopback shows nothing here"
    with socket.create_server(("0.0.0.0", 0)) as server:
        server.settimeout(0.1)
        code = f"""
import socket
for host in {[*own, "169.254.169.254"]!r}:
    try:
        socket.create_connection((host, {server.getsockname()[1]}), timeout=3)
        print("REACHED", host)
    except OSError as error:
        print(error.errno)
"""
        _, log = finish(engine, Workload(argv=("/usr/bin/python3", "-c", code), network="open"))
        assert set(log.split()) == {str(errno.EHOSTUNREACH)}
        with pytest.raises(TimeoutError):
            server.accept()


def test_what_speaks_with_user_code_has_its_rights_only(engine):
    fields = {"network": "open", "forwards": (Forward(8001, "127.0.0.1:9"),)}
    run_id, _ = serve(engine, ECHO, **fields)
    state = runfolder.read_json(str(engine.log_path(run_id).parent), runfolder.STATE)
    helpers = procs.children(state["shim"]["pid"])
    assert len(helpers) == 4  # bubblewrap, slirp4netns, a relay each way
    if state["host_uid"] is not None:
        assert {real_user(pid) for pid in helpers} == {state["host_uid"]}


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can make a device")
def test_a_machine_that_keeps_network_devices_for_root_gives_sandboxes_a_network():
    """As a container or small virtual machine without udev does."""
    script = f"""
    mount -t tmpfs tmpfs /dev/net && mknod -m 600 /dev/net/tun c 10 200 &&
    exec {sys.executable} -c '
from lyceum.engine import doctor
network = next(check for check in doctor.checks() if check.name == "network")
assert network.ok, network
'
    """
    subprocess.run(["unshare", "--mount", "/bin/sh", "-c", script], check=True)


def real_user(pid: int) -> int:
    with open(f"/proc/{pid}/status") as file:
        return next(int(line.split()[1]) for line in file if line.startswith("Uid:"))


def test_helpers_end_with_the_run_even_when_its_shim_is_killed(engine):
    run_id, address = serve(engine, ECHO, network="open")
    shim = runfolder.read_json(str(engine.log_path(run_id).parent), runfolder.STATE)["shim"]["pid"]
    helpers = procs.children(shim)
    assert len(helpers) == 3  # bubblewrap, slirp4netns, the relay
    os.kill(shim, 9)
    until(lambda: not any(os.path.exists(f"/proc/{pid}") for pid in helpers))
    with pytest.raises(OSError):
        socket.create_connection(address)


def outside_answers() -> bool:
    try:
        urllib.request.urlopen("https://pypi.org/simple/six/", timeout=10).close()
    except OSError:
        return False
    return True


@pytest.mark.slow
@pytest.mark.skipif(not outside_answers(), reason="this machine has no way to pypi.org")
def test_pip_install_works_inside(engine, tmp_path):
    script = """
    python3 -m pip install --quiet --user --break-system-packages --ignore-installed six==1.16.0 &&
    python3 -c 'import six; print(six.__file__)'
    """
    status, log = finish(
        engine, shell(script, network="open", cwd=PurePosixPath("/home/aistudio")), timeout=120
    )
    assert status.state == RunState.SUCCEEDED, log
    assert "/home/aistudio/.local/" in log


def test_a_name_server_on_loopback_is_never_all_of_loopback(monkeypatch, tmp_path):
    """slirp4netns sends every port of its name server's address to the host's."""
    servers = {"/etc/resolv.conf": ["127.0.0.1"]}
    parse = rootfs.ipaddress.IPv4Address
    monkeypatch.setattr(
        rootfs, "_servers", lambda path: [parse(one) for one in servers.get(path, [])]
    )
    assert rootfs.nameservers() == []
    assert not rootfs.needs_slirp_dns()
    servers["/etc/resolv.conf"] = ["127.0.0.53"]
    assert rootfs.needs_slirp_dns()
    servers["/run/systemd/resolve/resolv.conf"] = ["10.1.2.3"]
    assert rootfs.nameservers() == ["10.1.2.3"]
    assert not rootfs.needs_slirp_dns()


def test_the_state_file_names_the_address_before_the_program_starts(engine):
    run_id = engine.start(shell("sleep 5", listen=8888))
    state = json.loads((engine.log_path(run_id).parent / "state.json").read_text())
    assert state["address"] == engine.address(run_id)
