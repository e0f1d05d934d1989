#!/bin/sh
# lint and migrate as users run them: status, files, what the file system has to say, a table of many entries.
set -u
. "$(dirname "$0")/../lib/tap.sh"

# A configuration without findings. $1: more lines of main.cf.
configuration() {
    rm -rf "$work/config"
    mkdir -p "$work/config"
    cat >"$work/config/main.cf" <<MAIN
compatibility_level = 3.6
myhostname = mail.sender.example
mydestination =
inet_interfaces = 127.0.0.1
smtp_tls_security_level = may
${1-}
MAIN
    cat >"$work/config/master.cf" <<'MASTER'
smtp      unix  -       -       n       -       -       smtp
relay     unix  -       -       n       -       -       smtp
lmtp      unix  -       -       n       -       -       lmtp
error     unix  -       -       n       -       -       error
retry     unix  -       -       n       -       -       error
discard   unix  -       -       n       -       -       discard
local     unix  -       n       n       -       -       local
virtual   unix  -       n       n       -       -       virtual
MASTER
    : >"$work/config/policy"
}
POLICY="smtp_tls_policy_maps = texthash:$work/config/policy"

# entry LINE: the only one of the policy table.
entry() {
    printf '%s\n' "$1" >"$work/config/policy"
}

configuration "$POLICY"
entry 'example.com encrypt'
run lint -c "$work/config"
status_is 0 'nothing to find: status 0'
has "$work/out" '^0 critical, 0 warning, 0 notice' 'nothing to find: said so'

entry 'example.com encrypt protocols=TLSv1.2'
run lint -c "$work/config"
status_is 1 'a warning: status 1'
entry 'example.com sekure'
run lint -c "$work/config"
status_is 2 'something critical: status 2'
has "$work/out" "^$work/config/policy:1: critical: example.com: .*did you mean \"secure\".* \[level-unknown\]$" 'a line that editors understand'
has "$work/out" '^ +example.com secure$' 'the line to put instead'
entry '.example.com encrypt'
run lint -c "$work/config"
status_is 0 'a notice: status 0'
has "$work/out" 'key-parent-alone' 'a notice: told'

entry 'example.com sekure'
run lint -c "$work/config" -q
status_is 2 'quiet: the status tells'
is_empty "$work/out" 'quiet: nothing is printed'
run lint -c "$work/config" --json "$work/lint.json" --text "$work/lint.txt"
status_is 2 'two files'
is_empty "$work/out" 'two files: nothing on standard output'
has "$work/lint.txt" 'level-unknown' 'two files: the text'
has "$work/lint.json" '"format": "posttls-audit/lint", "format_version": 1' 'two files: the object'
run lint -c "$work/config" --json "$work/missing/lint.json"
status_is 73 'an output that cannot be written: status'
run lint -c "$work/config" --jsonl -
status_is 64 'a format that lint has not: status'
run lint -c "$work/config" example.org
status_is 64 'an argument: status'
run lint -c "$work/nowhere"
status_is 66 'no such directory: status'
run lint --help
status_is 0 'help: status'
has "$work/out" '--json FILE' 'help: options'

entry 'example.com encrypt enable_rpk=yes'
run lint -c "$work/config" --postfix-version 3.7.11
status_is 2 'an attribute of 3.9 under 3.7'
run lint -c "$work/config" --postfix-version 3.9
status_is 0 'an attribute of 3.9 under 3.9'
run lint -c "$work/config" --postfix-version 3.9 -o smtp_tls_security_level=verify
has "$work/out" 'verify-without-ca' 'an override counts'

# Bytes that a terminal would obey.
printf 'example.com sec\033[2Jure\n' >"$work/config/policy"
run lint -c "$work/config"
status_is 2 'control characters: status'
[ "$(tr -d '\n -~' <"$work/out" | wc -c)" -eq 0 ]; result $? 'control characters: none is passed on'

# An entry that a program wrote: each of its names stands twice.
{ printf 'example.com secure match=a.b'; awk 'BEGIN { for (i = 0; i < 100000; i++) printf ":a.b"; print "" }'; } >"$work/config/policy"
timeout 30 "$program" lint -c "$work/config" >"$work/out" 2>"$work/err" </dev/null
[ $? -ne 124 ]; result $? 'an entry with a hundred thousand names takes no time'
has "$work/out" 'match-repeated' 'an entry with a hundred thousand names: told'

