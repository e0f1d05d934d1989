/* Certificates of web servers: an authority that is trusted, and what it, or another, signs. */
#ifndef TESTS_LIB_WEB_PKI_H
#define TESTS_LIB_WEB_PKI_H

struct web_certificate {
    const char *names;       /* subjectAltName as OpenSSL writes it, "DNS:a.example,DNS:b.example"; NULL: none */
    const char *common_name; /* NULL: "server" */
    long        from, until; /* days from now */
    int         stranger;    /* 1: another authority signs it; 2: it signs itself */
};

/* The authority's own certificate, PEM. Made when first asked for, kept to the end. */
const char *web_authority(void);
/* Key and certificate, PEM; free with mem_free(). */
char *web_chain(const struct web_certificate *);
void web_clear(void);

#endif
