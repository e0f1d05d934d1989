"""The recorded scenarios: reading them, and grouping them by configuration.

A scenario is one line of tests/postfix/scenarios.jsonl.  Keys with an empty
value are left out there and put back here.  Certificates are kept once each,
in certificates.jsonl; a chain is a list of their short names, leaf first.
"""

import json
import os
import textwrap

DATA = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "postfix")

DEFAULTS = {
    "sender": None, "unordered": False, "beyond_scan": False, "main_cf": {},
    "main_cf_dropped": [], "master_cf": "", "policy_table": [], "per_site": [],
    "tables": {}, "transport": None, "dns": [], "dns_bogus": [],
    "dnssec": "secure", "resolv_conf": None, "servers": [], "chains": {}, "keys": {},
}
SERVER_DEFAULTS = {"wrapper": False, "behaviour": {}, "sni_chains": {}}


def pem(label, body):
    """PEM text around a base64 body."""
    lines = "\n".join(textwrap.wrap(body, 64))
    return f"-----BEGIN {label}-----\n{lines}\n-----END {label}-----\n"


def _json_lines(name):
    with open(os.path.join(DATA, name), encoding="utf-8") as stream:
        return [json.loads(line) for line in stream if line.strip()]


def load():
    """Returns (header, list of scenarios), every key present, chains and keys as PEM."""
    certificates = dict(_json_lines("certificates.jsonl"))
    header, *rows = _json_lines("scenarios.jsonl")
    for row in rows:
        for key, value in DEFAULTS.items():
            row.setdefault(key, value)
        for server in row["servers"]:
            for key, value in SERVER_DEFAULTS.items():
                server.setdefault(key, value)
        row["chains"] = {name: "".join(pem("CERTIFICATE", certificates[i]) for i in ids)
                         for name, ids in row["chains"].items()}
        row["keys"] = {name: pem(*key) for name, key in row["keys"].items()}
    return header, rows


def outcomes(release):
    """Outcomes that another release of Postfix had, by scenario id."""
    _, *rows = _json_lines(f"outcomes-{release}.jsonl")
    return dict(rows)


def _table_keys(row):
    keys = [("policy", key) for key, _ in row["policy_table"]]
    keys += [("per_site", key.lower()) for key, _ in row["per_site"]]
    for name, entries in row["tables"].items():
        keys += [(name, entry if isinstance(entry, str) else entry[0]) for entry in entries]
    if row["transport"]:
        keys.append(("transport", row["recipient"].split("@")[1]))
    return keys


def _alone(row):
    """Duplicate keys spoil a whole table, and a dying smtp(8) stops everybody's mail."""
    keys = _table_keys(row)
    return len(set(keys)) < len(keys) or row.get("alone") or row.get("outcome", {}).get("status") == "stuck"


def groups(rows):
    """Lists of scenarios that one configuration directory can serve."""
    found = {}
    for row in rows:
        own = row["id"] if _alone(row) else ""
        key = json.dumps([own] + [row[k] for k in ("main_cf", "main_cf_dropped", "master_cf",
                                                   "resolv_conf", "sender")], sort_keys=True)
        found.setdefault(key, []).append(row)
    result = []
    for members in found.values():
        result.extend(_split_conflicts(members))
    return result


def _split_conflicts(members):
    """Scenarios whose table keys collide go to different directories."""
    bins = []
    for row in members:
        keys = set(_table_keys(row))
        if row["tables"]:
            keys.difference_update(k for k in list(keys) if _shared_entry(k, row, bins))
        for taken, rows in bins:
            if not taken & keys:
                taken |= keys
                rows.append(row)
                break
        else:
            bins.append((keys, [row]))
    return [rows for _, rows in bins]


def _shared_entry(key, row, bins):
    """The same whole line of the same table, in two scenarios, is one entry."""
    name, entry = key
    return any(name in other["tables"] and entry in other["tables"][name]
               and entry in row["tables"].get(name, [])
               for _, rows in bins for other in rows)
