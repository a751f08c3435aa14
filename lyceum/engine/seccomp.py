"""The system calls user code does without: a filter made by libseccomp, for bubblewrap.

A deny-list after Docker's default profile: what reaches parts of the kernel that
no namespace confines (keys, BPF, io_uring, virtual machine sockets), and what
only an administrator needs. Everything else works as outside.
"""

from __future__ import annotations

import ctypes
import errno
import os
from functools import cache

_ALLOW, _ERRNO = 0x7FFF0000, 0x00050000
_BAD_ARCHITECTURE, _NO_SUCH_CALL = 2, -1  # SCMP_FLTATR_ACT_BADARCH, __NR_SCMP_ERROR
_EQUAL, _GREATER = 4, 6  # SCMP_CMP_EQ, SCMP_CMP_GT

_FORBIDDEN = (
    *("acct", "add_key", "bpf", "clock_adjtime", "clock_settime", "delete_module"),
    *("finit_module", "fsconfig", "fsmount", "fsopen", "fspick", "init_module", "ioperm", "iopl"),
    *("kexec_file_load", "kexec_load", "keyctl", "lookup_dcookie", "mount", "mount_setattr"),
    *("move_mount", "move_pages", "name_to_handle_at", "open_by_handle_at", "open_tree"),
    *("perf_event_open", "pivot_root", "quotactl", "quotactl_fd", "reboot", "request_key"),
    *("setns", "settimeofday", "swapoff", "swapon", "syslog", "umount2", "unshare", "vhangup"),
)
# Libraries that find these missing do without; told "not permitted", some give up.
_ABSENT = ("io_uring_enter", "io_uring_register", "io_uring_setup", "userfaultfd")

_UNIX, _INET, _INET6, _NETLINK = 1, 2, 10, 16
_FAMILIES = (_UNIX, _INET, _INET6, _NETLINK)


class _Comparison(ctypes.Structure):
    """``struct scmp_arg_cmp`` of seccomp.h."""

    _fields_ = (
        ("argument", ctypes.c_uint),
        ("operator", ctypes.c_int),
        ("first", ctypes.c_uint64),
        ("second", ctypes.c_uint64),
    )


@cache
def program() -> bytes | None:
    """The filter as the kernel takes it; ``None`` where libseccomp is not installed."""
    try:
        library = ctypes.CDLL("libseccomp.so.2", use_errno=True)
    except OSError:
        return None
    library.seccomp_init.restype = ctypes.c_void_p
    context = ctypes.c_void_p(library.seccomp_init(_ALLOW))
    try:
        # Programs of another architecture (32 bit) would go around the list.
        library.seccomp_attr_set(context, _BAD_ARCHITECTURE, _ERRNO | errno.ENOSYS)
        for names, answer in ((_FORBIDDEN, errno.EPERM), (_ABSENT, errno.ENOSYS)):
            for name in names:
                _deny(library, context, name, answer)
        for family in set(range(_NETLINK)) - set(_FAMILIES):
            _deny_family(library, context, _Comparison(0, _EQUAL, family, 0))
        _deny_family(library, context, _Comparison(0, _GREATER, _NETLINK, 0))
        return _exported(library, context)
    finally:
        library.seccomp_release(context)


def _deny(library, context, name: str, answer: int) -> None:
    number = library.seccomp_syscall_resolve_name(name.encode())
    if number != _NO_SUCH_CALL:  # this libseccomp is older than the call
        _checked(library.seccomp_rule_add_array(context, _ERRNO | answer, number, 0, None))


def _deny_family(library, context, comparison: _Comparison) -> None:
    """``socket`` of a family for which no network namespace stands guard."""
    number = library.seccomp_syscall_resolve_name(b"socket")
    answer = _ERRNO | errno.EAFNOSUPPORT
    arguments = ctypes.byref(comparison)
    _checked(library.seccomp_rule_add_array(context, answer, number, 1, arguments))


def _exported(library, context) -> bytes:
    descriptor = os.memfd_create("seccomp")
    try:
        _checked(library.seccomp_export_bpf(context, descriptor))
        return os.pread(descriptor, os.fstat(descriptor).st_size, 0)
    finally:
        os.close(descriptor)


def _checked(result: int) -> None:
    if result < 0:
        raise OSError(-result, f"libseccomp: {os.strerror(-result)}")
