#!/bin/sh
# Advice: only lines that the judge accepts on the same facts, on every host, and within the horizon.
set -u
. "$(dirname "$0")/../lib/tap.sh"
cases=$top/tests/cases/levels
common="$top/tests/cases/common/certificates.jsonl --allow-address 192.0.2.0/24 --postfix-version 3.7.11"

# advise CASE ARGUMENT...
advise() {
    folder=$cases/$1
    shift
    # shellcheck disable=SC2086 # a list of words
    run advise -c "$folder" "$folder/facts.jsonl" $common "$@"
}

# accepts CASE LINE: whether the judge delivers under the line.
accepts() {
    cp -r "$cases/$1" "$work/$1"
    echo "$2" >"$work/$1/tls_policy"
    # shellcheck disable=SC2086
    run replay -c "$work/$1" -o "smtp_tls_CAfile=$top/tests/cases/common/roots.pem" "$work/$1/facts.jsonl" $common
}

advise verify
status_is 0 'advice: status'
has "$work/out" '^example.org: verify -> secure$' 'what can be tightened'
has "$work/out" 'now .*/levels/verify/tls_policy:[0-9]+$' 'where it stands'
has "$work/out" 'paste  example.org secure$' 'the line to paste'
accepts verify "$(sed -n 's/^ *paste *//p' "$work/out")"
status_is 0 'the judge accepts that line'
advise dane
has "$work/out" 'paste  example.org dane-only$' 'dane with TLSA records'
accepts dane "$(sed -n 's/^ *paste *//p' "$work/out")"
status_is 0 'the judge accepts that line too'

none='^No entry is known to be safe to tighten.$'
advise may
has "$work/out" "$none" 'no advice without facts for it'
advise secure
has "$work/out" "$none" 'no advice where nothing is stricter'
advise verify --at 2099-01-01
has "$work/out" "$none" 'no advice where mail does not go'
advise verify --horizon 36500
has "$work/out" "$none" 'no advice that holds for the horizon only'
advise dane -o smtp_dns_support_level=enabled
has "$work/out" "$none" 'no advice that the configuration spoils'
advise verify -o smtp_tls_policy_maps= -o 'smtp_tls_per_site=inline:{ { example.org = MUST } }'
status_is 78 'per-site tables are left alone'
has "$work/err" 'migrate' 'and the remedy is told'
run advise
status_is 64 'no facts: status'
run advise "$work/none"
status_is 66 'missing facts: status'
plan
