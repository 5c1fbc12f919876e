/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

#include "host/speed.h"

#include "host/figures.h"
#include "table/counters.h"

#include <http_log.h>

#include <apr_strings.h>

APLOG_USE_MODULE(backhand);

/* Datagrams wait no longer than one round. The best round counts: it was disturbed least. */
#define ROUND  apr_time_from_msec(5)
#define ROUNDS 20

const char *backhand_speed_init(backhand_speed *speed, const char *dir, backhand_table *table, apr_pool_t *p)
{
    const char *wrong;
    int64_t kept;
    speed->path = apr_pstrcat(p, dir, "/" BACKHAND_SPEED_FILE, NULL);
    speed->p = p;
    speed->best = 0;
    kept = backhand_arriba_load(speed->path, &wrong);
    speed->rounds = kept > 0 ? 0 : ROUNDS;
    if (kept > 0) {
        backhand_table_set_speed(table, kept);
    }
    return wrong;
}

int backhand_speed_unknown(const backhand_speed *speed)
{
    return speed->rounds > 0;
}

void backhand_speed_step(backhand_speed *speed, backhand_table *table, server_rec *s)
{
    apr_status_t rv;
    int64_t score;
    if (speed->rounds == 0) {
        return;
    }
    score = backhand_arriba_measure(ROUND);
    speed->best = score > speed->best ? score : speed->best;
    if (--speed->rounds > 0) {
        return;
    }
    backhand_table_set_speed(table, speed->best);
    rv = backhand_arriba_save(speed->path, speed->best);
    ap_log_error(APLOG_MARK, APLOG_INFO, rv, s, "backhand: speed score %" APR_INT64_T_FMT "%s %s", speed->best,
                 rv == APR_SUCCESS ? " kept in" : ", to be measured again at the next start: cannot write",
                 speed->path);
}
