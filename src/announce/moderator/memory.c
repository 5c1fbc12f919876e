/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

#include "announce/moderator/memory.h"

#include <apr_strings.h>

#include <stdio.h>

/* The number of starts of each server that are remembered. */
#define SEEN_BOOTS 4

void backhand_memory_open(backhand_memory *memory, const backhand_config *conf, backhand_intake *intake,
                          backhand_journal *journal, apr_pool_t *p)
{
    const char *wrong;

    memory->intake = intake;
    memory->journal = journal;
    memory->intake->started = backhand_table_now(conf->table);
    if (!conf->keys) {
        return;
    }
    memory->path = apr_pstrcat(p, conf->dir, "/" BACKHAND_SEEN_FILE, NULL);
    memory->intake->keys = conf->keys;
    memory->intake->optional = conf->keys_optional;
    memory->intake->skew = conf->skew;
    memory->intake->seen = backhand_seen_create(SEEN_BOOTS * backhand_table_max(conf->table), conf->skew, p);
    /* Without the file, an announcement is accepted only if it was stamped after this server's start. */
    wrong = backhand_seen_read(memory->intake->seen, memory->path, backhand_table_now(conf->table));
    if (wrong) {
        backhand_journal_ignored(memory->journal, memory->path, wrong);
    }
}

void backhand_memory_keep(backhand_memory *memory)
{
    char text[BACKHAND_JOURNAL_TEXT];
    apr_status_t rv;
    if (!memory->intake->seen || !backhand_seen_changed(memory->intake->seen)) {
        return;
    }
    rv = backhand_seen_write(memory->intake->seen, memory->path);
    snprintf(text, sizeof(text), "cannot write %s; after a restart this server may accept captured announcements again",
             memory->path);
    backhand_journal_state(memory->journal, BACKHAND_TROUBLE_SEEN, rv, text);
}
