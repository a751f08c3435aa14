"""Addresses that a sandbox with an open network may not reach. Standard library only.

Set in the sandbox's own network namespace, by netlink; user code has no right to
change them there.
"""

from __future__ import annotations

import socket
import struct

# Where clouds hand the machine's own credentials to whoever asks: 169.254.169.254.
LINK_LOCAL = ("169.254.0.0", 16)

_RTM_NEWROUTE = 24
_REQUEST_ACK_CREATE = 0x1 | 0x4 | 0x400  # NLM_F_REQUEST | NLM_F_ACK | NLM_F_CREATE
_TABLE_MAIN, _PROTO_STATIC, _SCOPE_UNIVERSE, _TYPE_UNREACHABLE = 254, 4, 0, 7
_RTA_DST = 1
_HEADER = "=IHHII"  # struct nlmsghdr
_ROUTE = "=BBBBBBBBI"  # struct rtmsg


def own_addresses() -> list[str]:
    """The host's IPv4 addresses that are not loopback's.

    What listens on all of them (a database, another learner's server) counts on
    being reached from the neighbourhood, not from user code on this machine.
    """
    found, address = set(), ""
    try:
        with open("/proc/net/fib_trie") as table:
            for line in table:
                words = line.split()
                if words[:1] == ["|--"]:
                    address = words[1]
                elif words == ["/32", "host", "LOCAL"] and not address.startswith("127."):
                    found.add(address)
    except FileNotFoundError:
        return []
    return sorted(found)


def forbid(networks: list[tuple[str, int]]) -> None:
    """Make ``(address, prefix length)`` unreachable in this process's network namespace.

    Raises ``OSError``.
    """
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, socket.NETLINK_ROUTE) as link:
        for number, (address, length) in enumerate(networks, start=1):
            link.send(_message(number, address, length))
            *_, error = struct.unpack(_HEADER + "i", link.recv(4096)[:20])
            if error:
                raise OSError(-error, f"the route to {address} can't be closed")


def _message(number: int, address: str, length: int) -> bytes:
    route = struct.pack(
        _ROUTE,
        socket.AF_INET,
        length,
        *(0, 0, _TABLE_MAIN, _PROTO_STATIC, _SCOPE_UNIVERSE, _TYPE_UNREACHABLE, 0),
    )
    target = struct.pack("=HH4s", 8, _RTA_DST, socket.inet_aton(address))
    body = route + target
    size = struct.calcsize(_HEADER) + len(body)
    return struct.pack(_HEADER, size, _RTM_NEWROUTE, _REQUEST_ACK_CREATE, number, 0) + body
