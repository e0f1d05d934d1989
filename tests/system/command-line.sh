#!/bin/sh
# What the command line answers: help and version on standard output with status 0; errors on standard error with the word
# that is wrong, the remedy and status 64.
set -u
. "$(dirname "$0")/../lib/tap.sh"

run --help
status_is 0 'program help'
has "$work/out" '^  scan ' 'help lists scan'
is_empty "$work/err" 'help says nothing on standard error'

run --version
status_is 0 'version'
has "$work/out" '^posttls-audit [0-9]' 'version names the program'

for command in scan explain replay report merge advise; do
    run $command --help
    status_is 0 "$command --help"
    has "$work/out" "^Usage: posttls-audit $command" "$command --help begins with its usage"
    has "$work/out" '--(config-dir DIR|json FILE)' "$command --help teaches its options"
    if grep -q '(null)' "$work/out"; then result 1 "$command --help is whole"; else result 0 "$command --help is whole"; fi
done

# name | arguments | what standard error must say
while IFS='|' read -r name arguments message; do
    eval "run $arguments"
    status_is 64 "$name: status"
    has "$work/err" "$message" "$name: message"
    is_empty "$work/out" "$name: nothing on standard output"
done <<'ROWS'
no command||--help
an unknown command|frobnicate|unknown command frobnicate
a misspelt command|exlain|did you mean explain
an unknown option|scan --colour|unknown option --colour
a misspelt option|scan --concurency 3|did you mean --concurrency
an option of other commands|replay --resolver 127.0.0.1|--resolver: no option of replay, but of scan, explain and advise
an option of other commands, with its value|explain --proposed-override=x=y example.org|--proposed-override=x=y: no option of explain, but of scan and replay
an option of one other command|lint --dry-run|--dry-run: no option of lint, but of scan; see posttls-audit lint --help
a missing value|scan --json|a value is missing
no number|scan --timeout soon|--timeout soon: not a whole number
no prefix|scan --allow-address everywhere|not an address or prefix
no time|scan --at tomorrow|--at tomorrow: not a time
no sender|scan --sender me|--sender me: not an address
a bad word|scan --fail-on never-ever|one of downgrade, defer, never
two formats, one file|scan --json - --text -|goes there already
an override without value|scan -o smtp_tls_security_level|no name=value
replay without facts|replay|no facts file
changes without past runs|scan --changes-only example.org|add --history FILE
confirmation without past runs|replay --confirm 2 facts|add --history FILE
a report of a dry run|scan --dry-run --json - example.org|a dry run writes no report
a report file of a dry run|scan --csv x.csv --dry-run example.org|leave --csv away
a bad proposed override|scan --proposed-override dane|write --proposed-override
history without a file|history|add --history FILE
acknowledging without a file|acknowledge example.org|add --history FILE
acknowledging without an end|acknowledge --history x --comment y example.org|--until is missing
acknowledging without a comment|acknowledge --history x --until 2999-01-01 example.org|--comment is missing
acknowledging till yesterday|acknowledge --history x --comment y --until 2001-01-01 example.org|in the past
no end date|acknowledge --history x --until soon example.org|--until soon: not a time
one report to compare|diff a.json|two reports
no days to keep|history --history x --keep long|not a whole number
ROWS

plan
