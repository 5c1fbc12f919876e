/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

#include "mod_backhand_attached.h"
#include "table/attach.h"
#include "table/state.h"

#include <apr_general.h>
#include <apr_strings.h>

#include <sys/stat.h>

struct backhand_attached {
    backhand_table *table;
    apr_pool_t *pool;
    const char *path;
    dev_t device; /* with `file`: which file is mapped */
    ino_t file;
    int users;
};

static backhand_attached_fault fault_of(apr_status_t error)
{
    switch (error) {
    case APR_ENOENT:
        return BACKHAND_ATTACHED_ABSENT;
    case APR_EACCES:
        return BACKHAND_ATTACHED_DENIED;
    case APR_EMISMATCH:
        return BACKHAND_ATTACHED_FOREIGN;
    default:
        return BACKHAND_ATTACHED_FAILED;
    }
}

/* @return 0 when there is no such file */
static int identify(const char *path, dev_t *device, ino_t *file)
{
    struct stat about;

    if (stat(path, &about) != 0) {
        return 0;
    }
    *device = about.st_dev;
    *file = about.st_ino;
    return 1;
}

/* httpd may replace the file meanwhile: then the mapped one is not the one that was looked at, and is attached anew by
 * who asks backhand_attached_is_current(). */
static apr_status_t attach(backhand_attached *out, const char *folder, const char **wrong)
{
    out->path = apr_pstrcat(out->pool, folder, "/" BACKHAND_TABLE_FILE, NULL);
    (void)identify(out->path, &out->device, &out->file);
    return backhand_table_attach(&out->table, folder, 0, wrong, out->pool);
}

backhand_attached *backhand_attached_open(const char *folder, backhand_attached_fault *fault,
                                          char error[BACKHAND_ATTACHED_ERROR_SIZE])
{
    backhand_attached *attached = NULL;
    const char *wrong = "there is no memory";
    apr_pool_t *pool = NULL;
    apr_status_t rv = apr_initialize();

    if (rv == APR_SUCCESS) {
        rv = apr_pool_create(&pool, NULL);
    }
    if (rv == APR_SUCCESS) {
        attached = apr_pcalloc(pool, sizeof(*attached));
        attached->pool = pool;
        attached->users = 1;
        rv = attach(attached, folder, &wrong);
    }
    if (fault) {
        *fault = rv == APR_SUCCESS ? BACKHAND_ATTACHED_OK : fault_of(rv);
    }
    if (rv == APR_SUCCESS) {
        return attached;
    }
    apr_cpystrn(error, wrong, BACKHAND_ATTACHED_ERROR_SIZE);
    if (pool) {
        apr_pool_destroy(pool);
    }
    return NULL;
}

void backhand_attached_keep(backhand_attached *attached)
{
    __atomic_add_fetch(&attached->users, 1, __ATOMIC_RELAXED);
}

void backhand_attached_release(backhand_attached *attached)
{
    if (__atomic_sub_fetch(&attached->users, 1, __ATOMIC_ACQ_REL) == 0) {
        backhand_table_unmap(attached->table);
        apr_pool_destroy(attached->pool);
    }
}

int backhand_attached_maxservers(const backhand_attached *attached)
{
    return backhand_table_max(attached->table);
}

const serverstat *backhand_attached_serverstats(const backhand_attached *attached)
{
    return backhand_table_stat(attached->table, 0);
}

static void copy(char *to, const char *from, size_t size)
{
    if (to) {
        apr_cpystrn(to, from, size);
    }
}

int backhand_attached_identity(const backhand_attached *attached, int id, char hostname[BACKHAND_HOSTNAME_SIZE],
                               char contact[BACKHAND_CONTACT_SIZE])
{
    backhand_announcement said;
    int found = backhand_table_read(attached->table, id, &said, NULL);

    copy(hostname, found ? said.stat.hostname : "", BACKHAND_HOSTNAME_SIZE);
    copy(contact, found ? said.stat.contact : "", BACKHAND_CONTACT_SIZE);
    return found;
}

int backhand_attached_zone(const backhand_attached *attached, int id, char zone[BACKHAND_ZONE_SIZE])
{
    backhand_announcement said;

    copy(zone, backhand_table_read(attached->table, id, &said, NULL) ? said.zone : "", BACKHAND_ZONE_SIZE);
    return *zone != '\0';
}

const char *backhand_attached_state(const backhand_attached *attached, int id)
{
    backhand_announcement said;

    return backhand_table_read(attached->table, id, &said, NULL)
               ? backhand_row_state_name(backhand_table_row_state(attached->table, id))
               : NULL;
}

int64_t backhand_attached_idle(const backhand_attached *attached)
{
    return backhand_table_idle(attached->table);
}

int backhand_attached_is_current(const backhand_attached *attached)
{
    dev_t device;
    ino_t file;

    return identify(attached->path, &device, &file) && device == attached->device && file == attached->file;
}
