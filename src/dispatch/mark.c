/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

#include "dispatch/mark.h"

#include <apr_lib.h>
#include <apr_strings.h>

#include <string.h>

#define PURPOSE       "hand-off"
#define TIME_KEY      "&time="
#define SIGNATURE_KEY "&sig="
/* The end of the year 9999. */
#define TIME_MAX_MS INT64_C(253402300799999)

/* --- reading and writing -------------------------------------------------------------------------------------------- */

enum { KEY_V, KEY_CLIENT, KEY_SCHEME, KEY_PORT, KEY_PROTOCOL, KEY_AUTHORITY, KEY_HOST, KEYS };

static const char *const key_names[KEYS] = {"v", "client", "scheme", "port", "protocol", "authority", "host"};

/* @return the key of that name, or KEYS */
static int find_key(const char *name, apr_size_t length)
{
    int key = 0;
    while (key < KEYS && (strncmp(key_names[key], name, length) != 0 || key_names[key][length] != '\0')) {
        key++;
    }
    return key;
}

/* The values of the keys in `k=v&k=v`, from the pool; NULL: absent or there twice. */
static void read_values(const char *values[KEYS], const char *text, apr_pool_t *p)
{
    unsigned seen = 0;
    const char *end;

    memset(values, 0, KEYS * sizeof(*values));
    for (const char *pair = text; pair; pair = *end ? end + 1 : NULL) {
        const char *equals;
        int key;
        end = strchrnul(pair, '&');
        equals = memchr(pair, '=', (size_t)(end - pair));
        key = equals ? find_key(pair, (apr_size_t)(equals - pair)) : KEYS;
        if (key < KEYS) {
            values[key] = seen & 1u << key ? NULL : apr_pstrmemdup(p, equals + 1, (apr_size_t)(end - equals - 1));
            seen |= 1u << key;
        }
    }
}

/* A decimal number from 0 to `max`, followed by a character of `ends` or the end of the text; -1: none. */
static int64_t read_number(const char *text, int64_t max, const char *ends)
{
    int64_t n = 0;
    if (!apr_isdigit(*text)) {
        return -1;
    }
    for (; apr_isdigit(*text); text++) {
        n = n * 10 + (*text - '0');
        if (n > max) {
            return -1;
        }
    }
    return strchr(ends, *text) ? n : -1;
}

/* What goes into a request line and into logs. */
static int is_visible(const char *text)
{
    for (const char *at = text; *at; at++) {
        unsigned char c = (unsigned char)*at;
        if (c <= ' ' || c == 0x7f || c == '&') {
            return 0;
        }
    }
    return *text != '\0';
}

static int is_protocol(const char *text)
{
    return text && is_visible(text);
}

static int is_authority(const char *text)
{
    const char *host = text ? strstr(text, "://") : NULL;
    return host && host > text && is_visible(text) && !strpbrk(host + 3, "/?#");
}

const char *backhand_mark_write(const backhand_mark *mark, apr_pool_t *p)
{
    int ipv6 = strchr(mark->client.address, ':') != NULL;
    const char *protocol = is_protocol(mark->protocol) ? mark->protocol : NULL;
    const char *authority = is_authority(mark->authority) ? mark->authority : NULL;
    char address[sizeof(mark->client.address)];

    /* Without the link that a local address is good on: it means nothing elsewhere. */
    apr_cpystrn(address, mark->client.address, sizeof(address));
    address[strcspn(address, "%")] = '\0';
    return apr_pstrcat(p, "v=1&client=", ipv6 ? "[" : "", address, ipv6 ? "]:" : ":", apr_itoa(p, mark->client.port),
                       mark->client.https ? "&scheme=https&port=" : "&scheme=http&port=", apr_itoa(p, mark->port),
                       protocol ? "&protocol=" : "", protocol ? protocol : "", authority ? "&authority=" : "",
                       authority ? authority : "", mark->no_host ? "&host=none" : "", NULL);
}

int backhand_mark_read(backhand_mark *mark, const char *text, apr_pool_t *p)
{
    const char *values[KEYS], *version, *client, *scheme, *port;

    read_values(values, text, p);
    version = values[KEY_V];
    client = values[KEY_CLIENT];
    scheme = values[KEY_SCHEME];
    port = values[KEY_PORT];
    memset(mark, 0, sizeof(*mark));
    if (!version || strcmp(version, "1") != 0 || !client || strstr(client, "://") || !scheme || !port ||
        backhand_contact_parse(&mark->client, client, 0) != NULL) {
        return 0;
    }
    mark->client.https = strcmp(scheme, "https") == 0;
    if (!mark->client.https && strcmp(scheme, "http") != 0) {
        return 0;
    }
    mark->port = (int)read_number(port, 65535, "");
    mark->protocol = values[KEY_PROTOCOL];
    mark->authority = values[KEY_AUTHORITY];
    mark->no_host = values[KEY_HOST] != NULL;
    return mark->port >= 1 && (!mark->protocol || is_protocol(mark->protocol)) &&
           (!mark->authority || is_authority(mark->authority));
}

/* --- signing -------------------------------------------------------------------------------------------------------- */

static const char *signed_text(const char *mark, const backhand_errand *errand, apr_pool_t *p)
{
    return apr_pstrcat(p, mark, "\n", errand->contact, "\n", errand->method, "\n", errand->host ? errand->host : "",
                       "\n", errand->target, NULL);
}

const char *backhand_mark_seal(const char *mark, const backhand_errand *errand, const backhand_keys *keys,
                               apr_time_t now, apr_pool_t *p)
{
    char signature[BACKHAND_SIGNATURE_SIZE];
    const char *timed = apr_psprintf(p, "%s" TIME_KEY "%" APR_INT64_T_FMT, mark, (apr_int64_t)apr_time_as_msec(now));
    const char *text = signed_text(timed, errand, p);

    if (backhand_keys_sign(keys, PURPOSE, text, strlen(text), signature) != APR_SUCCESS) {
        return mark;
    }
    return apr_pstrcat(p, timed, SIGNATURE_KEY, signature, NULL);
}

int backhand_mark_signed(const char *text)
{
    return strstr(text, SIGNATURE_KEY) != NULL;
}

/* What was signed ends with the time. */
static int is_timely(const char *mark, apr_interval_time_t skew, apr_time_t now)
{
    const char *at = NULL, *next = mark;
    int64_t stamped;
    apr_interval_time_t ago;

    while ((next = strstr(next, TIME_KEY)) != NULL) {
        next += sizeof(TIME_KEY) - 1;
        at = next;
    }
    stamped = at ? read_number(at, TIME_MAX_MS, "&") : -1;
    ago = now - apr_time_from_msec(stamped);
    return stamped >= 0 && ago >= -skew && ago <= skew;
}

const char *backhand_mark_verify(const char *text, const backhand_errand *errand, const backhand_keys *keys,
                                 apr_interval_time_t skew, apr_time_t now, apr_pool_t *p)
{
    const char *signature = strstr(text, SIGNATURE_KEY);
    const char *mark, *whole;

    if (!signature) {
        return "it is not signed";
    }
    mark = apr_pstrmemdup(p, text, (apr_size_t)(signature - text));
    whole = errand->contact ? signed_text(mark, errand, p) : "";
    signature += sizeof(SIGNATURE_KEY) - 1;
    if (!errand->contact || !backhand_keys_verify(keys, PURPOSE, whole, strlen(whole), signature, strlen(signature))) {
        return "it is signed with another key, or for another request or server";
    }
    return is_timely(mark, skew, now) ? NULL : "it was stamped too long ago or ahead of time";
}
