#!/bin/sh
# The history of runs: only what is new is told; acknowledged faults; two runs at once, kill -9 and a full disk leave whole
# runs; what is no history is refused.
set -u
. "$(dirname "$0")/../lib/tap.sh"

# A configuration that needs no network: every destination goes to discard, but for those of the transport table.
mkdir "$work/config"
cat >"$work/config/main.cf" <<MAIN
compatibility_level = 3.6
myhostname = mail.sender.example
mydestination =
inet_interfaces = 127.0.0.1
default_transport = discard:
transport_maps = texthash:$work/config/transport
MAIN
cat >"$work/config/master.cf" <<'MASTER'
smtp      unix  -       -       n       -       -       smtp
relay     unix  -       -       n       -       -       smtp
error     unix  -       -       n       -       -       error
retry     unix  -       -       n       -       -       error
discard   unix  -       -       n       -       -       discard
MASTER
transport() { printf '%s\n' "$@" >"$work/config/transport"; }
scan() { run scan -c "$work/config" --resolver 127.0.0.1:1 --history "$work/history" "$@"; }
changes() { scan --changes-only "$@"; }

transport 'b.example retry:4.3.2 closed'
changes a.example b.example
status_is 0 'the first run: nothing turned worse'
has "$work/out" 'first run, 2 destinations' 'the first run says so'
has "$work/out" 'b.example +defer' 'the first run tells its faults'
changes a.example b.example
status_is 0 'nothing changed: status'
is_empty "$work/out" 'nothing changed: nothing is printed'
is_empty "$work/err" 'nothing changed: nothing on standard error'
scan a.example b.example
status_is 2 'without --changes-only the status is that of the verdicts'

transport 'a.example error:5.1.1 gone' 'b.example retry:4.3.2 closed'
changes a.example b.example
status_is 2 'a change for the worse: status'
has "$work/out" 'a.example +deliver -> bounce' 'a change for the worse: told'
if grep -q b.example "$work/out"; then result 1 'what stayed bad is not told'; else result 0 'what stayed bad is not told'; fi
changes a.example b.example
is_empty "$work/out" 'told once'
transport 'b.example retry:4.3.2 closed'
changes --fail-on never a.example b.example
has "$work/out" 'a.example +bounce -> deliver' 'going back is told'
changes a.example
is_empty "$work/out" 'a run over other destinations makes nothing vanish'
changes a.example b.example c.example
has "$work/out" '^APPEARED: 1' 'what is new appears'
printf 'a.example\nb.example\nc.example\n' >"$work/list"
changes -f "$work/list"
printf 'a.example\nb.example\n' >"$work/list"
changes -f "$work/list"
status_is 0 'what is gone: status'
has "$work/out" 'c.example' 'what is gone from a list has vanished'
changes -f "$work/list"
is_empty "$work/out" 'it vanishes once'

# A table that is away: told as long as it is, and nothing of what it named.
rm -f "$work/history"*
from_tables() { changes --confirm 2 -o "smtp_tls_policy_maps=texthash:$work/config/policy" "$@"; }
printf 'p%s.example encrypt\n' 1 2 3 4 5 6 7 8 9 >"$work/config/policy"
transport 'a.example discard:'
from_tables
is_empty "$work/out" 'a table that is there: nothing to be told'
mv "$work/config/policy" "$work/config/away"
from_tables
tr '\n' ' ' <"$work/out" | tr -s ' ' >"$work/line"
has "$work/line" 'critical open .*/config/policy: [^,]* \(table-broken\) $' 'a table that is away is told'
for night in second third; do
    from_tables
    tr '\n' ' ' <"$work/out" | tr -s ' ' >"$work/line"
    has "$work/line" "critical .*, since [0-9-]{10} \(table-broken\) \$" "and in the $night night, with the day since when"
    if grep -q VANISHED "$work/out"; then result 1 'and nothing has vanished'; else result 0 'and nothing has vanished'; fi
