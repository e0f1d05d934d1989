/* The world that is measured in: destination d<n>.bench.test has the one mail host mx<h>.bench.test, where h is n modulo the
 * number of hosts; each host has an IPv4 address of its own, counted up from FIRST_ADDRESS, and a TLSA record. */
#ifndef TESTS_BENCH_WORLD_H
#define TESTS_BENCH_WORLD_H

#define ZONE          "bench.test"
#define FIRST_ADDRESS 0x7f640001u /* 127.100.0.1 */
#define DIGEST_SIZE   32          /* SHA-256 of a host's public key; one after another in the file "keys" */

#endif
