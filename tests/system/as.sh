#!/bin/sh
# --as: the verdicts as if every destination followed DANE, or MTA-STS; --mta-sts beside it. From facts: nobody is asked.
set -u
. "$(dirname "$0")/../lib/tap.sh"

cases=$top/tests/cases
mkdir "$work/config"
cat >"$work/sketch" <<'SKETCH'
{"dnssec": true, "destinations": ["good.example", "stale.example", "plain.example", "strict.example", "refused.example"],
 "dns": [
  "good.example MX 10 mx1.example.org", "stale.example MX 10 mx2.example.org", "plain.example MX 10 mx3.example.org",
  "strict.example MX 10 mx4.example.org", "refused.example MX 10 mx5.example.org",
  "mx1.example.org A 192.0.2.1", "mx2.example.org A 192.0.2.2", "mx3.example.org A 192.0.2.3",
  "mx4.example.org A 192.0.2.4", "mx5.example.org A 192.0.2.5",
  "_25._tcp.mx1.example.org TLSA 3 1 1 mx", "_25._tcp.mx2.example.org TLSA 3 1 1 other",
  "_25._tcp.mx3.example.org TLSA NXDOMAIN", "_25._tcp.mx4.example.org TLSA NXDOMAIN",
  "_25._tcp.mx5.example.org TLSA NXDOMAIN",
  "_mta-sts.good.example TXT \"v=STSv1; id=1\"", "_mta-sts.stale.example TXT NXDOMAIN",
  "_mta-sts.plain.example TXT \"v=STSv1; id=1\"", "_mta-sts.strict.example TXT NXDOMAIN",
  "_mta-sts.refused.example TXT NXDOMAIN",
  "mta-sts.good.example A 192.0.2.80", "mta-sts.good.example AAAA NODATA",
  "mta-sts.plain.example A 192.0.2.81", "mta-sts.plain.example AAAA NODATA",
  "_smtp._tls.good.example TXT \"v=TLSRPTv1; rua=mailto:tls@good.example\"", "_smtp._tls.stale.example TXT NXDOMAIN",
  "_smtp._tls.plain.example TXT NXDOMAIN", "_smtp._tls.strict.example TXT NXDOMAIN",
  "_smtp._tls.refused.example TXT NXDOMAIN"],
 "policies": [
  {"domain": "good.example", "body": ["version: STSv1", "mode: enforce", "mx: *.example.org", "max_age: 604800"]},
  {"domain": "plain.example", "body": ["version: STSv1", "mode: enforce", "mx: mx.plain.example", "max_age: 604800"]}],
 "servers": [
  {"address": "192.0.2.1", "name": "mx1.example.org"},
  {"address": "192.0.2.1", "name": "mx1.example.org", "level": "dane"},
  {"address": "192.0.2.1", "name": "mx1.example.org", "level": "secure", "profile": {"sni": "mx1.example.org"}},
  {"address": "192.0.2.2", "name": "mx2.example.org"},
  {"address": "192.0.2.2", "name": "mx2.example.org", "level": "dane"},
  {"address": "192.0.2.3", "name": "mx3.example.org"},
  {"address": "192.0.2.4", "name": "mx4.example.org"},
  {"address": "192.0.2.4", "name": "mx4.example.org", "level": "secure"},
  {"address": "192.0.2.5", "name": "mx5.example.org", "does": "connect-refused"},
  {"address": "192.0.2.5", "name": "mx5.example.org", "does": "connect-refused", "level": "secure"}]}
SKETCH
"$cases/make-case" sketch "$work/sketch" "$work/config"
printf '%s\n' 'good.example may' 'stale.example may' 'strict.example secure match=mx4.example.org' >"$work/config/tls_policy"
# Paths in main.cf are relative to the folder of a case.
sed -i "s|\$config_directory/../../common|$cases/common|" "$work/config/main.cf"
printf 'smtp_tls_security_level = may\n' >>"$work/config/main.cf"
replay() {
    run replay -c "$work/config" --postfix-version 3.7.11 --allow-address 192.0.2.0/24 "$@" "$work/config/facts.jsonl" \
        "$cases/common/certificates.jsonl"
}
# told DESTINATION PATTERN NAME: its line in the text report.
told() {
    grep -E "^[A-Za-z]+ +$1 " "$work/out" >"$work/line"
    has "$work/line" "$2" "$3"
}

