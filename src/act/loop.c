/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

#include "act/loop.h"
#include "base/throttle.h"
#include "act/received/received.h"
#include "act/received/restore.h"
#include "table/clock.h"

#include <http_log.h>

APLOG_USE_MODULE(backhand);

/* Least time between two log lines about loops. */
#define PERIOD apr_time_from_sec(60)

int backhand_loop_is(const request_rec *r, const backhand_table *table)
{
    const conn_rec *c = r->connection;
    backhand_announcement said;

    if (backhand_received_is_again(r)) {
        return 1;
    }
    return backhand_table_read(table, 0, &said, NULL) && backhand_restored_local_port(c) == said.contact.port &&
           strcmp(c->local_ip, said.contact.address) == 0;
}

void backhand_loop_log(const request_rec *r, const char *contact)
{
    static int64_t told;
    if (backhand_throttle(&told, backhand_clock_now(), PERIOD)) {
        ap_log_rerror(
            APLOG_MARK, APLOG_WARNING, 0, r,
            "backhand: a request came back that this server's contact %s should have served; it is answered by 508. "
            "Correct BackhandContact, or let AcceptStats of the server there cover this one",
            contact);
    }
}
