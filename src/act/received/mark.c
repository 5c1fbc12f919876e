/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

#include "act/received/mark.h"
#include "base/hex.h"
#include "base/number.h"
#include "base/pairs.h"

#include <apr_strings.h>

#include <string.h>

#define PURPOSE       "hand-off"
#define TIME_KEY      "&time="
#define SIGNATURE_KEY "&sig="
/* The end of the year 9999. */
#define TIME_MAX_MS INT64_C(253402300799999)

/* --- reading and writing ----------------------------------------------------------------------------------- */

enum {
    KEY_V,
    KEY_CLIENT,
    KEY_SCHEME,
    KEY_PORT,
    KEY_PROTOCOL,
    KEY_AUTHORITY,
    KEY_HOST,
    KEY_PREFIX,
    KEY_CONNECTION,
    KEY_AGAIN,
    KEY_ID,
    KEY_USER,
    KEY_AUTH,
    KEY_NONCE,
    KEY_LOST,
    KEYS
};

static const char *const key_names[KEYS] = {"v",         "client", "scheme", "port",       "protocol",
                                            "authority", "host",   "prefix", "connection", "again",
                                            "id",        "user",   "auth",   "nonce",      "lost"};

/* @return the key with this name; KEYS: none */
static int find_key(const char *name, apr_size_t length)
{
    int key = 0;
    while (key < KEYS && (strncmp(key_names[key], name, length) != 0 || key_names[key][length] != '\0')) {
        key++;
    }
    return key;
}

/* Reads the values of the keys in `k=v&k=v`, from the pool. NULL: the key is absent or occurs twice. */
static void read_values(const char *values[KEYS], const char *text, apr_pool_t *p)
{
    const char *end = text + strlen(text);
    unsigned seen = 0;

    memset(values, 0, KEYS * sizeof(*values));
    for (const char *next = text; next;) {
        backhand_pair pair;
        int key;
        next = backhand_pair_next(&pair, next, end);
        key = pair.value.at ? find_key(pair.name.at, pair.name.length) : KEYS;
        if (key < KEYS) {
            values[key] = seen & 1u << key ? NULL : apr_pstrmemdup(p, pair.value.at, pair.value.length);
            seen |= 1u << key;
        }
    }
}

/* True for text that may stand in a request line and in logs. */
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

/* `scheme://host`, which a mark holds without encoding. */
static int is_authority(const char *text)
{
    const char *host = text ? strstr(text, "://") : NULL;
    return host && host > text && is_visible(text) && !strpbrk(host + 3, "/?#");
}

/* `scheme:` or `scheme://host` with any visible characters. */
static int is_prefix(const char *text)
{
    const char *colon = text ? strpbrk(text, ":/?#") : NULL;
    if (!colon || colon == text || *colon != ':' || strlen(text) > BACKHAND_MARK_TEXT_MAX) {
        return 0;
    }
    for (const char *at = text; *at; at++) {
        unsigned char c = (unsigned char)*at;
        if (c <= ' ' || c == 0x7f) {
            return 0;
        }
    }
    return colon[1] == '\0' || (strncmp(colon, "://", 3) == 0 && !strpbrk(colon + 3, "/?#"));
}

/* True for text that httpd accepts as a header's value. */
static int is_field(const char *text)
{
    for (const char *at = text; *at; at++) {
        unsigned char c = (unsigned char)*at;
        if ((c < ' ' && c != '\t') || c == 0x7f) {
            return 0;
        }
    }
    return strlen(text) <= BACKHAND_MARK_TEXT_MAX;
}

/* True for a word that may stand in logs and, without encoding, in a mark. */
static int is_word(const char *text)
{
    return text && is_visible(text) && strlen(text) <= BACKHAND_MARK_WORD_MAX;
}

static int is_user(const char *text)
{
    return text && is_field(text) && strlen(text) <= BACKHAND_MARK_USER_MAX;
}

/* Percent-encodes the characters that a mark must not contain. */
static const char *encode(const char *text, apr_pool_t *p)
{
    static const char digits[] = "0123456789ABCDEF";
    char *out = apr_palloc(p, 3 * strlen(text) + 1), *at = out;

    for (; *text; text++) {
        unsigned char c = (unsigned char)*text;
        if (c > ' ' && c < 0x7f && c != '&' && c != '%') {
            *at++ = *text;
        }
        else {
            *at++ = '%';
            *at++ = digits[c >> 4];
            *at++ = digits[c & 15];
        }
    }
    *at = '\0';
    return out;
}

