#!/bin/sh
# A report that was kept is as good as the run: `report` gives the bytes that the scan gave, in every format. `merge`. Outputs
# that cannot be written. What is no report.
set -u
. "$(dirname "$0")/../lib/tap.sh"

formats="text json jsonl html csv junit sarif metrics"

in_world() {
    status=0
    "$top/tests/lab/run-in-world" --demo -- "$@" >"$work/out" 2>"$work/err" </dev/null || status=$?
}

# outputs NAME: the options that write every format, to $work/NAME.FORMAT.
outputs() { for format in $formats; do printf ' --%s %s' "$format" "$work/$1.$format"; done; }

# same A B NAME: every format of two runs.
same() {
    for format in $formats; do
        cmp -s "$work/$1.$format" "$work/$2.$format"
        result $? "$3: $format"
    done
}

in_world sh -c "
    '$program' scan -c \"\$PTA_CONFIG_DIR\" --resolver \"\$PTA_RESOLVER\" --file \"\$PTA_CONFIG_DIR/correspondents\" \
        --allow-address 192.0.2.0/24 --allow-address 2001:db8::/32 --per-host 0 --per-provider 0 --rate 0 --interval 0 \
        --retry-after 0 --timeout 10 --progress never --save-facts '$work/facts' $(outputs scan)
    '$program' replay -c \"\$PTA_CONFIG_DIR\" --allow-address 192.0.2.0/24 --allow-address 2001:db8::/32 $(outputs plain) '$work/facts'
    '$program' replay -c \"\$PTA_CONFIG_DIR\" --allow-address 192.0.2.0/24 --verbose $(outputs verbose) '$work/facts'
    '$program' replay -c \"\$PTA_CONFIG_DIR\" --allow-address 192.0.2.0/24 --proposed-override smtp_tls_policy_maps= \
        --proposed-override smtp_tls_servername=hostname \
        $(outputs proposed) '$work/facts'
    echo \$? >'$work/proposed.status'"
if grep -q '^SKIP' "$work/err"; then
    echo "1..0 # SKIP $(head -n 1 "$work/err")"
    exit 0
fi
# What is proposed, by name: a parameter that is empty then, one that is new, one that stays away.
tr -s '\n ' ' ' <"$work/proposed.text" >"$work/proposed.flat"
has "$work/proposed.flat" 'Proposed: .* smtp_tls_policy_maps: texthash:[^ ]*/tls_policy -> empty smtp_tls_servername: not set -> hostname [0-9]+ worse' \
    'the text report names the parameters that differ'
has "$work/proposed.html" '<code>smtp_tls_servername</code>: not set -&gt; hostname' 'and so does the page'
is_empty "$work/err" 'the runs: nothing on standard error'

# The lines of a scan are written as destinations are done: the same ones, in another order, and the run at their end. What
# could be better is looked for when the run is over, and stands in the object only.
/usr/bin/python3 - "$work/scan.json" "$work/scan.jsonl" <<'PYTHON'
import json, sys
with open(sys.argv[1], encoding="utf-8") as file:
    report = json.load(file)
with open(sys.argv[2], encoding="utf-8") as file:
    header, *lines, summary = map(json.loads, file)
certificates = {}
for line in lines:
    certificates.update(line.pop("certificates"))
advice = {"can-be-tightened", "entry-overtaken", "entry-needless", "entry-without-domain", "match-name-unused",
          "fingerprint-unused", "fingerprint-ends"}
for one in lines + report["destinations"]:
    one["findings"] = [finding for finding in one["findings"] if finding["code"] not in advice]
name = lambda one: one["destination"]
same = sorted(lines, key=name) == sorted(report["destinations"], key=name) and certificates == report["certificates"] and \
    all(summary[key] == report[key] for key in ("run", "summary", "findings")) and header["configuration"] == report["configuration"]
sys.exit(0 if same and len(lines) > 10 else 1)
PYTHON
result $? 'the lines of a scan say what its object says'
run report --json "$work/again.json" -q "$work/scan.json"
cmp -s "$work/again.json" "$work/scan.json"; result $? 'the report of a scan: the same object again'

for form in json jsonl; do
    run report $(outputs again) "$work/plain.$form"
    status_is 2 "report of $form: the exit status of the scan"
    same plain again "from $form"
