/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

#include "status/page.h"

#include "base/hash.h"
#include "config/waits.h"
#include "status/asset.h"
#include "status/formats.h"
#include "status/frame.h"
#include "status/manage.h"
#include "status/json.h"
#include "status/metrics.h"

#include <http_protocol.h>
#include <http_request.h>
#include <apr_network_io.h>
#include <apr_strings.h>

#include <inttypes.h>

void backhand_status_box_fill(backhand_status_box *box, request_rec *r, const backhand_config *conf)
{
    char name[APRMAXHOSTLEN + 1];

    if (apr_gethostname(name, sizeof(name), r->pool) != APR_SUCCESS) {
        apr_cpystrn(name, "unknown", sizeof(name));
    }
    box->machine = apr_pstrdup(r->pool, name);
    box->viewer = r->useragent_ip ? r->useragent_ip : "unknown";
    backhand_config_contact(conf, box->contact);
}

const char *backhand_status_plain(request_rec *r, const char *text)
{
    return text ? ap_escape_logitem(r->pool, text) : "";
}

static void append(void *ctx, const char *text, size_t length)
{
    request_rec *r = ctx;
    (void)ap_rwrite(text, (int)length, r);
}

/* The facts point to the box. */
static void fill_facts(backhand_facts *facts, backhand_status_box *box, request_rec *r, const backhand_config *conf)
{
    backhand_status_box_fill(box, r, conf);
    *facts = (backhand_facts){
        .machine = box->machine,
        .httpd_version = ap_get_server_description(),
        .httpd_built = ap_get_server_built(),
        .viewer = box->viewer,
        .farm = conf->farm,
        .zone = conf->zone,
        .hostname = conf->hostname,
        .contact = box->contact,
        .interval = conf->interval,
        .workers = backhand_waits_workers(),
        .max_handoffs = backhand_waits_bound(conf, BACKHAND_WAIT_ANSWER, 0),
        .max_session_handoffs = backhand_waits_bound(conf, BACKHAND_WAIT_ANSWER, 1),
        .max_tunnels = backhand_waits_bound(conf, BACKHAND_WAIT_TUNNEL, 0),
        .table = conf->table,
    };
}

const char *backhand_status_argument(request_rec *r, const char *word)
{
    const char *rest = r->args;
    size_t length = strlen(word);
    while (rest && *rest) {
        const char *argument = ap_getword(r->pool, &rest, '&');
        if (strncmp(argument, word, length) == 0 && (argument[length] == '\0' || argument[length] == '=')) {
            return argument + length + (argument[length] == '=');
        }
    }
    return NULL;
}

/* A value that is not encoded as a URL's must be counts as it is. */
static const char *decoded(request_rec *r, const char *word)
{
    const char *raw = backhand_status_argument(r, word);
    char *text = apr_pstrdup(r->pool, raw);
    return text && ap_unescape_urlencoded(text) == OK ? text : raw;
}

void backhand_status_filter(backhand_filter *filter, request_rec *r)
{
    backhand_filter_set(filter, decoded(r, "name"), decoded(r, "zone"), decoded(r, "state"));
}

/* Some programs, as Prometheus, can only send `word=`. */
static int asks_for(request_rec *r, const char *word)
{
    return backhand_status_argument(r, word) != NULL;
}

static const backhand_asset *asset_of(request_rec *r)
{
    for (const backhand_asset *asset = backhand_assets; asset->name; asset++) {
        if (asks_for(r, asset->name)) {
            return asset;
        }
    }
    return NULL;
}

/* Browsers keep it, and ask each time whether it is still the same: another release has others. */
static int send_asset(request_rec *r, const backhand_asset *asset)
{
    int rc;

    apr_table_setn(r->headers_out, "Cache-Control", "no-cache");
    apr_table_setn(
        r->headers_out, "ETag",
        apr_psprintf(r->pool, "\"%016" PRIx64 "\"", backhand_hash_add(BACKHAND_HASH_SEED, asset->text, asset->length)));
    ap_set_content_type(r, asset->type);
    rc = ap_meets_conditions(r);
    if (rc != OK) {
        return rc;
    }
    ap_set_content_length(r, (apr_off_t)asset->length);
    ap_rwrite(asset->text, (int)asset->length, r);
    return OK;
}

static void send_json(request_rec *r, const backhand_config *conf)
{
    backhand_status_box box;
    backhand_facts facts;
    backhand_out out = {.append = append, .ctx = r};

    fill_facts(&facts, &box, r, conf);
    backhand_status_filter(&facts.filter, r);
    backhand_json_write(&out, &facts);
}

static void send_metrics(request_rec *r, const backhand_config *conf)
{
    int open_metrics = backhand_metrics_wants_open(apr_table_get(r->headers_in, "Accept"));
    backhand_status_box box;
    backhand_facts facts;
    backhand_out out = {.append = append, .ctx = r};

    fill_facts(&facts, &box, r, conf);
    backhand_status_filter(&facts.filter, r);
    ap_set_content_type(r, open_metrics ? BACKHAND_METRICS_OPEN : BACKHAND_METRICS_TEXT);
    apr_table_mergen(r->headers_out, "Vary", "Accept");
    backhand_metrics_write(&out, &facts, open_metrics);
}

static int manages(const request_rec *r)
{
    return backhand_config_dir(r)->manage;
}

int backhand_status_handler(request_rec *r)
{
    const backhand_config *conf;
    const backhand_asset *asset;
    int rc;

    if (!r->handler || strcmp(r->handler, BACKHAND_HANDLER) != 0) {
        return DECLINED;
    }
    ap_allow_standard_methods(r, REPLACE_ALLOW, M_GET, M_OPTIONS, manages(r) ? M_POST : -1, -1);
    if (r->method_number == M_POST && manages(r)) {
        return backhand_manage_post(r, backhand_config_get(r->server));
    }
    if (r->method_number != M_GET) {
        return r->method_number == M_OPTIONS ? DECLINED : HTTP_METHOD_NOT_ALLOWED;
    }
    if (asks_for(r, "order")) {
        return backhand_manage_refuse(r, "it came by GET");
    }
    rc = ap_discard_request_body(r);
    if (rc != OK) {
        return rc;
    }
    backhand_frame_headers(r, manages(r));
    asset = asset_of(r);
    if (asset) {
        return send_asset(r, asset);
    }
    conf = backhand_config_get(r->server);
    if (asks_for(r, "auto")) {
        ap_set_content_type(r, "text/plain; charset=utf-8");
        backhand_status_auto(r, conf);
    }
    else if (asks_for(r, "json")) {
        ap_set_content_type(r, "application/json");
        send_json(r, conf);
    }
    else if (asks_for(r, "metrics")) {
        send_metrics(r, conf);
    }
    else {
        backhand_frame_headers(r, manages(r) || backhand_status_searches(r, conf));
        ap_set_content_type(r, "text/html; charset=utf-8");
        backhand_status_html(r, conf);
    }
    return OK;
}