done
mv "$work/config/away" "$work/config/policy"
sed -i 1d "$work/config/policy"
from_tables
tr '\n' ' ' <"$work/out" | tr -s ' ' >"$work/line"
has "$work/line" 'VANISHED: 1 p1.example deliver $' 'when it is back, what was taken out of it has vanished'
from_tables
is_empty "$work/out" 'and then there is no more to be told'

# Many at once
numbered() { n=$1; while [ "$n" -le "$2" ]; do printf '%s%03d.example\n' "$3" "$n"; n=$((n + 1)); done; }
one_line() { sed 1d "$work/out" | tr '\n' ' ' | tr -s ' ' >"$work/line"; }
rm -f "$work/history"*
transport
numbered 1 5 d >"$work/list"
changes -f "$work/list"
numbered 1 405 d >"$work/list"
changes -f "$work/list" --json "$work/many.json" --text -
one_line
names='d006.example, d007.example, d008.example, d009.example, d010.example, d011.example and 394 more'
has "$work/line" "^APPEARED: 400 400 destinations deliver $names \$" 'many that appear are counted, with the first names'
result $(($(grep -o '"change":"appeared"' "$work/many.json" | wc -l) - 400)) 'and all of them stand in the JSON report'
{ numbered 1 5 d; numbered 1 2 e; } >"$work/list"
changes -f "$work/list"
one_line
has "$work/line" 'VANISHED: 400 400 destinations deliver d006.example, [^:]*, d011.example and 394 more $' \
    'so are many that vanish'
has "$work/line" '^APPEARED: 2 e001.example deliver e002.example deliver VANISHED' 'but not two'
transport 'd001.example retry:4.3.2 closed' 'd002.example error:5.1.1 gone' 'd003.example retry:4.3.2 closed' \
    'd004.example error:5.1.1 gone'
changes -f "$work/list"
result "$(grep -o '^  [de]00[1-9]' "$work/out" | sort -c >/dev/null 2>&1; echo $?)" 'few are told in their order'
has "$work/out" '^  d004.example +deliver -> bounce' 'each for itself'
transport 'd005.example retry:4.3.2 closed' 'e001.example retry:4.3.2 closed' 'e002.example retry:4.3.2 closed'
changes -f "$work/list"
one_line
has "$work/line" '^WORSE: 3 3 destinations deliver -> defer .* d005.example, e001.example, e002.example BETTER: 4' 'three are told at once'

# Confirmation
rm -f "$work/history"*
transport
changes --confirm 3 a.example
transport 'a.example retry:4.3.2 closed'
changes --confirm 3 a.example
is_empty "$work/out" 'a first bad run is not told'
transport
changes --confirm 3 a.example
is_empty "$work/out" 'nor that it is over'
transport 'a.example retry:4.3.2 closed'
changes --confirm 3 a.example
changes --confirm 3 a.example
is_empty "$work/out" 'nor is a second one'
changes --confirm 3 a.example
status_is 2 'the third in a row is told: status'
has "$work/out" 'deliver -> defer' 'the third in a row is told'
has "$work/out" 'seen 2 times since' 'and how often it was so'
changes --confirm 3 a.example
is_empty "$work/out" 'and then no more'

