#!/bin/sh
# Bad files and places: an error with file, line and remedy on standard error, the status of sysexits, and no file half
# written. What only stops smtp(8) is no error: it is forecast.
set -u
. "$(dirname "$0")/../lib/tap.sh"

# A configuration of one destination that needs no network: an error transport.
configuration() {
    rm -rf "$work/config"
    mkdir -p "$work/config"
    cat >"$work/config/main.cf" <<'MAIN'
compatibility_level = 3.6
myhostname = mail.sender.example
mydestination =
inet_interfaces = 127.0.0.1
default_transport = error:5.1.1 nobody home
MAIN
    cat >"$work/config/master.cf" <<'MASTER'
smtp      unix  -       -       n       -       -       smtp
relay     unix  -       -       n       -       -       smtp
error     unix  -       -       n       -       -       error
retry     unix  -       -       n       -       -       error
discard   unix  -       -       n       -       -       discard
MASTER
}

configuration
run scan -c "$work/config" --resolver 127.0.0.1:1 example.org
status_is 2 'the configuration of these tests works: a bounce by the error transport'

run scan -c "$work/nowhere" example.org
status_is 66 'no such directory: status'
has "$work/err" "$work/nowhere/main.cf: " 'no such directory: the file is named'
has "$work/err" 'config-dir' 'no such directory: the remedy'

rm "$work/config/master.cf"
run scan -c "$work/config" example.org
status_is 66 'no master.cf: status'
has "$work/err" 'master.cf' 'no master.cf: message'

configuration
printf 'relayhost = [x]\nthis line has no equals sign\n' >>"$work/config/main.cf"
run scan -c "$work/config" example.org
status_is 78 'main.cf that Postfix could not read: status'
has "$work/err" 'main.cf:7: ' 'main.cf that Postfix could not read: file and line'

configuration
echo 'smtp unix - - q - - smtp' >>"$work/config/master.cf"
run scan -c "$work/config" example.org
status_is 78 'master.cf that Postfix could not read: status'
has "$work/err" 'master.cf:6: ' 'master.cf that Postfix could not read: file and line'

configuration
run scan -c "$work/config" --postfix-version 2.11 example.org
status_is 64 'an unknown release: status'
has "$work/err" '2.11' 'an unknown release: message'

run scan -c "$work/config" --postfix-version 99.1 example.org
status_is 64 'a release that is ahead of us: status'
has "$work/err" '99.1: the newest release known here is 3\.' 'a release that is ahead of us: the newest one known is named'

run scan -c "$work/config" --proposed-version 99.1 example.org
status_is 64 'a proposed release that is ahead of us: status'
has "$work/err" 'proposed-version 99.1: the newest' 'a proposed release that is ahead of us: the option is named'

run scan -c "$work/config" 'not a destination'
status_is 64 'no destination: status'
has "$work/err" 'not a destination' 'no destination: it is named'

printf 'example.org # fine\n\n# comment\nnot a destination\n' >"$work/list"
run scan -c "$work/config" -f "$work/list"
status_is 64 'no destination in a file: status'
has "$work/err" "$work/list:4: " 'no destination in a file: file and line'

