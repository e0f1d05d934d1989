# TAP for shell tests: source it, call the checks, end with `plan`.
# The program under test is $program; scratch files go to $work, which is removed at the end.
top=${abs_top_srcdir:-$(cd "$(dirname "$0")/../.." && pwd)}
program=${abs_top_builddir:-$top/build/test}/posttls-audit
if [ ! -x "$program" ]; then
    echo "Bail out! $program is not built"
    exit 1
fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
tests=0
failures=0

# result STATUS NAME: one TAP line.
result() {
    tests=$((tests + 1))
    if [ "$1" -eq 0 ]; then
        echo "ok $tests - $2"
    else
        echo "not ok $tests - $2"
        failures=$((failures + 1))
    fi
}

# run ARGUMENT...: runs the program; $status, $work/out and $work/err tell what came of it.
run() {
    status=0
    "$program" "$@" >"$work/out" 2>"$work/err" </dev/null || status=$?
}

# status_is WANTED NAME
status_is() {
    if [ "$status" -eq "$1" ]; then
        result 0 "$2"
    else
        result 1 "$2"
        echo "# status $status, wanted $1"
        sed 's/^/# /' "$work/err" | head -n 5
    fi
}

# has FILE PATTERN NAME: an extended regular expression.
has() {
    if grep -Eq -- "$2" "$1"; then
        result 0 "$3"
    else
        result 1 "$3"
        echo "# no /$2/ in:"
        sed 's/^/# /' "$1" | head -n 8
    fi
}

# is_empty FILE NAME
is_empty() {
    if [ ! -s "$1" ]; then
        result 0 "$2"
    else
        result 1 "$2"
        sed 's/^/# /' "$1" | head -n 8
    fi
}

plan() {
    echo "1..$tests"
    [ "$failures" -eq 0 ]
}
