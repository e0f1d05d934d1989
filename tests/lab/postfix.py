"""Real Postfix instances that deliver one message for each scenario.

Each group of scenarios gets an instance with its own configuration, queue and
data directory.  The mail is put into the queue while the instance is stopped
and waits there AGE seconds, so that its only attempt is one of mail that is
older than the 1 s of minimal_backoff_time.
"""

import os
import re
import shutil
import signal
import subprocess
import time

import config

AGE = 2.2               # seconds every message waits before its attempt
PATIENCE = 45           # seconds for all deliveries of an instance, and more for each of them
PATIENCE_EACH = 0.2
SILENT_DEATH = re.compile(r"fatal: .*(in server description|unknown service|network port)"
                          r"|malformed response|bad command startup|killed by signal")
STATUS = re.compile(r"to=<(?P<to>[^>]*)>,(?: orig_to=<[^>]*>,)? relay=(?P<relay>\S+), .*?"
                    r"dsn=(?P<dsn>[\d.]+), status=(?P<status>\w+) \((?P<reason>.*)\)$")
# With soft_bounce the log has a word of its own for what then stays in the queue.
STATUS_WORDS = {"SOFTBOUNCE": "deferred"}
ESTABLISHED = re.compile(r"(Anonymous|Untrusted|Trusted|Verified) TLS connection established to (\S+): ")


def missing(running):
    """What is lacking of Postfix, or None. RUNNING: it shall deliver mail, not only make tables."""
    if running and os.geteuid() != 0:
        return "root"
    for tool in ("postfix", "sendmail", "postmap"):
        if not shutil.which(tool, path="/usr/sbin:/usr/bin"):
            return tool
    return None


def release():
    """The installed release, as in "3.7.11"."""
    return subprocess.run(["postconf", "-d", "-h", "mail_version"], check=True,
                          capture_output=True, text=True).stdout.strip()


class Instance:
    """One group of scenarios and the Postfix that serves it."""

    def __init__(self, directory, rows, common, lab):
        self.directory = directory
        self.rows = rows
        self.run = directory + ".run"
        self.maillog = self.run + "/maillog"
        self.master = None
        self.queued = None
        self.resolver_file = None
        os.makedirs(self.run, exist_ok=True)
        os.makedirs(self.run + "/queue")
        os.makedirs(self.run + "/data")
        shutil.chown(self.run + "/data", "postfix")
        config.write(directory, rows, common, lab)
        if rows[0]["resolv_conf"]:
            self.resolver_file = self.run + "/resolv.conf"
            with open(self.resolver_file, "w", encoding="ascii") as stream:
                stream.write(rows[0]["resolv_conf"])

    def _postfix(self, *argv):
        return subprocess.run(["postfix", "-c", self.directory] + list(argv), check=False,
                              capture_output=True, text=True, stdin=subprocess.DEVNULL)

    def queue(self):
        """Makes the queue and puts the messages into it."""
        done = self._postfix("check")
        if done.returncode != 0:
            raise RuntimeError(f"postfix check for {', '.join(row['id'] for row in self.rows)}: {done.stderr or self._log()}")
        for row in self.rows:
            subprocess.run(["sendmail", "-C", self.directory, "-f", row["sender"] or "<>",
                            row["recipient"]], check=True, stderr=subprocess.DEVNULL,
                           input=f"Subject: {row['id']}\n\nhello\n".encode())
        self.queued = time.monotonic()

    def start(self):
        time.sleep(max(0, self.queued + AGE - time.monotonic()))
        command = ["postfix", "-c", self.directory, "start-fg"]
        if self.resolver_file:
            command = ["unshare", "--mount", "sh", "-c",
                       'mount --bind "$0" "$(readlink -f /etc/resolv.conf)" && exec "$@"',
                       self.resolver_file] + command
        self.master = subprocess.Popen(command, stdin=subprocess.DEVNULL,
                                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                                       start_new_session=True)

    def wait(self):
        """Until every message has a status, or smtp(8) died over it."""
        end = time.monotonic() + PATIENCE + PATIENCE_EACH * len(self.rows)
        while time.monotonic() < end:
            found = self.outcomes()
            lacking = [row for row in self.rows if row["id"] not in found]
            if not lacking or len(lacking) == 1 and SILENT_DEATH.search(self._log()):
                return
            time.sleep(0.2)

    def stop(self):
        if not self.master:
            return
        self._postfix("stop")
        try:
            self.master.wait(5)
        except subprocess.TimeoutExpired:
            os.killpg(self.master.pid, signal.SIGKILL)
            self.master.wait()
        self.master = None

    def _log(self):
        try:
            with open(self.maillog, encoding="utf-8", errors="replace") as stream:
                return stream.read()
        except FileNotFoundError:
            return ""

    def outcomes(self, sessions=()):
        """Outcome by scenario id, from the log; SESSIONS (of the mail hosts) tell the last one in the clear."""
        recipients = {row["recipient"]: row["id"] for row in self.rows}
        last = {}
        for record in sorted(sessions, key=lambda r: r["began"]):
            last[f"[{record['addr']}]:{record['port']}"] = record["starttls"]
        found, words = {}, {}
        for line in self._log().splitlines():
            match = ESTABLISHED.search(line)
            if match:
                words[match[2]] = match[1].lower()
            match = STATUS.search(line)
            if match and match["to"] in recipients and recipients[match["to"]] not in found:
                relay = match["relay"]
                encrypted = last.get(relay[relay.find("["):], False)
                found[recipients[match["to"]]] = {
                    "status": STATUS_WORDS.get(match["status"], match["status"]), "dsn": match["dsn"], "relay": relay,
                    "tls": words.get(relay, "none") if encrypted else "none",
                    "reason": match["reason"]}
        return found

    def result(self, sessions):
        """Outcomes of all scenarios, with "stuck" for those of which the log says nothing."""
        found = self.outcomes(sessions)
        for row in self.rows:
            if row["id"] not in found:
                dead = SILENT_DEATH.search(self._log())
                found[row["id"]] = {"status": "stuck" if dead else "unsettled", "dsn": "",
                                    "relay": "", "tls": "none", "reason": ""}
        return found
