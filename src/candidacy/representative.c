/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

#include "candidacy/representative.h"

#include "candidacy/decide.h"
#include "table/duty.h"
#include "table/zone.h"

#include <math.h>
#include <string.h>

#define NOT_ABLE (-1)
/* By so many bands of time a representative may be worse than the best servers. */
#define PATIENCE 1
#define BANDS    64

typedef struct ranking {
    const backhand_table *table;
    int used, most;
    int limit;                              /* the worst band in which a representative stays */
    signed char band[BACKHAND_SERVERS_MAX]; /* log2 of the expected time in us, or NOT_ABLE */
} ranking;

static int is_able(const backhand_table *table, int id)
{
    return backhand_table_near(table, id) && (id == 0 || backhand_table_live(table, id)) &&
           BACKHAND_TABLE_ANNOUNCED(table, id, stat.duty) == BACKHAND_DUTY_NORMAL &&
           BACKHAND_TABLE_ANNOUNCED(table, id, stat.down) == 0;
}

static int band_of(double usec)
{
    int band = usec >= 1 ? ilogb(usec) : 0;
    return band < BANDS ? band : BANDS - 1;
}

/* As backhand_estimate_reference() picks it, without an array of all estimates. */
static void find_reference(backhand_estimate *out, const ranking *of, apr_time_t now)
{
    backhand_estimate estimate;

    out->known = -1;
    for (int id = 0; id < of->used; id++) {
        if (of->band[id] != NOT_ABLE) {
            backhand_estimate_make(&estimate, of->table, id, now);
            if (estimate.known >= out->known) {
                *out = estimate;
            }
        }
    }
}

/* The band of the `most`-th best able server, or the last one. */
static int find_limit(const ranking *of)
{
    int in_band[BANDS] = {0}, band = 0, n = 0;

    for (int id = 0; id < of->used; id++) {
        if (of->band[id] != NOT_ABLE) {
            in_band[(int)of->band[id]]++;
        }
    }
    while (band < BANDS - 1 && (n += in_band[band]) < of->most) {
        band++;
    }
    return band + PATIENCE;
}

static void rank(ranking *of, apr_time_t now)
{
    backhand_estimate reference, estimate;

    for (int id = 0; id < of->used; id++) {
        of->band[id] = is_able(of->table, id) ? 0 : NOT_ABLE;
    }
    find_reference(&reference, of, now);
    for (int id = 0; id < of->used; id++) {
        if (of->band[id] != NOT_ABLE) {
            backhand_estimate_make(&estimate, of->table, id, now);
            of->band[id] = (signed char)band_of(backhand_decide_time_by(&estimate, &reference));
        }
    }
    of->limit = find_limit(of);
}

/* By contact, the same in all tables. */
static int is_before(const ranking *of, int a, int b)
{
    return strcmp(backhand_table_stat(of->table, a)->contact, backhand_table_stat(of->table, b)->contact) < 0;
}

static int stays(const ranking *of, int id)
{
    return BACKHAND_TABLE_ANNOUNCED(of->table, id, far) == BACKHAND_FAR_IN && of->band[id] <= of->limit;
}

static int keeps(const ranking *of)
{
    int before = 0;

    for (int id = 1; id < of->used; id++) {
        before += of->band[id] != NOT_ABLE && stays(of, id) && is_before(of, id, 0);
    }
    return of->band[0] <= of->limit && before < of->most;
}

static int takes(const ranking *of)
{
    int staying = 0, better = 0;

    for (int id = 1; id < of->used; id++) {
        if (of->band[id] == NOT_ABLE) {
            continue;
        }
        if (stays(of, id)) {
            staying++;
        }
        else if (of->band[id] < of->band[0] || (of->band[id] == of->band[0] && is_before(of, id, 0))) {
            better++;
        }
    }
    return staying + better < of->most;
}

static void sum(backhand_zone_look *out, const ranking *of)
{
    for (int id = 0; id < of->used; id++) {
        if (of->band[id] != NOT_ABLE) {
            int64_t ready = BACKHAND_TABLE_ANNOUNCED(of->table, id, stat.aservers);
            out->servers++;
            out->ready += ready;
            out->busy += BACKHAND_TABLE_ANNOUNCED(of->table, id, stat.nservers) - ready;
        }
    }
}

void backhand_representative_look(backhand_zone_look *out, const backhand_table *table, int most, int holds)
{
    ranking of = {.table = table, .used = backhand_table_used(table), .most = most};

    *out = (backhand_zone_look){0, 0, 0, 0};
    if (!backhand_table_zoned(table)) {
        return;
    }
    rank(&of, backhand_table_now(table));
    sum(out, &of);
    if (of.band[0] != NOT_ABLE) {
        out->chosen = holds ? keeps(&of) : takes(&of);
    }
}
