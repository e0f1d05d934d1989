"""Asks the installed postmap(1) and our reading of the same tables for the same keys.

Duplicate keys of texthash are left out: a daemon refuses such a file, postmap(1) forgives. Skips, visibly, without a
postmap or the types that this Postfix lacks.
"""
import os
import shutil
import subprocess
import sys
import tempfile

BUILD = os.environ.get("abs_top_builddir", ".")
QUERY = os.environ.get("TABLE_QUERY", os.path.join(BUILD, "tests/config/table_query"))
SECONDS = 60

KEYS = [
    "example.com", "Example.COM", ".example.com", "mail.example.com", "[mail.example.com]:25", "example.net", "a", "b",
    "c", "A", "aa", "ab", "abc", "ABC", "aaa", "x", "xy", "x y", "a b", "a\\ b", '"a b"', '"A b"', "a:", "k", "key",
    "value", "secure", "encrypt", "1", "12", "$", "#", "#a", "!", "/", "a/b", "foo", "foobar", "barfoo", "Foo\tbar",
    "192.0.2.1", "192.0.2.128", "192.0.3.1", "10.0.0.1", "10.1.2.3", "2001:db8::1", "2001:DB8::1", "::1",
    "::ffff:192.0.2.1", "[192.0.2.1]", "192.0.2.1 ", "192.0.2", "0.0.0.0", "255.255.255.255", "2001:db8:1::",
    "b\u00fccher.example", "B\u00dcCHER.example", "stra\u00dfe.example", "STRASSE.example", "\u0130.example", "k\r",
    "k ", " k", "\u01c5", "\u03a3\u03c3\u03c2", "if", "endif", "one", "two", "three", "a\\b", "a\\", "{a}", "=", "a=b",
    "very.long." + "label." * 40 + "example", b"bad\xff", b"\xc3", b"\xed\xa0\x80",
]

