/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

#include "table/update.h"
#include "table/index.h"
#include "table/duty.h"
#include "table/moved.h"
#include "table/zone.h"

#include <apr_strings.h>

#define INTERVAL_MAX 86400000 /* ms */

/* Clears the bytes behind the strings: everybody who reads the memory would see them. */
static void clean(backhand_announcement *out, const backhand_announcement *announcement)
{
    *out = *announcement;
    memset(out->stat.hostname, 0, sizeof(out->stat.hostname));
    memset(out->stat.contact, 0, sizeof(out->stat.contact));
    memset(out->farm, 0, sizeof(out->farm));
    memset(out->zone, 0, sizeof(out->zone));
    memset(&out->contact, 0, sizeof(out->contact));
    memset(out->order_to, 0, sizeof(out->order_to));
    out->order = out->order_do = 0;
    apr_cpystrn(out->stat.hostname, announcement->stat.hostname, sizeof(out->stat.hostname));
    apr_cpystrn(out->stat.contact, announcement->stat.contact, sizeof(out->stat.contact));
    apr_cpystrn(out->farm, announcement->farm, sizeof(out->farm));
    apr_cpystrn(out->zone, announcement->zone, sizeof(out->zone));
    apr_cpystrn(out->contact.address, announcement->contact.address, sizeof(out->contact.address));
    out->contact.https = !!announcement->contact.https;
    out->contact.port = announcement->contact.port;
    out->interval = announcement->interval < 1              ? 1
                    : announcement->interval > INTERVAL_MAX ? INTERVAL_MAX
                                                            : announcement->interval;
}

static void publish_copy(backhand_slot *slot, const backhand_announcement *what, uint64_t generation)
{
    uint64_t n = slot->published + 1;
    uint64_t *copy = backhand_slot_copy(slot, n);
    const char *from = (const char *)what;

    for (size_t i = 0; i < sizeof(*what) / 8; i++) {
        uint64_t word;
        memcpy(&word, from + i * sizeof(word), sizeof(word));
        backhand_release(&copy[i], word);
    }
    backhand_release(&copy[BACKHAND_COPY_WORDS - 1], generation);
    backhand_release(&slot->published, n);
}

/* Does not write words that have not changed, because policies read the strings byte by byte. */
static void publish_live(serverstat *live, const serverstat *what)
{
    backhand_word *to = (void *)live;
    const char *from = (const char *)what;

    for (size_t i = 0; i < sizeof(*what) / 8; i++) {
        uint64_t word;
        memcpy(&word, from + i * sizeof(word), sizeof(word));
        if (__atomic_load_n(&to[i], __ATOMIC_RELAXED) != word) {
            __atomic_store_n(&to[i], word, __ATOMIC_RELAXED);
        }
    }
}

/* The figures that a server sent before its restart say nothing about it now. */
static void note_boot(backhand_slot *slot, const backhand_announcement *announcement, int fresh)
{
    if (!fresh && announcement->boot == (uint64_t)BACKHAND_ANNOUNCED(slot, boot)) {
        return;
    }
    backhand_number_set(&slot->report.heard, 0);
}

static void forgive(backhand_slot *slot)
{
    backhand_number_set(&slot->refused, 0);
    backhand_number_set(&slot->blame.failures, 0);
    backhand_number_set(&slot->blame.said[0], 0);
    backhand_number_set(&slot->blame.said[1], 0);
}

/* Requests that the slot's earlier server still works on do not count for the new server. When they end they change no
 * count, because the generation has changed. */
static void forget_requests(backhand_slot *slot)
{
    int64_t sent = __atomic_load_n(&slot->sent, __ATOMIC_SEQ_CST);
    __atomic_store_n(&slot->returned, sent, __ATOMIC_SEQ_CST);
    __atomic_store_n(&slot->begun, sent, __ATOMIC_SEQ_CST);
    backhand_number_set(&slot->sent_first, sent);
    backhand_number_set(&slot->hop, 0);
    backhand_outcomes_clear(&slot->outcomes);
    forgive(slot);
}

/* A request that noted the table's generation earlier sees from the first word that the slot has changed. A request
 * that notes it later sees the new server as a whole. */
