"""From inside: what is out of reach. Each test is an attempt of user code."""

from __future__ import annotations

import os
import platform
import socket
import subprocess
import sys
import threading
from pathlib import Path, PurePosixPath

import pytest

from lyceum.engine import seccomp
from lyceum.engine.base import EngineError
from lyceum.engine.sandbox import make_mount_points
from lyceum.engine.workload import Forward, Limits, Mount, RunState, Workload
from tests.engine.conftest import finish, running, shell, until

pytestmark = pytest.mark.sandbox
HOME = PurePosixPath("/home/aistudio")


def python(code: str, **fields) -> Workload:
    return Workload(argv=("/usr/bin/python3", "-c", code), **fields)


def test_the_user_is_aistudio_with_no_rights_at_all(engine):
    _, log = finish(engine, shell("id; whoami; grep -E '^(Cap|NoNew)' /proc/self/status"))
    assert "uid=1000(aistudio) gid=1000(aistudio) groups=1000(aistudio)" in log
    assert "NoNewPrivs:\t1" in log
    for name in ("Inh", "Prm", "Eff", "Bnd", "Amb"):
        assert f"Cap{name}:\t0000000000000000" in log


def test_nothing_of_the_host_is_there_but_system_programs(engine):
    finish(engine, shell("true"))  # a run folder that the next must not see
    hidden = [
        "/root",
        "/work",
        "/srv",
        "/boot",
        "/mnt",
        "/etc/shadow",
        "/var/lib",
        "/etc/ssl/private",
    ]
    hidden += [str(engine._runs), str(Path.cwd()), "/sys/fs/cgroup", "/sys/kernel", "/run/systemd"]
    _, log = finish(engine, shell(f"ls -d {' '.join(hidden)} 2>/dev/null; echo end; ls /"))
    seen, _, root = log.partition("end\n")
    assert seen == ""
    system = {"bin", "sbin", "lib", "lib32", "lib64", "libx32", "usr"}
    assert set(root.split()) <= system | {"dev", "etc", "home", "proc", "run", "sys", "tmp", "var"}


def test_the_runs_command_line_inside_tells_nothing_of_the_host(engine, tmp_path):
    home = tmp_path / "home"
    home.mkdir()
    workload = shell(
        "tr '\\0' ' ' < /proc/1/cmdline; tr '\\0' '\\n' < /proc/1/environ; ls -l /proc/*/fd/",
        env={"SECRET": "inside"},
        mounts=(Mount(home, HOME, True),),
    )
    _, log = finish(engine, workload)
    assert str(tmp_path) not in log
    assert "SECRET" not in log


def test_the_platforms_environment_does_not_leak(engine, monkeypatch):
    monkeypatch.setenv("LYCEUM_TEST_SECRET", "leaked")
    for network in ("none", "open"):
        _, log = finish(engine, shell("env", network=network))
        assert "leaked" not in log
        assert "HOME=/home/aistudio" in log


@pytest.mark.parametrize(
    "fields",
    [
        {"env": {"X": "x\0--bind\0/\0/tmp"}},
        {"env": {"X\0--bind": "x"}},
        {"cwd": PurePosixPath("/tmp\0--bind\0/\0/tmp")},
        {"hostname": "h\0--share-net"},
    ],
)
def test_a_value_cannot_become_an_option_of_the_sandbox(engine, fields):
    with pytest.raises(EngineError, match="NUL"):
        engine.start(shell("true", **fields))


def test_values_that_look_like_options_are_values(engine):
    odd = {"X": "--bind", "--share-net": "/", "NL": "a\nb", "EMPTY": "", "中": "文"}
    argv = ("/usr/bin/env", "-0")
    _, log = finish(engine, Workload(argv=argv, env=odd, hostname="--help"))
    assert odd.items() <= dict(pair.split("=", 1) for pair in log.split("\0")[:-1]).items()


def test_gpus_are_refused_rather_than_forgotten(engine):
    with pytest.raises(EngineError, match="GPU"):
        engine.start(shell("true", limits=Limits(gpus=1)))


def test_the_root_is_read_only_and_scratch_is_not(engine):
    script = """
    for f in /x /usr/x /etc/x /dev/x /proc/x /run/x /bin/x; do
      (echo x > $f) 2>/dev/null && echo WROTE $f; done
    for f in /tmp/x /dev/shm/x /home/aistudio/x; do echo x > $f || echo FAILED $f; done
    """
    _, log = finish(engine, shell(script))
    assert log == ""


WRITE_BACK = """
import os
files = [os.path.join(top, name) for top, _, names in os.walk("/proc/sys") for name in names]
files += ["/proc/sysrq-trigger"]
files += [f"/proc/irq/{name}/smp_affinity" for name in os.listdir("/proc/irq")]
for path in files:
    try:
        os.close(os.open(path, os.O_WRONLY))
        print("OPENED", path)
    except OSError:
        pass
print(len(files) > 100)
"""