replay
status_is 2 'as configured: status'
told good.example '^deliver .* may .* trusted' 'an entry at may'
told strict.example '^deliver .* secure .* verified' 'an entry at secure'
told refused.example '^DEFER .* 4.4.1 ' 'a server that is down'

replay --as dane
status_is 2 'as if DANE were followed: status'
told good.example '^deliver .* dane .* verified' 'its TLSA records authenticate it'
told stale.example '^DEFER .* dane .* 4.7.5 ' 'stale TLSA records defer its mail'
told plain.example '^deliver .* may \(dane\) .* trusted' 'without TLSA records it is as at may'
told strict.example '^deliver .* may \(dane\) .* trusted' 'its entry does not count'
told refused.example '^DEFER .* 4.4.1 ' 'a server that is down stays so'
has "$work/out" 'policy +--as: smtp_tls_security_level = dane' 'where the level comes from'

replay --as mta-sts
status_is 2 'as if MTA-STS were followed: status'
told good.example '^deliver .* secure .* verified' 'its policy authenticates it'
told stale.example '^deliver .* may .* trusted' 'without a policy it is as at may'
told plain.example '^DEFER .* 4.3.0 ' 'no host fits its policy'
told strict.example '^deliver .* may .* trusted' 'its entry does not count here either'
has "$work/out" 'policy +https://mta-sts.plain.example/.well-known/mta-sts.txt' 'where the policy comes from'

# What an entry does that does not decide is no matter of this report.
sed 's/^strict.example .*/& \nplain.example secure match=other.example/' "$work/config/tls_policy" >"$work/strict"
for options in '--as mta-sts' '--as mta-sts --mta-sts' '--as dane --mta-sts'; do
    # shellcheck disable=SC2086
    replay -o "smtp_tls_policy_maps=texthash:$work/strict" $options
    result "$(grep -Ec 'the entry (accepts|asks)|policy entry' "$work/out")" "$options: nothing of entries"
done
has "$work/out" 'plain.example' 'and there is much else'
replay -o "smtp_tls_policy_maps=texthash:$work/strict" --mta-sts
has "$work/out" 'the entry accepts other.example' 'without --as, the entry that contradicts'

replay --mta-sts
status_is 2 'what domains publish: status as configured'
told good.example '^deliver .* may .* trusted' 'and verdicts as configured'
has "$work/out" 'the entry asks for may; the domain publishes TLSA records' 'the entry that hides them'
has "$work/out" 'whoever follows the TLSA records of the domain cannot deliver' 'stale TLSA records'
has "$work/out" 'whoever follows the MTA-STS policy of the domain cannot deliver' 'a policy that fits no host'
replay --mta-sts --fail-on never --quiet
status_is 0 'findings alone are no failure'

# DANE that cannot be followed does not win. level | what comes of it
while IFS='|' read -r level words; do
    replay --mta-sts --verbose -o smtp_dns_support_level=dnssec -o "smtp_tls_policy_maps=inline:{plain.example=$level}"
    sed -n '/ plain.example /,/ log /p' "$work/out" | tr -s '\n ' ' ' >"$work/flat"
    has "$work/flat" "wins $words log " "who wins at $level"
done <<'ROWS'
dane-only|neither: the level dane-only defers the mail: the policy demands TLSA records and there are none
dane|neither: without secure TLSA records the level dane comes to may
may|the table
ROWS