static void publish(backhand_table *table, int id, const backhand_announcement *announcement, int fresh, int left)
{
    backhand_head *head = table->head;
    backhand_slot *slot = &table->slots[id];
    backhand_announcement what;
    int64_t duty = backhand_duty_of(&announcement->stat), withheld = announcement->stat.withheld;
    int changed = fresh || left != slot->left || duty != slot->duty || withheld != slot->withheld;
    apr_time_t now = table->now();
    uint64_t generation = slot->generation;

    clean(&what, announcement);
    what.stat.mtime = left ? 0 : apr_time_sec(table->wall());
    if (fresh) {
        generation = (generation > head->generation ? generation : head->generation) + 1;
        __atomic_store_n(&slot->generation, generation, __ATOMIC_SEQ_CST);
    }
    if (fresh) {
        forget_requests(slot);
    }
    note_boot(slot, &what, fresh);
    publish_copy(slot, &what, generation);
    backhand_zone_note(table, id, what.zone);
    backhand_number_set(&slot->outstanding_heard,
                        backhand_number_get(&slot->sent) - backhand_number_get(&slot->returned));
    backhand_number_set(&slot->sent_heard, backhand_number_get(&slot->sent));
    backhand_number_set(&slot->heard, now);
    backhand_number_set(&slot->mtime, what.stat.mtime);
    backhand_number_set(&slot->left, left);
    publish_live(&table->stats[id], &what.stat);
    if ((uint64_t)id >= head->used) {
        backhand_release(&head->used, (uint64_t)id + 1);
    }
    if (head->generation < generation) {
        backhand_release(&head->generation, generation);
    }
    backhand_number_set(&slot->duty, duty);
    backhand_number_set(&slot->withheld, withheld);
    backhand_slot_note_state(table, id, fresh);
    if (changed) {
        backhand_table_look_duty(table);
    }
}

/* --- boots of one contact ---------------------------------------------------------------------------------------- */

static backhand_past_boot *past_find(backhand_slot *slot, uint64_t boot)
{
    for (int i = 0; i < BACKHAND_PAST_BOOTS; i++) {
        if (slot->past[i].boot == boot) {
            return &slot->past[i];
        }
    }
    return NULL;
}

static void past_set(backhand_past_boot *past, uint64_t boot, uint64_t sequence)
{
    __atomic_store_n(&past->boot, boot, __ATOMIC_RELAXED);
    __atomic_store_n(&past->sequence, sequence, __ATOMIC_RELAXED);
}

/* A new boot id resets the count of turns: rivals alternate between the same boot ids, but each restart brings a new
 * one. */
static void past_push(backhand_slot *slot, uint64_t boot, uint64_t sequence)
{
    backhand_number_set(&slot->rival_turns, 0);
    for (int i = BACKHAND_PAST_BOOTS - 1; i > 0; i--) {
        past_set(&slot->past[i], slot->past[i - 1].boot, slot->past[i - 1].sequence);
    }
    past_set(&slot->past[0], boot, sequence);
}

/* An earlier boot of the contact of `other` was heard again; in slot 0, `other` itself. */
static void note_turn(backhand_slot *slot, uint64_t other, int64_t interval, apr_time_t now)
{
    int64_t own = backhand_slot_silence_limit(slot);
    int64_t others = 3 * 1000 * (interval < INTERVAL_MAX ? interval : INTERVAL_MAX);
    int64_t window = own > others ? own : others;
    int64_t turns = now - slot->rival_turned <= window ? slot->rival_turns + 1 : 1;

    backhand_number_set(&slot->rival_turns, turns);
    backhand_number_set(&slot->rival_turned, now);
    if (turns >= BACKHAND_RIVAL_TURNS) {
        backhand_number_set(&slot->rival_boot, (int64_t)other);
        backhand_number_set(&slot->rival_window, window);
        backhand_number_set(&slot->rival_heard, now);
    }
}

static void forget_past(backhand_slot *slot)
{
    for (int i = 0; i < BACKHAND_PAST_BOOTS; i++) {
        past_set(&slot->past[i], 0, 0);
    }
    backhand_number_set(&slot->rival_boot, 0);
    backhand_number_set(&slot->rival_heard, 0);
    backhand_number_set(&slot->rival_turns, 0);
    backhand_number_set(&slot->rival_turned, 0);
    memset(&slot->voucher, 0, sizeof(slot->voucher));
}

/* Readers may be reading the slot at this moment. `published` only grows, and generation 0 tells them that the slot is
 * empty. */
