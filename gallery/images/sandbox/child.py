"""The child process that decodes one picture or sound: it confines itself, answers one request and ends.

parent.py starts it in an isolated interpreter, with a JSON request on standard input. It answers with one
line of JSON: {"done": …}, {"refused": code} if the picture is the cause, or {"failed": reason} if something
else is.
"""

import ctypes
import json
import os
import platform
import resource
import signal
import struct
import sys
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from gallery.images.sandbox.bounds import ImageBounds

MAX_FILE_BYTES = 64 << 20  # bytes; every rendition is much smaller
MAX_OPEN_FILES = 64
SOUND_TASKS = {"inspect_sound", "develop_sound"}

PR_SET_PDEATHSIG = 1
PR_SET_DUMPABLE = 4
PR_SET_SECCOMP = 22
PR_SET_NO_NEW_PRIVS = 38
SECCOMP_MODE_FILTER = 2
ALLOW, REFUSE = 0x7FFF0000, 0x00050000 | 13  # 13 is EACCES

# System call numbers of Linux, by machine: the architecture's number, then socket, connect, bind, listen,
# accept, sendto, execve, execveat, ptrace, io_uring_setup (which can open a connection without the others),
# process_vm_readv, process_vm_writev, pidfd_getfd (which read from, and write to, another process of the same
# user).
BLOCKED_CALLS: Mapping[str, tuple[int, tuple[int, ...]]] = {
    "x86_64": (0xC000003E, (41, 42, 49, 50, 43, 44, 59, 322, 101, 425, 310, 311, 438)),
    "aarch64": (0xC00000B7, (198, 203, 200, 201, 202, 206, 221, 281, 117, 425, 270, 271, 438)),
}
X32_CALLS = 0x40000000  # the x32 ABI repeats the calls of x86-64 from this number on


def apply_limits(memory_bytes: int, cpu_seconds: int) -> None:
    """Limit this process's memory, processor time and files, and have it end together with its parent."""
    for kind, most in (
        (resource.RLIMIT_AS, memory_bytes),
        (resource.RLIMIT_FSIZE, MAX_FILE_BYTES),
        (resource.RLIMIT_NOFILE, MAX_OPEN_FILES),
        (resource.RLIMIT_CORE, 0),
    ):
        resource.setrlimit(kind, (most, most))
    resource.setrlimit(resource.RLIMIT_CPU, (cpu_seconds, cpu_seconds + 1))
    os.nice(5)
    die_with_parent()
    forbid_tracing()


def forbid_tracing() -> None:
    """Stop other processes of this user from accessing this process's memory, by /proc or by tracing.

    The parent calls it, too: code that took over a child must not get into the parent.
    """
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_DUMPABLE, 0, 0, 0, 0)


def die_with_parent() -> None:
    """Have the kernel kill this process when its parent ends for any reason."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)


def install_seccomp_filter() -> bool:
    """Permanently block system calls that use the network or start programs; False if unsupported."""
    mark, calls = BLOCKED_CALLS.get(platform.machine(), (0, ()))
    if sys.platform != "linux" or not calls:
        return False
    load, equal, at_least, give_back = 0x20, 0x15, 0x35, 0x06
    # Load the architecture and refuse a foreign one. Then load the call's number and compare it with each
    # blocked call.
    steps = [(load, 0, 0, 4), (equal, 1, 0, mark), (give_back, 0, 0, REFUSE), (load, 0, 0, 0)]
    steps += [(at_least, len(calls) + 1, 0, X32_CALLS)]
    steps += [(equal, len(calls) - place, 0, call) for place, call in enumerate(calls)]
    steps += [(give_back, 0, 0, ALLOW), (give_back, 0, 0, REFUSE)]
    code = ctypes.create_string_buffer(b"".join(struct.pack("=HBBI", *step) for step in steps))
    program = ctypes.create_string_buffer(struct.pack("@HP", len(steps), ctypes.addressof(code)))
    libc = ctypes.CDLL(None)
    if libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0:
        return False
    return bool(libc.prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, program, 0, 0) == 0)


def handle_request(request: Mapping[str, Any]) -> dict[str, Any]:
    """Run the requested task within the request's limits."""
    limits = request["limits"]
    apply_limits(limits["memory_bytes"], limits["cpu_seconds"])
    install_seccomp_filter()
    warnings.simplefilter("ignore")  # decoders warn about files that they then refuse or read correctly

    from gallery.images.sandbox.bounds import ImageBounds, UnusableImage

    if request["task"] in SOUND_TASKS:
        try:
            return {"done": run_sound_task(request)}
        except UnusableImage as unfit:
            return {"refused": unfit.code}

    from PIL import Image

    Image.MAX_IMAGE_PIXELS = limits["max_pixels"]
    bounds = ImageBounds(limits["max_pixels"], limits["min_long_side"], limits["memory_bytes"])
    try:
        return {"done": run_task(request, bounds)}
    except UnusableImage as unfit:
        return {"refused": unfit.code}


