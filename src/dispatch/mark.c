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

/* The value of a key in `k=v&k=v`, from the pool; NULL: absent or there twice. */
static const char *value_of(const char *text, const char *key, apr_pool_t *p)
{
    apr_size_t length = strlen(key);
    const char *found = NULL;

    for (const char *pair = text; pair; pair = strchr(pair, '&')) {
        pair += *pair == '&';
        if (strncmp(pair, key, length) == 0 && pair[length] == '=') {
            if (found) {
                return NULL;
            }
            found = apr_pstrmemdup(p, pair + length + 1, strcspn(pair + length + 1, "&"));
        }
    }
    return found;
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
    const char *text = apr_psprintf(p, "v=1&client=%s%.*s%s:%d&scheme=%s&port=%d", ipv6 ? "[" : "",
                                    (int)strcspn(mark->client.address, "%"), mark->client.address, ipv6 ? "]" : "",
                                    mark->client.port, mark->client.https ? "https" : "http", mark->port);

    return apr_pstrcat(p, text, protocol ? "&protocol=" : "", protocol ? protocol : "", authority ? "&authority=" : "",
                       authority ? authority : "", mark->no_host ? "&host=none" : "", NULL);
}

int backhand_mark_read(backhand_mark *mark, const char *text, apr_pool_t *p)
{
    const char *version = value_of(text, "v", p);
    const char *client = value_of(text, "client", p);
    const char *scheme = value_of(text, "scheme", p);
    const char *port = value_of(text, "port", p);

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
    mark->protocol = value_of(text, "protocol", p);
    mark->authority = value_of(text, "authority", p);
    mark->no_host = value_of(text, "host", p) != NULL;
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
