"""On which TCP sockets processes listen, from /proc."""

import ipaddress
import os
import struct
from contextlib import suppress
from pathlib import Path

_LISTENING = "0A"


def listening(pid="self"):
    """Addresses of the TCP sockets on which a process listens, as (host, port); none of one that is gone."""
    found = set()
    with suppress(FileNotFoundError, ProcessLookupError, PermissionError):
        inodes = set(_sockets(pid))
        for name in ("tcp", "tcp6"):
            for line in Path(f"/proc/{pid}/net/{name}").read_text().splitlines()[1:]:
                words = line.split()
                if words[3] == _LISTENING and words[9] in inodes:
                    host, port = words[1].split(":")
                    found.add((_address(host), int(port, 16)))
    return found


def tree(pid):
    """A process and all that descend from it."""
    found, todo = [], [int(pid)]
    while todo:
        found.append(todo.pop())
        for task in Path(f"/proc/{found[-1]}/task").glob("*"):
            with suppress(OSError):
                todo += [int(word) for word in (task / "children").read_text().split()]
    return found


def beyond_loopback(addresses):
    """Those of the addresses that another computer might reach."""
    return {(host, port) for host, port in addresses if not _is_loopback(host)}


def _is_loopback(host):
    address = ipaddress.ip_address(host)
    mapped = getattr(address, "ipv4_mapped", None)
    return (mapped or address).is_loopback


def _sockets(pid):
    for link in Path(f"/proc/{pid}/fd").iterdir():
        with suppress(OSError):
            target = os.readlink(link)
            if target.startswith("socket:["):
                yield target[8:-1]


def _address(text):
    """An address of the table: 32-bit words in the order of bytes of this machine."""
    words = [int(text[i : i + 8], 16) for i in range(0, len(text), 8)]
    return str(ipaddress.ip_address(struct.pack(f"={len(words)}I", *words)))