# name: (text, types that read it)
TEXT = ["texthash", "hash", "btree", "lmdb", "cdb"]
FILES = {
    "plain": (b"example.com secure\nexample.net\tencrypt\n.example.com may\n[mail.example.com]:25 none\n", TEXT),
    "comments": (b"# c\n  # indented\nexample.com secure # not a comment\n#a x\na   1  \n", TEXT),
    "continued": (b"example.com secure\n  match=x\n# between\n\n   and=more\n\t#indented comment\n y\nexample.net\n  v\n", TEXT),
    "first-indented": (b"  example.com lost\n more\nexample.net kept\n", TEXT),
    "no-value": (b"a\nb  \nc v\nexample.com\t \n", TEXT),
    "quotes": (b'"a b" quoted\n"A c" x\na\\ b escaped\nx"y z"w q\n"unbalanced v\nk"k" v\nfoo bar"baz\n', TEXT),
    "case": (b"EXAMPLE.com Upper\nA Big\n\"A b\" B\n", TEXT),
    "carriage": (b"example.com secure\r\nexample.net encrypt\r\n\r\n  x\r\nk\r v\n", TEXT),
    "no-newline": (b"a 1\nb 2", TEXT),
    "utf8": ("b\u00fccher.example secure\nSTRA\u00dfE.example may\n\u0130.example dot\n\u01c5 dz\n\u03a3\u03c3\u03c2 s\na \u00fc\n".encode(), TEXT),
    "bad-utf8": (b"example.com secure\nbad\xff value\na v\xfe\nb ok\n", TEXT),
    "alias": (b"a: x\nb:\n: y\nc:d e\n", TEXT),
    "odd-space": (b"a\vx\nb\fy\nc \v z \f\n\f\nk\tv\tw\n", TEXT),
    "backslash": (b"a\\ value\na\\b v\nk\\\n x v\n\\\n", TEXT),
    "nul": (b"a 1\0 2\nb\0 3\nc 4\n", ["texthash"]),
    "empty": (b"", ["texthash"]),
    "only-comments": (b"# a\n\n  # b\n", TEXT),
    "regexp-basic": (b"/^a/ starts-a\n/C$/ ends-c\n/example/i exact\n/./ any\n", ["regexp", "pcre"]),
    "regexp-groups": (b"/^(.)(.)(.)$/ ${3}$2$(1)\n/^(x)|(a)a$/ <$1|$2>\n/^(f)oo/ $$${1}$$$$\n/^k(.*)$/ $1\n/(secure)/ $1$1$1\n/a(/ bad\n",
                      ["regexp", "pcre"]),
    "regexp-bad-index": (b"/^(a)/ $2\n/^b/ $1\n/^c/ $0\n/^x/ $\n/^foo/ ${\n/^k/ $x\n/^1/ ${1x}\n/^(a)a/ ${}\n/^!/ a$\n/^(f)oo/ $1x\n"
                         b"/^(f)oo/ ${1}x\n/^(ab)/ $(1})\n/^(12)/ $99999999999999999999\n/e/ rest\n", ["regexp", "pcre"]),
    "regexp-negated": (b"!/a/ no-a\n!!/^aa/ even\n! ! !/example/ odd\n!/(b)/ $1\n/./ rest\n", ["regexp", "pcre"]),
    "regexp-delims": (b"#a# comment\n|^a$| bar\n,^b$, comma\n!aca c\n\"^c$\" q\n/^a\\/b$/ slash\n/foo/bar flags\n/nodelim\n!\n//empty\n",
                      ["regexp", "pcre"]),
    "regexp-flags": (b"/^A$/i A\n/^a$/ii a\n/^ABC$/ii abc\n/^b$/z bad\n/^foo.bar/m m\n/^f o o$/x x\n/x/mm xx\n", ["regexp", "pcre"]),
    "regexp-empty": (b"/^a$/\n/^b$/   \n/^c$/ \t\n/k/ v\n", ["regexp", "pcre"]),
    "regexp-if": (b"if /example/\n/com/ com\nif /net/\n/^e/ net\nendif\n/mail/ never\nendif\n/mail/ outside\nendif\n/^a/ a\n",
                  ["regexp", "pcre"]),
    "regexp-if-words": (b"IF !/a/\n/b/ b\nEndIf  trailing\nif/c/\n/c/ c\nendif\niffy\nendifx\nif\n/x/ x\nif /foo/ extra words\n/foo$/ f\nendif\n",
                        ["regexp", "pcre"]),
    "regexp-if-indented": (b"if /a/\n  /a/ lost\n/b/ b-in-a\nendif\n/./ rest\n", ["regexp", "pcre"]),
    "regexp-if-open": (b"if /a/\n/b/ ab\nif /c/\n/./ abc\n", ["regexp", "pcre"]),
    "regexp-if-bad": (b"if /a(/\n/b/ unconditional\nendif\n/a/ a\n", ["regexp", "pcre"]),
    "regexp-two": (b"/a/!/b/ a-not-b\n/a/!!/b/ a-and-b\n/(x)/!/y/ $1\n/foo/i!/bar/ f\n/k/!\n/e/ e\n", ["regexp", "pcre"]),
    "regexp-backslash-end": (b"/^abc\\\n/^k\\\n x/ y\n/b/ b\n", ["regexp", "pcre"]),
    "regexp-backrefs": (b"/^(.)\\1$/ double\n/^(.)\\1\\1$/ triple $1\n/(a)|(x)/ [$1$2]\n", ["regexp", "pcre"]),
    "regexp-continued": (b"/^a\n  b$/ joined\n/^x\n y/x xy\n/foo/\n  bar\n", ["regexp", "pcre"]),
    "regexp-posix": (b"/^[[:alpha:]]{2}$/ two-alpha\n/^[[:digit:]]+$/ digits\n/^a+?$/ lazy\n/\\bfoo/ word\n/(a{1,2}){2}/ r\n/a{2,1}/ bad\n/*/ star\n/x**/ y\n/[z-a]/ bad\n/[[:bad:]]/ b\n",
                     ["regexp", "pcre"]),
    "regexp-utf8": ("/^b\u00fccher/ secure\n/stra\u00dfe/ \u00fc\n/^\u03a3/ sigma\n/^a$/ ok\n".encode() + b"/^b$/ v\xff\n/^c\xff/ x\n", ["regexp", "pcre"]),
    "pcre-only": (b"/^(?<n>f)oo/ $1\n/^a(?=b)/s s\n/^A$/Aii anchored\n/c$/E end\n/^(.*?)(o*)$/U $1-$2\n/b/X obsolete\n/^(?:a)(b)?c$/ <$1>\n/^\\Qa b\\E/ q\n/(*LIMIT_MATCH=1)^(a+)+$/ limited\n/a/ a\n",
                  ["pcre"]),
    "pcre-limit": (b"/^(a+)+$/ slow\n/^(x+x+)+y/ slower\n/x/ after\n", ["pcre"]),
    "cidr": (b"192.0.2.0/25 low\n192.0.2.128/25 high\n10.0.0.0/8 ten\n2001:db8::/32 v6\n[::1] loop\n[192.0.3.0/24] br\n0.0.0.0/0 all4\n",
             ["cidr"]),
    "cidr-bad": (b"192.0.2.1/24 hostbits\n192.0.2.0/33 long\n192.0.2.0/ empty\n192.0.2.0/x x\n192.0.2 short\n10.0.0.0/8\n[::1 open\n"
                 b"[::1]x garbage\n[2001:db8::]/32 v6\n300.1.1.1 big\n/8 none\n2001:db8::/129 x\n192.0.3.1/032 zeros\n1.2.3.4.5 y\n::1/128 one\n[10.1.2.3/32]/32 two\n",
                 ["cidr"]),
    "cidr-not": (b"!192.0.2.0/24 other4\n! !10.0.0.0/8 ten\n!2001:db8::/32 other6\n192.0.2.1 one\n", ["cidr"]),
    "cidr-if": (b"if 192.0.2.0/24\n192.0.2.128/25 high\nif !192.0.2.1\n0.0.0.0/0 rest\nendif\nendif\nendif garbage\nENDIF\nif\nif bad\n"
                b"192.0.2.1 single\n::1 six\nIF 10.0.0.0/8\n 10.0.0.1 indented\n10.1.0.0/16 ten-one\nendif x\n192.0.3.1 inside\n", ["cidr"]),
}

