/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

#include "load/meter.h"
#include "base/average.h"
#include "load/change.h"
#include "load/latency.h"

#include <math.h>

#define RECENT      30000000 /* us; older records do not count */
#define FORGET      60000000 /* us; older records are wiped */
#define NUMBER_MAX  ((INT64_C(1) << 31) - 1)
#define NEGLIGIBLE  20      /* a smaller share of errors (x 1000) counts as 0 */
#define GUESTS_STAY 1000000 /* us for which a number of guests is valid */
#define NEWEST      96      /* the newest finished requests, among which calm ones are counted */
#define CALM        8       /* if so many of these are calm, only calm requests give samples */
#define CROWDED     0.5     /* added to the variance if not */
#define LOW         2       /* the most that a sample counts below the usual, in standard deviations */
#define HIGH        5       /* the most that a sample counts above the usual, as a difference of logarithms */
#define FIRST       16      /* these two limits hold after so many calm requests, when the spread is known */
#define EXPERIENCE  24      /* calm requests from which on the server announces samples */
#define KNOWN       8       /* `slowness` is 0 until there were more calm requests than this */
#define SURE        4       /* `slowness` is 0 until there are more samples than this */
#define SLOT        0.75    /* if `parallel` is at least this share of the workers, each worker counts as a place */
#define GROW        1.5     /* places while no knee was seen: `parallel` times this, */
#define GROW_BY     2       /* plus this, so that higher levels can be seen */
#define DRIFT_TIMES 8

static int64_t get(const int64_t *word)
{
    return __atomic_load_n(word, __ATOMIC_RELAXED);
}

static void set(int64_t *word, int64_t value)
{
    __atomic_store_n(word, value, __ATOMIC_RELAXED);
}

static int64_t number(double value)
{
    return value > 0 ? value < (double)NUMBER_MAX ? (int64_t)value : NUMBER_MAX : 0;
}

int64_t backhand_meter_parallel(const backhand_meter *meter)
{
    int64_t parallel = get(&meter->parallel);
    return parallel > 0 ? parallel : 1000 * BACKHAND_PARALLEL_FIRST;
}

int64_t backhand_meter_inflight(const backhand_meter *meter)
{
    int64_t inflight = get(&meter->inflight) + get(&meter->guests);
    return inflight < 0 ? 0 : inflight < INT32_MAX ? inflight : INT32_MAX;
}

void backhand_meter_guests(backhand_meter *meter, int64_t guests, int64_t now)
{
    set(&meter->guests_heard, now);
    set(&meter->guests, guests > 0 ? guests < NUMBER_MAX ? guests : NUMBER_MAX : 0);
}

static void forget_guests(backhand_meter *meter, int64_t now)
{
    int64_t age = now - get(&meter->guests_heard);
    if (age > GUESTS_STAY || age < 0) {
        set(&meter->guests, 0);
    }
}

/* --- requests ------------------------------------------------------------------------------------------------- */

int64_t backhand_meter_enter(backhand_meter *meter, int64_t now)
{
    backhand_stall_account(&meter->stall, get(&meter->inflight), backhand_meter_parallel(meter), now);
    return __atomic_add_fetch(&meter->inflight, 1, __ATOMIC_RELAXED) + get(&meter->guests);
}

int64_t backhand_meter_leave(backhand_meter *meter, int64_t now)
{
    int64_t left;

    backhand_stall_account(&meter->stall, get(&meter->inflight), backhand_meter_parallel(meter), now);
    left = __atomic_sub_fetch(&meter->inflight, 1, __ATOMIC_RELAXED);
    if (left <= 0) {
        backhand_stall_reset(&meter->stall);
    }
    return left;
}

int backhand_meter_would_give(const backhand_meter *meter)
{
    int64_t room = get(&meter->room), inflight = backhand_meter_inflight(meter);

    return room > 0 && inflight <= room / 1000 && get(&meter->slower) == 0 && backhand_meter_errors(meter) == 0 &&
           backhand_meter_stall(meter, get(&meter->stall.looked)) <= 1000;
}

