/* How the forms of a record reach a member: by its place in the table. */
#ifndef SCANNER_FACTS_RECORD_IMPL_H
#define SCANNER_FACTS_RECORD_IMPL_H

#include <string.h>

#include "scanner/facts/record.h"

static inline const void *at(const struct member *m, const void *record)
{
    return (const char *)record + m->offset;
}

static inline void *at_rw(const struct member *m, void *record)
{
    return (char *)record + m->offset;
}

static inline size_t count_of(const struct member *m, const void *record)
{
    size_t n;

    memcpy(&n, (const char *)record + m->count_offset, sizeof(n));
    return n;
}

static inline void set_count(const struct member *m, void *record, size_t n)
{
    memcpy((char *)record + m->count_offset, &n, sizeof(n));
}

static inline const void *pointer_of(const struct member *m, const void *record)
{
    const void *p;

    memcpy(&p, at(m, record), sizeof(p));
    return p;
}

static inline void set_pointer(const struct member *m, void *record, const void *p)
{
    memcpy(at_rw(m, record), &p, sizeof(p));
}

static inline uint64_t load_number(const struct member *m, const void *record)
{
    uint64_t value = 0;
    uint8_t u8;
    uint16_t u16;
    uint32_t u32;

    switch (m->width) {
    case 1:
        memcpy(&u8, at(m, record), sizeof(u8));
        return u8;
    case 2:
        memcpy(&u16, at(m, record), sizeof(u16));
        return u16;
    case 4:
        memcpy(&u32, at(m, record), sizeof(u32));
        return u32;
    default:
        memcpy(&value, at(m, record), sizeof(value));
        return value;
    }
}

static inline void store_number(const struct member *m, void *record, uint64_t value)
{
    uint8_t u8 = (uint8_t)value;
    uint16_t u16 = (uint16_t)value;
    uint32_t u32 = (uint32_t)value;

    switch (m->width) {
    case 1:
        memcpy(at_rw(m, record), &u8, sizeof(u8));
        break;
    case 2:
        memcpy(at_rw(m, record), &u16, sizeof(u16));
        break;
    case 4:
        memcpy(at_rw(m, record), &u32, sizeof(u32));
        break;
    default:
        memcpy(at_rw(m, record), &value, sizeof(value));
    }
}

/* The value of a signed member. */
static inline int64_t load_signed(const struct member *m, const void *record)
{
    uint64_t value = load_number(m, record);

    return m->width == 4 ? (int32_t)(uint32_t)value : (int64_t)value;
}

/* The greatest magnitude that a number may have. */
static inline uint64_t number_limit(const struct member *m)
{
    unsigned bits = (unsigned)m->width * 8 - (m->kind == MEMBER_SIGNED);

    return m->max != 0 ? m->max : bits >= 63 ? INT64_MAX : (UINT64_C(1) << bits) - 1;
}

#endif