printf '\357\273\277example.org\r\n  example.org\t# again\r\nuser#1@example.org\r\n' >"$work/list"
run scan -c "$work/config" -f "$work/list" --resolver 127.0.0.1:1 --csv -
[ "$(cut -d, -f1 "$work/out" | tail -n +2 | tr -d '"\r' | tr '\n' ' ')" = 'example.org user#1@example.org ' ]
result $? 'a list as an editor on Windows leaves it, and an address with a #'

run scan -c "$work/config" -f "$work/nolist"
status_is 66 'a missing list: status'

printf '\357\273\277example.org\n' >"$work/exclude"
run scan -c "$work/config" --exclude "$work/exclude" --resolver 127.0.0.1:1 -o 'default_transport=smtp' example.org
has "$work/out" 'exclude:1 excludes example.org' 'an exclusion list with a byte order mark'

printf '\357\273\277{}\n' >"$work/report.json"
run report "$work/report.json"
status_is 65 'a report with a byte order mark: status'
has "$work/err" 'report.json:1: .*byte order mark' 'a report with a byte order mark: message'

for name in main.cf master.cf; do
    configuration
    { printf '\357\273\277# a comment\n'; cat "$work/config/$name"; } >"$work/marked"
    mv "$work/marked" "$work/config/$name"
    run scan -c "$work/config" example.org
    status_is 78 "$name with a byte order mark: status"
    has "$work/err" "$name:1: .*byte order mark" "$name with a byte order mark: message"
done

configuration
printf '192.0.2.0/33\n' >"$work/exclude"
run scan -c "$work/config" --exclude "$work/exclude" example.org
status_is 64 'a bad exclusion: status'
has "$work/err" "$work/exclude:1: " 'a bad exclusion: file and line'

run scan -c "$work/config" --resolver nowhere example.org
status_is 64 'a bad resolver: status'

# Outputs
run scan -c "$work/config" --json "$work/missing/report.json" example.org
status_is 73 'an output in a missing directory: status'
has "$work/err" "$work/missing/report.json: " 'an output in a missing directory: it is named'

ln -s "$work/elsewhere" "$work/link.json"
run scan -c "$work/config" --json "$work/link.json" example.org
status_is 73 'an output that is a symbolic link: status'
[ ! -e "$work/elsewhere" ]; result $? 'an output that is a symbolic link: it was not followed'

mkdir "$work/open"
chmod 777 "$work/open"
run scan -c "$work/config" --json "$work/open/report.json" example.org
status_is 73 'an output in a directory that others can write: status'

echo old >"$work/report.json"
run scan -c "$work/config" --json "$work/report.json" --save-facts "$work/missing/facts" example.org
status_is 73 'one output of two fails: status'
has "$work/report.json" '^old$' 'one output of two fails: the other one is untouched'
[ "$(find "$work" -name 'report.json.*' | wc -l)" -eq 0 ]; result $? 'nothing half-written is left'

run scan -c "$work/config" --json "$work/report.json" --save-facts "$work/facts" --resolver 127.0.0.1:1 example.org
status_is 2 'outputs that can be written are'
has "$work/report.json" '"format": ?"posttls-audit/report"' 'the old report was replaced whole'

# A disk that is full: a file system of 64 KiB, where we may mount one.
if unshare -m true 2>/dev/null; then
    mkdir -p "$work/disk"
    unshare -m sh -c "mount -t tmpfs -o size=64k none '$work/disk' && echo old >'$work/disk/report.json' &&
        { dd if=/dev/zero of='$work/disk/fill' bs=1k 2>/dev/null; true; } &&
        { '$program' scan -c '$work/config' --resolver 127.0.0.1:1 --json '$work/disk/report.json' -q example.org; echo \$? >'$work/full.status'; } 2>'$work/full.err'
        cat '$work/disk/report.json' >'$work/full.old'; ls '$work/disk' >'$work/full.ls'"
    [ "$(cat "$work/full.status")" = 73 ]; result $? 'a full disk: status 73'
    has "$work/full.err" 'report.json: cannot be written' 'a full disk: message'
    has "$work/full.old" '^old$' 'a full disk: the old report is intact'
    [ "$(grep -c report "$work/full.ls")" = 1 ]; result $? 'a full disk: nothing half-written is left'
else
    tests=$((tests + 1)); echo "ok $tests - a full disk # SKIP no right to mount"
fi

# Limits of the shell
status=0
# The leak checker would need descriptors of its own, and those that make hands down would take ours away.
(exec 3>&- 4>&- 5>&- 6>&- 7>&- 8>&- 9>&-
    export ASAN_OPTIONS="${ASAN_OPTIONS-}:detect_leaks=0" && ulimit -n 6 &&
    exec "$program" scan -c "$work/config" --resolver 127.0.0.1:1 example.org) >"$work/out" 2>"$work/err" </dev/null || status=$?
[ "$status" -eq 70 ] || [ "$status" -eq 2 ]; result $? 'hardly any descriptors: no verdict is invented'
: >"$work/err"
for few in 7 8 9 10 11 12; do
    (exec 3>&- 4>&- 5>&- 6>&- 7>&- 8>&- 9>&-
        export ASAN_OPTIONS="${ASAN_OPTIONS-}:detect_leaks=0" && ulimit -n "$few" &&
        exec "$program" scan -c "$work/config" --resolver 127.0.0.1:1 --user nobody example.org) >"$work/out" 2>>"$work/err" </dev/null || :
done
! grep -q 'there is no user' "$work/err"; result $? 'too few descriptors to look a user up: the user is not blamed'
status=0
(ulimit -f 1 && exec "$program" scan -c "$work/config" --resolver 127.0.0.1:1 --json "$work/long.json" --html "$work/long.html" \
    -q example.org) >"$work/out" 2>"$work/err" </dev/null || status=$?
status_is 73 'files that may not grow: status'
[ -z "$(find "$work" -name 'long.*')" ]; result $? 'files that may not grow: nothing half-written is left'

# Facts
run replay -c "$work/config" "$work/nofacts"
status_is 66 'missing facts: status'
echo '{"format":"something else"}' >"$work/other"
run replay -c "$work/config" "$work/other"
status_is 65 'a file that is no facts file: status'
has "$work/err" "$work/other:1: " 'a file that is no facts file: file and line'
{ head -n 1 "$work/facts"; echo '{"fact":"dns"'; } >"$work/cut"
run replay -c "$work/config" "$work/cut"
status_is 65 'facts that were cut: status'
has "$work/err" "$work/cut:2: " 'facts that were cut: file and line'

{ head -n 1 "$work/facts"; echo '{"fact":"destination","destination":"no destination"}'; } >"$work/odd"
run replay -c "$work/config" "$work/odd"
status_is 65 'facts with a destination that is none: status'
echo >"$work/blank"
run replay -c "$work/config" "$work/blank"
status_is 65 'facts that are one empty line: status'
has "$work/err" "$work/blank:1: " 'facts that are one empty line: file and line'

# What stops or fails smtp(8) only
configuration
sed -i 's/^default_transport.*//' "$work/config/main.cf"
echo 'smtp_tls_security_level = strong' >>"$work/config/main.cf"
run scan -c "$work/config" --resolver 127.0.0.1:1 --timeout 1 '[192.0.2.1]'
status_is 2 'a value that stops smtp(8) is forecast: its mail stays queued'
has "$work/out" 'smtp_tls_security_level' 'a value that stops smtp(8): the parameter is named'

# A dry run
configuration
sed -i 's/^default_transport.*//' "$work/config/main.cf"
echo "smtp_tls_policy_maps = texthash:$work/config/policy" >>"$work/config/main.cf"
printf '192.0.2.1 encrypt\n[192.0.2.2]:587 encrypt\n192.0.2.3:26 encrypt\n' >"$work/config/policy"
run scan -c "$work/config" --resolver 127.0.0.1:1 --dry-run
status_is 0 'a dry run: status'
cat >"$work/plan" <<'EOT'
192.0.2.1 port 25      1 destination    1 conversation   192.0.2.1
192.0.2.2 port 587     1 destination    1 conversation   192.0.2.2
192.0.2.3 port 26      1 destination    1 conversation   192.0.2.3
destinations: 3, questions to the resolver: 0, conversations: 3
EOT
grep -v '^time: about 0 min 0[12] s within the limits' "$work/out" | cmp - "$work/plan"
result $? 'keys of a policy table that are addresses are next-hops, bare ones too'
[ "$(wc -l <"$work/out")" -eq 5 ]; result $? 'a dry run: how long it would take'

plan
