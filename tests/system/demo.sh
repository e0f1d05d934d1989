#!/bin/sh
# The demonstration's world, as a user would run it: the report, its schema, its exit status, facts and their replay.
set -u
. "$(dirname "$0")/../lib/tap.sh"

in_world() {
    status=0
    "$top/tests/lab/run-in-world" --demo -- "$@" >"$work/out" 2>"$work/err" </dev/null || status=$?
}

in_world "$top/scripts/demo-scan" "$program" "$work/report.json" --save-facts "$work/facts.jsonl" --jsonl "$work/report.jsonl" \
    --progress never
if grep -q '^SKIP' "$work/err"; then
    echo "1..0 # SKIP $(head -n 1 "$work/err")"
    exit 0
fi
status_is 2 'the demonstration: exit status of a deferral'
is_empty "$work/err" 'the demonstration: nothing on standard error'

/usr/bin/python3 - "$top/reports/report.schema.json" "$work/report.json" >"$work/schema" 2>&1 <<'PYTHON'
import json, sys
import jsonschema
schema, report = (json.load(open(name)) for name in sys.argv[1:])
jsonschema.Draft202012Validator.check_schema(schema)
jsonschema.validate(report, schema, jsonschema.Draft202012Validator)
PYTHON
result $? 'the JSON report is valid against the schema'
sed 's/^/# /' "$work/schema" | tail -n 5

# What Postfix makes of each destination stands in the world's own description.
PYTHONPATH=$top/tests/lab /usr/bin/python3 - "$work/report.json" <<'PYTHON' >"$work/rows"
import json, sys
import demo_world
report = {d["destination"]: d for d in json.load(open(sys.argv[1]))["destinations"]}
for name, _policy, _hosts, (status, dsn, tls) in demo_world.DESTINATIONS:
    forecast = report.get(name, {}).get("forecast", {})
    got = (forecast.get("status"), forecast.get("dsn"), forecast.get("tls"))
    good = got == (status, dsn, tls)
    print(0 if good else 1, f"{name}: {status} {dsn} {tls}" + ("" if good else f", got {got}"))
PYTHON
while read -r code name; do result "$code" "forecast of $name"; done <"$work/rows"
[ -s "$work/rows" ]; result $? 'forecasts were compared'

tail -n 1 "$work/report.jsonl" >"$work/summary"
[ "$(wc -l <"$work/report.jsonl")" -eq $(($(wc -l <"$work/rows") + 2)) ]; result $? 'JSON lines: a header, a line each, a summary'

# Replay: the same facts and configuration give the same report, but for its times. The configuration stands in the world.
in_world sh -c "
    '$top/scripts/demo-scan' '$program' '$work/first.json' --save-facts '$work/facts.jsonl' --progress never >'$work/first.text'
    '$program' replay -c \"\$PTA_CONFIG_DIR\" --json '$work/second.json' --text '$work/second.text' '$work/facts.jsonl'"
status_is 2 'replay: the exit status of the scan'
# A replay asks nobody.
timeless() { sed -E '/^[0-9]+ DNS questions?, /d; s/[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]+Z/TIME/g; s/[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9:]+( UTC)?/TIME/g; s/[0-9.]+ s(econds)?\b/N s/g' "$1"; }
/usr/bin/python3 - "$work/first.json" "$work/second.json" >"$work/difference" <<'PYTHON'
import json, sys
first, second = (json.load(open(name)) for name in sys.argv[1:])
for report in first, second:
    report["run"] = None
if first != second:
    for a, b in zip(first["destinations"], second["destinations"]):
        if a != b:
            print("#", a["destination"], [k for k in a if a[k] != b[k]])
    sys.exit(1)
PYTHON
result $? 'replay: the same JSON report but for run'
cat "$work/difference"
sed -E '/"run"/d; /"(started|finished|evaluated_at)"/d' "$work/first.json" >"$work/first.lines"
sed -E '/"run"/d; /"(started|finished|evaluated_at)"/d' "$work/second.json" >"$work/second.lines"
cmp -s "$work/first.lines" "$work/second.lines"; result $? 'replay: byte for byte but for run'
timeless "$work/first.text" >"$work/a"; timeless "$work/second.text" >"$work/b"
diff "$work/a" "$work/b" >"$work/difference"; result $? 'replay: the same text report'
sed 's/^/# /' "$work/difference" | head -n 10

# Another time, another configuration: no packet, another verdict.
in_world sh -c "
    '$program' replay -c \"\$PTA_CONFIG_DIR\" --allow-address 192.0.2.0/24 --at 2101-01-01 --json - '$work/facts.jsonl' >'$work/later.json'
    '$program' replay -c \"\$PTA_CONFIG_DIR\" --allow-address 192.0.2.0/24 -o smtp_tls_policy_maps= --json - '$work/facts.jsonl' >'$work/plain.json'
    '$program' explain -c \"\$PTA_CONFIG_DIR\" --offline bank.example"
has "$work/out" 'bank.example' 'explain --offline explains'
verdict() { /usr/bin/python3 -c 'import json,sys; print([d["verdict"] for d in json.load(open(sys.argv[1]))["destinations"] if d["destination"] == sys.argv[2]][0])' "$1" "$2"; }
[ "$(verdict "$work/later.json" bank.example)" = defer ]; result $? 'replay --at: expired by then'
[ "$(verdict "$work/plain.json" lawyers.example)" = downgrade ]; result $? 'replay -o: without the table, in the clear'

# One probe for two destinations that share a mail host; a next-hop as it stands; a literal.
in_world sh -c "
    '$program' scan -c \"\$PTA_CONFIG_DIR\" --resolver \"\$PTA_RESOLVER\" --allow-address 192.0.2.0/24 --interval 0 --rate 0 \
        --json - --save-facts '$work/shared.jsonl' council.example postmaster@council.example '[mail.council.example]' \
        smtp:council.example discard:x >'$work/shared.json'"
[ "$(grep -c '"fact": *"conversation"' "$work/shared.jsonl")" = 1 ]; result $? 'equal profiles share one conversation'
[ "$(/usr/bin/python3 -c 'import json,sys; print(len(json.load(open(sys.argv[1]))["destinations"]))' "$work/shared.json")" = 5 ]
result $? 'each destination has its record'

plan
