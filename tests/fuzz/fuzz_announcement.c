/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/* Datagrams from the network. The input is one, signed with FUZZ_KEY or not. */

#include "fuzz.h"

#include "announce/wire/message.h"

#include <ctype.h>

/* `&sig=` and 64 digits. */
#define TAIL (5 + BACKHAND_SIGNATURE_SIZE - 1)

static void check_ranges(const backhand_announcement *said)
{
    for (const backhand_field *field = backhand_fields(); field->name; field++) {
        int64_t value = *(const int64_t *)(const void *)((const char *)&said->stat + field->offset);
        CHECK(value >= field->min && value <= field->max);
    }
    CHECK(said->stat.nservers >= said->stat.aservers);
    CHECK(said->stat.inflight >= 0 && said->stat.inflight <= INT32_MAX);
    CHECK(said->stat.service >= 0 && said->stat.service <= INT32_MAX);
    CHECK(said->stat.parallel >= 0 && said->stat.parallel <= INT32_MAX);
    CHECK(said->stat.latency >= 0 && said->stat.latency <= INT32_MAX);
    CHECK(said->stat.errors >= 0 && said->stat.errors <= 1000);
    CHECK(said->stat.served >= 0);
    CHECK(said->interval >= 1 && said->interval <= 3600000);
    CHECK(said->keepalive >= 0 && said->keepalive <= 1000000000);
    CHECK(said->sequence <= INT64_MAX);
    CHECK(said->leaving == 0 || said->leaving == 1);
    CHECK(said->direct == 0 || said->direct == 1);
    CHECK(said->far >= 0 && said->far <= (said->zone[0] ? BACKHAND_FAR_OUT : BACKHAND_FAR_SAME));
    CHECK(said->far == BACKHAND_FAR_IN || said->zone_servers + said->zone_ready + said->zone_busy == 0);
    CHECK(said->zone_servers >= 0 && said->zone_ready >= 0 && said->zone_busy >= 0);
    CHECK(said->order >= 0 && said->order_do >= 0 && said->order_do <= 999);
    CHECK(said->order ? said->order_to[0] && memchr(said->order_to, '\0', sizeof(said->order_to)) : !said->order_to[0]);
    CHECK(said->time >= 0 && said->time <= INT64_C(253402300799999));
}

static void check_texts(const backhand_announcement *said)
{
    backhand_contact contact;
    char text[BACKHAND_CONTACT_SIZE];
    CHECK(memchr(said->stat.hostname, '\0', sizeof(said->stat.hostname)));
    CHECK(backhand_hostname_valid(said->stat.hostname));
    CHECK(memchr(said->stat.contact, '\0', sizeof(said->stat.contact)));
    CHECK(!backhand_contact_parse(&contact, said->stat.contact, 0));
    CHECK(backhand_contact_equal(&contact, &said->contact));
    backhand_contact_format(text, &contact);
    CHECK(strcmp(text, said->stat.contact) == 0);
    CHECK(memchr(said->farm, '\0', sizeof(said->farm)));
    CHECK((said->boot == 0) == (said->farm[0] == '\0'));
    for (const char *at = said->farm; *at; at++) {
        CHECK(*at >= ' ' && *at <= '~');
    }
}

/* As BackhandFarm admits it. */
static int is_plain(const char *farm)
{
    while (isalnum((unsigned char)*farm) || (*farm && strchr("._-", *farm))) {
        farm++;
    }
    return !*farm;
}

static void check_written(const backhand_announcement *said)
{
    char out[BACKHAND_MESSAGE_SIZE];
    backhand_announcement again;
    apr_size_t length = backhand_message_encode(out, said);
    CHECK(length < sizeof(out));
    CHECK(length > 0 || !is_plain(said->farm));
    if (length) {
        CHECK(strlen(out) == length);
        CHECK(backhand_message_decode(&again, out, length, "192.0.2.9", NULL) == BACKHAND_DROP_NONE);
        CHECK(memcmp(&again, said, sizeof(again)) == 0);
        CHECK(backhand_message_sign(out, length, fuzz_keys()) > 0 || !is_plain(said->farm));
    }
}

static void check_detail(const char detail[32])
{
    CHECK(memchr(detail, '\0', 32));
    for (; *detail; detail++) {
        CHECK(isalnum((unsigned char)*detail) || strchr("_-.?", *detail));
    }
}

static backhand_drop read_from(backhand_announcement *said, const char *data, size_t size, const char *sender)
{
    char detail[32];
    backhand_drop reason = backhand_message_decode(said, data, size, sender, detail);
    check_detail(detail);
    CHECK(reason == BACKHAND_DROP_NONE || (reason >= BACKHAND_DROP_LENGTH && reason <= BACKHAND_DROP_RANGE));
    if (reason == BACKHAND_DROP_NONE) {
        check_ranges(said);
        check_texts(said);
    }
    return reason;
}

static void check_read(const char *data, size_t size)
{
    backhand_announcement said, other;
    if (read_from(&said, data, size, "192.0.2.9") != BACKHAND_DROP_NONE) {
        return;
    }
    if (said.boot) {
        check_written(&said);
        return;
    }
    CHECK(read_from(&other, data, size, "2001:db8::9") == BACKHAND_DROP_NONE);
    CHECK(strcmp(other.stat.contact, "http://[2001:db8::9]:80") == 0);
    CHECK(read_from(&other, data, size, "?") == BACKHAND_DROP_FORMAT);
}

/* The length without the signature, if there is one. */
static size_t length_of_body(const char *data, size_t size)
{
    return size > TAIL && memcmp(data + size - TAIL, "&sig=", 5) == 0 ? size - TAIL : size;
}

/* Signed and unsigned, it says the same; one signature is right, and for nothing else. */
static void check_signed(const char *data, size_t size)
{
    char whole[BACKHAND_MESSAGE_SIZE];
    backhand_announcement plain, with;
    size_t length = length_of_body(data, size), total;
    int right = backhand_message_verify(data, size, fuzz_keys());
    backhand_drop reason;

    CHECK(!right || backhand_message_signed(data, size));
    if (length == 0 || length + TAIL >= sizeof(whole)) {
        return;
    }
    memcpy(whole, data, length);
    total = backhand_message_sign(whole, length, fuzz_keys());
    CHECK(total == length + TAIL);
    CHECK(right == (total == size && memcmp(whole, data, size) == 0));
    CHECK(backhand_message_signed(whole, total));
    CHECK(backhand_message_verify(whole, total, fuzz_keys()));
    reason = read_from(&plain, data, length, "192.0.2.9");
    CHECK(reason == read_from(&with, whole, total, "192.0.2.9"));
    CHECK(reason != BACKHAND_DROP_NONE || memcmp(&plain, &with, sizeof(plain)) == 0);
    whole[(uint8_t)data[0] * 7 % total] ^= 1;
    CHECK(!backhand_message_verify(whole, total, fuzz_keys()));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *copy = fuzz_copy(data, size);
    check_read(copy, size);
    check_signed(copy, size);
    free(copy);
    return 0;
}
