/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

#include "lifecycle.h"
#include "table/attach.h"
#include "table/process.h"
#include "announce/moderator/revoke.h"

#include <ap_mpm.h>
#include <apr_file_info.h>
#include <apr_strings.h>
#include <http_core.h>
#include <http_log.h>
#include <http_main.h>
#include <unixd.h>

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

APLOG_USE_MODULE(backhand);

#define PROCESSES_MIN 16

/* What is kept of the segment while httpd clears its configuration and loads this module anew: data only, in the pool
 * of the process. The key's number changes with the struct. */
#define KEPT_KEY "mod_backhand-segment-1"
typedef struct kept_segment {
    void *memory; /* NULL: none */
    apr_size_t size;
    char path[APR_PATH_MAX]; /* empty: anonymous memory */
} kept_segment;

static kept_segment *kept_get(server_rec *s)
{
    void *kept = NULL;
    apr_pool_userdata_get(&kept, KEPT_KEY, s->process->pool);
    if (!kept) {
        kept = apr_pcalloc(s->process->pool, sizeof(kept_segment));
        /* Not setn: the key, too, must not lie in this module, whose next copy may be loaded elsewhere. */
        apr_pool_userdata_set(kept, KEPT_KEY, NULL, s->process->pool);
    }
    return kept;
}

/* --- UnixSocketDir ----------------------------------------------------------------------------------------- */

static apr_status_t give_to_httpd(const char *dir)
{
    int fd;
    apr_status_t rv = APR_SUCCESS;

    if (geteuid() != 0) {
        return APR_SUCCESS;
    }
    fd = open(dir, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0) {
        return errno;
    }
    if (fchown(fd, ap_unixd_config.user_id, ap_unixd_config.group_id) != 0) {
        rv = errno;
    }
    close(fd);
    return rv;
}

/* A folder that is there already may be anybody's, `/tmp` even: it is used as it is. */
static apr_status_t check_dir(server_rec *s, const char *dir)
{
    struct stat about;

    if (stat(dir, &about) != 0) {
        return errno;
    }
    if (!S_ISDIR(about.st_mode)) {
        return ENOTDIR;
    }
    if (geteuid() == 0 && about.st_uid != ap_unixd_config.user_id) {
        ap_log_error(APLOG_MARK, APLOG_INFO, 0, s,
                     "backhand: UnixSocketDir %s does not belong to httpd's user; unless that user may write there the "
                     "speed score is measured anew at each start",
                     dir);
    }
    return APR_SUCCESS;
}

static apr_status_t make_dir(server_rec *s, const char *dir, apr_pool_t *ptemp)
{
    const apr_fileperms_t open_to_all = APR_FPROT_UREAD | APR_FPROT_UWRITE | APR_FPROT_UEXECUTE | APR_FPROT_GREAD |
                                        APR_FPROT_GEXECUTE | APR_FPROT_WREAD | APR_FPROT_WEXECUTE;
    const apr_fileperms_t own =
        APR_FPROT_UREAD | APR_FPROT_UWRITE | APR_FPROT_UEXECUTE | APR_FPROT_GREAD | APR_FPROT_GEXECUTE;
    apr_status_t rv = apr_dir_make(dir, own, ptemp);

    if (APR_STATUS_IS_ENOENT(rv)) {
        rv = apr_dir_make_recursive(ap_make_dirstr_parent(ptemp, dir), open_to_all, ptemp);
        if (rv == APR_SUCCESS) {
            rv = apr_dir_make(dir, own, ptemp);
        }
    }
    if (APR_STATUS_IS_EEXIST(rv)) {
        return check_dir(s, dir);
    }
    return rv == APR_SUCCESS ? give_to_httpd(dir) : rv;
}

/* --- the segment ------------------------------------------------------------------------------------------- */

/* Children of an earlier generation linger beside those of this one. */
static int count_processes(void)
{
    int daemons = 0;
    if (ap_mpm_query(AP_MPMQ_HARD_LIMIT_DAEMONS, &daemons) != APR_SUCCESS || daemons < PROCESSES_MIN / 2) {
        return PROCESSES_MIN;
    }
    return daemons < BACKHAND_PROCESSES_MAX / 2 ? 2 * daemons : BACKHAND_PROCESSES_MAX;
}

static backhand_table *adopt(const kept_segment *kept, const char *path, int max_servers, int max_processes,
                             apr_pool_t *p)
{
    backhand_table *table = NULL;
    const char *file = kept->path[0] ? kept->path : NULL;

    if (!kept->memory || (file && strcmp(file, path) != 0) ||
        backhand_table_adopt(&table, kept->memory, kept->size, max_servers, max_processes, file, p) != APR_SUCCESS) {
        return NULL;
    }
    backhand_process_reap(table);
    return table;
}

/* Whom the configuration no longer accepts is asked nothing more, by children of the one before neither. Without
 * MulticastStats and BackhandTransport nobody would be heard. */
