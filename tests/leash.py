"""Run a command that ends when the test run ends, however that happens.

    python leash.py SIGNAL USER COMMAND...        as USER, or as oneself when it is empty

A test run that is killed runs no teardown; Linux then sends SIGNAL to the command.
"""

from __future__ import annotations

import ctypes
import os
import pwd
import signal
import sys

PR_SET_PDEATHSIG = 1


def become(user: str) -> None:
    """Give up root for `user`, for good."""
    entry = pwd.getpwnam(user)
    os.setgroups([])
    os.setgid(entry.pw_gid)
    os.setuid(entry.pw_uid)


def end_with_parent(farewell: signal.Signals, parent: int) -> None:
    """Ask the kernel for `farewell` when the parent ends; elsewhere than on Linux do nothing."""
    if sys.platform != "linux":
        return
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, farewell, 0, 0, 0)
    if os.getppid() != parent:  # it ended before the request was in place
        os.kill(os.getpid(), farewell)


def main() -> None:
    """Become the command."""
    parent = os.getppid()
    farewell, user, *command = sys.argv[1:]
    if user:
        become(user)
    # after the change of user, which would clear it
    end_with_parent(signal.Signals[farewell], parent)
    os.execvp(command[0], command)  # noqa: S606 - a shell is what this must not start


if __name__ == "__main__":
    main()