# Acknowledging
run acknowledge --history "$work/history" --until 2999-01-01 --comment 'ticket 4711' nobody.example
status_is 64 'acknowledging what was never seen'
run acknowledge --history "$work/history" --until 2999-01-01 --comment 'ticket 4711' a.example
status_is 0 'acknowledging'
run acknowledge --history "$work/history"
has "$work/out" 'a.example +transport-error +until 2999-01-01 .*: ticket 4711' 'what is acknowledged is listed'
run history --history "$work/history" a.example
has "$work/out" '^  transport-error until 2999-01-01 .*: ticket 4711' 'and stands in the life of the destination'
scan --json "$work/known.json" --text "$work/known.txt" a.example
status_is 0 'a known fault counts as deliver'
has "$work/known.txt" 'known +until 2999-01-01 .*ticket 4711' 'the report shows it as known'
has "$work/known.json" '"acknowledged": *\{"until": *"2999-01-01T00:00:00Z", *"comment": *"ticket 4711"\}' 'the JSON report too'
run report "$work/known.json" --text -
status_is 0 'report: a known fault counts as deliver'
cmp -s "$work/out" "$work/known.txt"; result $? 'report: the same text'
/usr/bin/python3 - "$top/reports/report.schema.json" "$work/known.json" <<'PYTHON'
import json, sys
import jsonschema
schema, report = (json.load(open(name)) for name in sys.argv[1:])
jsonschema.validate(report, schema, jsonschema.Draft202012Validator)
PYTHON
result $? 'the JSON report is valid'
changes a.example
is_empty "$work/out" 'a known fault is not told'
changes --at 2999-01-02 a.example
status_is 2 'when its time is over it counts again'
has "$work/out" 'no longer acknowledged' 'and is told again'
run acknowledge --history "$work/history" --until 2999-01-01 --comment again a.example
changes a.example
run acknowledge --history "$work/history" --withdraw a.example
status_is 0 'withdrawing'
changes a.example
has "$work/out" 'no longer acknowledged' 'what is withdrawn is told again'
run acknowledge --history "$work/history" --withdraw a.example
status_is 64 'withdrawing what is not acknowledged'
run acknowledge --history "$work/history" --until 2999-01-01 --comment once a.example
transport 'a.example :'
transport
changes a.example
has "$work/out" 'defer -> deliver' 'the recovery from a known fault is told'
run acknowledge --history "$work/history" --until 2999-01-01 --comment x a.example
status_is 64 'what delivers has nothing to acknowledge'

transport 'a.example retry:4.3.2 closed'
changes a.example
is_empty "$work/out" 'a known fault that comes back before its time is over is known still'
transport
run acknowledge --history "$work/history" --withdraw a.example
changes a.example

# Reading
run history --history "$work/history"
status_is 0 'history lists'
has "$work/out" '^1 .* 1 ' 'history lists runs'
run history --history "$work/history" a.example
has "$work/out" 'worse: deliver -> defer, 3 times' 'the life of a destination has its changes'
run history --history "$work/history" nobody.example
status_is 64 'the life of what was never seen'
run diff --history "$work/history"
status_is 0 'diff of the last two runs: status'
has "$work/out" '^BETTER: 1' 'diff of the last two runs'
run diff --history "$work/history" 1 2
status_is 2 'diff of two runs: status'
has "$work/out" '^WORSE: 1' 'diff of two runs'
run diff --history "$work/history" 1 99
status_is 64 'diff with a run that is not there'

# Reading, for other programs
run history --history "$work/history" --json - --text "$work/runs.txt"
status_is 0 'history --json: status'
cp "$work/out" "$work/runs.json"
has "$work/runs.txt" '^1 .* 1 ' 'history --json: and the text beside it'
run acknowledge --history "$work/history" --until 2999-01-01 --comment 'nothing to see' a.example
transport 'a.example retry:4.3.2 closed'
scan -q a.example
run acknowledge --history "$work/history" --until 2999-01-01 --comment 'ticket 12' a.example
run history --history "$work/history" --json "$work/life.json" -q a.example
is_empty "$work/out" 'history -q: no text'
run diff --history "$work/history" --json "$work/runs-diff.json" -q 1 2
status_is 2 'diff --json: status'
is_empty "$work/out" 'diff -q: no text'
run acknowledge --history "$work/history" --withdraw a.example
transport
changes a.example
/usr/bin/python3 - "$top/reports" "$work" "$work/history" >"$work/checked" <<'PYTHON'
import json, os, sqlite3, sys
import jsonschema
reports, work, history = sys.argv[1:]
def load(*name):
    with open(os.path.join(*name), encoding="utf-8") as file:
        return json.load(file)
