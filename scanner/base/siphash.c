#include "scanner/base/siphash.h"

#include <stddef.h>

struct state {
    uint64_t a, b, c, d;
};

static uint64_t turn(uint64_t x, unsigned bits)
{
    return x << bits | x >> (64 - bits);
}

static void mix(struct state *s)
{
    s->a += s->b;
    s->b = turn(s->b, 13) ^ s->a;
    s->a = turn(s->a, 32);
    s->c += s->d;
    s->d = turn(s->d, 16) ^ s->c;
    s->a += s->d;
    s->d = turn(s->d, 21) ^ s->a;
    s->c += s->b;
    s->b = turn(s->b, 17) ^ s->c;
    s->c = turn(s->c, 32);
}

static void take(struct state *s, uint64_t word)
{
    s->d ^= word;
    mix(s);
    s->a ^= word;
}

/* Little endian, at most eight bytes. */
static uint64_t word_of(const char *p, size_t n)
{
    uint64_t word = 0;

    for (size_t i = 0; i < n; i++)
        word |= (uint64_t)(unsigned char)p[i] << (8 * i);
    return word;
}

uint64_t siphash(struct siphash_key key, struct slice text)
{
    struct state s = { key.first ^ UINT64_C(0x736f6d6570736575), key.second ^ UINT64_C(0x646f72616e646f6d),
                       key.first ^ UINT64_C(0x6c7967656e657261), key.second ^ UINT64_C(0x7465646279746573) };
    size_t whole = text.n / 8 * 8;

    for (size_t i = 0; i < whole; i += 8)
        take(&s, word_of(text.p + i, 8));
    take(&s, word_of(text.n > whole ? text.p + whole : NULL, text.n - whole) | (uint64_t)text.n << 56);
    s.c ^= 0xff;
    for (int i = 0; i < 3; i++)
        mix(&s);
    return s.a ^ s.b ^ s.c ^ s.d;
}
