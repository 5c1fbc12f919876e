/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

#include "candidacy/object.h"

#include <apr_dso.h>
#include <apr_file_info.h>
#include <apr_strings.h>

#include <dlfcn.h>
#include <string.h>

/* Long enough for messages that name the file and every folder that was tried. */
#define LOADER_MESSAGE_SIZE 1024

const char *backhand_object_resolve(apr_pool_t *p, const char *path, const char *name)
{
    apr_finfo_t info;
    if (apr_stat(&info, path, APR_FINFO_TYPE, p) == APR_SUCCESS && info.filetype == APR_DIR) {
        int slash = path[strlen(path) - 1] == '/';
        return apr_pstrcat(p, path, slash ? "" : "/", name, ".so", NULL);
    }
    return path;
}

/* Checks the version of mod_backhand.h that the object was built with. An object built without that header does not use
 * the table and has no version. A version found in a library that it depends on does not count. */
static const char *check_version(apr_pool_t *p, apr_dso_handle_t *dso, void *function)
{
    apr_dso_handle_sym_t version;
    Dl_info ours, its;
    if (apr_dso_sym(&version, dso, "backhand_built_for") != APR_SUCCESS || !dladdr(function, &its) ||
        !dladdr(version, &ours) || ours.dli_fbase != its.dli_fbase || *(const int *)version == BACKHAND_API_VERSION) {
        return NULL;
    }
    return apr_psprintf(p,
                        "was built for version %d of mod_backhand's table, this is version %d: build it again with "
                        "this mod_backhand's mod_backhand.h",
                        *(const int *)version, BACKHAND_API_VERSION);
}

const char *backhand_object_load(backhand_function *function, const char *path, const char *base, apr_pool_t *p)
{
    char message[LOADER_MESSAGE_SIZE];
    apr_dso_handle_t *dso;
    apr_dso_handle_sym_t symbol;
    const char *check = apr_pstrcat(p, function->name, "_check", NULL);

    if (apr_dso_load(&dso, path, p) != APR_SUCCESS) {
        return apr_pstrcat(p, "cannot load the shared object: ", apr_dso_error(dso, message, sizeof(message)),
                           "; the path is relative to ", base, ", and a folder means ", function->name, ".so in it",
                           NULL);
    }
    if (apr_dso_sym(&symbol, dso, function->name) != APR_SUCCESS) {
        return apr_pstrcat(p, path, " has no function ", function->name, ": ",
                           apr_dso_error(dso, message, sizeof(message)), NULL);
    }
    function->call = (backhand_candidacy_fn)symbol;
    if (apr_dso_sym(&symbol, dso, check) == APR_SUCCESS) {
        function->check = (backhand_check_fn)symbol;
    }
    return check_version(p, dso, (void *)function->call);
}