def run_sound_task(request: Mapping[str, Any]) -> dict[str, Any]:
    """Run a task about a sound and return its result. Raises UnusableImage."""
    from gallery.images.sandbox import sounds

    source, kind = Path(request["source"]), request["kind"]
    if request["task"] == "inspect_sound":
        return sounds.inspect(source, kind)
    return sounds.develop(source, kind, Path(request["out"]))


def run_task(request: Mapping[str, Any], bounds: "ImageBounds") -> dict[str, Any]:
    """Run the task and return its result. Raises UnusableImage."""
    out = Path(request["out"]) if request["out"] else None
    if request["task"] == "share_image":
        from gallery.images.sandbox.share_images import Typography, write_share_image
        from gallery.images.share_image import Fonts, ShareImage

        assert out is not None
        lists = {name: tuple(request["image"][name]) for name in ("facts", "tokens")}
        image = ShareImage(**{**request["image"], **lists})
        pictures = [(Path(path), kind) for path, kind in request["pictures"]]
        typography = Typography(Path(request["template"]), Fonts(**request["fonts"]), image.language)
        write_share_image(pictures, image, request["code"], typography, out, bounds)
        return {}
    if request["task"] == "icons":
        from gallery.images.sandbox.icons import write_icons

        assert out is not None
        write_icons(Path(request["source"]), request["kind"], out, bounds)
        return {}
    if request["task"] == "pdf":
        from gallery.images.sandbox.typesetting import write_pdf
        from gallery.images.share_image import Fonts

        assert out is not None
        write_pdf(Path(request["template"]), request["data"], Fonts(**request["fonts"]), out)
        return {}
    from gallery.images.framing import Framing

    source, kind = Path(request["source"]), request["kind"]
    if request["task"] == "fingerprint":
        from gallery.images.sandbox.developing import fingerprint

        return fingerprint(source, kind, bounds)
    framing = Framing(**request["framing"])
    if request["task"] == "inspect":
        from gallery.images.sandbox.developing import inspect

        return inspect(source, kind, out, bounds, framing)
    assert out is not None
    if request["task"] == "develop":
        from gallery.images.sandbox.developing import develop

        return develop(source, kind, out, bounds, framing)
    from gallery.images.iiif_requests import ImageRequest
    from gallery.images.sandbox import tiles

    whole = request["whole"][0], request["whole"][1]
    if request["task"] == "tiles":
        return tiles.write_tiles(source, kind, whole, out, bounds, framing)
    values = request["request"]
    wanted = ImageRequest(**{**values, "region": tuple(values["region"]), "size": tuple(values["size"])})
    tiles.write_region(source, kind, whole, wanted, out, bounds, framing)
    return {}


def main() -> None:
    """Answer the one request on standard input."""
    try:
        result = handle_request(json.load(sys.stdin))
    except MemoryError:
        result = {"refused": "too_much_memory"}
    except Exception as fault:  # the parent logs it; the picture is not at fault
        result = {"failed": f"{type(fault).__name__}: {fault}"[:500]}
    sys.stdout.write(json.dumps(result) + "\n")
    sys.stdout.flush()
    os._exit(0)  # skip the libraries' exit handlers, which only cost time
