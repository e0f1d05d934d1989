#!/bin/sh
# Makes configure and Makefile.in from their sources. Several may run it at once: one works, the others wait.
set -eu
cd "$(dirname "$0")"

if [ "${AUTOGEN_LOCKED:-no}" = no ] && command -v flock >/dev/null; then
    AUTOGEN_LOCKED=yes exec flock .autogen.lock "./$(basename "$0")" "$@"
fi

# automake alone is enough, and much quicker, when only Makefile.am or one of its fragments changed.
if [ -f configure ] && [ -f aclocal.m4 ] && [ -f build-aux/tap-driver.sh ] &&
   [ -z "$(find configure.ac -newer configure)" ]; then
    exec automake --foreign --add-missing
fi
exec autoreconf --install --force
