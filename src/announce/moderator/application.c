/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

#include "announce/moderator/application.h"

#include "host/scoreboard.h"
#include "table/table.h"
#include "table/duty.h"

int backhand_application_has_worker(void)
{
    int64_t ready, running;
    backhand_scoreboard_count(&ready, &running);
    return ready > 0;
}

/* True if a check says nothing about the application, because it may have found no free worker. */
static int says_nothing(const backhand_application *application, int why)
{
    return why == BACKHAND_WHY_TIME && !application->checker->check.argv && !backhand_application_has_worker();
}

int backhand_application_look(backhand_application *application)
{
    int changed = 0, why;
    while (application->checker && backhand_checker_take(application->checker, application->s, &why)) {
        const backhand_check *check = &application->checker->check;
        if (!says_nothing(application, why) && backhand_health_note(&application->health, why, check->fall, check->rise,
                                                                    backhand_table_now(application->table))) {
            backhand_journal_health(application->journal, check->text, &application->health);
            changed = 1;
        }
    }
    return changed;
}

/* Takes over the result that the moderator before this one left in the table. */
static void recall_health(backhand_application *application)
{
    backhand_announcement before;
    if (backhand_table_read(application->table, 0, &before, NULL) && before.stat.down > 0) {
        application->health.known = application->health.down = 1;
        application->health.why = (int)before.stat.why;
        application->health.since = backhand_table_now(application->table) - apr_time_from_sec(before.stat.down);
    }
}

void backhand_application_init(backhand_application *application, server_rec *s, backhand_journal *journal,
                               apr_pool_t *p)
{
    const backhand_config *conf = backhand_config_get(s);

    application->s = s;
    application->table = conf->table;
    application->journal = journal;
    if (!conf->check) {
        return;
    }
    application->checker = apr_palloc(p, sizeof(*application->checker));
    backhand_checker_init(application->checker, conf->check, conf->contact.https, conf->contact.port, conf->hostname,
                          p);
    backhand_table_set_check_token(application->table, application->checker->token);
    recall_health(application);
}