int backhand_meter_give(backhand_meter *meter)
{
    __atomic_add_fetch(&meter->given, 1, __ATOMIC_RELAXED);
    return backhand_meter_would_give(meter);
}

void backhand_meter_begin(backhand_meter *meter, backhand_ring_entry *entry, int64_t level, int64_t now)
{
    backhand_ring_begin(&meter->ring, entry, level, now);
}

void backhand_meter_trial(backhand_meter *meter, backhand_ring_entry *entry)
{
    backhand_ring_trial(&meter->ring, entry);
}

void backhand_meter_void(backhand_meter *meter, backhand_ring_entry *entry)
{
    if (backhand_ring_entry_is_trial(entry)) {
        backhand_trials_drop(&meter->trials);
    }
    backhand_ring_leave(&meter->ring, entry);
}

void backhand_meter_count(backhand_meter *meter)
{
    __atomic_add_fetch(&meter->served, 1, __ATOMIC_RELAXED);
}

static void end_trial(backhand_meter *meter, const backhand_ring_entry *entry, int64_t usec, int failed)
{
    int64_t seems = get(&meter->seems), typical = seems > 0 ? seems : get(&meter->typical),
            spread = get(&meter->spread);
    backhand_trial_result tried = {.log = log((double)(usec > 1 ? usec : 1)),
                                   .slow = log((double)(typical > 1 ? typical : 1)),
                                   .spread = spread > 0 ? (double)spread / 1000 : 1,
                                   .errors = (double)get(&meter->failing) / 1000,
                                   .failed = failed,
                                   .number = entry->number};

    backhand_trials_end(&meter->trials, &tried);
    if (get(&meter->trials.recovered)) {
        set(&meter->failing, 0);
        backhand_stall_reset(&meter->stall);
    }
}

void backhand_meter_end(backhand_meter *meter, backhand_ring_entry *entry, int64_t usec, int failed, int64_t now)
{
    if (entry->word == 0) {
        return;
    }
    if (backhand_ring_entry_is_trial(entry)) {
        end_trial(meter, entry, usec, failed);
    }
    /* Without a lock: of two requests that end at the same moment, the average may miss one. */
    set(&meter->failing, backhand_average_add(get(&meter->failing), failed ? 1000 : 0));
    set(&meter->ended, now);
    backhand_stall_end(&meter->stall);
    backhand_ring_end(&meter->ring, entry, usec, failed);
}

int64_t backhand_meter_errors(const backhand_meter *meter)
{
    int64_t failing = get(&meter->failing);
    return failing < NEGLIGIBLE ? 0 : failing < 1000 ? failing : 1000;
}

int64_t backhand_meter_stall(const backhand_meter *meter, int64_t now)
{
    double factor = backhand_stall_factor(&meter->stall, get(&meter->inflight), backhand_meter_parallel(meter), now);
    return number(1000 * factor);
}

int64_t backhand_meter_latency(const backhand_meter *meter, int64_t read)
{
    return backhand_latency_now(read, get(&meter->looked), backhand_meter_inflight(meter), get(&meter->parallel));
}

/* --- learning from what has ended ------------------------------------------------------------------------------ */

static double contention_of(int level, double parallel)
{
    return level > parallel ? level / parallel : 1;
}

static int is_calm(int level, double parallel)
{
    return level <= parallel + 0.5;
}

static void learn(backhand_meter *meter, double parallel)
{
    uint64_t ends = __atomic_load_n(&meter->ring.ends, __ATOMIC_RELAXED);
    double slowness = meter->calm ? meter->slowness : 0;
    backhand_record record;

    if (ends - meter->learnt > BACKHAND_RING) {
        meter->learnt = ends - BACKHAND_RING;
    }
    for (; meter->learnt != ends; meter->learnt++) {
        if (!backhand_ring_read_end(&record, &meter->ring, meter->learnt) || record.failed) {
            continue;
        }
        backhand_concurrency_learn(meter->levels, record.level, record.log - slowness);
        if (is_calm(record.level, parallel)) {
            backhand_usual_learn(&meter->usual, record.log, slowness);
        }
    }
}

