#!/bin/sh
# Run by somebody who may not read all that Postfix, which reads it as root, may: what we cannot see is unknown and told of,
# and is no fault of Postfix.
set -u
. "$(dirname "$0")/../lib/tap.sh"

if [ "$(id -u)" -ne 0 ] || ! setpriv --reuid nobody --clear-groups true 2>/dev/null; then
    echo "1..0 # SKIP only root can become nobody"
    exit 0
fi
chmod 755 "$work"
cp "$program" "$work/program"

# configuration LINE...: the files list, ca and key are for root alone.
configuration() {
    rm -rf "$work/config"
    mkdir "$work/config"
    {
        printf '%s\n' 'compatibility_level = 3.6' 'myhostname = mail.sender.example' 'mydestination =' \
            'inet_interfaces = 127.0.0.1' 'smtp_tls_security_level = may' "$@"
    } >"$work/config/main.cf"
    printf '%s\n' 'smtp unix - - n - - smtp' 'relay unix - - n - - smtp' 'error unix - - n - - error' \
        'retry unix - - n - - error' 'local unix - n n - - local' 'virtual unix - n n - - virtual' >"$work/config/master.cf"
    echo 'example.org secure' >"$work/config/list"
    cp "$top/tests/lab/ca/client.pem" "$work/config/cert"
    cp "$top/tests/lab/ca/client.pem" "$work/config/key"
    cp "$top/tests/lab/ca/roots.pem" "$work/config/ca"
    chmod 644 "$work/config/"*
    chmod 600 "$work/config/list" "$work/config/key" "$work/config/ca"
}

as_nobody() {
    status=0
    setpriv --reuid nobody --clear-groups "$work/program" "$@" >"$work/out" 2>"$work/err" </dev/null || status=$?
}

has_not() {
    ! grep -Eq -- "$2" "$1"; result $? "$3"
}

configuration "relay_domains = $work/config/list"
as_nobody scan -c "$work/config" --resolver 127.0.0.1:1 example.org
status_is 3 'a list of domains that we may not read: unknown'
has "$work/out" 'config/list: Permission denied' 'a list of domains that we may not read: why'

configuration "smtp_tls_policy_maps = texthash:$work/config/list"
as_nobody scan -c "$work/config" --resolver 127.0.0.1:1 --timeout 1 '[127.0.0.1]:1'
has "$work/out" 'table-unreadable' 'a policy table that we may not read: told'
has_not "$work/out" 'table-broken|critical' 'a policy table that we may not read: it is not broken'

configuration "smtp_tls_cert_file = $work/config/cert" "smtp_tls_key_file = $work/config/key"
as_nobody scan -c "$work/config" --resolver 127.0.0.1:1 --timeout 1 '[127.0.0.1]:1'
has "$work/out" 'config/key: Permission denied' 'a private key that we may not read: told'
has_not "$work/out" 'local-tls-engine' 'a private key that we may not read: Postfix has TLS'
as_nobody lint -c "$work/config"
status_is 0 'a private key that we may not read: nothing to correct'

configuration "smtp_tls_CAfile = $work/config/ca" 'smtp_tls_policy_maps = static:secure'
as_nobody scan -c "$work/config" --resolver 127.0.0.1:1 --timeout 1 '[127.0.0.1]:1'
has "$work/out" 'config/ca: Permission denied' 'authorities that we may not read: told'
has_not "$work/out" 'local-tls-engine|local-no-ca' 'authorities that we may not read: Postfix has them'

configuration "smtp_tls_policy_maps = inline:{ { [127.0.0.1]:1 = secure tafile=$work/config/ca } }"
as_nobody scan -c "$work/config" --resolver 127.0.0.1:1 --timeout 1 '[127.0.0.1]:1'
status_is 3 'a trust anchor file that we may not read: unknown'
has "$work/out" 'config/ca: Permission denied;' 'a trust anchor file that we may not read: told'
has_not "$work/out" 'policy-invalid|critical' 'a trust anchor file that we may not read: the policy is not invalid'
as_nobody lint -c "$work/config"
has_not "$work/out" 'tafile-unusable' 'a trust anchor file that we may not read: lint does not call it unusable'
run scan -c "$work/config" --resolver 127.0.0.1:1 --timeout 1 '[127.0.0.1]:1'
has_not "$work/out" 'Permission denied|table-unreadable' 'a trust anchor file that root may read'

configuration "smtp_tls_trust_anchor_file = $work/config/ca" 'smtp_tls_policy_maps = static:secure'
as_nobody scan -c "$work/config" --resolver 127.0.0.1:1 --timeout 1 '[127.0.0.1]:1'
status_is 3 'trust anchors of main.cf that we may not read: unknown'
has "$work/out" 'config/ca: Permission denied' 'trust anchors of main.cf that we may not read: told'

chmod 600 "$work/config/main.cf"
as_nobody lint -c "$work/config"
status_is 66 'a main.cf that we may not read: status'
has "$work/err" 'main.cf: Permission denied; run posttls-audit as' 'a main.cf that we may not read: the remedy'

plan
