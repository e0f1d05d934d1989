#!/bin/sh
# Life in cron: what is logged, the units, the example lines.
set -u
. "$(dirname "$0")/../lib/tap.sh"

mkdir "$work/config"
cat >"$work/config/main.cf" <<MAIN
compatibility_level = 3.6
myhostname = mail.sender.example
mydestination =
inet_interfaces = 127.0.0.1
default_transport = discard:
transport_maps = texthash:$work/config/transport
MAIN
printf 'discard unix - - n - - discard\nretry unix - - n - - error\nerror unix - - n - - error\n' >"$work/config/master.cf"
printf 'b.example retry:4.3.2 closed\n' >"$work/config/transport"

skip() { tests=$((tests + 1)); echo "ok $tests # SKIP $1"; }

# logged ARGUMENT...: what a scan says to syslog, in $work/log.
turn=0
logged() {
    turn=$((turn + 1))
    status=0
    unshare -rm python3 "$(dirname "$0")/syslog-peer.py" "$work/dev$turn" "$program" scan -c "$work/config" \
        --resolver 127.0.0.1:1 --syslog "$@" >"$work/log" 2>"$work/err" || status=$?
}

if unshare -rm true 2>/dev/null; then
    logged a.example b.example
    status_is 2 'a scan that logs: status'
    has "$work/log" '^<20>.*posttls-audit\[[0-9]+\]: b.example: verdict=defer, dsn=4.3.2, tls=none, relay=none, reason=transport-error$' \
        'a fault is a warning of facility mail'
    has "$work/log" '^<22>.*run: destinations=2, deliver=1, downgrade=0, defer=1, bounce=0, unknown=0$' 'and there are counts'
    result "$(grep -c 'a\.example' "$work/log")" 'what delivers is not logged'
    logged --history "$work/history" --changes-only a.example b.example
    has "$work/log" 'b.example: change=appeared, before=none, verdict=defer, reason=transport-error$' 'a first run logs its faults'
    logged --history "$work/history" --changes-only a.example b.example
    is_empty "$work/log" 'nothing changed: nothing is logged'
    printf 'a.example error:5.1.1 gone\nb.example retry:4.3.2 closed\n' >"$work/config/transport"
    logged --history "$work/history" --changes-only a.example b.example
    has "$work/log" '^<20>.*a.example: change=worse, before=deliver, verdict=bounce' 'a change is logged'
else
    skip 'no namespaces: what is logged'
fi

units=$top/contrib
if command -v systemd-analyze >/dev/null; then
    mkdir "$work/units"
    cp "$units/posttls-audit.service" "$units/posttls-audit.timer" "$work/units"
    sed -i "s|^ExecStart=[^ ]*|ExecStart=$program|" "$work/units/posttls-audit.service"
    systemd-analyze verify --man=no "$work/units/posttls-audit.timer" "$work/units/posttls-audit.service" >"$work/out" 2>&1
    status=$?
    status_is 0 'systemd finds nothing wrong with the units'
    result "$(grep -c 'posttls-audit\.' "$work/out")" 'and warns of nothing in them'
    systemd-analyze security --offline=true --threshold=15 "$units/posttls-audit.service" >"$work/out" 2>&1
    status=$?
    status_is 0 'the exposure of the service is at most 1.5'
    systemd-analyze calendar "$(sed -n 's/^OnCalendar=//p' "$units/posttls-audit.timer")" >/dev/null 2>&1
    result $? 'the timer has a time'
else
    skip 'no systemd: the units'
fi

# The options of the service and of the examples are options of the program.
sed -n '/^ExecStart/,/OPTIONS$/p' "$units/posttls-audit.service" >"$work/lines"
grep '^[0-9]' "$units/posttls-audit.cron" >>"$work/lines"
run scan --help
cp "$work/out" "$work/scan-help"
unknown=
for option in $(grep -o -- '--[a-z-]*' "$work/lines"); do
    grep -Eq -- "$option( |\$)" "$work/scan-help" || unknown="$unknown $option"
done
[ -z "$unknown" ]
result $? "the service and cron use known options$unknown"

# The line of the service, as it stands, on folders of ours.
words=$(sed -n '/^ExecStart/,/OPTIONS$/p' "$units/posttls-audit.service" | tr -d '\\\n' |
    sed "s|^ExecStart=[^ ]* ||; s|\$OPTIONS||; s|/var/lib/posttls-audit|$work|g")
rm -f "$work"/history*
# shellcheck disable=SC2086 # a list of words
run $words -c "$work/config" --resolver 127.0.0.1:1
has "$work/out" 'first run, 2 destinations' 'the line of the service runs'
run replay "$work/facts.jsonl" -c "$work/config" --fail-on downgrade
status_is 2 'the check judges what it left'
plan
