"""Writes the Postfix configuration directory of a group of scenarios."""

import os
import subprocess

# Services as Debian has them, unchrooted, without network listeners.
MASTER_CF = """\
pickup    unix  n       -       n       60      1       pickup
cleanup   unix  n       -       n       -       0       cleanup
qmgr      unix  n       -       n       300     1       qmgr
tlsmgr    unix  -       -       n       1000?   1       tlsmgr
rewrite   unix  -       -       n       -       -       trivial-rewrite
bounce    unix  -       -       n       -       0       bounce
defer     unix  -       -       n       -       0       bounce
trace     unix  -       -       n       -       0       bounce
verify    unix  -       -       n       -       1       verify
flush     unix  n       -       n       1000?   0       flush
proxymap  unix  -       -       n       -       -       proxymap
smtp      unix  -       -       n       -       -       smtp
relay     unix  -       -       n       -       -       smtp
error     unix  -       -       n       -       -       error
retry     unix  -       -       n       -       -       error
discard   unix  -       -       n       -       -       discard
local     unix  -       n       n       -       -       local
virtual   unix  -       n       n       -       -       virtual
lmtp      unix  -       -       n       -       -       lmtp
anvil     unix  -       -       n       -       1       anvil
scache    unix  -       -       n       -       1       scache
tlsproxy  unix  -       -       n       -       0       tlsproxy
postlog   unix-dgram n  -       n       -       1       postlogd
"""

INSTANCE = {
    "mail_owner": "postfix", "setgid_group": "postdrop",
    "daemon_directory": "/usr/lib/postfix/sbin", "command_directory": "/usr/sbin",
    "alias_maps": "", "alias_database": "", "local_recipient_maps": "",
    "default_process_limit": "20",
}


class Unavailable(Exception):
    """This machine cannot make a table of that type."""


def write(directory, rows, common, lab):
    """Makes DIRECTORY a configuration that serves ROWS (see scenarios.groups).

    LAB is the folder that holds ca/; COMMON the settings all scenarios share.
    Queue and data go to DIRECTORY.run, so that the directory holds configuration only.
    """
    def place(text):
        return (text.replace("@LAB@", lab).replace("{P}", directory)
                .replace("/etc/postfix", directory))

    first = rows[0]
    run = directory + ".run"
    settings = dict(INSTANCE)
    settings["queue_directory"] = run + "/queue"
    settings["data_directory"] = run + "/data"
    settings["maillog_file"] = run + "/maillog"
    settings["maillog_file_prefixes"] = run
    settings.update(common)
    settings.update(first["main_cf"])
    if any(row["transport"] for row in rows):
        settings["transport_maps"] = "texthash:{P}/transport"
    for name in first["main_cf_dropped"]:
        settings.pop(name, None)

    os.makedirs(directory, exist_ok=True)
    _put(directory, "main.cf", [f"{name} = {place(value)}" for name, value in settings.items()])
    _put(directory, "master.cf", (MASTER_CF + first["master_cf"]).splitlines())
    _put(directory, "tls_policy", [f"{place(key)} {place(value)}" for row in rows
                                   for key, value in row["policy_table"]])
    _put(directory, "per_site", [f"{k} {v}" for row in rows for k, v in row["per_site"]])
    _put(directory, "transport", [f"{row['recipient'].split('@')[1]} {place(row['transport'])}"
                                  for row in rows if row["transport"]])
    _write_tables(directory, rows, settings, place)


def _write_tables(directory, rows, settings, place):
    tables = {}
    for row in rows:
        for name, entries in row["tables"].items():
            for entry in entries:
                line = place(entry if isinstance(entry, str) else " ".join(entry))
                if line not in tables.setdefault(name, []):
                    tables[name].append(line)
            tables.setdefault(name, [])
    for name, lines in tables.items():
        _put(directory, name, lines)
        for kind in ("hash", "btree", "lmdb", "cdb"):
            if any(f"{kind}:/etc/postfix/{name}" in str(v) for v in settings.values()):
                _index(directory, f"{kind}:{directory}/{name}")


def _index(directory, table):
    done = subprocess.run(["postmap", "-c", directory, table], check=False, capture_output=True,
                          text=True)
    if done.returncode != 0:
        raise Unavailable(done.stderr.strip().splitlines()[-1])


def _put(directory, name, lines):
    path = os.path.join(directory, name)
    with open(path, "w", encoding="utf-8", errors="surrogateescape", newline="") as stream:
        stream.writelines(line + "\n" for line in lines)
    os.chmod(path, 0o644)
