#!/bin/sh
# The rows of matrix/ beside the installed Postfix: its deliveries against our forecasts. All of them when TEST_ALL=yes.
every=16
[ "${TEST_ALL-}" != yes ] || every=1
exec "${abs_top_srcdir:-.}/tests/postfix/compare.py" --matrix --every "$every" --jobs 2 --limit 1500 \
	--binary "${abs_top_builddir:-.}/posttls-audit"
