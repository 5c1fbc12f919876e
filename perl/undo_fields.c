/* Licensed to the public under the terms of Perl itself or of the Apache License 2.0; see the file LICENSE. */

#define PERL_NO_GET_CONTEXT
#include "undo_parts.h"

#include <http_core.h>

void undo_add_name(const undo *what, const char **names, const char *name)
{
    size_t length = strlen(name);
    const char *last = *names ? *names + strlen(*names) - length : NULL;
    if (!*names || last < *names || strcmp(last, name) != 0) {
        *names = *names ? apr_pstrcat(what->r->pool, *names, ", ", name, NULL) : name;
    }
}

/** A member of request_rec, and the Perl name of the member or of the method that changes it. */
typedef struct member {
    const char *name;
    size_t offset, size;
} member;

#define MEMBER(field) offsetof(request_rec, field), sizeof(((request_rec *)0)->field)

/* Fields that change when the body is read are left out, and fields that only cache a result. */
static const member members[] = {
    {"internal_redirect", MEMBER(next)},
    {"the_request", MEMBER(the_request)},
    {"assbackwards", MEMBER(assbackwards)},
    {"proxyreq", MEMBER(proxyreq)},
    {"header_only", MEMBER(header_only)},
    {"protocol", MEMBER(proto_num)},
    {"protocol", MEMBER(protocol)},
    {"hostname", MEMBER(hostname)},
    {"status_line", MEMBER(status_line)},
    {"status", MEMBER(status)},
    {"method", MEMBER(method_number)},
    {"method", MEMBER(method)},
    {"allowed", MEMBER(allowed)},
    {"allowed", MEMBER(allowed_xmethods)},
    {"mtime", MEMBER(mtime)},
    {"range", MEMBER(range)},
    {"set_content_length", MEMBER(clength)},
    {"chunked", MEMBER(chunked)},
    {"headers_in", MEMBER(headers_in)},
    {"subprocess_env", MEMBER(subprocess_env)},
    {"notes", MEMBER(notes)},
    {"content_type", MEMBER(content_type)},
    {"handler", MEMBER(handler)},
    {"content_encoding", MEMBER(content_encoding)},
    {"content_languages", MEMBER(content_languages)},
    {"set_etag", MEMBER(vlist_validator)},
    {"user", MEMBER(user)},
    {"ap_auth_type", MEMBER(ap_auth_type)},
    {"unparsed_uri", MEMBER(unparsed_uri)},
    {"uri", MEMBER(uri)},
    {"filename", MEMBER(filename)},
    {"filename", MEMBER(canonical_filename)},
    {"path_info", MEMBER(path_info)},
    {"args", MEMBER(args)},
    {"path_info", MEMBER(used_path_info)},
    {"add_config", MEMBER(per_dir_config)},
    {"add_config", MEMBER(log)},
    {"server", MEMBER(server)},
    {"no_cache", MEMBER(no_cache)},
    {"no_local_copy", MEMBER(no_local_copy)},
    {"parsed_uri", MEMBER(parsed_uri)},
    {"finfo", MEMBER(finfo)},
    {"trailers_out", MEMBER(trailers_out)},
};

void undo_members_end(undo *what, const char **names)
{
    size_t i;
    if (memcmp(what->r, &what->before, sizeof(what->before)) == 0) {
        return;
    }
    for (i = 0; i < sizeof(members) / sizeof(members[0]); i++) {
        char *now = (char *)what->r + members[i].offset;
        const char *then = (const char *)&what->before + members[i].offset;
        if (memcmp(now, then, members[i].size) != 0) {
            memcpy(now, then, members[i].size);
            undo_add_name(what, names, members[i].name);
        }
    }
}

/* --- tables and lists -------------------------------------------------------------------------------------- */

apr_table_t *undo_table_begin(apr_pool_t *p, apr_table_t *table)
{
    return apr_is_empty_table(table) ? table : apr_table_copy(p, table);
}

static int table_differs(const apr_table_t *one, const apr_table_t *other)
{
    const apr_array_header_t *a = apr_table_elts(one), *b = apr_table_elts(other);
    const apr_table_entry_t *x = (const apr_table_entry_t *)a->elts, *y = (const apr_table_entry_t *)b->elts;
    int i;
    for (i = 0; i < a->nelts && i < b->nelts; i++) {
        if (strcmp(x[i].key, y[i].key) != 0 || strcmp(x[i].val, y[i].val) != 0) {
            return 1;
        }
    }
    return a->nelts != b->nelts;
}

/* `work` is the table that the policy wrote to: the original if it was empty, else a copy. */
void undo_table_end(const undo *what, apr_table_t **now, apr_table_t *then, apr_table_t *work, const char **names,
                    const char *name)
{
    if (work == then ? !apr_is_empty_table(work) : table_differs(work, then)) {
        undo_add_name(what, names, name);
    }
    if (work == then) {
        apr_table_clear(work);
    }
    *now = then;
}

void undo_methods_end(undo *what, const char **names)
{
    request_rec *r = what->r;
    ap_method_list_t *then = what->before.allowed_methods;
    ap_method_list_t *work = what->methods;
    int i, differs = work->method_mask != (work == then ? 0 : then->method_mask) ||
                     work->method_list->nelts != (work == then ? 0 : then->method_list->nelts);
    for (i = 0; !differs && work != then && i < then->method_list->nelts; i++) {
        differs = strcmp(APR_ARRAY_IDX(work->method_list, i, char *), APR_ARRAY_IDX(then->method_list, i, char *)) != 0;
    }
    if (work == then) {
        ap_clear_method_list(work);
    }
    r->allowed_methods = then;
    if (differs) {
        undo_add_name(what, names, "allow_methods");
    }
}

ap_method_list_t *undo_methods_begin(apr_pool_t *p, ap_method_list_t *methods)
{
    ap_method_list_t *work;
    if (!methods->method_mask && !methods->method_list->nelts) {
        return methods;
    }
    work = ap_make_method_list(p, methods->method_list->nelts);
    ap_copy_method_list(work, methods);
    return work;
}

/* --- custom responses -------------------------------------------------------------------------------------- */

#define CUSTOM_RESPONSES(r)                                                                                            \
    (((core_request_config *)ap_get_core_module_config((r)->request_config))->response_code_strings)

void undo_responses_begin(undo *what)
{
    char **strings = CUSTOM_RESPONSES(what->r);
    what->custom_responses = strings;
    if (strings) {
        CUSTOM_RESPONSES(what->r) = apr_pmemdup(what->r->pool, strings, RESPONSE_CODES * sizeof(*strings));
    }
}

void undo_responses_end(undo *what, const char **names)
{
    char **strings = CUSTOM_RESPONSES(what->r), **then = what->custom_responses;
    int changed = !strings != !then;
    if (strings && then) {
        changed = memcmp(strings, then, RESPONSE_CODES * sizeof(*strings)) != 0;
    }
    if (changed) {
        undo_add_name(what, names, "custom_response");
    }
    CUSTOM_RESPONSES(what->r) = then;
}