done
run report --verbose $(outputs again) "$work/verbose.json"
same verbose again 'with --verbose'
run report $(outputs again) "$work/proposed.json"
status_is "$(cat "$work/proposed.status")" 'with --proposed: the exit status of the replay'
same proposed again 'with --proposed'
run report "$work/plain.json"
cmp -s "$work/out" "$work/plain.text"; result $? 'without options: the text report, on standard output'
run report --fail-on never "$work/plain.json"
status_is 0 'report --fail-on'
status=0
"$program" report --csv - - <"$work/plain.json" >"$work/out" 2>"$work/err" || status=$?
cmp -s "$work/out" "$work/plain.csv"; result $? 'from standard input to standard output'

# Merging a report with itself changes nothing; two halves make the whole.
run merge --json "$work/merged.json" -q "$work/plain.json" "$work/plain.jsonl"
status_is 2 'merge: the exit status of the whole'
cmp -s "$work/merged.json" "$work/plain.json"; result $? 'merge: a report with itself is itself'
run merge "$work/facts" "$work/facts"
cmp -s "$work/out" "$work/facts"; result $? 'merge: facts with themselves are themselves'
/usr/bin/python3 "$top/tests/system/merge-parts.py" "$work" "$program" "$top" >"$work/parts" 2>&1
result $? 'merge: its rows ran'
while read -r code name; do result "$code" "$name"; done <"$work/parts"

# Metrics of a run that was cut short keep the time of the last whole one; a run that fails leaves them as they are.
success() { sed -n 's/^posttls_audit_last_success_timestamp_seconds //p' "$1"; }
cp "$work/plain.metrics" "$work/metrics"
sed 's/"complete":true/"complete":false/' "$work/plain.json" >"$work/short"
run report --metrics "$work/metrics" -q "$work/short"
has "$work/metrics" '^posttls_audit_run_complete 0$' 'metrics of a run cut short say so'
[ -n "$(success "$work/metrics")" ] && [ "$(success "$work/metrics")" = "$(success "$work/plain.metrics")" ]
result $? 'and keep the time of the last success'
run report --metrics "$work/fresh" -q "$work/short"
[ "$(success "$work/fresh")" = 0 ]; result $? 'which is 0 where none is known'
run scan -c "$work/nothing" --metrics "$work/metrics" example.org
[ "$status" -ge 64 ] && [ -n "$(success "$work/metrics")" ]; result $? 'a run that fails leaves the metrics of before'

# diff says which of the two was cut short: by its own word, or for its lines end early. name | first | second | what it says
grep -v '"summary":' "$work/plain.jsonl" >"$work/short.jsonl"
while IFS='|' read -r name first second message; do
    run diff --json "$work/diff.json" --text - "$work/$first" "$work/$second"
    told=$(tr -s '\n ' ' ' <"$work/out" | grep -o 'INCOMPLETE: .* counts as [a-z]*')
    [ "$told" = "$message" ]; result $? "diff, $name"
    /usr/bin/python3 - "$work/diff.json" "$first" "$second" "$top/reports/changes.schema.json" <<'PYTHON'
import json, sys
import jsonschema
diff, schema = (json.load(open(sys.argv[i])) for i in (1, 4))
jsonschema.validate(diff, schema, jsonschema.Draft202012Validator)
sys.exit([diff[side]["complete"] for side in ("before", "after")] != ["short" not in name for name in sys.argv[2:4]])
PYTHON
    result $? "diff, $name: JSON"
done <<ROWS
two whole reports|plain.json|plain.jsonl|
the first cut short|short|plain.json|INCOMPLETE: $work/short was cut short: what it did not come to is unknown, or counts as appeared
the second without its end|plain.json|short.jsonl|INCOMPLETE: $work/short.jsonl was cut short: what it did not come to is unknown, or counts as vanished
ROWS

# lint in SARIF: the line that is wrong, and what to put there.
mkdir "$work/lint"
cat >"$work/lint/main.cf" <<CONF
compatibility_level = 3.6
queue_directory = $work/lint
data_directory = $work/lint
CONF
printf 'smtp_tls_policy_maps = texthash:%s/lint/tls_policy\n' "$work" >>"$work/lint/main.cf"
echo "smtp unix - - n - - smtp" >"$work/lint/master.cf"
printf '# a table\nexample.org secrue\n' >"$work/lint/tls_policy"
run lint -c "$work/lint" -q --sarif "$work/lint.sarif"
status_is 2 'lint --sarif: status'
/usr/bin/python3 - "$top" "$work/lint.sarif" "$work/lint/tls_policy" <<'PYTHON'
import json, sys
sys.path.insert(0, sys.argv[1] + "/tests/reports")
import readers
data = open(sys.argv[2], "rb").read()
places = [(result["ruleId"], place["artifactLocation"]["uri"], place.get("region", {}).get("startLine"))
          for result in json.loads(data)["runs"][0]["results"] for place in [result["locations"][0]["physicalLocation"]]]