def test_kernel_settings_cannot_be_written(either_engine):
    status, log = finish(either_engine, python(WRITE_BACK))
    assert status.state == RunState.SUCCEEDED
    assert log == "True\n"


def test_no_way_to_more_rights(either_engine):
    script = """
    unshare -Ur true 2>/dev/null && echo GOT userns
    mount -t tmpfs x /tmp 2>/dev/null && echo GOT mount
    mount -o remount,rw / 2>/dev/null && echo GOT remount
    chroot / true 2>/dev/null && echo GOT chroot
    su -c true 2>/dev/null </dev/null && echo GOT su
    mknod /tmp/d b 254 0 2>/dev/null && echo GOT device
    for d in /dev/vda /dev/mem /dev/kmsg /dev/fuse /dev/net/tun; do test -e $d && echo GOT $d; done
    dmesg >/dev/null 2>&1 && echo GOT dmesg
    head -c 1 /proc/kcore 2>/dev/null | grep -q . && echo GOT kcore
    echo done
    """
    _, log = finish(either_engine, shell(script))
    assert log == "done\n"


REFUSED_CALLS = """
import ctypes, errno, socket
libc = ctypes.CDLL(None, use_errno=True)
def call(number, *arguments):
    libc.syscall(number, *arguments)
    return errno.errorcode.get(ctypes.get_errno())
print("keyctl", call(250, 0, -4, 0), "bpf", call(321, 0, 0, 0), "io_uring", call(425, 1, 0))
for family in (17, 38, 40, 44):
    try:
        socket.socket(family, socket.SOCK_DGRAM)
        print("GOT", family)
    except OSError as error:
        print(errno.errorcode[error.errno])
socket.socket(socket.AF_UNIX).close()
socket.socket(socket.AF_INET6).close()
print(bool(socket.if_nameindex()))
"""


@pytest.mark.skipif(platform.machine() != "x86_64", reason="system call numbers of x86-64")
@pytest.mark.skipif(seccomp.program() is None, reason="libseccomp is not installed")
def test_calls_that_no_namespace_confines_are_refused(either_engine):
    """Among them sockets to the hypervisor (AF_VSOCK, 40), which pass by the network's wall."""
    _, log = finish(either_engine, python(REFUSED_CALLS))
    assert log.splitlines() == [
        "keyctl EPERM bpf EPERM io_uring ENOSYS",
        *["EAFNOSUPPORT"] * 4,
        "True",
    ]


def test_files_only_root_may_read_are_not_read(either_engine):
    """/usr is shown whole; a closed file in it must not open because the platform is root."""
    _, log = finish(either_engine, shell("cat /etc/shadow /etc/ssl/private/* /root/* 2>/dev/null"))
    assert log == ""


def test_files_stay_the_platforms_and_a_run_has_a_host_user_of_its_own(engine, tmp_path):
    home = tmp_path / "home"
    home.mkdir()
    (home / "given.txt").write_text("given")
    (home / "given.txt").chmod(0o600)
    script = "cat given.txt; echo more >> given.txt; mkdir sub; echo new > sub/new; sleep 30"
    run_id = running(engine, shell(script, cwd=HOME, mounts=(Mount(home, HOME, True),)))
    until((home / "sub/new").exists)
    assert (home / "given.txt").read_text() == "givenmore\n"
    owner = (home / "sub/new").stat()
    assert (owner.st_uid, owner.st_gid) == (os.geteuid(), os.getegid())
    if os.geteuid() == 0:
        status = Path(f"/proc/{engine.status(run_id).pid}/status").read_text()
        host_user = next(line for line in status.splitlines() if line.startswith("Uid:")).split()[
            1
        ]
        assert int(host_user) > 1_000_000_000


def test_read_only_mounts_are_and_nested_ones_show(engine, tmp_path):
    home, data = tmp_path / "home", tmp_path / "data"
    home.mkdir()
    data.mkdir()
    (data / "rows.csv").write_text("1,2\n")
    mounts = (
        Mount(data, HOME / "data/data7"),  # before its parent, on purpose
        Mount(home, HOME, True),
        Mount(data / "rows.csv", PurePosixPath("/srv/one.csv")),
    )
    script = (
        "cat data/data7/rows.csv /srv/one.csv; echo x > data/data7/new || echo REFUSED; touch own"
    )
    status, log = finish(engine, shell(script, cwd=HOME, mounts=mounts))
    assert status.state == RunState.SUCCEEDED
    assert log.count("1,2") == 2
    assert "REFUSED" in log
    assert (home / "own").exists()
    assert sorted(entry.name for entry in data.iterdir()) == ["rows.csv"]


