#!/bin/sh
# All recorded scenarios, judged as Postfix 3.11.6: does posttls-audit forecast what that release did?
exec "${abs_top_srcdir:-.}/tests/postfix/compare.py" --recorded --release 3.11.6 --jobs 2 \
	--binary "${abs_top_builddir:-.}/posttls-audit"