good = ("file://" + sys.argv[3], 2) in [place[1:] for place in places]
sys.exit(readers.faults_of("sarif", data, 0) != [] or not good)
PYTHON
result $? 'lint --sarif: valid, at the file and the line'

# name | status | what standard error must say | arguments
printf '{"format": "posttls-audit/report", "format_version": 1}' >"$work/hollow"
printf '{"format": "posttls-audit/report", "format_version": 2}' >"$work/newer"
printf '{"format": "something-else"}' >"$work/other"
head -c 2000 "$work/plain.json" >"$work/cut"
sed 's/"reason":"delivered"/"reason":"weather"/' "$work/plain.json" >"$work/weather"
: >"$work/empty"
cat "$work/plain.jsonl" "$work/proposed.jsonl" >"$work/two"
cat "$work/facts" "$work/facts" >"$work/two.facts"
echo >"$work/line"
mkdir "$work/config" "$work/kept"
: >"$work/config/main.cf"
: >"$work/config/master.cf"
scan="scan -c $work/config --resolver 127.0.0.1 --progress never"
run $scan --history "$work/history" -q error:no
run history --history "$work/history" --json "$work/runs.json" -q
run diff --json "$work/diff.json" -q "$work/plain.json" "$work/plain.json"
run lint -c "$work/config" --json "$work/lint.json" -q
sed '1s/"format_version":1/&,"journal":true/' "$work/facts" >"$work/journal"
cp "$work/history" "$work/facts" "$work/plain.json" "$work/plain.jsonl" "$work/kept"
while IFS='|' read -r name wanted message arguments; do
    eval "run $arguments"
    status_is "$wanted" "$name: status"
    has "$work/err" "$message" "$name: message"
    is_empty "$work/out" "$name: nothing on standard output"
done <<ROWS
report: no file|64|no file is named|report
report: two files|64|merge joins|report a b
report: a missing file|66|missing: No such file|report $work/missing
report: a directory|66|is a directory|report $work
report: an empty file|65|empty:1: not valid JSON|report $work/empty
report: a cut file|65|cut:[0-9]+: not valid JSON|report $work/cut
report: facts|65|facts: a facts file, not a report; name what scan --json or --jsonl wrote; .*replay|report $work/facts
report: something else|65|other: no report|report $work/other
report: two in a file|65|two:[0-9]+: another report begins here.*merge|report $work/two
diff: two in a file|65|two:[0-9]+: another report begins here|diff $work/two $work/plain.json
merge: two in a file|65|two:[0-9]+: another report begins here|merge $work/plain.json $work/two
replay: two files in one|65|two.facts:[0-9]+: another file begins here; .*merge take several|replay -c $work/config $work/two.facts
report: a later version|65|another format_version|report $work/newer
report: nothing in it|65|hollow: .*generator is no object|report $work/hollow
report: an unknown reason|65|weather: .*reason is no reason code|report $work/weather
merge: no file|64|no file is named|merge
merge: standard input|64|standard input cannot|merge -
merge: a report and facts|65|facts: a facts file, but .*plain.json is a report|merge $work/plain.json $work/facts
merge: something else|65|other: neither a report nor|merge $work/plain.json $work/other
merge: a cut report|65|cut: neither a report|merge $work/plain.json $work/cut
merge: a hollow report|65|hollow: .*is no object|merge $work/plain.json $work/hollow
merge: a missing file|66|missing: No such file|merge $work/plain.json $work/missing
merge: facts as a report|64|no report can be made|merge --json x $work/facts
merge: reports as facts|64|hold no facts|merge --save-facts x $work/plain.json
merge: a history|65|history: a history, neither a report nor|merge $work/plain.json $work/history
replay: a report|65|plain.json: a report, not a facts file; name what scan --save-facts wrote|replay -c $work/config $work/plain.json
replay: lines of a report|65|plain.jsonl: a report, not a facts file; name|replay -c $work/config $work/plain.jsonl
replay: a history|65|history: a history, not a facts file; .*--history|replay -c $work/config $work/history
replay: JSON of lint|65|lint.json: JSON of lint, not a facts file|replay -c $work/config $work/lint.json
replay: something else|65|other:1: no facts file|replay -c $work/config $work/other
advise: a history|65|history: a history, not a facts file|advise -c $work/config $work/history
report: a history|65|history: a history, not a report|report $work/history
report: a journal|65|journal: a journal, not a report; .*--resume|report $work/journal
diff: facts|65|facts: a facts file, not a report|diff $work/plain.json $work/facts
diff: JSON of diff|65|diff.json: JSON of diff, not a report|diff $work/diff.json $work/plain.json
diff: a report as history|65|plain.json: a report, not a history; .*scan --history|diff --history $work/plain.json
history: a report|65|plain.json: a report, not a history|history --history $work/plain.json
history: JSON of history|65|runs.json: JSON of history, not a history|history --history $work/runs.json
history: an empty line|65|line: is no history of posttls-audit|history --history $work/line
scan: facts as history|65|facts: a facts file, not a history|$scan --history $work/facts error:no
scan: lines of a report as journal|65|plain.jsonl: a report, not a journal; name a file of its own|$scan --resume $work/plain.jsonl error:no
scan: a report as journal|65|plain.json: a report, not a journal|$scan --resume $work/plain.json error:no
scan: a history as journal|65|history: a history, not a journal|$scan --resume $work/history error:no
scan: facts as journal|65|facts: a facts file, not a journal|$scan --resume $work/facts error:no
ROWS
for file in history facts plain.json plain.jsonl; do
    cmp -s "$work/$file" "$work/kept/$file"
    result $? "$file: what it was taken for left it as it was"