def test_a_link_planted_where_a_mount_goes_leads_nowhere(engine, tmp_path):
    home, data, outside = tmp_path / "home", tmp_path / "data", tmp_path / "outside"
    for folder in (home, data, outside):
        folder.mkdir()
    (home / "data").symlink_to(outside)
    mounts = (Mount(home, HOME, True), Mount(data, HOME / "data/data7"))
    with pytest.raises(EngineError, match="is no folder"):
        engine.start(shell("true", mounts=mounts))
    assert list(outside.iterdir()) == []
    (home / "data").unlink()
    make_mount_points(mounts)
    assert (home / "data/data7").is_dir()


def test_a_link_in_the_work_folder_does_not_show_the_host(engine, tmp_path):
    home = tmp_path / "home"
    home.mkdir()
    secret = tmp_path / "secret"
    secret.write_text("platform secret")
    (home / "link").symlink_to(secret)
    _, log = finish(engine, shell("cat link", cwd=HOME, mounts=(Mount(home, HOME, True),)))
    assert "platform secret" not in log


def test_other_processes_are_not_there_and_kill_all_hurts_only_its_own_run(engine):
    bystander = running(engine, shell("sleep 1000"))
    outside = subprocess.Popen(["sleep", "1000"])
    try:
        _, log = finish(
            engine, shell("ls -d /proc/[0-9]*; kill -9 -1; (kill -9 1; kill -9 2; true)")
        )
        assert log.count("/proc/") <= 4
        assert engine.status(bystander).alive
        assert outside.poll() is None
    finally:
        outside.kill()
        outside.wait()


@pytest.mark.parametrize("network", ["none", "loopback", "open"])
def test_the_hosts_loopback_is_out_of_reach(engine, network):
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        accepted = threading.Event()

        def accept() -> None:
            try:
                server.accept()
                accepted.set()
            except OSError:
                return

        threading.Thread(target=accept, daemon=True).start()
        code = f"""
import socket
for host in ("127.0.0.1", "localhost", "10.0.2.2", "10.0.2.3", "0.0.0.0"):
    try:
        socket.create_connection((host, {port}), timeout=2)
        print("REACHED", host)
    except OSError as error:
        pass
"""
        _, log = finish(engine, python(code, network=network))
        assert log == ""
        assert not accepted.is_set()


def test_one_sandbox_cannot_reach_anothers_port(engine):
    serve = ("/usr/bin/python3", "-m", "http.server", "18888")
    running(engine, Workload(argv=serve, network="open", listen=18888))
    code = """
import socket
for host in ("127.0.0.1", "10.0.2.2", "10.0.2.100"):
    try:
        socket.create_connection((host, 18888), timeout=2)
        print("REACHED", host)
    except OSError:
        pass
"""
    _, log = finish(engine, python(code, network="open"))
    assert log == ""


def test_abstract_and_shared_memory_channels_are_its_own(engine):
    abstract = socket.socket(socket.AF_UNIX)
    abstract.bind("\0lyceum-test-abstract")
    abstract.listen()
    code = """
import socket
try:
    socket.socket(socket.AF_UNIX).connect("\\0lyceum-test-abstract")
    print("REACHED")
except OSError:
    pass
import subprocess
print(subprocess.run(["ipcs", "-m"], capture_output=True, text=True).stdout.count("0x"))
"""
    _, log = finish(engine, python(code, network="open"))
    abstract.close()
    assert log.strip() == "0"


def test_a_program_may_open_its_output_by_name(engine):
    _, log = finish(engine, shell("echo one > /dev/stdout; echo two > /dev/stderr"))
    assert log.split() == ["one", "two"]


def test_an_interpreter_below_a_closed_folder_runs_where_it_is_mounted(engine):
    prefix = Path(sys.base_prefix)
    target = PurePosixPath(prefix)
    workload = Workload(
        argv=(str(prefix / f"bin/python3.{sys.version_info.minor}"), "-c", "print('runs')"),
        mounts=(Mount(prefix, target),),
    )
    status, log = finish(engine, workload)
    assert (status.state, log) == (RunState.SUCCEEDED, "runs\n")


def test_open_files_are_limited(engine):
    _, log = finish(engine, shell("ulimit -n; ulimit -c", limits=Limits(open_files=256)))
    assert log.split() == ["256", "0"]


def test_a_forward_is_the_one_way_to_a_service_of_the_host(engine):
    with socket.create_server(("127.0.0.1", 0)) as server:
        host_port = server.getsockname()[1]

        def answer() -> None:
            connection, _ = server.accept()
            connection.sendall(b"from the host")
            connection.close()

        threading.Thread(target=answer, daemon=True).start()
        code = "import socket; print(socket.create_connection(('127.0.0.1', 8001)).recv(99))"
        forwards = (Forward(8001, f"127.0.0.1:{host_port}"),)
        _, log = finish(engine, python(code, network="loopback", forwards=forwards))
        assert log == "b'from the host'\n"
