/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

#include "paths.h"

#include "candidacy/session_id.h"
#include "table/report_text.h"
#include "table/handoff.h"
#include "table/outcomes.h"
#include "table/view.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void path_chain(ground *g)
{
    backhand_chain_run(&g->chain, g->table, NULL, &g->candidates, NULL, NULL);
    g->found += g->candidates.list[0].id;
}

/* There is a free place, and there is none. */
static void prepare_free(ground *g)
{
    ground_busy(g, 1);
}

static void prepare_full(ground *g)
{
    ground_busy(g, 100);
}

static void read_meter(ground *g)
{
    backhand_work work;
    backhand_meter_read(backhand_table_meter(g->table), backhand_table_now(g->table), 400, &work);
    g->found += work.typical & 7;
}

static void meter_request(ground *g)
{
    backhand_meter *meter = backhand_table_meter(g->table);
    backhand_ring_entry entry;
    int64_t now = backhand_table_now(g->table);
    backhand_meter_begin(meter, &entry, backhand_meter_enter(meter, now), now);
    backhand_meter_end(meter, &entry, 5000, 0, now);
    g->found += backhand_meter_leave(meter, now);
}

void path_intake(ground *g)
{
    backhand_drop reason =
        backhand_intake_datagram(&g->intake, g->datagrams[g->next], g->lengths[g->next], g->sender).drop;
    g->next++;
    if (reason != BACKHAND_DROP_NONE) {
        fprintf(stderr, "an announcement was dropped: %s\n", backhand_drop_name(reason));
        exit(1);
    }
}

static void prepare_signed(ground *g)
{
    ground_prepare(g, 1);
}

static void prepare_unsigned(ground *g)
{
    ground_prepare(g, 0);
}

static void decode(ground *g)
{
    backhand_announcement said;
    g->found += backhand_message_decode(&said, g->datagrams[g->next], g->lengths[g->next], "10.0.0.9", NULL);
    g->found += said.stat.service;
    g->next++;
}

static void verify(ground *g)
{
    g->found += backhand_message_verify(g->datagrams[g->next], g->lengths[g->next], g->keys);
    g->next++;
}

static void encode(ground *g)
{
    backhand_announcement said;
    char text[BACKHAND_MESSAGE_SIZE];
    backhand_table_read(g->table, 1, &said, NULL);
    g->found += (int64_t)backhand_message_encode(text, &said);
}

static void view(ground *g)
{
    backhand_view view;
    backhand_table_view(g->table, 1 + (int)(g->found % (g->live - 1)), &view);
    g->found += view.work.service & 7;
}

static void report(ground *g)
{
    char text[BACKHAND_REPORT_SIZE];
    backhand_work said = {
        .inflight = 12, .service = 21345, .parallel = 4300, .latency = 43210, .errors = 1, .stall = 1000};
    int64_t usec;
    backhand_report_write(text, &said, 54321);
    g->found += backhand_report_read(&said, &usec, text);
    backhand_table_report(g->table, 1, backhand_table_slot_generation(g->table, 1), &said, 300);
}

/* What is counted when a request was handed off; one that stays counts a decision and the time of serving. */
static void outcome(ground *g)
{
    uint64_t generation = backhand_table_slot_generation(g->table, 1);
    backhand_table_tried(g->table, 1, generation, BACKHAND_OUTCOME_ANSWERED, 0, 21345);
    backhand_table_decided(g->table, 0, 12);
    g->found++;
}

static void session(ground *g)
{
    static const char cookies[] =
        "theme=dark; consent=a1b2c3d4; PHPSESSID=0a000005f3c9d2e1b4a7968574635241; lang=en-GB; tracker=77b1e0";
    backhand_owner owner;
    apr_size_t at = 0;
    g->found += backhand_session_next(&owner, cookies, sizeof(cookies) - 1, BACKHAND_SESSION_COOKIE, "PHPSESSID=", &at);
    g->found += backhand_session_owns(g->table, 5, backhand_table_generation(g->table), &owner);
}

const hot_path *hot_paths(void)
{
    static const hot_path all[] = {
        {"free-16", 16, prepare_free, path_chain},
        {"free-4096", 4096, prepare_free, path_chain},
        {"chain-16", 16, prepare_full, path_chain},
        {"chain-256", 256, prepare_full, path_chain},
        {"chain-4096", 4096, prepare_full, path_chain},
        {"meter", 16, NULL, meter_request},
        {"meter-read", 16, NULL, read_meter},
        {"intake-signed", 16, prepare_signed, path_intake},
        {"intake-unsigned", 16, prepare_unsigned, path_intake},
        {"decode", 16, prepare_unsigned, decode},
        {"verify", 16, prepare_signed, verify},
        {"encode", 16, NULL, encode},
        {"view", 16, NULL, view},
        {"report", 16, NULL, report},
        {"outcome", 16, NULL, outcome},
        {"session", 16, NULL, session},
        {NULL, 0, NULL, NULL},
    };
    return all;
}
