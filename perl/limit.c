/* Licensed to the public under the terms of Perl itself or of the Apache License 2.0; see the file LICENSE. */

#define PERL_NO_GET_CONTEXT
#include "limit.h"

#include <pthread.h>
#include <time.h>

/** Number of ordinary operations between two looks at the clock. */
#define OPERATIONS 32
/** Deepest nesting of blocks, calls and evals; each level takes some 500 bytes that the interpreter keeps. */
#define DEEPEST 50000
/** After a stop, CPU time for all destructors together, and elapsed time in case other processes use the CPU. */
#define GRACE_CPU  (20 * APR_USEC_PER_SEC / 1000)
#define GRACE_TIME (200 * APR_USEC_PER_SEC / 1000)

static _Thread_local policy_limit *current;

/* Cost of operations that wait, or call C code that may wait: the clock is read after each of them. */
#define SLOW OPERATIONS
static const U8 extra[MAXO + 1] = {
    [OP_ACCEPT] = SLOW,  [OP_BACKTICK] = SLOW, [OP_CLOSE] = SLOW,    [OP_CONNECT] = SLOW,  [OP_ENTERSUB] = SLOW,
    [OP_FLOCK] = SLOW,   [OP_FLOP] = SLOW,     [OP_GHBYADDR] = SLOW, [OP_GHBYNAME] = SLOW, [OP_GLOB] = SLOW,
    [OP_MATCH] = SLOW,   [OP_OPEN] = SLOW,     [OP_PRINT] = SLOW,    [OP_PRTF] = SLOW,     [OP_RCATLINE] = SLOW,
    [OP_READ] = SLOW,    [OP_READLINE] = SLOW, [OP_RECV] = SLOW,     [OP_REPEAT] = SLOW,   [OP_SAY] = SLOW,
    [OP_SEND] = SLOW,    [OP_SLEEP] = SLOW,    [OP_SORT] = SLOW,     [OP_SPLIT] = SLOW,    [OP_SSELECT] = SLOW,
    [OP_SUBST] = SLOW,   [OP_SYSREAD] = SLOW,  [OP_SYSTEM] = SLOW,   [OP_SYSWRITE] = SLOW, [OP_WAIT] = SLOW,
    [OP_WAITPID] = SLOW,
};

static apr_time_t clock_of(clockid_t clock)
{
    struct timespec now;
    clock_gettime(clock, &now);
    return now.tv_sec * APR_USEC_PER_SEC + now.tv_nsec / 1000;
}

apr_time_t policy_clock(void)
{
    return clock_of(CLOCK_MONOTONIC);
}

/* FNV-1a. */
uint64_t policy_hash(const char *name, int kind)
{
    uint64_t hash = 0xcbf29ce484222325 + (uint64_t)kind;
    for (; *name; name++) {
        hash = (hash ^ (unsigned char)*name) * 0x100000001b3;
    }
    return hash;
}

/* Leaves a quarter of the rest of the thread's stack to C code of Perl and of others. */
static char *stack_floor(void)
{
    static _Thread_local char *lowest;
    char *here = __builtin_frame_address(0);
    if (!lowest) {
        pthread_attr_t attr;
        void *start = NULL;
        size_t size;
        if (pthread_getattr_np(pthread_self(), &attr) != 0) {
            return NULL;
        }
        pthread_attr_getstack(&attr, &start, &size);
        pthread_attr_destroy(&attr);
        lowest = start;
    }
    return here > lowest ? lowest + (here - lowest) / 4 : NULL;
}

