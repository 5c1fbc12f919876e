/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

#include "status/manage.h"

#include "base/number.h"
#include "status/frame.h"
#include "table/duty.h"
#include "table/orders.h"

#include <apr_strings.h>
#include <http_log.h>
#include <http_protocol.h>
#include <util_script.h>

#include <inttypes.h>

APLOG_USE_MODULE(backhand);

#define PURPOSE "page"
/* Seconds that a form is good for. */
#define GOOD_FOR 3600
/* The largest body, and the most fields. */
#define BODY_MAX   2048
#define FIELDS_MAX 8
/* How long the client waits for the answer: orders to other servers take a moment. */
#define WAIT_MOST apr_time_from_sec(11)

#define KEY_BYTES 32

int backhand_manage_post_config(backhand_config *conf, server_rec *s, apr_pool_t *pconf)
{
    unsigned char key[KEY_BYTES];
    char text[2 * KEY_BYTES + 1];
    apr_status_t rv = apr_generate_random_bytes(key, sizeof(key));

    for (int i = 0; rv == APR_SUCCESS && i < KEY_BYTES; i++) {
        snprintf(text + 2 * i, 3, "%02x", key[i]);
    }
    if (rv != APR_SUCCESS || backhand_keys_parse(&conf->manage_key, text, sizeof(text) - 1, "", pconf)) {
        ap_log_error(APLOG_MARK, APLOG_CRIT, rv, s, "backhand: the system has no random numbers");
        return HTTP_INTERNAL_SERVER_ERROR;
    }
    return OK;
}

/* --- tokens ------------------------------------------------------------------------------------------------ */

static const char *signed_text(request_rec *r, const char *seconds)
{
    const char *host = apr_table_get(r->headers_in, "Host");
    return apr_pstrcat(r->pool, r->user ? r->user : "", "\n", host ? host : "", "\n", seconds, NULL);
}

static const char *make_token(request_rec *r, const backhand_config *conf)
{
    const char *seconds = apr_psprintf(r->pool, "%" PRId64, (int64_t)apr_time_sec(apr_time_now()));
    const char *text = signed_text(r, seconds);
    char signature[BACKHAND_SIGNATURE_SIZE];

    return backhand_keys_sign(conf->manage_key, PURPOSE, text, strlen(text), signature) == APR_SUCCESS
               ? apr_pstrcat(r->pool, seconds, ".", signature, NULL)
               : "";
}

static int is_good(request_rec *r, const backhand_config *conf, const char *token)
{
    const char *point = token ? ap_strchr_c(token, '.') : NULL;
    const char *seconds = point ? apr_pstrmemdup(r->pool, token, (apr_size_t)(point - token)) : "";
    int64_t made, now = apr_time_sec(apr_time_now());
    const char *text = signed_text(r, seconds);

    return point && backhand_number_read(&made, seconds, 0, INT32_MAX * INT64_C(1000)) && made <= now &&
           now - made <= GOOD_FOR &&
           backhand_keys_verify(conf->manage_key, PURPOSE, text, strlen(text), point + 1, strlen(point + 1));
}

/* Browsers say where a form comes from. Other programs need not. */
static int is_of_this_site(request_rec *r)
{
    const char *site = apr_table_get(r->headers_in, "Sec-Fetch-Site");
    const char *origin = apr_table_get(r->headers_in, "Origin"), *host = apr_table_get(r->headers_in, "Host");
    const char *authority = origin ? ap_strstr_c(origin, "://") : NULL;

    if (site) {
        return strcmp(site, "same-origin") == 0;
    }
    return !origin || (authority && host && ap_cstr_casecmp(authority + 3, host) == 0);
}

/* --- forms ------------------------------------------------------------------------------------------------- */

/* A button has a key, so that page.js puts another button in its place when the order changes: a click that began on
 * `drain` never gives `undrain`. */
static void print_button(request_rec *r, const char *order, const char *label)
{
    ap_rvputs(r, "<button name=\"order\" value=\"", order, "\" data-key=\"", label, "\">", label, "</button>", NULL);
}

