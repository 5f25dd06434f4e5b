"""Runs a command under the rules about system calls in docs/server/systemd: `python -m tests.confined COMMAND…`.

The same rules that systemd sets for the units, without a systemd that runs as the first process: SystemCallFilter,
MemoryDenyWriteExecute, RestrictNamespaces, RestrictAddressFamilies, LockPersonality, NoNewPrivileges and an empty
CapabilityBoundingSet. What concerns the file system (ProtectSystem and so on) is left out.
"""

from __future__ import annotations

import ctypes
import errno
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pyseccomp
from pyseccomp import ALLOW, ERRNO, MASKED_EQ, Arg, SyscallFilter

from gallery.images.sandbox.child import PR_SET_NO_NEW_PRIVS

CONFINED = Path(__file__).parents[1] / "docs/server/systemd/gallery-.service.d/confined.conf"
PR_CAPBSET_DROP, LAST_CAPABILITY = 24, 40
PROT_WRITE, PROT_EXEC, SHM_EXEC = 0x2, 0x4, 0o100000
NAMESPACES = (
    0x80,
    0x20000,
    0x2000000,
    0x4000000,
    0x8000000,
    0x10000000,
    0x20000000,
    0x40000000,
)  # CLONE_NEW…


def directives(name: str) -> list[str]:
    """The values of a directive, in their order."""
    lines = CONFINED.read_text().splitlines()
    return [line.partition("=")[2] for line in lines if line.startswith(f"{name}=")]


def system_calls(of: str) -> Iterator[str]:
    """The system calls of a set such as @system-service, as systemd defines it."""
    listed = subprocess.run(
        ["systemd-analyze", "syscall-filter", "--no-pager", of], capture_output=True, text=True, check=True
    )
    for line in map(str.strip, listed.stdout.splitlines()[1:]):
        if line.startswith("@"):
            yield from system_calls(line)
        elif line and not line.startswith("#"):
            yield line


def confine() -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    for capability in range(LAST_CAPABILITY + 1):
        libc.prctl(PR_CAPBSET_DROP, capability, 0, 0, 0)
    libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    refused = ERRNO(errno.EPERM)
    allowed: set[str] = set()
    for value in directives("SystemCallFilter"):
        names = set(system_calls(value.lstrip("~")))
        allowed = allowed - names if value.startswith("~") else allowed | names
    calls = SyscallFilter(refused)
    known = [name for name in allowed if pyseccomp.resolve_syscall(pyseccomp.Arch.NATIVE, name) >= 0]
    for name in known:
        calls.add_rule(ALLOW, name)

    arguments = SyscallFilter(ALLOW)
    both = PROT_WRITE | PROT_EXEC
    arguments.add_rule(refused, "mmap", Arg(2, MASKED_EQ, both, both))
    for name in ("mprotect", "pkey_mprotect"):
        arguments.add_rule(refused, name, Arg(2, MASKED_EQ, PROT_EXEC, PROT_EXEC))
    arguments.add_rule(refused, "shmat", Arg(2, MASKED_EQ, SHM_EXEC, SHM_EXEC))
    for flag in NAMESPACES:
        for name in ("clone", "unshare"):
            arguments.add_rule(refused, name, Arg(0, MASKED_EQ, flag, flag))
    arguments.add_rule(refused, "setns")
    arguments.add_rule(ERRNO(errno.ENOSYS), "clone3")  # its flags cannot be seen; libraries then use clone
    arguments.add_rule(refused, "personality")
    families = {
        int(getattr(socket, name)) for name in " ".join(directives("RestrictAddressFamilies")).split()
    }
    for family in set(range(46)) - families:
        arguments.add_rule(ERRNO(errno.EAFNOSUPPORT), "socket", Arg(0, pyseccomp.EQ, family))
    arguments.load()
    calls.load()


if __name__ == "__main__":
    confine()
    os.execvp(sys.argv[1], sys.argv[1:])
