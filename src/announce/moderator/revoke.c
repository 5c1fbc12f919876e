/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

#include "announce/moderator/revoke.h"

#include "table/skewed.h"
#include "table/update.h"

#include <apr_strings.h>

static int has_key(const backhand_keys *keys, uint64_t id)
{
    for (int place = 1; place <= backhand_keys_count(keys); place++) {
        if (backhand_keys_id(keys, place) == id) {
            return 1;
        }
    }
    return 0;
}

static int is_signed_today(const backhand_intake *rules, const backhand_voucher *voucher)
{
    if (!rules->keys) {
        return 1;
    }
    return voucher->key ? has_key(rules->keys, voucher->key) : rules->optional;
}

/* Accepts stock heartbeats, which name no farm; see check_farm() in intake.c. */
static int is_of_the_farm(const backhand_intake *rules, const backhand_announcement *announcement)
{
    return announcement->boot == 0 || strcmp(announcement->farm, rules->farm) == 0;
}

static int is_welcome(const backhand_intake *rules, const backhand_voucher *voucher,
                      const backhand_announcement *announcement)
{
    return backhand_accept_covers_bytes(rules->accept, voucher->sender) &&
           backhand_accept_covers_text(rules->accept, announcement->contact.address) &&
           is_signed_today(rules, voucher) && is_of_the_farm(rules, announcement);
}

int backhand_revoke(const backhand_intake *rules, char first[BACKHAND_CONTACT_SIZE])
{
    backhand_table *table = rules->table;
    backhand_announcement announcement;
    backhand_voucher voucher;
    int used = backhand_table_used(table), forgotten = 0;

    for (int id = 1; id < used; id++) {
        backhand_table_voucher(table, id, &voucher);
        if (!backhand_table_read(table, id, &announcement, NULL) || is_welcome(rules, &voucher, &announcement)) {
            continue;
        }
        apr_cpystrn(first, announcement.stat.contact, BACKHAND_CONTACT_SIZE);
        backhand_table_forget(table, id);
        forgotten++;
    }
    backhand_skewed_clear(table);
    return forgotten;
}