# Tables that are their name; @ is the directory of the files above.
NAMES = [
    "inline:{a=1, b=2, c=3}", "inline:{{a = x y z}, {example.com = secure match=.x:y}}", "inline:{ A=1 a=2 }", "inline:{a=}",
    'inline:{ {"a b" = q}, "A b"=r }', "inline:{a=1,a=2, b = 3}", "inline:{}", "inline:{ }", "inline:a=1", "inline:{a=1}x",
    "inline:{a}", "inline:{=b}", "inline:{{a=b}c}", "inline:{{a = {b}}}", "inline:{{a=1}", "inline:{ {k \\= v} }",
    "inline:{b\u00fccher.example=x, STRA\u00dfE.example=y}", "inline:{ { } }", "inline:{key=value,,,a==b}",
    "static:secure", "static:{secure match=x}", "static:{ a b }", "static:{a}b", "static:{a", "static:a b", "static:}x", "static:{}",
    "regexp:{{/^a$/ one}, {/b(.)/ $1}}", "pcre:{{/^a$/ one}, {if /e/}, {/com$/ in}, {endif}, {/^(.)b/ ${1}}}", "pcre:{ {/a/ x}, bad }",
    "pcre:{{/a/ x}y}", "pcre:{/a/ x}", "pcre:{{#a}, {/b/ y}}", "pcre:{}", "cidr:{{10.0.0.0/8 ten}, {::1 one}}", "regexp:{{/./}}",
    "regexp:{{ /a/ x }, {  }, { /b/ y }}", "cidr:{{10.0.0.0/8 ten}", "pcre:@/no-such-file", "texthash:@/no-such-file", "hash:@/no-such-file",
    "lmdb:@/no-such-file", "cdb:@/no-such-file", "sqlite:@/no-such-file",
    "unionmap:{inline:{a=1,b=2}, inline:{b=3,c=4}}", "unionmap:{static:x,inline:{a=1},static:y}", "unionmap:{}", "unionmap:inline:{a=1}",
    "unionmap:{inline:{a=1}, fail:x}", "unionmap:{inline:{a=1}, texthash:@/no-such-file}", "unionmap:{foo}", "unionmap:{pcre:{{/^a$/}}, inline:{a=1,b=2}}",
    "unionmap:{inline:{a=1}, pcre:{{/^(.*)$/ $1}}}", "unionmap:{pcre:{{/^(.*)$/ $1}}, inline:{a=1,abc=2}}", "unionmap:{pcre:{{/a/}}, pcre:{{/b/}}}",
    "pipemap:{inline:{a=b,b=c,c=zz}, inline:{b=x,c=y}}", "pipemap:{pcre:{{/^(.)..$/ $1}}, inline:{a=A,x=y}}", "pipemap:{inline:{a=FOO,b=}, pcre:{{/^(.*)$/ <$1>}}}",
    "pipemap:{inline:{a=B}, inline:{b=2}}", "pipemap:{static:a, fail:x}", "pipemap:{inline:{a=1}, fail:x}", "pipemap:{}", "pipemap:{inline:{abc=v}, static:s}",
    "unionmap:{pipemap:{inline:{a=b},inline:{b=c}}, hash:@/plain}", "pipemap:{cdb:@/plain, inline:{secure=S}}", "unionmap:{inline:{a=b}, lmdb:@/plain}",
    "randmap:{only}", "randmap:{{a b}}", "randmap:{}", "randmap:x", "fail:x", "fail:", "internal:x", "nosuchtype:x", "sqlite:@/sqlite.cf",
    "unionmap:{sqlite:@/sqlite.cf, inline:{example.com=x}}", "pipemap:{sqlite:@/sqlite.cf, inline:{secure=found}}", "sqlite:@/sqlite-bad.cf",
    "unionmap:{inline:{a=1}, randmap:{r}}", "hash:@/dir", "texthash:@/dir", "hash:@/damaged", "lmdb:@/damaged", "cdb:@/damaged", "btree:@/plain-hash",
]

