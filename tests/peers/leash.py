"""Runs a command that cannot outlive whoever started it.

    leash.py COMMAND [ARGUMENT…]

The starter keeps a pipe open to our standard input. When it closes that pipe, or dies in whatever way, the command and
everything it ever started is killed: browsers put helpers into process groups and sessions of their own, so killing a
group would not be enough. Exits with the command's status if that ends by itself.
"""

import ctypes
import os
import select
import signal
import subprocess
import sys

PR_SET_PDEATHSIG = 1
PR_SET_CHILD_SUBREAPER = 36

libc = ctypes.CDLL(None, use_errno=True)


def prctl(option: int, value: int) -> None:
    if libc.prctl(option, value, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl")


def descendants(pid: int) -> list[int]:
    found = []
    try:
        for task in os.listdir(f"/proc/{pid}/task"):
            with open(f"/proc/{pid}/task/{task}/children") as children:
                for child in map(int, children.read().split()):
                    found += [child, *descendants(child)]
    except (FileNotFoundError, ProcessLookupError):
        pass  # ended meanwhile
    return found


def kill_all() -> None:
    # Orphans come to us, the subreaper; so nothing of the tree is left once we have no children.
    while True:
        for pid in descendants(os.getpid()):
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        try:
            os.waitpid(-1, 0)
        except ChildProcessError:
            return


def main() -> int:
    # A signal to the starter's process group must not end us before we have cleaned up.
    os.setsid()
    prctl(PR_SET_CHILD_SUBREAPER, 1)
    command = subprocess.Popen(
        sys.argv[1:],
        stdin=subprocess.DEVNULL,
        preexec_fn=lambda: prctl(PR_SET_PDEATHSIG, signal.SIGKILL),
    )
    ended = os.pidfd_open(command.pid)
    try:
        select.select([sys.stdin.fileno(), ended], [], [])
        return command.poll() or 0
    finally:
        kill_all()


if __name__ == "__main__":
    sys.exit(main())
