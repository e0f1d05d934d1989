"""JSON reports that the browser's tests are made from."""
import copy
import json

VERDICTS = ("deliver", "deliver", "deliver", "defer", "deliver", "downgrade", "deliver", "bounce", "deliver", "unknown")


def many(sample, count, providers=400):
    """A report of so many destinations, after the destinations of a sample: a few providers have most of them, and every
    tenth has a mail host of its own."""
    patterns = {}
    for destination in sample["destinations"]:
        patterns.setdefault(destination["verdict"], []).append(destination)
    report = copy.deepcopy(sample)
    report["destinations"] = []
    summary = dict.fromkeys(report["summary"], 0)
    for i in range(count):
        verdict = next(v for v in (VERDICTS[(i * 7 + i // 10) % 10], "defer", "deliver") if v in patterns)
        pattern = patterns[verdict][i % len(patterns[verdict])]
        name = f"d{i:05}.example"
        provider = f"mx.own{i}.example" if i % 10 == 0 else f"mx.p{(i * i) % providers}.test"
        text = json.dumps(pattern)
        for host in {h["host"] for hop in pattern["route"] for h in hop["hosts"]}:
            text = text.replace(json.dumps(host)[1:-1], provider)
        made = json.loads(text)
        made["destination"] = made["nexthop"] = name
        report["destinations"].append(made)
        summary[verdict] += 1
    report["summary"] = {**summary, "destinations": count}
    return report


def standing(destination, verdict, **others):
    return {"verdict": verdict, "reason": destination["forecast"]["reason"], "dsn": destination["forecast"]["dsn"],
            "tls": destination["forecast"]["tls"], "level": None, "effective_level": None, "hosts": "mx.example",
            "entry": None, "text": destination["forecast"]["text"] or "nothing was said", **others}


def with_history(report):
    """The same report, as a run of a history that knows of nights with more trouble and less; each destination has changed."""
    report = copy.deepcopy(report)
    counts = {verdict: report["summary"][verdict] for verdict in set(VERDICTS)}
    report["trend"] = [{"finished": f"2026-11-{day:02}T01:15:00Z", **counts, "defer": counts["defer"] + day % 5,
                        "deliver": counts["deliver"] + 100000} for day in range(1, 20)]
    report["trend"].append({"finished": report["run"]["finished"], **counts})
    changes = []
    for i, destination in enumerate(report["destinations"]):
        kind = ("worse", "better", "other", "appeared", "vanished")[i % 5]
        changes.append({
            "destination": destination["destination"] if kind != "vanished" else f"gone{i}.example", "change": kind,
            "before": standing(destination, "deliver") if kind != "appeared" else None,
            "after": standing(destination, destination["verdict"]) if kind != "vanished" else None,
            "note": "seen 3 times since 2026-11-01" if kind == "worse" else None})
    report["changes"] = {"run": 20, "before": 19, "since": "2026-11-19T01:15:00Z", "only": False, "destinations": changes,
                         "findings": []}
    return report


def with_mail(report):
    """The same report, with a mail log that told of every destination."""
    report = copy.deepcopy(report)
    for i, destination in enumerate(report["destinations"], 1):
        destination["weight"] = {"share": 0.1, "deliveries": 10 * i, "deferrals": i % 3, "bounces": i % 2, "bytes": 1000 * i,
                                 "last": "2026-11-19T00:00:00Z", "waiting": None,
                                 "tls": {"anonymous": i, "untrusted": i, "trusted": i, "verified": 2 * i}}
    return report


HOSTILE = "\x1b[31m<img src=x onerror=alert(1)>\u202e</script>"


def as_if(verdict):
    return {"verdict": verdict, "effective_level": "dane", "reason": "delivered" if verdict == "deliver" else "tlsa-mismatch",
            "dsn": "2.0.0" if verdict == "deliver" else "4.7.5", "tls": "verified", "text": None}


def published(i):
    """What the domain of destination i publishes: all that there is, in turn."""
    dane = ("all", "none", "none", "some", "unknown", "none", "none")[i % 7]
    sts = ("enforce", "enforce", "testing", "none", "unknown", "invalid", "none")[i % 7]
    found = sts in ("enforce", "testing")
    return {"domain": f"d{i}.example", "follows": ("table", "dane", "mta-sts", "none")[i // 7 % 4],
            "dane": {"state": dane, "hosts": 2, "with_tlsa": 1, "as_if": as_if(("deliver", "defer")[i % 2])},
            "mta_sts": {"state": sts, "reason": None if found or sts == "none" else "policy-mode",
                        "why": HOSTILE if sts == "invalid" else None, "line": 2 if sts == "invalid" else None,
                        "id": HOSTILE if found else None, "max_age": 86400 if found else None,
                        "mx": ["*.example", HOSTILE] if found else [], "hosts": [{"host": HOSTILE, "fits": False}],
                        "as_if": as_if("deliver"), "enforced": as_if("defer") if sts == "testing" else None},
            "tlsrpt": {"state": "valid", "reason": None, "why": None, "rua": ["mailto:" + HOSTILE]},
            "line": f"d{i}.example secure match={HOSTILE}", "line_3_10": f"d{i}.example secure policy_type=sts"}


def with_published(report):
    """The same report, as --mta-sts makes it; of the last destination nothing was asked."""
    report = copy.deepcopy(report)
    for i, destination in enumerate(report["destinations"][:-1]):
        destination["published"] = published(i)
        if i % 3 == 0 and destination["forecast"]["tls"] is not None:
            destination["forecast"]["tls"] = "verified"
    return report


def with_mechanism(report):
    """The same report, as --as makes it."""
    report = copy.deepcopy(report)
    numbers = dict.fromkeys(("worse", "better", "defer", "bounce", "downgrade", "gain_authentication",
                             "lose_authentication"), 0)
    report["as"] = {"mechanism": "mta-sts", **numbers}
    for i, destination in enumerate(report["destinations"]):
        other = report["destinations"][i * 7 % len(report["destinations"])]
        destination["as"] = {"verdict": other["verdict"], "forecast": other["forecast"], "route": other["route"],
                             "change": "other", "findings": []}
    return report
