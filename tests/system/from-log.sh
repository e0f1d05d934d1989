#!/bin/sh
# Destinations by weight: logs as they lie in /var/log, plain and compressed, rotated, damaged.
set -u
. "$(dirname "$0")/../lib/tap.sh"

mkdir "$work/config" "$work/log"
cat >"$work/config/main.cf" <<'MAIN'
compatibility_level = 3.6
myhostname = mail.sender.example
mydestination =
inet_interfaces = 127.0.0.1
default_transport = discard:
transport_maps = inline:{ { b.example = retry:4.3.2 closed } }
MAIN
printf 'discard unix - - n - - discard\nretry unix - - n - - error\nerror unix - - n - - error\n' >"$work/config/master.cf"
scan() { run scan -c "$work/config" --resolver 127.0.0.1:1 "$@"; }

# line DAY DOMAIN STATUS: one delivery, with its size.
line() {
    echo "Nov $1 01:00:00 mx postfix/qmgr[7]: 4X$1: from=<s@own.example>, size=1000, nrcpt=1 (queue active)"
    echo "Nov $1 01:00:01 mx postfix/smtp[8]: 4X$1: to=<u@$2>, relay=mx.$2[192.0.2.1]:25, delay=1, dsn=2.0.0, status=$3 (x)"
}
{ line 20 a.example sent; line 20 b.example sent; line 20 b.example deferred; } >"$work/log/mail.log"
scan --from-log "$work/log/mail.log" --json "$work/report.json" --text -
status_is 2 'destinations of a log: status'
has "$work/out" 'weight +carries 50 % of your mail: 1 delivery, 1.0 kB, 1 deferral; last' 'what a destination carries'
has "$work/report.json" '"weight":' 'and in the JSON report'
cp "$work/out" "$work/first"
run report "$work/report.json" --fail-on never
result "$(cmp -s "$work/out" "$work/first"; echo $?)" 'a saved report tells it alike'

# A message that was deferred twice and then delivered: three attempts, and one message for the forecast.
{ line 21 a.example deferred; line 21 a.example deferred; line 21 a.example sent; line 21 b.example sent; } >"$work/retried"
scan --from-log "$work/retried" --html "$work/page.html" -q
tr -d '\n' <"$work/page.html" >"$work/page"
has "$work/page" '>messages, now</th><th scope="col">attempts in the log</th>' 'the page says what it counts'
has "$work/page" '>deferred</th>.*aria-label="1 deferred, forecast[^<]*</a></td><td class="n"><a [^>]*aria-label="2 deferred, in the log' \
    'messages beside attempts'

echo 'no line of a log' >"$work/other"
scan --from-log "$work/other"
has "$work/err" 'no log has a delivery' 'a file that is no log is not taken for one without mail'

# Rotations, by every packer that is here.
number=0
for packer in 'cat:' 'gzip -c:.gz' 'xz -c:.xz' 'zstd -qc:.zst'; do
    command -v "${packer%%[ :]*}" >/dev/null || continue
    number=$((number + 1))
    line "1$number" a.example sent | ${packer%:*} >"$work/log/mail.log.$number${packer##*:}"
done
scan --from-log "$work/log/mail.log" --json - 
result $? 'rotations are read'
has "$work/out" "\"deliveries\": *$((number + 1)),|\"deliveries\":$((number + 1))," "all $number of them"
gzip -c "$work/log/mail.log" >"$work/two.gz"
gzip -c "$work/log/mail.log" >>"$work/two.gz"
scan --from-log "$work/two.gz" --fail-on never -v
has "$work/out" '2 deliveries, 2.0 kB, 2 deferrals' 'two packed files joined are both read'

head -c 40 "$work/two.gz" >"$work/short.gz"
scan --from-log "$work/short.gz"
status_is 65 'a file cut short: status'
has "$work/err" 'short.gz: the compressed data end too early' 'and it is named'
scan --from-log "$work/none"
status_is 66 'a file that is missing: status'
scan --from-log "$work/log"
status_is 66 'a folder: status'
# Ten gigabytes in ten megabytes.
head -c 100000000 /dev/zero | gzip -c >"$work/one.gz"
n=0
while [ $n -lt 100 ]; do cat "$work/one.gz"; n=$((n + 1)); done >"$work/bomb.gz"
scan --from-log "$work/bomb.gz"
status_is 65 'ten gigabytes of nothing, packed: status'
has "$work/err" 'bomb.gz: it decompresses to more than a log would' 'and why it was not read'
rm "$work/bomb.gz" "$work/one.gz"
if command -v xz >/dev/null && [ -n "${TEST_ALL-}" ]; then
    head -c 200000000 /dev/zero | xz -0 -c >"$work/bomb.xz"
    scan --from-log "$work/bomb.xz"
    status_is 65 'what unpacks to far more than a log'
fi
{ head -c 100000 /dev/zero | tr '\0' x; echo; line 20 a.example sent; } >"$work/long"
scan --from-log "$work/long" -v
has "$work/out" '1 delivery' 'a line without end hides nothing behind it'

# With a history, nobody vanishes for getting no mail.
scan --from-log "$work/log/mail.log" --history "$work/history" --changes-only
line 21 a.example sent >"$work/quiet"
scan --from-log "$work/quiet" --history "$work/history" --changes-only
is_empty "$work/out" 'who gets no mail today has not vanished'

if command -v postqueue >/dev/null; then
    scan --from-queue
    if [ "$status" -eq 66 ]; then has "$work/err" 'postqueue' 'a queue that cannot be asked is told'
    else result 0 'a queue can be asked'; fi
fi
plan
