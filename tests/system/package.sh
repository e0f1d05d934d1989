#!/bin/sh
# The Debian package: built, looked at by lintian, installed, used as its service would, removed. Where root may make a
# mount namespace; the machine itself keeps nothing of it.
set -u
. "$(dirname "$0")/../lib/tap.sh"

skip_all() { echo "1..0 # SKIP $1"; exit 0; }
[ -n "${TEST_ALL-}" ] || skip_all 'a build of its own: TEST_ALL=yes'
[ -e "$top/.git" ] || skip_all 'made from the repository'
for tool in dpkg-buildpackage dh lintian systemd-sysusers; do
    command -v $tool >/dev/null || skip_all "no $tool"
done

mkdir "$work/build" "$work/build/source" "$work/layers"
(cd "$top" && git ls-files | tar -cf - -T - 2>/dev/null) | tar -xf - -C "$work/build/source"
(cd "$work/build/source" && unset MAKEFLAGS MFLAGS MAKELEVEL && timeout 900 dpkg-buildpackage -us -uc -b -d) >"$work/out" 2>&1
status=$?
status_is 0 'the package is built'
[ "$status" -eq 0 ] || tail -n 20 "$work/out" | sed 's/^/# /'
package=$(ls "$work"/build/posttls-audit_*.deb)
lintian --allow-root --fail-on error,warning "$work"/build/*.changes >"$work/out" 2>&1
status=$?
status_is 0 'lintian is content'
is_empty "$work/out" 'and says nothing'

# Inside the namespace: what is installed, and what the service would do. Prints what the checks look for.
cat >"$work/inside" <<'INSIDE'
set -e
mount -t tmpfs none "$1"
for folder in usr etc var; do
    mkdir -p "$1/$folder.upper" "$1/$folder.work"
    mount -t overlay -o "lowerdir=/$folder,upperdir=$1/$folder.upper,workdir=$1/$folder.work" overlay "/$folder"
done
echo mounted
dpkg --force-depends -i "$2" >/dev/null 2>&1
echo installed
systemd-analyze verify /lib/systemd/system/posttls-audit.timer /lib/systemd/system/posttls-audit.service 2>&1 |
    grep posttls-audit || echo verified
systemd-analyze security --offline=true --threshold=15 /lib/systemd/system/posttls-audit.service >/dev/null && echo hardened
install -d -o posttls-audit -g posttls-audit -m 750 /var/lib/posttls-audit
mkdir -p /etc/posttls-test
printf '%s\n' 'compatibility_level = 3.6' 'myhostname = mail.sender.example' 'inet_interfaces = 127.0.0.1' 'mydestination =' \
    'default_transport = discard:' 'transport_maps = inline:{ { b.example = retry:4.3.2 closed } }' >/etc/posttls-test/main.cf
printf 'discard unix - - n - - discard\nretry unix - - n - - error\n' >/etc/posttls-test/master.cf
words=$(sed -n '/^ExecStart/,/OPTIONS$/p' /lib/systemd/system/posttls-audit.service | tr -d '\\\n' |
    sed 's/^ExecStart=//; s/\$OPTIONS//')
cd /
# shellcheck disable=SC2086 # a list of words
setpriv --reuid posttls-audit --regid posttls-audit --clear-groups --no-new-privs --inh-caps=-all \
    $words -c /etc/posttls-test --resolver 127.0.0.1:1 a.example b.example || echo "status $?"
ls -ld /var/lib/posttls-audit/report.json
/usr/bin/posttls-audit report /var/lib/posttls-audit/report.json >/dev/null && echo readable
/usr/bin/posttls-audit replay /var/lib/posttls-audit/facts.jsonl -c /etc/posttls-test || echo "check $?"
dpkg -r posttls-audit >/dev/null 2>&1
test ! -e /usr/bin/posttls-audit && test ! -e /lib/systemd/system/posttls-audit.timer && echo removed
INSIDE
if [ "$(id -u)" = 0 ] && [ -f "$package" ] &&
   timeout 120 unshare -m sh "$work/inside" "$work/layers" "$package" >"$work/out" 2>"$work/err" || grep -q mounted "$work/out"; then
    has "$work/out" '^installed$' 'it is installed'
    has "$work/out" '^verified$' 'systemd finds nothing wrong with its units'
    has "$work/out" '^hardened$' 'the exposure of its service is at most 1.5'
    has "$work/out" 'first run, 2 destinations' 'the command of its service runs as its user'
    has "$work/out" '^-rw.*posttls-audit posttls-audit .*report.json' 'and leaves its report'
    has "$work/out" '^readable$' 'which can be read'
    has "$work/out" '^check 2$' 'and its facts, by the check'
    has "$work/out" '^removed$' 'it is removed'
    [ "$failures" -eq 0 ] || sed 's/^/# /' "$work/err" | head -n 10
else
    tests=$((tests + 1)); echo "ok $tests # SKIP no mount namespace to install it in"
fi
plan
