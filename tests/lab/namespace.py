"""A private place to run in: own network, mounts and processes.

enter() runs the calling script once more inside new network, mount and PID
namespaces and waits for it.  Everything started inside dies with it, so nothing
can be left behind, whatever ends the run.

Where namespaces cannot be made (most containers), the demonstration can do with
the loopback interface as it is: see shared().
"""

import ctypes
import os
import shutil
import signal
import subprocess
import sys
import tempfile

MARK = "POSTTLS_LAB_DIR"
SHARED = "POSTTLS_LAB_SHARED"
NO_NAMESPACES = "permission to make namespaces"


def inside():
    """The scratch directory when already inside, else None."""
    return os.environ.get(MARK)


def shared():
    """Whether we run on the machine's own loopback interface: other addresses, no mounts."""
    return SHARED in os.environ


def missing():
    """What this machine lacks for a world, or None."""
    if sys.platform != "linux":
        return "Linux namespaces"
    for tool in ("unshare", "ip", "nsd", "unbound", "ldns-signzone", "ldns-keygen"):
        if not shutil.which(tool, path=_path()):
            return tool
    probe = subprocess.run(_unshare() + ["ip", "link", "set", "lo", "up"], env=_environment(),
                           capture_output=True, check=False)
    return None if probe.returncode == 0 else NO_NAMESPACES


def _path():
    return os.environ.get("PATH", "") + ":/usr/sbin:/sbin:/usr/bin:/bin"


def _environment():
    return dict(os.environ, PATH=_path(), LC_ALL="C.UTF-8")


def _unshare():
    command = ["unshare", "--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc"]
    return command if os.geteuid() == 0 else command + ["--map-root-user"]


def _child_dies_with_us():
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)


def die_with_parent():
    """For children that no PID namespace ends (preexec_fn)."""
    ctypes.CDLL(None).prctl(1, signal.SIGTERM)


def enter(argv, keep=False, limit=None, share=False):
    """Runs ARGV inside; returns its exit status. LIMIT: seconds before it is killed.

    SHARE: without namespaces.  The scratch directory is removed afterwards unless KEEP.
    """
    scratch = tempfile.mkdtemp(prefix="posttls-lab-")
    os.chmod(scratch, 0o755)
    child = None

    def stop(signum, _frame):
        if child:
            child.kill()
        raise SystemExit(128 + signum)

    for signum in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(signum, stop)
    try:
        marks = {MARK: scratch, SHARED: "yes"} if share else {MARK: scratch}
        child = subprocess.Popen(([] if share else _unshare()) + argv, env=dict(_environment(), **marks),
                                 preexec_fn=_child_dies_with_us)
        return child.wait(limit)
    except subprocess.TimeoutExpired:
        print(f"# ended after {limit} seconds", file=sys.stderr)
        return 124
    finally:
        if child and child.poll() is None:
            child.kill()
            child.wait()
        if keep:
            print(f"# kept: {scratch}", file=sys.stderr)
        else:
            shutil.rmtree(scratch, ignore_errors=True)
