/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

#include "status/filter.h"

#include <apr_strings.h>

#include <string.h>
#include <strings.h>

/* A failure counts as trouble for so long. */
#define FAILED_LATELY apr_time_from_sec(60)

static void add_state(backhand_filter *filter, const char *word, size_t length)
{
    if (length == strlen(BACKHAND_FILTER_TROUBLE) && strncmp(word, BACKHAND_FILTER_TROUBLE, length) == 0) {
        filter->trouble = 1;
        return;
    }
    for (int state = 0; state < BACKHAND_ROW_STATES; state++) {
        const char *name = backhand_row_state_name((backhand_row_state)state);
        if (length == strlen(name) && strncmp(word, name, length) == 0) {
            filter->state[state] = 1;
        }
    }
}

void backhand_filter_set(backhand_filter *filter, const char *name, const char *zone, const char *states)
{
    memset(filter, 0, sizeof(*filter));
    apr_cpystrn(filter->name, name ? name : "", sizeof(filter->name));
    apr_cpystrn(filter->zone, zone ? zone : "", sizeof(filter->zone));
    while (states && *states) {
        size_t length = strcspn(states, ",");
        filter->by_state = 1;
        add_state(filter, states, length);
        states += length + (states[length] == ',');
    }
}

int backhand_filter_is_set(const backhand_filter *filter)
{
    return *filter->name || *filter->zone || filter->by_state;
}

static int contains(const char *text, const char *part)
{
    size_t length = strlen(part);
    for (; *text; text++) {
        if (strncasecmp(text, part, length) == 0) {
            return 1;
        }
    }
    return length == 0;
}

int backhand_filter_passes(const backhand_filter *filter, const backhand_row *row)
{
    const serverstat *stat = &row->announcement.stat;

    if (*filter->name && !contains(stat->hostname, filter->name) && !contains(stat->contact, filter->name)) {
        return 0;
    }
    if (*filter->zone && strcmp(row->announcement.zone, filter->zone) != 0) {
        return 0;
    }
    return !filter->by_state || filter->state[row->state] ||
           (filter->trouble && backhand_row_trouble(row) >= BACKHAND_ROW_TROUBLED);
}

int backhand_row_trouble(const backhand_row *row)
{
    const serverstat *stat = &row->announcement.stat;

    if (row->state == BACKHAND_ROW_DEAD || row->state == BACKHAND_ROW_DOWN) {
        return BACKHAND_ROW_TROUBLED + 1;
    }
    if (row->state == BACKHAND_ROW_LEFT) {
        return 1;
    }
    if (stat->stall > 1000 || stat->aservers == 0 || row->rival >= 0 ||
        (row->refused >= 0 && row->refused < FAILED_LATELY)) {
        return BACKHAND_ROW_TROUBLED;
    }
    return row->state != BACKHAND_ROW_ALIVE;
}
