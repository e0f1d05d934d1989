#!/bin/sh
# What differs between releases of Postfix: the same facts, judged as the one before and after each change.
exec "${abs_top_srcdir:-.}/tests/postfix/judge_releases.py" --binary "${abs_top_builddir:-.}/posttls-audit"
