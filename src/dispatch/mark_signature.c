/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

#include "dispatch/mark_signature.h"

#include "dispatch/target.h"

#include <apr_strings.h>

#include <stdlib.h>
#include <string.h>

#define PURPOSE          "hand-off"
#define TIME_KEY         "&time="
#define SIGNATURE_KEY    "&sig="
#define SIGNATURE_LENGTH (BACKHAND_SIGNATURE_SIZE - 1)

/* None of the parts has a newline in it. */
static const char *signed_text(request_rec *r, const char *mark, const char *contact)
{
    const char *host = apr_table_get(r->headers_in, "Host");
    return apr_pstrcat(r->pool, mark, "\n", contact, "\n", r->method, "\n", host ? host : "", "\n", backhand_target(r),
                       NULL);
}

const char *backhand_mark_sign(request_rec *r, const backhand_config *conf, const char *mark, const char *contact)
{
    char signature[BACKHAND_SIGNATURE_SIZE];
    const char *text;

    if (!conf->keys) {
        return mark;
    }
    mark =
        apr_psprintf(r->pool, "%s" TIME_KEY "%" APR_INT64_T_FMT, mark, (apr_int64_t)apr_time_as_msec(apr_time_now()));
    text = signed_text(r, mark, contact);
    if (backhand_keys_sign(conf->keys, PURPOSE, text, strlen(text), signature) != APR_SUCCESS) {
        return mark;
    }
    return apr_pstrcat(r->pool, mark, SIGNATURE_KEY, signature, NULL);
}

/* This server as the others know it; NULL: they cannot yet. */
static const char *own_contact(const request_rec *r, const backhand_config *conf)
{
    char contact[BACKHAND_CONTACT_SIZE];
    if (conf->contact_set) {
        backhand_contact_format(contact, &conf->contact);
    }
    else if (!backhand_identity_get(0, NULL, contact)) {
        return NULL;
    }
    return apr_pstrdup(r->pool, contact);
}

/* What was signed ends with the time. */
static int is_timely(const char *mark, apr_interval_time_t skew)
{
    const char *at = NULL, *next = mark;
    apr_interval_time_t ago;

    while ((next = strstr(next, TIME_KEY)) != NULL) {
        next += sizeof(TIME_KEY) - 1;
        at = next;
    }
    ago = at ? apr_time_now() - apr_time_from_msec(apr_atoi64(at)) : skew + 1;
    return ago >= -skew && ago <= skew;
}

const char *backhand_mark_check(request_rec *r, const backhand_config *conf, const char *header)
{
    const char *signature = strstr(header, SIGNATURE_KEY);
    const char *contact, *mark, *text;

    if (!conf->keys || (!signature && conf->keys_optional)) {
        return NULL;
    }
    if (!signature) {
        return "it is not signed";
    }
    contact = own_contact(r, conf);
    mark = apr_pstrmemdup(r->pool, header, (apr_size_t)(signature - header));
    text = contact ? signed_text(r, mark, contact) : "";
    signature += sizeof(SIGNATURE_KEY) - 1;
    if (!backhand_keys_verify(conf->keys, PURPOSE, text, strlen(text), signature, strlen(signature))) {
        return "it is signed with another key, or for another request or server";
    }
    return is_timely(mark, conf->skew) ? NULL : "it was stamped too long ago or ahead of time";
}