void backhand_table_forget(backhand_table *table, int id)
{
    static const backhand_announcement nobody;
    backhand_slot *slot = &table->slots[id];

    backhand_release(&slot->generation, 0);
    backhand_number_set(&slot->left, 1);
    backhand_number_set(&slot->duty, BACKHAND_DUTY_NORMAL);
    backhand_number_set(&slot->withheld, 0);
    publish_copy(slot, &nobody, 0);
    forget_past(slot);
    backhand_number_set(&slot->report.heard, 0);
    backhand_number_set(&slot->heard, 0);
    backhand_number_set(&slot->mtime, 0);
    publish_live(&table->stats[id], &nobody.stat);
    backhand_index_forget(table->index);
}

/* Another server announces the contact of slot 0. */
static backhand_drop take_beside_self(backhand_table *table, const backhand_announcement *announcement)
{
    backhand_slot *slot = &table->slots[0];
    backhand_past_boot *past;

    if (announcement->boot == 0 || announcement->leaving ||
        announcement->boot == (uint64_t)BACKHAND_ANNOUNCED(slot, boot)) {
        return BACKHAND_DROP_OLD;
    }
    past = past_find(slot, announcement->boot);
    if (!past) {
        past_push(slot, announcement->boot, announcement->sequence);
        return BACKHAND_DROP_NONE;
    }
    if (announcement->sequence <= past->sequence) {
        return BACKHAND_DROP_OLD;
    }
    past_set(past, announcement->boot, announcement->sequence);
    note_turn(slot, announcement->boot, announcement->interval, table->now());
    return BACKHAND_DROP_NONE;
}

/* The boot differs from the slot's current one. */
static backhand_drop take_boot(backhand_table *table, int id, const backhand_announcement *announcement)
{
    backhand_slot *slot = &table->slots[id];
    uint64_t boot = (uint64_t)BACKHAND_ANNOUNCED(slot, boot);
    uint64_t sequence = (uint64_t)BACKHAND_ANNOUNCED(slot, sequence);
    backhand_past_boot *past = announcement->boot ? past_find(slot, announcement->boot) : NULL;

    if (announcement->leaving || (past && announcement->sequence <= past->sequence) ||
        (announcement->boot == 0 && !slot->left && !backhand_table_silent(table, id))) {
        return BACKHAND_DROP_OLD;
    }
    if (past) {
        past_set(past, boot, sequence);
        note_turn(slot, boot, announcement->interval, table->now());
    }
    else if (boot != 0) {
        past_push(slot, boot, sequence);
    }
    forgive(slot);
    return BACKHAND_DROP_NONE;
}

static backhand_drop take_known(backhand_table *table, int id, const backhand_announcement *announcement)
{
    backhand_slot *slot = &table->slots[id];

    if (announcement->boot != (uint64_t)BACKHAND_ANNOUNCED(slot, boot)) {
        return take_boot(table, id, announcement);
    }
    return announcement->boot != 0 && announcement->sequence <= (uint64_t)BACKHAND_ANNOUNCED(slot, sequence)
               ? BACKHAND_DROP_OLD
               : BACKHAND_DROP_NONE;
}

/* Compares the announcement with the one that it replaces; in slot 0, with this server's own. */
static void compare(backhand_update *out, const backhand_table *table, int id,
                    const backhand_announcement *announcement)
{
    const backhand_slot *slot = &table->slots[id];

    out->restarted = announcement->boot != (uint64_t)BACKHAND_ANNOUNCED(slot, boot);
    out->joined = !announcement->leaving && (slot->left || backhand_table_silent(table, id));
    out->left = announcement->leaving && !BACKHAND_ANNOUNCED(slot, leaving);
    out->raised =
        announcement->stat.load_hwm > BACKHAND_ANNOUNCED(slot, stat.load_hwm) ? announcement->stat.load_hwm : 0;
    if (out->restarted && backhand_table_rival(table, id)) {
        backhand_slot_read(slot, out->rival, offsetof(backhand_announcement, stat.hostname) / 8, sizeof(out->rival) / 8,
                           NULL);
    }
}

/* --- slots for servers that are new ------------------------------------------------------------------------------ */

static int is_gone(const backhand_slot *slot, apr_time_t now)
{
    int64_t silent = now - slot->heard;
    return silent > apr_time_from_sec(SERVER_TIMEOUT) && (slot->left || silent > backhand_slot_silence_limit(slot));
}

/* Returns the server that has been silent for longest, if it counts as gone; else -1. */
static int find_gone(const backhand_table *table)
{
    apr_time_t now = table->now();
    int longest = -1;

    for (int id = 1; id < table->max_servers; id++) {
        const backhand_slot *slot = &table->slots[id];
        if (is_gone(slot, now) && (longest < 0 || slot->heard < table->slots[longest].heard)) {
            longest = id;
        }
    }
    return longest;
}