def say(good, name):
    print(0 if good else 1, name)
for name, schema in (("runs", "history"), ("life", "history"), ("runs-diff", "changes")):
    errors = list(jsonschema.Draft202012Validator(load(reports, f"{schema}.schema.json")).iter_errors(load(work, f"{name}.json")))
    say(not errors, f"{name}.json is valid {[e.message for e in errors][:3]}")
base = sqlite3.connect(history)
kept = base.execute("SELECT id, destinations, deliver, defer FROM runs ORDER BY id").fetchall()
told = [(r["run"], *(r["summary"][k] for k in ("destinations", "deliver", "defer"))) for r in load(work, "runs.json")["runs"]]
say(len(told) > 5 and told == kept[:len(told)], "every run is there, with its counts")
life = load(work, "life.json")
one = life["destinations"][0]
say(not life["runs"] and len(life["destinations"]) == 1 and one["destination"] == "a.example", "one destination, and no runs")
spans = one["spans"]
say(sum(s["runs"] for s in spans) == base.execute("SELECT count(*) FROM results r JOIN destinations d ON d.id = r.destination"
    " WHERE d.name = 'a.example'").fetchone()[0] - 1, "its spans hold every run that saw it")
say(all(a["standing"] != b["standing"] for a, b in zip(spans, spans[1:])), "a span ends where it stood otherwise")
say([(c["change"], c["before"]["verdict"], c["after"]["verdict"], c["times"]) for c in one["changes"]] ==
    [("worse", "deliver", "defer", 4), ("better", "defer", "deliver", 3)], "its changes, and how often")
say([a["comment"] for a in one["acknowledged"]] == ["ticket 12"], "and what is acknowledged")
diff = load(work, "runs-diff.json")
say((diff["before"]["run"], diff["after"]["run"], diff["before"]["file"]) == (1, 2, None), "what was compared")
say([(d["change"], d["destination"]) for d in diff["destinations"]] == [("worse", "a.example")] and
    diff["summary"] == {"worse": 1, "better": 0, "other": 0, "appeared": 0, "vanished": 0, "same": 0}, "what is different")
PYTHON
while read -r code name; do result "$code" "$name"; done <"$work/checked"
[ "$(wc -l <"$work/checked")" -eq 11 ]; result $? 'the JSON of history and diff was looked at'
run history --history "$work/history" --json - --keep 30
status_is 64 'forgetting lists nothing'
run diff --history "$work/history" --sarif - 1 2
status_is 64 'diff has no other formats'

# Two reports
transport 'a.example retry:4.3.2 closed'
run scan -c "$work/config" --resolver 127.0.0.1:1 --json "$work/one.json" -q a.example b.example
transport 'b.example error:5.1.1 gone'
run scan -c "$work/config" --resolver 127.0.0.1:1 --jsonl "$work/two.jsonl" -q c.example b.example a.example
run diff "$work/one.json" "$work/two.jsonl"
status_is 2 'diff of reports: by what turned worse'
tr '\n' ' ' <"$work/out" >"$work/line"
has "$work/line" '^WORSE: 1 +b.example.*BETTER: 1 +a.example.*APPEARED: 1 +c.example' 'diff of reports: what it tells'
run diff --json - "$work/one.json" "$work/two.jsonl"
status_is 2 'diff of reports, as JSON: the same status'
has "$work/out" '"before": \{"run":null,"file":".*/one.json"' 'diff of reports, as JSON: their files'
has "$work/out" '"summary": \{"worse":1,"better":1,"other":0,"appeared":1,"vanished":0,"same":0\}' 'and the counts'
run diff "$work/two.jsonl" "$work/two.jsonl"
status_is 0 'diff of a report with itself: status'
is_empty "$work/out" 'diff of a report with itself: nothing'
run diff "$work/one.json" "$work/nothing.json"
status_is 66 'diff with a missing report'
run diff "$work/one.json" "$work/config/main.cf"
status_is 65 'diff with what is no report'

