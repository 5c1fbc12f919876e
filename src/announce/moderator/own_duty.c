/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

#include "announce/moderator/own_duty.h"

#include "base/own_file.h"
#include "table/duty.h"

#include <inttypes.h>
#include <string.h>

#define HEADER "mod_backhand duty 1\n"

static int read_values(backhand_own_duty *own, FILE *file)
{
    char line[80];
    int duty, withheld;

    if (!fgets(line, sizeof(line), file) || strcmp(line, HEADER) != 0 ||
        fscanf(file, "duty %1d withheld %3d", &duty, &withheld) != 2 || duty < BACKHAND_DUTY_NORMAL ||
        duty > BACKHAND_DUTY_MAINTENANCE || withheld < 0 || withheld > 100) {
        return 0;
    }
    own->duty = duty;
    own->withheld = withheld;
    return 1;
}

const char *backhand_own_duty_read(backhand_own_duty *own, const char *path)
{
    int fd, good;
    const char *wrong = backhand_own_file_open(&fd, path);
    FILE *file = fd < 0 ? NULL : fdopen(fd, "r");

    *own = (backhand_own_duty){.path = path};
    if (!file) {
        return wrong;
    }
    good = read_values(own, file);
    fclose(file);
    return good ? NULL : "it is not of this release";
}

int backhand_own_duty_obey(backhand_own_duty *own, backhand_order_kind kind, int weight)
{
    const backhand_own_duty before = *own;

    if (kind == BACKHAND_ORDER_WEIGHT) {
        own->withheld = 100 - weight;
    }
    else {
        own->duty = kind == BACKHAND_ORDER_DRAIN         ? BACKHAND_DUTY_DRAIN
                    : kind == BACKHAND_ORDER_MAINTENANCE ? BACKHAND_DUTY_MAINTENANCE
                                                         : BACKHAND_DUTY_NORMAL;
    }
    return own->duty != before.duty || own->withheld != before.withheld;
}

static int print(FILE *file, const void *ctx)
{
    const backhand_own_duty *own = ctx;

    return fprintf(file, HEADER "duty %" PRId64 "\nwithheld %" PRId64 "\n", own->duty, own->withheld) > 0;
}

apr_status_t backhand_own_duty_write(const backhand_own_duty *own)
{
    return backhand_own_file_replace(own->path, 0600, print, own);
}