/* The weight comes first: the key Enter in its field presses the first button. */
void backhand_manage_form(request_rec *r, const backhand_config *conf, const backhand_row *row)
{
    const serverstat *stat = &row->announcement.stat;
    int drained = stat->duty == BACKHAND_DUTY_DRAIN, maintained = stat->duty == BACKHAND_DUTY_MAINTENANCE;

    ap_rprintf(r,
               "<details class=\"orders\" data-key=\"orders\"><summary>orders</summary><form method=\"post\">"
               "<input type=\"hidden\" name=\"token\" value=\"%s\" />"
               "<input type=\"hidden\" name=\"server\" value=\"%s\" />"
               "<label>weight <input name=\"weight\" type=\"number\" min=\"0\" max=\"100\" value=\"%d\" /></label>",
               make_token(r, conf), ap_escape_html(r->pool, stat->contact), 100 - (int)stat->withheld);
    print_button(r, "weight", "set");
    print_button(r, drained ? "normal" : "drain", drained ? "undrain" : "drain");
    print_button(r, maintained ? "normal" : "maintenance", maintained ? "end maintenance" : "maintenance");
    if (row->state == BACKHAND_ROW_DEAD || row->state == BACKHAND_ROW_LEFT) {
        print_button(r, "forget", "forget");
    }
    ap_rputs("<output></output></form></details>", r);
}

/* --- requests ---------------------------------------------------------------------------------------------- */

static const char *field(request_rec *r, const apr_array_header_t *fields, const char *name)
{
    for (int i = 0; i < fields->nelts; i++) {
        const ap_form_pair_t *pair = &APR_ARRAY_IDX(fields, i, ap_form_pair_t);
        apr_off_t length = 0;
        apr_size_t size;
        char *text;
        if (strcmp(pair->name, name) != 0 || apr_brigade_length(pair->value, 1, &length) != APR_SUCCESS || length < 0 ||
            length > BODY_MAX) {
            continue;
        }
        size = (apr_size_t)length;
        text = apr_pcalloc(r->pool, size + 1);
        apr_brigade_flatten(pair->value, text, &size);
        text[size] = '\0';
        return text;
    }
    return NULL;
}

int backhand_manage_refuse(request_rec *r, const char *why)
{
    ap_log_rerror(APLOG_MARK, APLOG_INFO, 0, r, "backhand: order by the page refused: %s", why);
    /* httpd puts it into the body of its 403. */
    apr_table_setn(r->notes, "error-notes",
                   apr_pstrcat(r->pool, "The order is refused: ", why, ". Reload the page, and give it again.", NULL));
    return HTTP_FORBIDDEN;
}

static int give(request_rec *r, const backhand_config *conf, const apr_array_header_t *fields)
{
    const char *word = field(r, fields, "order"), *server = field(r, fields, "server");
    const char *weight = field(r, fields, "weight");
    backhand_order order = {.weight = 0};
    backhand_order_result result;
    int64_t percent = 0;

    order.kind = word ? backhand_order_kind_of(word) : BACKHAND_ORDER_KINDS;
    if (!server || order.kind == BACKHAND_ORDER_KINDS || strlen(server) >= sizeof(order.contact) ||
        (order.kind == BACKHAND_ORDER_WEIGHT && (!weight || !backhand_number_read(&percent, weight, 0, 100)))) {
        return HTTP_BAD_REQUEST;
    }
    order.weight = (int)percent;
    apr_cpystrn(order.contact, server, sizeof(order.contact));
    apr_snprintf(order.by, sizeof(order.by), "%s%s by the status page", r->user ? r->user : "a client at ",
                 r->user ? "" : r->useragent_ip);
    result = backhand_order_wait(conf->table, &order, WAIT_MOST);
    if (result == BACKHAND_ORDER_OBEYED) {
        apr_table_setn(r->headers_out, "Location",
                       apr_pstrcat(r->pool, ap_escape_uri(r->pool, r->uri), r->args ? "?" : NULL, r->args, NULL));
        return HTTP_SEE_OTHER;
    }
    r->status = HTTP_CONFLICT;
    ap_set_content_type(r, "text/plain; charset=utf-8");
    ap_rvputs(r, backhand_order_result_text(result), "\n", NULL);
    return OK;
}

int backhand_manage_post(request_rec *r, const backhand_config *conf)
{
    apr_array_header_t *fields = NULL;
    int rc;

    backhand_frame_headers(r, 1);
    if (!is_of_this_site(r)) {
        return backhand_manage_refuse(r, "another site's page sent it");
    }
    rc = ap_parse_form_data(r, NULL, &fields, FIELDS_MAX, BODY_MAX);
    if (rc != OK || !fields) {
        return rc != OK ? rc : HTTP_BAD_REQUEST;
    }
    if (!conf->table || !is_good(r, conf, field(r, fields, "token"))) {
        return backhand_manage_refuse(
            r, "its token is missing, wrong, of another user, of before a restart, or more than an hour old");
    }
    return give(r, conf, fields);
}
