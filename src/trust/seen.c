/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

#include "trust/seen.h"
#include "base/own_file.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define HEADER "mod_backhand seen 1\n"

typedef struct entry {
    uint64_t boot; /* 0: free */
    uint64_t sequence;
    apr_time_t stamped; /* by the sender's clock */
    apr_time_t noted;   /* by the clock of this host that nobody sets */
} entry;

/* A hash table with open addressing; boot ids are random numbers. At most half of the places are used, so that searches
 * are short. */
struct backhand_seen {
    entry *places, *spare;
    uint64_t mask;
    int used, most, changed;
    apr_interval_time_t skew;
};

backhand_seen *backhand_seen_create(int most, apr_interval_time_t skew, apr_pool_t *p)
{
    backhand_seen *seen = apr_pcalloc(p, sizeof(*seen));
    uint64_t size = 2;
    while (size < 2 * (uint64_t)most) {
        size *= 2;
    }
    seen->places = apr_pcalloc(p, size * sizeof(entry));
    seen->spare = apr_pcalloc(p, size * sizeof(entry));
    seen->mask = size - 1;
    seen->most = most;
    seen->skew = skew;
    return seen;
}

/* Returns the place of the boot, or the free place where it would be. */
static entry *find(const backhand_seen *seen, entry *places, uint64_t boot)
{
    uint64_t at = boot ^ boot >> 32;
    while (places[at & seen->mask].boot && places[at & seen->mask].boot != boot) {
        at++;
    }
    return &places[at & seen->mask];
}

backhand_seen_verdict backhand_seen_judge(const backhand_seen *seen, uint64_t boot, uint64_t sequence,
                                          apr_time_t stamped, apr_time_t start)
{
    const entry *known = find(seen, seen->places, boot);
    if (known->boot) {
        return sequence > known->sequence ? BACKHAND_SEEN_FRESH : BACKHAND_SEEN_BEFORE;
    }
    return stamped >= start ? BACKHAND_SEEN_FRESH : BACKHAND_SEEN_EARLY;
}

static void forget(backhand_seen *seen, apr_time_t before)
{
    entry *old = seen->places;
    memset(seen->spare, 0, (seen->mask + 1) * sizeof(entry));
    seen->places = seen->spare;
    seen->spare = old;
    seen->used = 0;
    for (uint64_t i = 0; i <= seen->mask; i++) {
        if (old[i].boot && old[i].noted >= before) {
            *find(seen, seen->places, old[i].boot) = old[i];
            seen->used++;
        }
    }
}

static int put(backhand_seen *seen, const entry *what)
{
    entry *place = find(seen, seen->places, what->boot);
    if (!place->boot && seen->used >= seen->most) {
        return 0;
    }
    seen->used += !place->boot;
    *place = *what;
    return 1;
}

int backhand_seen_note(backhand_seen *seen, uint64_t boot, uint64_t sequence, apr_time_t stamped, apr_time_t now)
{
    entry what = {boot, sequence, stamped, now};
    if (seen->used >= seen->most && !find(seen, seen->places, boot)->boot) {
        forget(seen, now - 2 * seen->skew);
    }
    if (!put(seen, &what)) {
        return 0;
    }
    seen->changed = 1;
    return 1;
}

int backhand_seen_changed(const backhand_seen *seen)
{
    return seen->changed;
}

const char *backhand_seen_read(backhand_seen *seen, const char *path, apr_time_t now)
{
    int fd;
    const char *wrong = backhand_own_file_open(&fd, path);
    FILE *file = fd < 0 ? NULL : fdopen(fd, "r");
    char line[80];
    if (!file) {
        return wrong;
    }
    if (!fgets(line, sizeof(line), file) || strcmp(line, HEADER) != 0) {
        fclose(file);
        return "it is not of this release";
    }
    while (fgets(line, sizeof(line), file)) {
        entry what = {.noted = now};
        char end;
        /* The last line of a truncated file has no newline. */
        if (sscanf(line, "%" SCNx64 " %" SCNu64 " %" SCNd64 "%c", &what.boot, &what.sequence, &what.stamped, &end) ==
                4 &&
            end == '\n' && what.boot) {
            put(seen, &what);
        }
    }
    fclose(file);
    return NULL;
}

static int print(FILE *file, const void *ctx)
{
    const backhand_seen *seen = ctx;
    int bad = fputs(HEADER, file) < 0;
    for (uint64_t i = 0; i <= seen->mask && !bad; i++) {
        const entry *at = &seen->places[i];
        bad =
            at->boot && fprintf(file, "%" PRIx64 " %" PRIu64 " %" PRId64 "\n", at->boot, at->sequence, at->stamped) < 0;
    }
    return !bad;
}

apr_status_t backhand_seen_write(backhand_seen *seen, const char *path)
{
    apr_status_t rv = backhand_own_file_replace(path, 0600, print, seen);
    seen->changed = seen->changed && rv != APR_SUCCESS;
    return rv;
}