# Files
entry 'example.com secure tafile=/nowhere/anchor.pem'
run lint -c "$work/config"
has "$work/out" 'tafile-unusable' 'a trust anchor file that is missing'
entry 'example.com encrypt'
chmod 666 "$work/config/policy"
run lint -c "$work/config"
has "$work/out" 'table-writable' 'a table that everybody may change'
chmod 644 "$work/config/policy"
configuration "smtp_tls_policy_maps = texthash:$work/config/gone"
run lint -c "$work/config"
status_is 2 'a table that is missing: status'
has "$work/out" 'table-missing' 'a table that is missing: told'
configuration "smtp_tls_policy_maps = proxy:texthash:$work/config/policy"
entry 'example.com encrypt'
chmod 600 "$work/config/policy"
run lint -c "$work/config"
if getent passwd postfix >/dev/null; then
    has "$work/out" 'table-owner-cannot-read' 'a proxied table that mail_owner may not read'
else
    tests=$((tests + 1)); echo "ok $tests - a proxied table that mail_owner may not read # SKIP no user postfix"
fi
chmod 644 "$work/config/policy"
run lint -c "$work/config" -o 'proxy_read_maps=$transport_maps'
status_is 2 'a proxied table that is not permitted: status'
has "$work/out" 'proxy_read_maps' 'a proxied table that is not permitted: told'
if postconf -m 2>/dev/null | grep -q '^hash$'; then
    configuration "smtp_tls_policy_maps = hash:$work/config/policy"
    entry 'example.com encrypt'
    postmap "hash:$work/config/policy"
    run lint -c "$work/config"
    status_is 0 'an index: status'
    sleep 0.01; entry 'example.com sekure'
    run lint -c "$work/config"
    status_is 1 'an index that is older than its source: the old entries count'
    has "$work/out" "postmap hash:$work/config/policy" 'an index that is older than its source: what to do'
else
    tests=$((tests + 1)); echo "ok $tests - indexes # SKIP no hash tables"
fi

# What stops the SMTP client
configuration 'smtp_tls_wrappermode = perhaps'
run lint -c "$work/config"
status_is 2 'a value that stops smtp(8): status'
has "$work/out" "^$work/config/main.cf:6: critical: .*smtp_tls_wrappermode.*\[service-does-not-start\]" 'a value that stops smtp(8): told'

# Many entries: the time is not measured exactly, a machine may be busy.
configuration "$POLICY"
awk 'BEGIN { for (i = 0; i < 100000; i++) printf "d%d.example secure match=mx%d.d%d.example\n", i, i, i }' >"$work/config/policy"
run lint -c "$work/config" -o smtp_tls_CAfile=/dev/null
began=$(date +%s)
run lint -c "$work/config"
ended=$(date +%s)
status_is 2 'a hundred thousand entries: status'
[ $((ended - began)) -le 60 ]; result $? "a hundred thousand entries: $((ended - began)) seconds"

# migrate
configuration "smtp_tls_per_site = texthash:$work/config/per_site
smtp_enforce_tls = yes
smtp_tls_enforce_peername = no"
sed -i '/^smtp_tls_security_level/d' "$work/config/main.cf"
printf 'example.com MUST\nexample.net MUST_NOPEERMATCH\nexample.org NONE\n' >"$work/config/per_site"
run migrate -c "$work/config"
status_is 0 'migrate: status'
has "$work/out" '^# FILE: .*/config/tls_policy' 'migrate: the file'
has "$work/out" '^example.com +verify$' 'migrate: an entry'
has "$work/out" '^smtp_tls_security_level = encrypt$' 'migrate: the successor of the switches'
has "$work/out" '^# remove smtp_enforce_tls \(.*main.cf, line 6\)$' 'migrate: what to remove, and where'
# The output, put where it says.
mkdir "$work/new"
cp "$work/config/master.cf" "$work/new/"
grep -v -e '^smtp_tls_per_site' -e '^smtp_enforce_tls' -e '^smtp_tls_enforce_peername' "$work/config/main.cf" >"$work/new/main.cf"
awk -v dir="$work/new" '/^# FILE: / { sub(/,.*/, ""); n = split($3, part, "/"); file = dir "/" part[n] }
    /^[^#]/ { print >>file }' "$work/out"
sed -i "s,$work/config,$work/new," "$work/new/main.cf"
run lint -c "$work/new" -o smtp_tls_trust_anchor_file=/dev/null
status_is 0 'migrate: lint passes the result'
run migrate -c "$work/new"
has "$work/out" 'Nothing to migrate' 'migrate: once is enough'
run migrate -c "$work/new" example.org
status_is 64 'migrate: an argument'

plan
