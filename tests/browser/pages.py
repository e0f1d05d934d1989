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
