/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/* The module record: which hook runs what, and the directive table. The rooms beside this file hold the rest:
 * host/, load/, table/ and announce/ know, candidacy/ decides, act/ acts, status/ shows. */

#include "config/config.h"
#include "config/places.h"
#include "announce/moderator/moderator.h"
#include "act/session_cookie.h"
#include "act/dispatch.h"
#include "act/setup.h"
#include "act/proxy/loaded.h"
#include "act/proxy/proxy_pass.h"
#include "act/received/received.h"
#include "act/received/user.h"
#include "act/nested.h"
#include "act/proxy/require_ssl.h"
#include "explain/page.h"
#include "status/manage.h"
#include "status/page.h"
#include "status/section.h"
#include "lifecycle.h"

#include <http_core.h>
#include <http_log.h>
#include <http_main.h>
#include <http_protocol.h>
#include <http_request.h>
#include <mpm_common.h>
#include <scoreboard.h>

static int pre_config(apr_pool_t *pconf, apr_pool_t *plog, apr_pool_t *ptemp)
{
    (void)plog;
    (void)ptemp;
    backhand_require_ssl_register(pconf);
    return OK;
}

static int check_config(apr_pool_t *pconf, apr_pool_t *plog, apr_pool_t *ptemp, server_rec *s)
{
    int rc = backhand_config_complete(pconf, ptemp, s);
    (void)plog;
    return rc == OK ? backhand_proxy_check_loaded(s) : rc;
}

static void warn_of_configuration(apr_pool_t *ptemp, server_rec *s)
{
    backhand_places places;

    backhand_config_check_functions(ptemp, s);
    backhand_config_warn_of_trust(s);
    backhand_config_note_trace(s);
    backhand_places_find(&places, ptemp);
    backhand_config_note_logins(&places, s);
    backhand_config_note_proxied(&places, s);
    backhand_proxy_pass_check(ptemp, s);
}

/* The messages of a start, printed when backhandctl or a person asks for them. */
static void test_config(apr_pool_t *pconf, server_rec *s)
{
    backhand_config_dump(s);
    if (ap_exists_config_define("DUMP_BACKHAND") && backhand_config_get(s)->used) {
        warn_of_configuration(pconf, s);
    }
}

static apr_pool_t *config_pool;

static int post_config(apr_pool_t *pconf, apr_pool_t *plog, apr_pool_t *ptemp, server_rec *s)
{
    int rc;
    (void)plog;
    if (backhand_config_is_rehearsal() || !backhand_config_get(s)->used) {
        return OK;
    }
    config_pool = pconf;
    rc = backhand_lifecycle_open(pconf, s);
    if (rc == OK) {
        rc = backhand_dispatch_post_config(pconf, ptemp, s);
    }
    if (rc == OK) {
        rc = backhand_user_post_config(s);
    }
    if (rc == OK) {
        rc = backhand_manage_post_config(backhand_config_get(s), s, pconf);
    }
    if (rc == OK) {
        warn_of_configuration(ptemp, s);
        /* At the first start there is no scoreboard yet; pre_mpm starts the moderator then. */
        if (ap_scoreboard_image) {
            backhand_moderator_start(s, pconf);
        }
    }
    return rc;
}

static int pre_mpm(apr_pool_t *p, ap_scoreboard_e sb_type)
{
    (void)p;
    (void)sb_type;
    if (config_pool) {
        backhand_moderator_start(ap_server_conf, config_pool);
    }
    return OK;
}

static void child_init(apr_pool_t *pchild, server_rec *s)
{
    if (backhand_config_get(s)->used) {
        backhand_dispatch_child_init(pchild, s);
    }
}

static int monitor(apr_pool_t *p, server_rec *s)
{
    return backhand_config_get(s)->used ? backhand_moderator_monitor(p, s) : DECLINED;
}

static void child_status(server_rec *s, pid_t pid, ap_generation_t gen, int slot, mpm_child_status status)
{
    if (backhand_config_get(s)->used) {
        backhand_moderator_child_status(s, pid, gen, slot, status);
    }
}

static void register_hooks(apr_pool_t *p)
{
    static const char *const remoteip[] = {"mod_remoteip.c", NULL};
    static const char *const before_others[] = {"mod_remoteip.c", "mod_headers.c", "mod_setenvif.c", NULL};
    static const char *const after_scoreboard[] = {"core.c", NULL};

    ap_hook_pre_config(pre_config, NULL, NULL, APR_HOOK_LAST);
    ap_hook_check_config(check_config, NULL, NULL, APR_HOOK_MIDDLE);
    ap_hook_test_config(test_config, NULL, NULL, APR_HOOK_MIDDLE);
    ap_hook_post_config(post_config, backhand_proxy_modules, NULL, APR_HOOK_LAST);
    ap_hook_pre_mpm(pre_mpm, after_scoreboard, NULL, APR_HOOK_LAST);
    ap_hook_child_init(child_init, backhand_proxy_modules, NULL, APR_HOOK_LAST);
    ap_hook_child_status(child_status, NULL, NULL, APR_HOOK_MIDDLE);
    ap_hook_monitor(monitor, NULL, NULL, APR_HOOK_MIDDLE);
    ap_hook_post_read_request(backhand_received_read, NULL, before_others, APR_HOOK_REALLY_FIRST);
    ap_hook_post_read_request(backhand_received_keep, remoteip, NULL, APR_HOOK_FIRST);
    ap_hook_create_request(backhand_nested_create, NULL, NULL, APR_HOOK_LAST);
    ap_hook_handler(backhand_nested_handler, NULL, NULL, APR_HOOK_REALLY_FIRST - 1);
    /* The core and restore.c come before. */
    ap_hook_handler(backhand_dispatch_handler, NULL, NULL, APR_HOOK_REALLY_FIRST + 2);
    ap_hook_handler(backhand_session_cookie_handler, NULL, NULL, APR_HOOK_REALLY_FIRST + 3);
    ap_hook_handler(backhand_explain_handler, NULL, NULL, APR_HOOK_MIDDLE - 1);
    ap_hook_handler(backhand_status_handler, NULL, NULL, APR_HOOK_MIDDLE);
    backhand_section_register();
    backhand_dispatch_register(p);
}

AP_DECLARE_MODULE(backhand) = {
    STANDARD20_MODULE_STUFF,
    backhand_dir_config_create,
    backhand_dir_config_merge,
    backhand_config_create,
    backhand_config_merge,
    backhand_commands,
    register_hooks,
    0,
};