static void forget_unwelcome(server_rec *s, const backhand_config *conf, backhand_table *table, apr_pool_t *ptemp)
{
    backhand_accept_list *none = apr_array_make(ptemp, 1, sizeof(apr_ipsubnet_t *));
    backhand_intake today = {.table = table,
                             .accept = conf->destinations->nelts || conf->broker ? conf->accept : none,
                             .farm = conf->farm,
                             .keys = conf->keys,
                             .optional = conf->keys_optional};
    char first[BACKHAND_CONTACT_SIZE];
    int forgotten = backhand_revoke(&today, first);

    if (forgotten > 0) {
        ap_log_error(APLOG_MARK, APLOG_NOTICE, 0, s,
                     "backhand: servers that this configuration does not accept are forgotten and get no more "
                     "requests: %d, among them %s",
                     forgotten, first);
    }
}

static apr_status_t create(backhand_table **table, server_rec *s, const backhand_config *conf, const char *path,
                           int max_processes, apr_pool_t *p)
{
    apr_status_t rv = make_dir(s, conf->dir, p);

    if (rv == APR_SUCCESS && strlen(path) >= APR_PATH_MAX) {
        rv = APR_ENAMETOOLONG;
    }
    if (rv == APR_SUCCESS) {
        rv = backhand_table_create(table, conf->max_servers, max_processes, path, p);
    }
    if (rv == APR_SUCCESS) {
        return rv;
    }
    ap_log_error(APLOG_MARK, APLOG_WARNING, rv, s,
                 "backhand: cannot make %s: the table of servers is kept in anonymous memory, and the speed score is "
                 "measured at each start; give UnixSocketDir a folder on a local file system with room, then stop and "
                 "start httpd",
                 path);
    return backhand_table_create(table, conf->max_servers, max_processes, NULL, p);
}

/* The new table is in use before the old one goes: processes of the old configuration keep their own mapping of it. */
static void keep(kept_segment *kept, const backhand_table *table)
{
    void *before = kept->memory, *memory;
    apr_size_t before_size = kept->size;
    const char *path;

    memory = backhand_table_segment(table, &kept->size, &path);
    if (path && kept->path[0] && strcmp(kept->path, path) != 0) {
        unlink(kept->path);
    }
    kept->memory = memory;
    apr_cpystrn(kept->path, path ? path : "", sizeof(kept->path));
    if (before && before != memory) {
        munmap(before, before_size);
    }
}

/* --- the end ----------------------------------------------------------------------------------------------- */

typedef struct removal {
    pid_t pid;
    const char *path;
} removal;

/* Children and the moderator inherit the pool, and clear it too when they end by exit(). */
static apr_status_t remove_at_exit(void *data)
{
    const removal *end = data;
    if (getpid() == end->pid && ap_state_query(AP_SQ_MAIN_STATE) == AP_SQ_MS_EXITING) {
        unlink(end->path);
    }
    return APR_SUCCESS;
}

static apr_status_t unpublish(void *table)
{
    if (backhand_table_current() == table) {
        backhand_table_publish(NULL);
    }
    return APR_SUCCESS;
}

static void register_end(const backhand_table *table, apr_pool_t *pconf)
{
    apr_size_t size;
    const char *path;

    apr_pool_cleanup_register(pconf, table, unpublish, apr_pool_cleanup_null);
    backhand_table_segment(table, &size, &path);
    if (path) {
        removal *end = apr_palloc(pconf, sizeof(*end));
        end->pid = getpid();
        end->path = path;
        apr_pool_cleanup_register(pconf, end, remove_at_exit, apr_pool_cleanup_null);
    }
}

int backhand_lifecycle_open(apr_pool_t *pconf, server_rec *s)
{
    backhand_config *conf = backhand_config_get(s);
    kept_segment *kept = kept_get(s);
    const char *path = apr_pstrcat(pconf, conf->dir, "/" BACKHAND_TABLE_FILE, NULL);
    int max_processes = count_processes();
    backhand_table *table = adopt(kept, path, conf->max_servers, max_processes, pconf);

    if (table) {
        /* Somebody may have removed the folder; what the moderator keeps there has a place again. */
        make_dir(s, conf->dir, pconf);
        forget_unwelcome(s, conf, table, pconf);
    }
    else {
        apr_status_t rv = create(&table, s, conf, path, max_processes, pconf);
        if (rv != APR_SUCCESS) {
            ap_log_error(
                APLOG_MARK, APLOG_CRIT, rv, s,
                "backhand: no shared memory for a table of %d servers; lower BackhandMaxServers or free memory",
                conf->max_servers);
            return HTTP_INTERNAL_SERVER_ERROR;
        }
    }
    conf->table = table;
    backhand_table_publish(table);
    keep(kept, table);
    register_end(table, pconf);
    return OK;
}
