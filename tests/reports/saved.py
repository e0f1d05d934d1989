#!/usr/bin/env python3
"""Every case of tests/cases, replayed into every format: each is what its readers take, the JSON report is valid against the
schema, and `report` makes the same bytes of it once it is saved."""
import json
import os
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, os.pardir, "cases")]
import readers
import run as cases

DEBIAN = "/usr/bin/python3"
if readers.missing and os.access(DEBIAN, os.X_OK) and not os.path.samefile(DEBIAN, sys.executable) and "again" not in sys.argv:
    os.execv(DEBIAN, [DEBIAN, os.path.abspath(__file__), "again"])


def outputs(words, folder):
    return [option for word in words for option in (f"--{word}", os.path.join(folder, word))]


def written(words, folder):
    data = {}
    for word in words:
        path = os.path.join(folder, word)
        if os.path.exists(path):
            with open(path, "rb") as file:
                data[word] = file.read()
            os.remove(path)
    return data


def program(*arguments):
    return subprocess.run([cases.PROGRAM, *arguments], stdin=subprocess.DEVNULL, capture_output=True, check=False,
                          timeout=cases.LIMIT).returncode


def faults_of(case, expected, scratch):
    words = list(readers.READERS)
    folder = cases.prepared(case, expected, scratch)
    options = cases.read_options(folder)
    if "--postfix-version" not in options:
        options += ["--postfix-version", cases.RELEASE]
    status = program("replay", "-c", folder, *cases.OPTIONS[:4], *options, "--verbose", *outputs(words, scratch),
                     os.path.join(folder, "facts.jsonl"), cases.COMMON_FACTS)
    first = written(words, scratch)
    at = options.index("--fail-on") if "--fail-on" in options else len(options)
    if status >= 64:
        return [] if not first else ["an error, and yet there are reports"]
    faults = [f"{word} is missing" for word in words if word not in first]
    if faults:
        return faults
    count = len(json.loads(first["json"])["destinations"])
    faults = [f"{word}: {fault}" for word in words for fault in readers.faults_of(word, first[word], count)]
    saved = os.path.join(scratch, "saved")
    for form in "json", "jsonl":
        with open(saved, "wb") as file:
            file.write(first[form])
        again = program("report", saved, "--verbose", *options[at:at + 2], *outputs(words, scratch))
        second = written(words, scratch)
        faults += [f"{word} from saved {form} differs" for word in words if first[word] != second.get(word)]
        if again != status:
            faults.append(f"report of {form}: status {again}, replay: {status}")
    return faults


names = cases.all_cases()
number = 0
with tempfile.TemporaryDirectory() as scratch:
    for case in names if os.access(cases.PROGRAM, os.X_OK) else []:
        expected = cases.read_expectation(case)
        if cases.unmet_need(expected):
            continue
        faults = faults_of(case, expected, scratch)
        number += 1
        print(f"{'not ok' if faults else 'ok'} {number} - {case}: every format, from the run and once saved")
        for fault in faults[:8]:
            print("#", fault)
print(f"1..{number}")
