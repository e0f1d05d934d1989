#include "scanner/base/base64.h"
#include "tests/lib/check.h"

/* RFC 4648 section 10, and octets that use the last letters. */
static const struct { struct slice octets; const char *text; } good[] = {
    { SLICE(""), "" },
    { SLICE("f"), "Zg==" },
    { SLICE("fo"), "Zm8=" },
    { SLICE("foo"), "Zm9v" },
    { SLICE("foob"), "Zm9vYg==" },
    { SLICE("fooba"), "Zm9vYmE=" },
    { SLICE("foobar"), "Zm9vYmFy" },
    { SLICE("\0\xff\xfe\xfb"), "AP/++w==" },
};

static const char *const bad[] = {
    "Z", "Zg", "Zg=", "Zg==Zg==", "Zh==", "Zm9=", "Z===", "====", "Zm 9", "Zm9v\n", "Zm-_", "=m9v", "Zm=v",
};

int main(void)
{
    struct buf out;

    buf_init(&out, 100);
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        buf_empty(&out);
        check_ok(base64_encode((const uint8_t *)good[i].octets.p, good[i].octets.n, &out), "encoding to %s",
                 good[i].text);
        is_text(buf_text(&out), good[i].text, "encoded %s", good[i].text);
        buf_empty(&out);
        check_ok(base64_decode(slice_of(good[i].text), &out), "decoding %s", good[i].text);
        is_bytes(buf_slice(&out), good[i].octets, "decoded %s", good[i].text);
    }
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        check_ok(!base64_decode(slice_of(bad[i]), &out), "not base64: %s", bad[i]);
    buf_clear(&out);

    buf_init(&out, 3);
    check_ok(base64_decode(SLICE("Zm9v"), &out), "decoding up to the ceiling");
    check_ok(!base64_decode(SLICE("Zg=="), &out), "decoding beyond the ceiling");
    check_ok(!base64_encode((const uint8_t *)"f", 1, &out), "encoding beyond the ceiling");
    buf_clear(&out);
    return check_done();
}