/* --- reading --------------------------------------------------------------------------------------------------- */

/* The newest records that count, newest first. */
typedef struct records {
    backhand_record of[BACKHAND_RING + 1];
    int n;
} records;

static void collect(backhand_meter *meter, int64_t now, records *out)
{
    uint64_t next = __atomic_load_n(&meter->ring.next, __ATOMIC_RELAXED), back = 1;

    out->n = 0;
    for (; back <= BACKHAND_RING && back <= next; back++) {
        backhand_record *record = &out->of[out->n];
        if (!backhand_ring_read(record, &meter->ring, next - back, now)) {
            continue;
        }
        if (record->age > RECENT) {
            break;
        }
        out->n += next - back >= meter->forget && !record->failed;
    }
    for (; back <= BACKHAND_RING && back <= next; back++) {
        backhand_ring_wipe(&meter->ring, next - back, now, FORGET);
    }
}

static int enough_calm(const records *all, double parallel)
{
    int calm = 0;
    for (int i = 0, ended = 0; i < all->n && ended < NEWEST; i++) {
        ended += !all->of[i].runs;
        calm += !all->of[i].runs && is_calm(all->of[i].level, parallel);
    }
    return calm >= CALM;
}

/* Puts the sample of a record into `x`. A request that arrived less than a mean duration ago gives none: such requests
 * are finished only if they were short, and would make the server look fast. A finished trial counts at once.
 * @return the number of samples, 0 or 1 */
static int sample_of(double *x, const backhand_meter *meter, const backhand_record *record, double parallel,
                     double spread)
{
    double contention = contention_of(record->level, parallel);

    if (record->age < meter->usual.mean * contention && (record->runs || !record->trial)) {
        return 0;
    }
    *x = record->log - meter->usual.log - (contention > 1 ? log(contention) : 0);
    if (meter->usual.count > FIRST) {
        *x = fmax(-LOW * spread, fmin(*x, HIGH));
    }
    return 1;
}

static double mean_of(const double *x, int n)
{
    double sum = 0;
    for (int i = 0; i < n; i++) {
        sum += x[i];
    }
    return n ? sum / n : 0;
}

static void tell_speed(backhand_meter *meter, const records *all, double parallel, backhand_work *out)
{
    double x[BACKHAND_RING + 1] = {0}, spread = backhand_usual_spread(&meter->usual), mean;
    int n = 0, calm = enough_calm(all, parallel);

    set(&meter->spread, number(1000 * spread));
    for (int i = 0; i < all->n; i++) {
        if (!calm || is_calm(all->of[i].level, parallel)) {
            n += sample_of(&x[n], meter, &all->of[i], parallel, spread);
        }
    }
    spread = calm ? spread : sqrt(spread * spread + CROWDED);
    n = backhand_change_find(x, n, spread);
    mean = mean_of(x, n);
    meter->calm = calm;
    meter->slowness = n > SURE && meter->usual.count > KNOWN ? mean : 0;
    out->calm = calm;
    out->samples = meter->usual.count >= EXPERIENCE ? n : 0;
    out->spread = number(1000 * spread);
    out->typical = meter->usual.count > 0 ? number(exp(meter->usual.log + mean)) : 0;
    set(&meter->typical, out->typical);
}

/* The number of places. If each request needs a worker, every worker is a place; httpd does not see requests that wait
 * for a worker. */
static double room_of(const backhand_concurrency *parallel, int64_t workers, int slots)
{
    if (slots) {
        return (double)workers;
    }
    return parallel->knee ? parallel->requests : GROW * parallel->requests + GROW_BY;
}