/* @return NULL: encode() cannot have written this text */
static const char *decode(const char *text, apr_pool_t *p)
{
    char *out = apr_palloc(p, strlen(text) + 1), *at = out;

    for (; *text; text++) {
        int byte;
        if (*text != '%') {
            *at++ = *text;
            continue;
        }
        byte = backhand_hex_byte(text + 1);
        if (byte <= 0) {
            return NULL;
        }
        *at++ = (char)byte;
        text += 2;
    }
    *at = '\0';
    return out;
}

/* Without a user the other keys have no meaning. */
static const char *write_user(const backhand_mark *mark, apr_pool_t *p)
{
    const char *auth = is_word(mark->auth) ? mark->auth : NULL;
    const char *nonce = is_word(mark->nonce) ? mark->nonce : NULL;

    if (!is_user(mark->user)) {
        return "";
    }
    return apr_pstrcat(p, "&user=", encode(mark->user, p), auth ? "&auth=" : "", auth ? auth : "",
                       nonce ? "&nonce=" : "", nonce ? nonce : "", NULL);
}

/* `192.0.2.1:80`, IPv6 in brackets. */
static const char *write_address(const backhand_contact *contact, apr_pool_t *p)
{
    int ipv6 = strchr(contact->address, ':') != NULL;
    return apr_pstrcat(p, ipv6 ? "[" : "", contact->address, ipv6 ? "]:" : ":", apr_itoa(p, contact->port), NULL);
}

const char *backhand_mark_write(const backhand_mark *mark, apr_pool_t *p)
{
    int ipv6 = strchr(mark->client.address, ':') != NULL;
    const char *protocol = is_protocol(mark->protocol) ? mark->protocol : NULL;
    const char *authority = is_authority(mark->authority) ? mark->authority : NULL;
    const char *prefix = !authority && is_prefix(mark->authority) ? encode(mark->authority, p) : NULL;
    const char *connection = mark->connection && is_field(mark->connection) ? encode(mark->connection, p) : NULL;
    const char *id = is_word(mark->id) ? mark->id : NULL;
    char address[sizeof(mark->client.address)];

    /* Leaves out the zone of a link-local address, which has no meaning on another machine. */
    apr_cpystrn(address, mark->client.address, sizeof(address));
    address[strcspn(address, "%")] = '\0';
    return apr_pstrcat(p, "v=1&client=", ipv6 ? "[" : "", address, ipv6 ? "]:" : ":", apr_itoa(p, mark->client.port),
                       mark->client.https ? "&scheme=https&port=" : "&scheme=http&port=", apr_itoa(p, mark->port),
                       protocol ? "&protocol=" : "", protocol ? protocol : "", authority ? "&authority=" : "",
                       authority ? authority : "", prefix ? "&prefix=" : "", prefix ? prefix : "",
                       mark->empty_host ? "&host=empty"
                       : mark->no_host  ? "&host=none"
                                        : "",
                       connection ? "&connection=" : "", connection ? connection : "", mark->again ? "&again=1" : "",
                       id ? "&id=" : "", id ? id : "", write_user(mark, p), mark->lost.port ? "&lost=" : "",
                       mark->lost.port ? write_address(&mark->lost, p) : "", NULL);
}

/* Reads the keys about the request line and its headers. @return 0: no server of this module writes such a value */
static int read_request(backhand_mark *mark, const char *const values[KEYS], apr_pool_t *p)
{
    mark->protocol = values[KEY_PROTOCOL];
    mark->no_host = values[KEY_HOST] != NULL;
    mark->empty_host = mark->no_host && strcmp(values[KEY_HOST], "empty") == 0;
    mark->authority = values[KEY_AUTHORITY];
    if (mark->authority && !is_authority(mark->authority)) {
        return 0;
    }
    if (values[KEY_PREFIX]) {
        mark->authority = decode(values[KEY_PREFIX], p);
        if (!is_prefix(mark->authority)) {
            return 0;
        }
    }
    if (values[KEY_CONNECTION]) {
        mark->connection = decode(values[KEY_CONNECTION], p);
        if (!mark->connection || !is_field(mark->connection)) {
            return 0;
        }
    }
    if (values[KEY_LOST] &&
        (strstr(values[KEY_LOST], "://") || backhand_contact_parse(&mark->lost, values[KEY_LOST], 0) != NULL)) {
        return 0;
    }
    return !mark->protocol || is_protocol(mark->protocol);
}

