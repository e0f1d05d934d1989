#!/bin/sh
# The program under valgrind: a scan of the demonstration's world with its worker, and a replay of what was saved. No error,
# nothing lost. Sanitizers and valgrind exclude each other, and valgrind makes code at run time, which the worker's filter of
# system calls refuses: scripts/test --all builds a program without both and names it in VALGRIND_PROGRAM.
set -u
. "$(dirname "$0")/../lib/tap.sh"
program=${VALGRIND_PROGRAM:-$program}

skip() {
    echo "1..0 # SKIP $1"
    exit 0
}

command -v valgrind >/dev/null || skip 'no valgrind here'
grep -q __asan_init "$program" && skip 'the program has sanitizers'
run --version
grep -q 'no system call filter' "$work/out" || skip 'the worker has a filter of system calls'

# under NAME WANTED-STATUS PROCESSES ARGUMENT...: the program under valgrind in the world; the log of all its processes is a
# pipe's, as the worker may not write files.
under() {
    name=$1 wanted=$2 processes=$3
    shift 3
    "$top/tests/lab/run-in-world" --demo -- sh -c "
        valgrind --leak-check=full --errors-for-leak-kinds=definite,possible --error-exitcode=99 \"\$@\"; echo \"status \$?\"" \
        sh "$program" "$@" 2>&1 | cat >"$work/log"
    grep -q '^SKIP' "$work/log" && skip "$(cat "$work/log")"
    [ "$(sed -n "s/^status //p" "$work/log")" = "$wanted" ]; result $? "$name: exit status $wanted"
    [ "$(grep -c 'ERROR SUMMARY: 0 errors' "$work/log")" = "$processes" ]; result $? "$name: no error, say all its processes"
    ! grep -E -A 8 'Invalid |ninitialised|Mismatched|overlap|(definitely|possibly) lost: [1-9]' "$work/log" >"$work/errors"
    result $? "$name: no error in any process"
    sed 's/^/# /' "$work/errors" | head -n 40
}

allowed="--allow-address 192.0.2.0/24 --allow-address 2001:db8::/32"
politeness="--per-host 0 --per-provider 0 --rate 0 --interval 0 --retry-after 0"
# shellcheck disable=SC2086 # options, in words
under scan 2 2 scan -c /etc/postfix --resolver 127.0.0.1 -f /etc/postfix/correspondents $allowed $politeness \
    --save-facts "$work/facts.jsonl" --json "$work/report.json" --text "$work/report.txt"
# shellcheck disable=SC2086
under replay 2 1 replay -c /etc/postfix $allowed "$work/facts.jsonl" --at 2101-01-01 \
    --json "$work/later.json" --text "$work/later.txt" --verbose
under lint 2 1 lint -c /etc/postfix
plan