/* `from`: the slot of a server that has moved, which it keeps; -1: none. */
static backhand_drop take_new(backhand_table *table, const backhand_announcement *announcement, int from, int *id)
{
    int used = backhand_table_used(table), place = from >= 0 ? from : used;

    if (announcement->leaving) {
        return BACKHAND_DROP_OLD;
    }
    if (place >= table->max_servers) {
        place = find_gone(table);
    }
    if (place < 0) {
        return BACKHAND_DROP_FULL;
    }
    *id = place;
    return BACKHAND_DROP_NONE;
}

static void publish_new(backhand_table *table, int id, const backhand_announcement *announcement)
{
    int used = backhand_table_used(table);
    uint64_t before = backhand_table_generation(table);

    forget_past(&table->slots[id]);
    publish(table, id, announcement, 1, 0);
    if (id == used) {
        backhand_index_add(table, id, before);
    }
}

/* The server of slot `from` announces another contact. Forgets the server of slot `at`, which has that contact; -1:
 * there is none. */
static void note_moved(backhand_update *out, backhand_table *table, int from, int at)
{
    size_t first = offsetof(backhand_announcement, stat.contact) / 8;

    backhand_slot_read(&table->slots[from], out->moved, first, sizeof(out->moved) / 8, NULL);
    if (at > 0) {
        backhand_table_forget(table, at);
    }
}

/* A server of another zone that is not its representative. */
static int is_out(const backhand_table *table, const backhand_announcement *announcement)
{
    return announcement->far == BACKHAND_FAR_OUT && !backhand_table_is_own_zone(table, announcement->zone);
}

/* `id`: its slot; -1 or 0: it has none. */
static backhand_drop take_out(backhand_table *table, int id, const backhand_announcement *announcement)
{
    backhand_drop drop = id > 0 ? take_known(table, id, announcement) : BACKHAND_DROP_NONE;

    if (id > 0 && drop == BACKHAND_DROP_NONE) {
        backhand_table_forget(table, id);
        backhand_table_look_duty(table);
    }
    return drop;
}

backhand_update backhand_table_update(backhand_table *table, const backhand_announcement *announcement,
                                      const backhand_voucher *voucher)
{
    int at = backhand_index_find(table, &announcement->contact), id = at;
    int from = backhand_moved_find(table, announcement, at), is_new = at < 0 || from >= 0;
    backhand_update out = {.drop = BACKHAND_DROP_NONE, .id = -1};

    if (is_out(table, announcement)) {
        out.drop = take_out(table, from >= 0 ? from : at, announcement);
        out.out = out.drop == BACKHAND_DROP_NONE;
        return out;
    }
    if (from >= 0 && backhand_moved_late(table, announcement, from)) {
        out.drop = BACKHAND_DROP_OLD;
    }
    else if (is_new) {
        out.drop = take_new(table, announcement, from, &id);
    }
    else {
        out.drop = id == 0 ? take_beside_self(table, announcement) : take_known(table, id, announcement);
    }
    if (out.drop != BACKHAND_DROP_NONE) {
        return out;
    }
    out.id = id;
    if (from >= 0) {
        note_moved(&out, table, from, at);
    }
    if (is_new) {
        out.joined = from < 0;
        out.raised = announcement->stat.load_hwm;
        publish_new(table, id, announcement);
    }
    else {
        compare(&out, table, id, announcement);
    }
    if (!is_new && id != 0) {
        publish(table, id, announcement, 0, !!announcement->leaving);
    }
    if (voucher) {
        table->slots[id].voucher = *voucher;
    }
    return out;
}

void backhand_table_voucher(const backhand_table *table, int id, backhand_voucher *out)
{
    *out = table->slots[id].voucher;
}

void backhand_table_measured(backhand_table *table, const backhand_work *work)
{
    backhand_work_publish(&table->stats[0], work);
}

void backhand_table_set_self(backhand_table *table, const backhand_announcement *self)
{
    backhand_slot *slot = &table->slots[0];
    int before = backhand_index_find(table, &self->contact);

    if (before > 0) {
        backhand_number_set(&table->slots[before].left, 1);
        backhand_number_set(&table->stats[before].mtime, 0);
    }
    publish(table, 0, self, slot->generation == 0, 0);
    if (before != 0) {
        forget_past(slot);
        backhand_index_forget(table->index);
    }
}