/* Dies now. run_operations() makes each further operation die as well. */
PERL_STATIC_NO_RET void overstep(pTHX_ policy_limit *limit, policy_over over)
{
    if (!limit->over) {
        limit->over = over;
        limit->stopped = clock_of(CLOCK_MONOTONIC_COARSE);
        limit->cpu = clock_of(CLOCK_THREAD_CPUTIME_ID);
        if (CopLINE(PL_curcop)) {
            my_snprintf(limit->where, sizeof(limit->where), "%.160s line %ld", OutCopFILE(PL_curcop),
                        (long)CopLINE(PL_curcop));
        }
    }
    limit->left = -1;
    /* Otherwise Perl would log a line for a destructor. */
    PL_in_eval &= ~EVAL_KEEPERR;
    /* Without this a $SIG{__DIE__} handler would run, pass the bound as well, and die again; Perl 5.40 would call it in
     * itself without end. Perl restores the handler when it unwinds. */
    SAVESPTR(PL_diehook);
    PL_diehook = NULL;
    croak("backhand: this policy is being stopped\n");
}

static void measure(policy_limit *limit, apr_time_t now)
{
    if (now - limit->looked > limit->longest) {
        limit->longest = now - limit->looked;
    }
    limit->looked = now;
}

/* True in a destructor, or while Perl restores a tied variable: other code may wait for a lock that is released
 * there. */
static int is_clearing_up(pTHX)
{
    const PERL_SI *stack;
    for (stack = PL_curstackinfo; stack; stack = stack->si_prev) {
        if (stack->si_type == PERLSI_DESTROY || stack->si_type == PERLSI_MAGIC) {
            return 1;
        }
    }
    return 0;
}

static int has_grace(pTHX_ const policy_limit *limit, apr_time_t now)
{
    return limit->over == POLICY_LATE && cxstack_ix <= DEEPEST && is_clearing_up(aTHX) &&
           now - limit->stopped < GRACE_TIME && clock_of(CLOCK_THREAD_CPUTIME_ID) - limit->cpu < GRACE_CPU;
}

static void look(pTHX_ policy_limit *limit)
{
    /* The coarse clock lags by up to some milliseconds and is never ahead. */
    apr_time_t now = clock_of(CLOCK_MONOTONIC_COARSE);
    limit->left = OPERATIONS;
    if (now > limit->looked) {
        measure(limit, now);
    }
    if (limit->over) {
        if (!has_grace(aTHX_ limit, now)) {
            overstep(aTHX_ limit, limit->over);
        }
        return;
    }
    if (limit->timeout && now - limit->began > limit->timeout) {
        overstep(aTHX_ limit, POLICY_LATE);
    }
    if (cxstack_ix > DEEPEST) {
        overstep(aTHX_ limit, POLICY_DEEP);
    }
}

/* Replaces Perl_runops_standard(). Perl calls it recursively for each call of Perl code from C, such as sort or tie. */
static int run_operations(pTHX)
{
    policy_limit *limit = current;
    OP *op = PL_op;
    /* Interpreters that a policy's threads clone inherit this loop, but not the bounds. */
    if (!limit || limit->perl != aTHX) {
        return Perl_runops_standard(aTHX);
    }
    if ((char *)__builtin_frame_address(0) < limit->floor) {
        overstep(aTHX_ limit, POLICY_DEEP);
    }
    while (op) {
        int cost = 1 + extra[op->op_type];
        if (limit->left < 0) {
            look(aTHX_ limit);
        }
        PL_op = op = op->op_ppaddr(aTHX);
        limit->left -= cost;
    }
    PERL_ASYNC_CHECK();
    TAINT_NOT;
    return 0;
}

void policy_limit_begin(pTHX_ policy_limit *limit, apr_interval_time_t timeout)
{
    limit->timeout = timeout;
    limit->over = POLICY_WITHIN;
    limit->took = limit->longest = 0;
    limit->where[0] = '\0';
    limit->perl = aTHX;
    limit->left = OPERATIONS;
    limit->floor = stack_floor();
    limit->began = limit->looked = policy_clock();
    limit->outer = current;
    limit->outer_loop = PL_runops;
    current = limit;
    PL_runops = run_operations;
}

void policy_limit_end(pTHX_ policy_limit *limit)
{
    apr_time_t now = policy_clock();
    PL_runops = limit->outer_loop;
    current = limit->outer;
    measure(limit, now);
    limit->took = now - limit->began;
    if (!limit->over && limit->timeout && limit->took > limit->timeout) {
        limit->over = POLICY_LATE;
    }
}