static void tell_parallel(backhand_meter *meter, int64_t workers, backhand_work *out)
{
    double spread = backhand_usual_spread(&meter->usual);
    backhand_concurrency found;
    int slots;

    backhand_concurrency_fit(&found, meter->levels, spread * spread);
    slots = workers > 0 && found.requests >= SLOT * (double)workers;
    out->parallel = number(1000 * found.requests);
    set(&meter->parallel, out->parallel);
    set(&meter->slots, slots);
    set(&meter->room, number(1000 * room_of(&found, workers, slots)));
}

/* After a recovery, forgets the records from the time when the server was bad. Keeps the usual duration if it was known
 * well; else learns it again, beginning with the trials. */
static void recover(backhand_meter *meter, int64_t now)
{
    int64_t first = __atomic_exchange_n(&meter->trials.recovered, 0, __ATOMIC_RELAXED);
    uint64_t next = __atomic_load_n(&meter->ring.next, __ATOMIC_RELAXED);
    backhand_record record;

    if (first <= 0) {
        return;
    }
    meter->forget = (uint64_t)first - 1;
    meter->usual.mean = meter->usual.steady;
    meter->pace = (backhand_pace){0};
    if (meter->usual.count >= EXPERIENCE) {
        return;
    }
    meter->usual = (backhand_usual){0};
    for (uint64_t i = meter->forget; i < next && i < meter->forget + BACKHAND_RING; i++) {
        if (backhand_ring_read(&record, &meter->ring, i, now) && !record.runs && !record.failed) {
            backhand_usual_learn(&meter->usual, record.log, 0);
        }
    }
}

/* The mean duration without a queue. A server that was full from its first request on shows it only by its pace. */
static double service_of(const backhand_meter *meter)
{
    double pace = backhand_pace_usec(&meter->pace);
    return pace > 0 && !(meter->calm && meter->usual.count >= EXPERIENCE) ? pace : meter->usual.mean;
}

void backhand_meter_read(backhand_meter *meter, int64_t now, int64_t workers, backhand_work *out)
{
    records all;

    forget_guests(meter, now);
    backhand_pace_look(&meter->pace, &meter->stall, backhand_meter_parallel(meter));
    learn(meter, (double)backhand_meter_parallel(meter) / 1000);
    recover(meter, now);
    collect(meter, now, &all);
    tell_speed(meter, &all, (double)backhand_meter_parallel(meter) / 1000, out);
    tell_parallel(meter, workers, out);
    set(&meter->steady, number(meter->usual.steady));
    set(&meter->stall.usual, number(meter->usual.steady * exp(fmax(0, meter->slowness))));
    set(&meter->stall.variation, number(1000 * backhand_usual_variation(&meter->usual)));
    out->inflight = backhand_meter_inflight(meter);
    out->served = get(&meter->served);
    out->errors = backhand_meter_errors(meter);
    out->stall = backhand_meter_stall(meter, now);
    out->service = number(service_of(meter));
    out->latency = backhand_latency_of(all.of, all.n, out->inflight, out->service, out->parallel);
    set(&meter->looked, out->inflight);
}

void backhand_meter_refresh(const backhand_meter *meter, int64_t now, backhand_work *work)
{
    work->inflight = backhand_meter_inflight(meter);
    work->latency = backhand_meter_latency(meter, work->latency);
    work->errors = backhand_meter_errors(meter);
    work->stall = backhand_meter_stall(meter, now);
}

void backhand_meter_reconcile(backhand_meter *meter, int64_t serving)
{
    int64_t drift = serving - get(&meter->inflight);

    set(&meter->drift_seen, drift && drift == get(&meter->drift) ? get(&meter->drift_seen) + 1 : 0);
    set(&meter->drift, drift);
    if (get(&meter->drift_seen) >= DRIFT_TIMES) {
        __atomic_add_fetch(&meter->inflight, drift, __ATOMIC_RELAXED);
        set(&meter->drift_seen, 0);
    }
}
