/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

#include "act/setup.h"
#include "act/here.h"
#include "act/own.h"
#include "act/proxy/login.h"
#include "act/received/user.h"
#include "act/proxy/attempt.h"
#include "act/proxy/body.h"
#include "act/proxy/fields.h"
#include "act/proxy/response.h"
#include "act/proxy/watch.h"
#include "act/proxy/keeper.h"
#include "act/proxy/settings.h"
#include "act/proxy/ssl/hide_tls.h"
#include "act/received/report.h"
#include "act/request/remoteip.h"
#include "act/received/restore.h"
#include "act/received/wide.h"
#include "act/request/tunnel.h"
#include "act/waiting/guard.h"
#include "act/waiting/pinned.h"
#include "act/waiting/room.h"

#include "table/process.h"

#include <http_log.h>
#include <unistd.h>

APLOG_USE_MODULE(backhand);

void backhand_dispatch_register(apr_pool_t *p)
{
    (void)p;
    backhand_tunnel_register();
    backhand_attempt_register();
    backhand_watch_register();
    backhand_body_register();
    backhand_here_register();
    backhand_response_register();
    backhand_restore_register();
    backhand_hide_tls_register();
    backhand_guard_register();
    backhand_room_register();
    backhand_user_register();
    backhand_login_register();
    backhand_report_register();
    backhand_wide_register();
    backhand_fields_register();
}

int backhand_dispatch_post_config(apr_pool_t *p, apr_pool_t *ptemp, server_rec *s)
{
    int rc = backhand_settings_post_config(p, ptemp, s);
    backhand_own_find(p);
    backhand_remoteip_find(p);
    backhand_wide_post_config(p, s);
    backhand_room_post_config(ptemp);
    return rc == OK ? backhand_guard_post_config(p, s) : rc;
}

void backhand_dispatch_child_init(apr_pool_t *pchild, server_rec *s)
{
    backhand_config *conf = backhand_config_get(s);
    apr_status_t rv;

    (void)pchild;
    if (!conf->proxy) {
        return;
    }
    conf->process = backhand_process_claim(conf->table, getpid());
    if (!conf->process) {
        ap_log_error(APLOG_MARK, APLOG_WARNING, 0, s,
                     "backhand: no row is free for this child process in the table; it serves all its requests itself");
        return;
    }
    backhand_pinned_child_init();
    rv = backhand_keeper_child_init(s);
    if (rv != APR_SUCCESS) {
        ap_log_error(APLOG_MARK, APLOG_ERR, rv, s,
                     "backhand: this child process cannot hand off requests and serves all of them itself");
    }
}
