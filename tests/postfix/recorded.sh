#!/bin/sh
# All recorded scenarios: does posttls-audit forecast what Postfix did?
exec "${abs_top_srcdir:-.}/tests/postfix/compare.py" --recorded --jobs 2 \
	--binary "${abs_top_builddir:-.}/posttls-audit"