/* Reads the keys about the user. @return 0: no server of this module writes such a value */
static int read_user(backhand_mark *mark, const char *const values[KEYS], apr_pool_t *p)
{
    mark->id = values[KEY_ID];
    if (mark->id && !is_word(mark->id)) {
        return 0;
    }
    if (!values[KEY_USER]) {
        return 1;
    }
    mark->user = decode(values[KEY_USER], p);
    mark->auth = values[KEY_AUTH];
    mark->nonce = values[KEY_NONCE];
    return is_user(mark->user) && (!mark->auth || is_word(mark->auth)) && (!mark->nonce || is_word(mark->nonce));
}

int backhand_mark_read(backhand_mark *mark, const char *text, apr_pool_t *p)
{
    const char *values[KEYS], *version, *client, *scheme, *port;
    int64_t number;

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
    if (!backhand_number_read(&number, port, 1, 65535)) {
        return 0;
    }
    mark->port = (int)number;
    mark->again = values[KEY_AGAIN] && strcmp(values[KEY_AGAIN], "1") == 0;
    return read_request(mark, values, p) && read_user(mark, values, p);
}

/* --- signing ----------------------------------------------------------------------------------------------- */

static const char *signed_text(const char *mark, const backhand_signed_request *signed_request, apr_pool_t *p)
{
    return apr_pstrcat(p, mark, "\n", signed_request->contact, "\n", signed_request->method, "\n",
                       signed_request->host ? signed_request->host : "", "\n", signed_request->target, NULL);
}

const char *backhand_mark_seal(const char *mark, const backhand_signed_request *signed_request,
                               const backhand_keys *keys, apr_time_t now, apr_pool_t *p)
{
    char signature[BACKHAND_SIGNATURE_SIZE];
    const char *timed = apr_psprintf(p, "%s" TIME_KEY "%" APR_INT64_T_FMT, mark, (apr_int64_t)apr_time_as_msec(now));
    const char *text = signed_text(timed, signed_request, p);

    if (backhand_keys_sign(keys, PURPOSE, text, strlen(text), signature) != APR_SUCCESS) {
        return mark;
    }
    return apr_pstrcat(p, timed, SIGNATURE_KEY, signature, NULL);
}

int backhand_mark_signed(const char *text)
{
    return strstr(text, SIGNATURE_KEY) != NULL;
}

/* Reads the time at the end of the signed text. @return ms; -1: there is none */
static int64_t read_stamp(const char *mark)
{
    const char *at = NULL, *next = mark;
    const char *rest;
    uint64_t stamped;

    while ((next = strstr(next, TIME_KEY)) != NULL) {
        next += sizeof(TIME_KEY) - 1;
        at = next;
    }
    rest = at ? backhand_digits_read(&stamped, at, NULL) : NULL;
    return rest && rest > at && (!*rest || *rest == '&') && stamped <= TIME_MAX_MS ? (int64_t)stamped : -1;
}

const char *backhand_mark_signature(const char *text)
{
    return strstr(text, SIGNATURE_KEY) + sizeof(SIGNATURE_KEY) - 1;
}

apr_time_t backhand_mark_stamp(const char *text)
{
    return apr_time_from_msec(read_stamp(text));
}

static int is_timely(const char *mark, apr_interval_time_t skew, apr_time_t now)
{
    int64_t stamped = read_stamp(mark);
    apr_interval_time_t ago;

    ago = now - apr_time_from_msec(stamped);
    return stamped >= 0 && ago >= -skew && ago <= skew;
}

const char *backhand_mark_verify(const char *text, const backhand_signed_request *signed_request,
                                 const backhand_keys *keys, apr_interval_time_t skew, apr_time_t now, apr_pool_t *p)
{
    const char *signature = strstr(text, SIGNATURE_KEY);
    const char *mark, *whole;

    if (!signature) {
        return "it is not signed";
    }
    mark = apr_pstrmemdup(p, text, (apr_size_t)(signature - text));
    whole = signed_request->contact ? signed_text(mark, signed_request, p) : "";
    signature += sizeof(SIGNATURE_KEY) - 1;
    if (!signed_request->contact ||
        !backhand_keys_verify(keys, PURPOSE, whole, strlen(whole), signature, strlen(signature))) {
        return "it is signed with another key, or for another request or server";
    }
    return is_timely(mark, skew, now) ? NULL : "it was stamped too long ago or ahead of time";
}