# Against the run before. published ID MODE PATTERN: what good.example publishes now.
# More words are options of the replay.
published() {
    sed -i "s|\"domain\": \"good.example\", \"body\": .*|\"domain\": \"good.example\", \"body\": [\"version: STSv1\", \"mode: $2\", \"mx: $3\", \"max_age: 604800\"]},|
            s|_mta-sts.good.example TXT .*\", \"_mta-sts.stale|_mta-sts.good.example TXT \\\\\"v=STSv1; id=$1\\\\\"\", \"_mta-sts.stale|" "$work/sketch"
    "$cases/make-case" sketch "$work/sketch" "$work/config"
    shift 3
    replay --mta-sts --history "$work/history" --json "$work/report" "$@"
}
published 1 enforce '*.example.org'
result "$(grep -Ec '"sts-(id|policy)-unchanged"' "$work/report")" 'the first run knows of no other'
published 1 enforce 'mx1.example.org'
has "$work/report" 'good.example has changed, and the id of its record' 'a policy that changes under its id'
published 2 enforce 'mx1.example.org'
has "$work/report" 'id of the MTA-STS record of good.example has changed from 1 to 2' 'an id that changes over its policy'
published 3 testing 'mx1.example.org'
has "$work/report" 'the MTA-STS policy of good.example was enforce and is testing' 'a mode that changes'
result "$(grep -Ec '"sts-(id|policy)-unchanged"' "$work/report")" 'and its id with it'
published 3 testing 'mx1.example.org'
result "$(grep -Ec '"sts-mode-changed"' "$work/report")" 'told once'

# A verdict that is held back, or known, does not hide what the domain publishes from then on. night POLICY...: what is news.
night() {
    published "$@" --changes-only --confirm 2 --text "$work/news"
    tr -s '\n ' ' ' <"$work/news" >"$work/flat"
}
strict='smtp_tls_policy_maps=inline:{{good.example=secure match=nobody.example servername=hostname}}, texthash:$config_directory/tls_policy'
rm -f "$work/history"*
night 1 enforce mx1.example.org
night 2 testing mx1.example.org -o "$strict"
has "$work/flat" 'CHANGED: 1 good.example deliver what MTA-STS enforce -> testing, MTA-STS policy changed $' 'the mode, beside a verdict held back'
status_is 0 'which does not count yet'
night 2 testing mx1.example.org -o "$strict"
has "$work/flat" 'WORSE: 1 good.example deliver -> defer why ' 'the verdict, when it is confirmed'
result "$(grep -c 'MTA-STS' "$work/flat")" 'and the mode once'
run acknowledge --history "$work/history" --until 2999-01-01 --comment 'ticket 12' good.example
status_is 0 'the verdict is known'
night 3 enforce mx1.example.org -o "$strict"
has "$work/flat" 'CHANGED: 1 good.example defer why .* what MTA-STS testing -> enforce, MTA-STS policy changed ' 'the mode, beside a verdict that is known'
night 3 enforce mx1.example.org -o "$strict"
is_empty "$work/news" 'told once'
rm -f "$work/history"*
night 1 enforce mx1.example.org
published 2 testing mx1.example.org -o "$strict" --changes-only
tr -s '\n ' ' ' <"$work/out" >"$work/flat"
has "$work/flat" 'WORSE: 1 good.example deliver -> defer why .* what MTA-STS enforce -> testing, ' 'both at once, where nothing is held back'

replay --proposed-override smtp_tls_security_leve=may
has "$work/err" '--proposed-override smtp_tls_security_leve: no parameter of Postfix; did you mean smtp_tls_security_level' \
    'a misspelt parameter, which would change nothing, is told'
replay --as tls
status_is 64 'a mechanism that there is not: status'
has "$work/err" 'write dane or mta-sts' 'and what there is'
for other in "--proposed $work/config" '--proposed-override smtp_tls_security_level=may' '--proposed-version 3.10' \
    "--history $work/history"; do
    # shellcheck disable=SC2086
    replay --as dane $other
    status_is 64 "--as with ${other%% *}: status"
done
plan
