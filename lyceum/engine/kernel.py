"""The Linux calls Python 3.11 has no name for. Standard library only.

Numbers are those of the kernel's own headers; the calls newer than 2019 have
the same number on every architecture.
"""

from __future__ import annotations

import ctypes
import fcntl
import os

CLONE_NEWNS = 0x00020000
CLONE_NEWUSER = 0x10000000
CLONE_NEWNET = 0x40000000
MS_RDONLY, MS_NOSUID, MS_NODEV = 1, 2, 4
MS_REC, MS_PRIVATE = 0x4000, 0x40000

_NS_GET_USERNS = 0xB701
_SYS_OPEN_TREE, _SYS_MOVE_MOUNT, _SYS_OPENAT2, _SYS_MOUNT_SETATTR = 428, 429, 437, 442
_AT_FDCWD, _AT_EMPTY_PATH, _AT_RECURSIVE = -100, 0x1000, 0x8000
_OPEN_TREE_CLONE, _OPEN_TREE_CLOEXEC = 1, os.O_CLOEXEC
_MOVE_MOUNT_F_EMPTY_PATH, _MOVE_MOUNT_T_EMPTY_PATH = 0x04, 0x40
MOUNT_ATTR_RDONLY, MOUNT_ATTR_NOSUID, MOUNT_ATTR_NODEV = 0x1, 0x2, 0x4
MOUNT_ATTR_IDMAP = 0x00100000
_RESOLVE_NO_SYMLINKS = 0x04
_MNT_DETACH = 2

_libc = ctypes.CDLL(None, use_errno=True)


class _MountAttr(ctypes.Structure):
    """``struct mount_attr`` of linux/mount.h."""

    _fields_ = (
        ("attr_set", ctypes.c_uint64),
        ("attr_clr", ctypes.c_uint64),
        ("propagation", ctypes.c_uint64),
        ("userns_fd", ctypes.c_uint64),
    )


class _OpenHow(ctypes.Structure):
    """``struct open_how`` of linux/openat2.h."""

    _fields_ = (
        ("flags", ctypes.c_uint64),
        ("mode", ctypes.c_uint64),
        ("resolve", ctypes.c_uint64),
    )


def _checked(result: int, what: str) -> int:
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)}")
    return result


def setns(descriptor: int, kind: int) -> None:
    """Join the namespace that ``descriptor`` stands for; raises ``OSError``."""
    _checked(_libc.setns(descriptor, kind), "setns")


def unshare(kinds: int) -> None:
    """Leave the caller's namespaces of these kinds for new ones; raises ``OSError``."""
    _checked(_libc.unshare(kinds), "unshare")


def owner_of(namespace: int) -> int:
    """A descriptor of the user namespace that owns ``namespace``; raises ``OSError``."""
    return fcntl.ioctl(namespace, _NS_GET_USERNS)


def mount(source: str, target: str, kind: str | None, flags: int, options: str = "") -> None:
    """mount(2); raises ``OSError``."""
    arguments = [value.encode() if value is not None else None for value in (source, target, kind)]
    _checked(_libc.mount(*arguments, ctypes.c_ulong(flags), options.encode()), f"mount {target}")


def open_tree(path: str | int) -> int:
    """A detached copy of the mounts at and below ``path``; raises ``OSError``."""
    flags = _OPEN_TREE_CLONE | _OPEN_TREE_CLOEXEC | _AT_RECURSIVE
    folder, name = (_AT_FDCWD, path.encode()) if isinstance(path, str) else (path, b"")
    flags |= _AT_EMPTY_PATH if not name else 0
    return _checked(_libc.syscall(_SYS_OPEN_TREE, folder, name, flags), f"open_tree {path}")


def set_mount(tree: int, attributes: int, userns: int = 0) -> None:
    """Set ``attributes`` on a detached tree, recursively; raises ``OSError``."""
    wanted = _MountAttr(attr_set=attributes, userns_fd=userns)
    _checked(
        _libc.syscall(
            _SYS_MOUNT_SETATTR,
            tree,
            b"",
            _AT_EMPTY_PATH | _AT_RECURSIVE,
            ctypes.byref(wanted),
            ctypes.c_size_t(ctypes.sizeof(wanted)),
        ),
        "mount_setattr",
    )


def attach(tree: int, target: int) -> None:
    """Put a detached tree on the open folder or file ``target``; raises ``OSError``."""
    flags = _MOVE_MOUNT_F_EMPTY_PATH | _MOVE_MOUNT_T_EMPTY_PATH
    _checked(_libc.syscall(_SYS_MOVE_MOUNT, tree, b"", target, b"", flags), "move_mount")


def open_place(path: str) -> int:
    """A path descriptor of ``path``; ``OSError`` (``ELOOP``) if any part of it is a link.

    One call, so nobody can put a link there between a look and the opening.
    """
    how = _OpenHow(flags=os.O_PATH | os.O_CLOEXEC, resolve=_RESOLVE_NO_SYMLINKS)
    size = ctypes.c_size_t(ctypes.sizeof(how))
    opened = _libc.syscall(_SYS_OPENAT2, _AT_FDCWD, path.encode(), ctypes.byref(how), size)
    return _checked(opened, f"open {path}")


def detach(place: int, own_descriptors: int) -> None:
    """Take away the mount whose root the open ``place`` is; who has a file of it open
    keeps that file. Raises ``OSError`` (``EINVAL`` where no mount has its root there).

    ``own_descriptors`` is the caller's ``/proc/self/fd``, opened before it entered a
    namespace whose ``/proc`` does not show it; the working folder is changed to it.
    """
    os.fchdir(own_descriptors)
    _checked(_libc.umount2(str(place).encode(), _MNT_DETACH), "umount2")


def enter_network(pid: int) -> None:
    """Join the network namespace of ``pid``, by way of its owner where that is needed."""
    network = os.open(f"/proc/{pid}/ns/net", os.O_RDONLY | os.O_CLOEXEC)
    try:
        setns(network, CLONE_NEWNET)
    except PermissionError:
        setns(owner_of(network), CLONE_NEWUSER)
        setns(network, CLONE_NEWNET)