SQLITE_CF = "dbpath = {0}/db.sqlite\nquery = SELECT v FROM t WHERE k = '%s'\n"


def as_bytes(key):
    return key if isinstance(key, bytes) else key.encode()


def run(argv, data):
    return subprocess.run(argv, input=data, capture_output=True, timeout=SECONDS)


def postmap_output(config, table, keys):
    """What postmap(1) prints; None when it gives up, without the second that it then sleeps."""
    with tempfile.TemporaryFile() as data, tempfile.TemporaryFile() as out:
        data.write(b"".join(k + b"\n" for k in keys))
        data.seek(0)
        child = subprocess.Popen(["postmap", "-c", config, "-q", "-", table], stdin=data, stdout=out, stderr=subprocess.PIPE)
        with child:
            for line in child.stderr:
                if b": fatal: " in line or b": panic: " in line:
                    child.kill()
                    return None
            if child.wait(SECONDS) not in (0, 1):
                return None
        out.seek(0)
        return out.read()


def ask_postmap(config, table, keys):
    """All at once; when that is fatal, by parts, until the key that is to blame stands alone. A key that is not UTF-8 is
    not even looked up: when that is fatal, the table could not be opened."""
    output = postmap_output(config, table, keys)
    if output is None:
        if len(keys) == 1 or postmap_output(config, table, [b"\xff"]) is None:
            return [b"error"] * len(keys)
        middle = len(keys) // 2
        return ask_postmap(config, table, keys[:middle]) + ask_postmap(config, table, keys[middle:])
    answers, lines = [], output.split(b"\n")
    for key in keys:
        if lines and lines[0].startswith(key + b"\t"):
            answers.append(b"found " + lines.pop(0)[len(key) + 1:])
        else:
            answers.append(b"not found")
    return answers


def ask_us(config, version, table, keys):
    result = run([QUERY, config, version, table], b"".join(k + b"\n" for k in keys))
    if result.returncode != 0:
        raise RuntimeError("table_query failed: " + result.stderr.decode(errors="replace"))
    return result.stdout.rstrip(b"\n").split(b"\n")


def is_utf8(key):
    try:
        key.decode()
        return True
    except UnicodeDecodeError:
        return False