# Forgetting
run history --history "$work/history" --keep 1
has "$work/out" '^0 runs forgotten' 'runs of today are kept'
sleep 1 # what is of this second is not older than it
run history --history "$work/history" --keep 0
status_is 0 'forgetting'
run history --history "$work/history"
[ "$(wc -l <"$work/out")" -eq 2 ]; result $? 'the last run is kept'
changes a.example
status_is 0 'after forgetting, the next run is compared with it'
is_empty "$work/out" 'after forgetting, nothing is news'

# Places and files
printf 'no history' >"$work/text"
run scan -c "$work/config" --history "$work/text" a.example
status_is 65 'what is no database'
sqlite3 "$work/foreign" 'CREATE TABLE t(x)'
run scan -c "$work/config" --history "$work/foreign" a.example
status_is 65 'the database of somebody else'
[ "$(sqlite3 "$work/foreign" 'SELECT count(*) FROM sqlite_schema')" = 1 ]; result $? 'the database of somebody else is left alone'
cp "$work/history" "$work/damaged"
dd if=/dev/urandom of="$work/damaged" bs=1024 seek=4 count=40 conv=notrunc 2>/dev/null
run scan -c "$work/config" --history "$work/damaged" a.example
status_is 65 'a damaged history'
has "$work/err" 'damaged: ' 'a damaged history: it is named'
has "$work/err" 'move it away' 'a damaged history: the remedy'
ln -s "$work/history" "$work/link"
run scan -c "$work/config" --history "$work/link" a.example
status_is 73 'a symbolic link'
mkdir -m 777 "$work/open"
run scan -c "$work/config" --history "$work/open/history" a.example
status_is 73 'a directory that others can write'
run scan -c "$work/config" --history "$work/none/history" a.example
status_is 73 'a directory that is not there'
run history --history "$work/nothing"
status_is 66 'a history that is not there'
[ ! -e "$work/nothing" ]; result $? 'reading makes none'

# An output that cannot be written: the run is not kept, so that its news is not lost.
transport 'a.example retry:4.3.2 closed'
before=$(sqlite3 "$work/history" 'SELECT count(*) FROM runs')
if [ -w /dev/full ]; then
    status=0
    "$program" scan -c "$work/config" --resolver 127.0.0.1:1 --history "$work/history" --changes-only a.example \
        >/dev/full 2>"$work/err" </dev/null || status=$?
    status_is 73 'news that cannot be written: status'
    [ "$(wc -l <"$work/err")" -eq 1 ]; result $? 'news that cannot be written: one message'
    [ "$(sqlite3 "$work/history" 'SELECT count(*) FROM runs')" = "$before" ]; result $? 'news that cannot be written: the run is not kept'
    changes a.example
    has "$work/out" 'deliver -> defer' 'news that could not be written is news next time'
fi

# Two runs at once: the first waits for its list.
wait_for_go() {
    n=0
    while [ $n -lt 400 ] && [ ! -e "$work/go" ]; do
        sleep 0.05
        n=$((n + 1))
    done
}
{ wait_for_go; echo a.example; } |
    "$program" scan -c "$work/config" --resolver 127.0.0.1:1 --history "$work/history" -q -f - >/dev/null 2>&1 &
first=$!
n=0
while [ $n -lt 400 ] && ! { [ -e "$work/history.lock" ] && ! flock -n "$work/history.lock" true; }; do
    sleep 0.05
    n=$((n + 1))
done
changes a.example
status_is 75 'a second run at the same time: status'
has "$work/err" 'another run' 'a second run at the same time: told'
run history --history "$work/history"
status_is 0 'reading during a run'
touch "$work/go"
wait "$first"
[ $? -eq 2 ]; result $? 'the first run ends as if alone'
changes a.example
status_is 0 'afterwards the way is free'

