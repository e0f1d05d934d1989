#!/bin/sh
# Advice: only lines that the judge accepts on the same facts, on every host, and within the horizon.
set -u
. "$(dirname "$0")/../lib/tap.sh"
cases=$top/tests/cases/levels
more=$top/tests/cases/findings
common="$top/tests/cases/common/certificates.jsonl --allow-address 192.0.2.0/24 --postfix-version 3.7.11"

# advise_in FOLDER ARGUMENT...
advise_in() {
    folder=$1
    shift
    # shellcheck disable=SC2086 # a list of words
    run advise -c "$folder" "$folder/facts.jsonl" $common "$@"
    tr -s ' \n' ' ' <"$work/out" >"$work/line"
}
# advise CASE ARGUMENT...
advise() {
    folder=$cases/$1
    shift
    advise_in "$folder" "$@"
}
pasted() { sed -n 's/^ *paste *//p' "$work/out"; }

# accepts CASE LINE: whether the judge delivers under the line.
accepts() {
    cp -r "$cases/$1" "$work/$1"
    echo "$2" >"$work/$1/tls_policy"
    # shellcheck disable=SC2086
    run replay -c "$work/$1" -o "smtp_tls_CAfile=$top/tests/cases/common/roots.pem" "$work/$1/facts.jsonl" $common
}

advise verify
status_is 0 'advice: status'
has "$work/out" '^CAN BE TIGHTENED: 1$' 'what can be tightened'
has "$work/line" 'example.org why secure is safe: every host and every address would deliver under it now' 'why'
has "$work/line" 'now [^ ]*/levels/verify/tls_policy:[0-9]+: example.org verify paste' 'the entry as it is'
has "$work/out" 'paste   example.org secure$' 'the line to paste'
accepts verify "$(pasted)"
status_is 0 'the judge accepts that line'
advise dane
has "$work/out" 'paste   example.org dane-only$' 'dane with TLSA records'
accepts dane "$(pasted)"
status_is 0 'the judge accepts that line too'

none='^No entry is known that could be better.$'
advise may
has "$work/out" "$none" 'no advice without facts for it'
has "$work/line" '1 destination might bear a stricter level, which these facts do not tell' 'and that is said'
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
run advise "$work/none"
status_is 66 'missing facts: status'

advise dane -o smtp_tls_policy_maps= -o smtp_tls_security_level=dane
has "$work/line" 'now [^ ]*: ?smtp_tls_security_level = dane paste example.org dane-only There is no policy table yet' \
    'where main.cf alone decides'

sed 's/^{"fact":"destination".*/&\n{"fact":"destination","destination":"a@example.org"}/' "$cases/verify/facts.jsonl" >"$work/two.jsonl"
# shellcheck disable=SC2086
run advise -c "$cases/verify" "$work/two.jsonl" $common
has "$work/out" '^CAN BE TIGHTENED: 1$' 'two destinations, one next-hop: one line'

# What the world has overtaken.
advise_in "$more/entry-overtaken"
has "$work/line" 'CAN BE TAKEN OUT: 1 example.org why without this entry mail would go at dane' 'an entry that lowers the default for nothing'
advise_in "$more/entry-overtaken" -o smtp_tls_security_level=may
has "$work/line" 'paste example.org dane-only' 'where the default is no better, a level'
advise_in "$more/match-name-unused"
has "$work/line" 'HAS MORE THAN IT NEEDS: 1 .* paste example.org secure match=mx1.example.org' 'a name that is in no certificate'

# Fingerprints.
advise_in "$more/fingerprint-unused"
has "$work/line" 'FINGERPRINTS: 2 example.org 84:65:[^ ]+ the certificate of mx1.example.org, which ends on [0-9-]+, [0-9]+ days left' \
    'whose a fingerprint is, and how long it lasts'
has "$work/line" '00:11:[^ ]+ no host shows it' 'one that nobody shows'
advise_in "$more/fingerprint-ends" --at 2031-06-01
has "$work/line" 'NEEDS ANOTHER FINGERPRINT: 1 .* ends on 2032-01-01: .* paste [^ ]+ fingerprint match=12:27:[^ |]+[|]35:16:' 'the next fingerprint, long before it is due'
advise_in "$more/fingerprint-ends-key" --at 2031-06-01
has "$work/line" 'the key of mx1.example.org, whose certificate ends on 2032-01-01, 214 days left' 'a key'

# Where the other reports have it.
# shellcheck disable=SC2086
run replay -q -c "$cases/dane" "$cases/dane/facts.jsonl" $common --html "$work/report.html"
has "$work/report.html" '<h2 id="better">Could be better</h2>' 'the HTML report has a part of it'
has "$work/report.html" '<pre class="paste">example.org dane-only</pre>' 'with the line'

# From a report, and from a history.
# shellcheck disable=SC2086
run replay -q -c "$cases/verify" "$cases/verify/facts.jsonl" $common --json "$work/report.json"
run advise "$work/report.json"
status_is 0 'from a report'
has "$work/out" 'paste   example.org secure$' 'what the report says'
night() {
    # shellcheck disable=SC2086
    run replay -q -c "$cases/verify" "$1" $common --history "$work/history"
}
sed 's/"outcome":"answered"/"outcome":"timeout"/' "$cases/verify/facts.jsonl" >"$work/away.jsonl"
held() { run advise --history "$work/history" --runs 3; }
night "$cases/verify/facts.jsonl"
night "$cases/verify/facts.jsonl"
held
has "$work/out" "$none" 'two runs are too few for three'
has "$work/out" '^1 more did not hold in 3 runs in a row' 'and that is said'
advise verify --history "$work/history" --runs 3
has "$work/out" "$none" 'facts and history: too few too'
night "$cases/verify/facts.jsonl"
held
has "$work/out" 'paste   example.org secure$' 'three runs in a row'
advise verify --history "$work/history" --runs 3
has "$work/line" 'would deliver under it; so it was in the last 3 runs' 'facts and history'
night "$work/away.jsonl"
night "$cases/verify/facts.jsonl"
held
has "$work/out" "$none" 'a night without mail takes the advice away'
run advise --history "$work/history"
has "$work/out" '^1 more did not hold in 14 runs in a row' 'a fortnight unless told otherwise'
run advise --history "$work/none"
status_is 66 'a history that is not there'
run replay -c "$cases/verify" "$cases/verify/facts.jsonl" --runs 3
status_is 64 'runs without a history'
sqlite3 "$work/history" 'DROP TABLE advice; DROP TABLE advised; DROP TABLE prospects'
run advise --history "$work/history"
has "$work/out" "$none" 'a history of before'
night "$cases/verify/facts.jsonl"
status_is 0 'it is gone on with'
plan
