/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/* Marks of handed-off requests. The first line is a mark, signed with FUZZ_KEY for the request below or not; the
 * next three are a method, a host and a target. */

#include "fuzz.h"

#include "act/received/mark.h"

#include <apr_strings.h>

#define LINES 4
#define NOW   apr_time_from_sec(1700000000)
#define SKEW  apr_time_from_sec(30)

/* What marks in the corpus are signed for. */
static const backhand_signed_request known = {"http://192.0.2.1:80", "GET", "example.com", "/"};

static apr_pool_t *pool;

static void check_visible(const char *text)
{
    CHECK(*text);
    for (; *text; text++) {
        CHECK((unsigned char)*text > ' ' && *text != 0x7f && *text != '&');
    }
}

/* A value of a header. */
static void check_field(const char *text)
{
    CHECK(strlen(text) <= BACKHAND_MARK_TEXT_MAX);
    for (; *text; text++) {
        CHECK(((unsigned char)*text >= ' ' || *text == '\t') && *text != 0x7f);
    }
}

static void check_word(const char *text)
{
    if (text) {
        check_visible(text);
        CHECK(strlen(text) <= BACKHAND_MARK_WORD_MAX);
    }
}

static void check_mark(const backhand_mark *mark)
{
    backhand_contact contact;
    CHECK(!backhand_contact_parse(&contact, mark->client.address, mark->client.port));
    CHECK(strcmp(contact.address, mark->client.address) == 0);
    CHECK(mark->client.port >= 1 && mark->client.port <= 65535);
    CHECK(mark->client.https == 0 || mark->client.https == 1);
    CHECK(mark->port >= 1 && mark->port <= 65535);
    if (mark->protocol) {
        check_visible(mark->protocol);
    }
    if (mark->authority) {
        CHECK(*mark->authority && strchr(mark->authority, ':'));
        for (const char *at = mark->authority; *at; at++) {
            CHECK((unsigned char)*at > ' ' && *at != 0x7f);
        }
    }
    if (mark->connection) {
        check_field(mark->connection);
    }
    CHECK(mark->again == 0 || mark->again == 1);
    if (mark->user) {
        check_field(mark->user);
        CHECK(strlen(mark->user) <= BACKHAND_MARK_USER_MAX);
    }
    check_word(mark->id);
    check_word(mark->auth);
    check_word(mark->nonce);
}

static int same_text(const char *a, const char *b)
{
    return a == b || (a && b && strcmp(a, b) == 0);
}

static void check_same(const backhand_mark *a, const backhand_mark *b)
{
    CHECK(backhand_contact_equal(&a->client, &b->client));
    CHECK(a->port == b->port && a->no_host == b->no_host && a->empty_host == b->empty_host);
    CHECK(same_text(a->protocol, b->protocol) && same_text(a->authority, b->authority));
    CHECK(same_text(a->connection, b->connection) && a->again == b->again);
    CHECK(same_text(a->id, b->id) && same_text(a->user, b->user));
    CHECK(same_text(a->auth, b->auth) && same_text(a->nonce, b->nonce));
    CHECK(a->lost.port == b->lost.port && (!a->lost.port || backhand_contact_equal(&a->lost, &b->lost)));
}

static void check_read(const char *text)
{
    backhand_mark mark, again;
    if (backhand_mark_read(&mark, text, pool)) {
        check_mark(&mark);
        CHECK(backhand_mark_read(&again, backhand_mark_write(&mark, pool), pool));
        check_same(&mark, &again);
    }
}

/* Whatever a client says, the receiver can read. */
static void check_written(char *const *lines)
{
    backhand_mark mark = {.client = {0, 40312, "192.0.2.7"},
                          .port = 8080,
                          .protocol = lines[1],
                          .authority = lines[2],
                          .connection = lines[3],
                          .id = lines[1],
                          .user = lines[2],
                          .auth = lines[1],
                          .nonce = lines[3]};
    backhand_mark heard;
    CHECK(backhand_mark_read(&heard, backhand_mark_write(&mark, pool), pool));
    check_mark(&heard);
    CHECK(strcmp(heard.client.address, mark.client.address) == 0 && heard.client.port == mark.client.port);
    CHECK(heard.port == mark.port && !heard.no_host && !heard.client.https && !heard.again);
    CHECK(!heard.authority || strcmp(heard.authority, mark.authority) == 0);
    CHECK(!heard.connection || strcmp(heard.connection, mark.connection) == 0);
    CHECK(!heard.user || strcmp(heard.user, mark.user) == 0);
    CHECK(!heard.auth || (heard.user && strcmp(heard.auth, mark.auth) == 0));
}

/* One that is right says so by a time that is near. */
static void check_known(const char *text)
{
    if (!backhand_mark_verify(text, &known, fuzz_keys(), SKEW, NOW, pool)) {
        const char *time = strstr(text, "&time=");
        CHECK(backhand_mark_signed(text) && time);
        CHECK(strlen(backhand_mark_signature(text)) == BACKHAND_SIGNATURE_SIZE - 1);
        CHECK(backhand_mark_stamp(text) >= NOW - SKEW && backhand_mark_stamp(text) <= NOW + SKEW);
        CHECK(backhand_mark_verify(text, &known, fuzz_keys(), SKEW, NOW + 3 * SKEW, pool));
        CHECK(backhand_mark_verify(text, &known, fuzz_keys(), SKEW, NOW - 3 * SKEW, pool));
    }
}

static void check_sealed(char *const *lines)
{
    backhand_signed_request signed_request = {known.contact, lines[1], lines[2], lines[3]}, other = signed_request;
    const char *whole = backhand_mark_seal(lines[0], &signed_request, fuzz_keys(), NOW, pool);
    backhand_mark plain, sealed;
    int readable = backhand_mark_read(&plain, lines[0], pool);

    CHECK(backhand_mark_signed(whole));
    CHECK(readable == backhand_mark_read(&sealed, whole, pool));
    if (readable) {
        check_same(&plain, &sealed);
    }
    if (backhand_mark_signed(lines[0])) {
        return;
    }
    CHECK(!backhand_mark_verify(whole, &signed_request, fuzz_keys(), SKEW, NOW + SKEW, pool));
    CHECK(backhand_mark_verify(whole, &signed_request, fuzz_keys(), SKEW, NOW + SKEW + 1, pool));
    other.contact = "http://192.0.2.2:80";
    CHECK(backhand_mark_verify(whole, &other, fuzz_keys(), SKEW, NOW, pool));
    other = signed_request;
    other.target = apr_pstrcat(pool, signed_request.target, "x", NULL);
    CHECK(backhand_mark_verify(whole, &other, fuzz_keys(), SKEW, NOW, pool));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *lines[LINES];
    pool = pool ? pool : fuzz_pool_create();
    fuzz_lines(lines, LINES, data, size);
    check_read(lines[0]);
    check_written(lines);
    check_known(lines[0]);
    check_sealed(lines);
    fuzz_lines_free(lines, LINES);
    apr_pool_clear(pool);
    return 0;
}
