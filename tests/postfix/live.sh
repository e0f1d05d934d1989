#!/bin/sh
# A third of the scenarios beside the installed Postfix: the same answer, now and here?
exec "${abs_top_srcdir:-.}/tests/postfix/compare.py" --live --subset --jobs 2 \
	--binary "${abs_top_builddir:-.}/posttls-audit"
