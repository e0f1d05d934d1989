#!/bin/sh
# The recorded scenarios beside the installed Postfix: the same answer, now and here? All of them when TEST_ALL=yes.
every=5
[ "${TEST_ALL-}" != yes ] || every=1
exec "${abs_top_srcdir:-.}/tests/postfix/compare.py" --live --every "$every" --jobs 2 \
	--binary "${abs_top_builddir:-.}/posttls-audit"