done

# A full device: status 73, the message names the output, and the file of before stays as it was.
for format in $formats; do
    status=0
    "$program" report "--$format" - "$work/plain.json" >/dev/full 2>"$work/err" </dev/null || status=$?
    status_is 73 "$format on a full device: status"
    has "$work/err" 'standard output: cannot be written: No space left' "$format on a full device: message"
done

# Whoever reads standard output has left (`| head`): the files are written nevertheless, in silence, with status 73.
# left ARGUMENT...
left() {
    rm -f "$work/left.json"
    /usr/bin/python3 - "$program" "$@" 2>"$work/err" <<'PYTHON'
import os, subprocess, sys
reader, writer = os.pipe()
os.close(reader)
sys.exit(subprocess.run(sys.argv[1:], stdin=subprocess.DEVNULL, stdout=writer, timeout=60, check=False).returncode & 255)
PYTHON
    status=$?
}
# name | arguments
while IFS='|' read -r name arguments; do
    eval "left $arguments --json $work/left.json"
    status_is 73 "$name, and nobody reads: status"
    is_empty "$work/err" "$name, and nobody reads: nothing on standard error"
    has "$work/left.json" '"format": *"posttls-audit/report"' "$name, and nobody reads: the file is written"
done <<ROWS
report|report $work/plain.json
report as lines|report --jsonl - $work/plain.json
scan|$scan error:no
scan, lines as they come|$scan --jsonl - error:no error:neither
ROWS
left lint -c "$work/config" --json "$work/left.json"
status_is 73 'lint, and nobody reads: status'
has "$work/left.json" posttls-audit 'lint, and nobody reads: the file is written'
(ulimit -f 1 && left report --csv - --html "$work/left.html" "$work/plain.json")
has "$work/err" 'left.html: cannot be written: File too large' 'a file that cannot be written is told, whoever reads standard output'

mkdir "$work/full"
if unshare -m sh -c "mount -t tmpfs -o size=32k tmpfs '$work/full'" 2>/dev/null; then
    unshare -m sh -c "
        mount -t tmpfs -o size=32k tmpfs '$work/full' || exit 1
        for format in $formats; do
            echo before >'$work/full/report'
            head -c 100000 /dev/zero >'$work/full/filler' 2>/dev/null
            '$program' report --\$format '$work/full/report' -q '$work/plain.json' 2>>'$work/full.err'
            status=\$?
            rm '$work/full/filler'
            left=\$(ls '$work/full'); kept=\$(cat '$work/full/report')
            echo \$status \"\$left\" \"\$kept\" >>'$work/full.out'
        done"
    for format in $formats; do echo '73 report before'; done | cmp -s - "$work/full.out"
    result $? 'on a full disk: status 73, the old file as it was, nothing beside it'
    sed 's/^/# /' "$work/full.out" | sort | uniq -c | head -n 4
else
    result 0 'on a full disk # SKIP no file system may be mounted here'
fi

plan
