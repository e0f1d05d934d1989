#include "scanner/base/buf.h"
#include "tests/lib/check.h"

#include <stdint.h>

static void test_growing(void)
{
    struct buf b;

    buf_init(&b, 100000);
    is_text(buf_text(&b), "", "text of an empty buffer");
    is_int(buf_slice(&b).n, 0, "slice of an empty buffer");
    check_ok(buf_add_text(&b, "abc") && buf_add_char(&b, 'd') && buf_add_slice(&b, SLICE("ef")), "adding");
    is_text(buf_text(&b), "abcdef", "what was added");
    check_ok(buf_printf(&b, "%d-%s", 42, "x"), "printing");
    is_text(buf_text(&b), "abcdef42-x", "what was printed");
    for (int i = 0; i < 9000; i++)
        buf_add_text(&b, "0123456789");
    is_int(b.n, 90010, "length after many");
    is_text(buf_text(&b) + 90000, "0123456789", "end after many");
    check_ok(!b.overflow, "no overflow yet");
    buf_clear(&b);
}

static void test_ceiling(void)
{
    struct buf b;

    buf_init(&b, 5);
    check_ok(buf_add_text(&b, "12345"), "filling to the ceiling");
    check_ok(!b.overflow, "full is no overflow");
    check_ok(buf_add(&b, "", 0), "adding nothing to a full buffer");
    check_ok(!buf_add_char(&b, '6'), "one past the ceiling");
    check_ok(b.overflow, "overflow noted");
    is_text(buf_text(&b), "12345", "what fitted");
    buf_empty(&b);
    check_ok(!b.overflow, "overflow forgotten");
    is_text(buf_text(&b), "", "emptied");
    check_ok(!buf_printf(&b, "%s", "abcdefgh"), "printing past the ceiling");
    is_text(buf_text(&b), "abcde", "as much as fitted");
    check_ok(!buf_printf(&b, "x"), "printing into a full buffer");
    is_int(b.n, 5, "length of a full buffer");
    buf_empty(&b);
    check_ok(!buf_add(&b, "abcdefgh", 8), "adding more than the ceiling at once");
    is_text(buf_text(&b), "abcde", "the part that fitted");
    buf_clear(&b);
    is_int(b.ceiling, 5, "the ceiling stays");

    buf_init(&b, 0);
    check_ok(!buf_add_char(&b, 'x'), "a ceiling of nothing");
    is_text(buf_text(&b), "", "nothing in it");
    buf_clear(&b);

    buf_init(&b, SIZE_MAX);
    check_ok(buf_add_text(&b, "x"), "a ceiling beyond memory");
    buf_clear(&b);
}

static void test_consume(void)
{
    struct buf b;

    buf_init(&b, 100);
    buf_consume(&b, 3);
    is_int(b.n, 0, "consuming from nothing");
    buf_add(&b, "ab\0cd", 5);
    buf_consume(&b, 2);
    is_bytes(buf_slice(&b), SLICE("\0cd"), "the rest, NUL included");
    buf_consume(&b, 10);
    is_int(b.n, 0, "consuming more than there is");
    is_text(buf_text(&b), "", "terminated");
    buf_clear(&b);
}

int main(void)
{
    test_growing();
    test_ceiling();
    test_consume();
    return check_done();
}