def write(path, data):
    with open(path, "wb") as f:
        f.write(data)


def build(directory, config, types):
    for name, (text, readers) in FILES.items():
        write(os.path.join(directory, name), text)
        for kind in readers:
            if kind in types and kind in ("hash", "btree", "lmdb", "cdb"):
                subject = name if kind != "btree" else name + "-btree"  # hash and btree share a suffix
                write(os.path.join(directory, subject), text)
                run(["postmap", "-c", config, f"{kind}:{directory}/{subject}"], b"")
    os.mkdir(os.path.join(directory, "dir"))
    for suffix in ("db", "lmdb", "cdb"):
        write(os.path.join(directory, "damaged." + suffix), b"this is no index\n" * 400)
    write(os.path.join(directory, "plain-hash"), FILES["plain"][0])
    if "hash" in types:
        run(["postmap", "-c", config, f"hash:{directory}/plain-hash"], b"")
    write(os.path.join(directory, "sqlite.cf"), SQLITE_CF.format(directory).encode())
    write(os.path.join(directory, "sqlite-bad.cf"), SQLITE_CF.format(directory + "/none").encode())
    if "sqlite" in types:
        import sqlite3
        with sqlite3.connect(os.path.join(directory, "db.sqlite")) as db:
            db.execute("CREATE TABLE t (k TEXT, v TEXT)")
            db.executemany("INSERT INTO t VALUES (?, ?)", [("example.com", "secure"), ("a", "1"), ("b", "2"), ("b", "3"), ("c", "")])


def table_types(name):
    """The types that a name needs."""
    return {part.split(":")[0].split("{")[-1].split(",")[-1].strip() for part in name.replace("{", " {").replace(",", " ").split()
            if ":" in part and part.split(":")[0].split("{")[-1].isalpha()}


def main():
    if shutil.which("postmap") is None or shutil.which("postconf") is None:
        print("1..1\nok 1 # SKIP Postfix is not installed")
        return 0
    directory = tempfile.mkdtemp()
    try:
        return compare_all(directory)
    finally:
        shutil.rmtree(directory)


def compare_all(directory):
    config = os.path.join(directory, "config")
    os.mkdir(config)
    write(os.path.join(config, "main.cf"), b"compatibility_level = 2\n")
    write(os.path.join(config, "master.cf"), b"")
    version = run(["postconf", "-c", config, "-d", "-h", "mail_version"], b"").stdout.decode().strip()
    types = set(run(["postconf", "-c", config, "-m"], b"").stdout.decode().split())
    build(directory, config, types)
    tables = [f"{kind}:{directory}/{name}{'-btree' if kind == 'btree' else ''}" for name, (_, readers) in FILES.items() for kind in readers]
    tables += [name.replace("@", directory) for name in NAMES]
    keys = [as_bytes(k) for k in KEYS] + [b"a" * 28 + b"b", b"x" * 40]
    number = failures = 0
    known = types | {"nosuchtype"}
    for table in tables:
        number += 1
        label = table.replace(directory, "").encode("ascii", "backslashreplace").decode().replace("#", "\\#")
        missing = {t for t in table_types(table) if t not in known}
        if missing:
            print(f"ok {number} - {label} # SKIP no {' '.join(sorted(missing))} here")
            continue
        theirs, ours = ask_postmap(config, table, keys), ask_us(config, version, table, keys)
        if theirs == [b"error"] * len(keys):
            # postmap(1) stops when it cannot open a table; a daemon goes on, and a key that is not UTF-8 does not exist.
            theirs = [b"error" if is_utf8(k) else b"not found" for k in keys]
        wrong = [(k, t, o) for k, t, o in zip(keys, theirs, ours) if t != o]
        if len(theirs) != len(keys) or len(ours) != len(keys):
            wrong.append((b"number of answers", str(len(theirs)).encode(), str(len(ours)).encode()))
        print(f"{'not ok' if wrong else 'ok'} {number} - {label}")
        for key, their, our in wrong[:10]:
            print(f"#   key {key!r}: postmap says {their!r}, we say {our!r}")
        failures += bool(wrong)
    print(f"1..{number}")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