# kill -9 at any time
i=0
while [ $i -lt 3000 ]; do echo "d$i.example"; i=$((i + 1)); done >"$work/list"
rm -f "$work/history"*
scan -q -f "$work/list"
status_is 0 'three thousand destinations'
/usr/bin/python3 - "$program" "$work" >"$work/kills" <<'PYTHON'
import os, random, signal, sqlite3, subprocess, sys, time
program, work = sys.argv[1:]
history = os.path.join(work, "history")
command = [program, "scan", "-c", os.path.join(work, "config"), "--resolver", "127.0.0.1:1", "--history", history, "-q",
           "-f", os.path.join(work, "list")]
begin = time.monotonic()
subprocess.run(command, check=True, stdin=subprocess.DEVNULL)
whole = time.monotonic() - begin
random.seed()
killed = survived = 0
for turn in range(25):
    child = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    time.sleep(random.uniform(0.05, 1.0) * whole)
    child.kill()
    if child.wait() == -signal.SIGKILL:
        killed += 1
    else:
        survived += 1
base = sqlite3.connect(history)
runs = base.execute("SELECT count(*) FROM runs").fetchone()[0]
parts = base.execute("SELECT count(*) FROM (SELECT run, count(*) AS n FROM results GROUP BY run HAVING n <> 3000)").fetchone()[0]
sound = base.execute("PRAGMA integrity_check").fetchone()[0]
base.close()
print(0 if parts == 0 and sound == "ok" and runs >= 2 + survived else 1,
      f"kill -9, {killed} times at random: whole runs only")
if parts or sound != "ok":
    print(f"1 {parts} runs in parts, {sound}, {runs} runs, {survived} ended")
print(0 if killed > 0 else 1, "some were killed in time")
PYTHON
while read -r code name; do result "$code" "$name"; done <"$work/kills"
[ -s "$work/kills" ]; result $? 'kill -9 was tried'
changes -f "$work/list"
status_is 0 'after all that, the next run'
is_empty "$work/out" 'has no news'

# A full disk: a small file system of our own.
cat >"$work/fill" <<'FILL'
set -eu
program=$1 work=$2
mount -t tmpfs -o size=1500k tmpfs "$work/disk"
run() { "$program" scan -c "$work/config" --resolver 127.0.0.1:1 --history "$work/disk/history" -q -f "$work/list" 2>"$work/err"; }
run
status=0 n=0
while [ "$status" = 0 ] && [ $n -lt 60 ]; do
    run || status=$?
    n=$((n + 1))
done
echo "$status" >"$work/full-status"
cp "$work/err" "$work/full-err"
sqlite3 "$work/disk/history" 'PRAGMA integrity_check; SELECT count(*) FROM (SELECT count(*) AS n FROM results GROUP BY run HAVING n <> 3000)' >"$work/full-check" 2>&1 || true
"$program" history --history "$work/disk/history" >"$work/full-runs" 2>>"$work/full-check" || true
mount -o remount,size=40m "$work/disk"
run
echo "$?" >"$work/room-status"
umount "$work/disk"
FILL
mkdir "$work/disk"
if unshare --mount --map-root-user true 2>/dev/null; then
    ASAN_OPTIONS=detect_leaks=0 unshare --mount --map-root-user sh "$work/fill" "$program" "$work" >"$work/fill.out" 2>&1
    [ "$(cat "$work/full-status")" = 73 ]; result $? 'a full disk: status'
    has "$work/full-err" 'history: ' 'a full disk: the file is named'
    [ "$(tr '\n' ' ' <"$work/full-check")" = 'ok 0 ' ]; result $? 'a full disk: whole runs only'
    has "$work/full-runs" '^1 ' 'a full disk: the runs before can be read'
    [ "$(cat "$work/room-status")" = 0 ]; result $? 'when there is room again, the next run is kept'
else
    result 0 'a full disk # SKIP no namespaces here'
fi

plan
