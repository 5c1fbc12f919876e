/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

#include "announce/moderator/moderator.h"

#include "announce/moderator/announcer.h"
#include "announce/moderator/pid_file.h"
#include "announce/moderator/stop.h"
#include "table/clock.h"
#include "table/process.h"
#include "table/counters.h"

#include <ap_listen.h>
#include <ap_mpm.h>
#include <http_core.h>
#include <http_log.h>
#include <mpm_common.h>
#include <unixd.h>

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

APLOG_USE_MODULE(backhand);

/* The pause before a moderator that died early is started again; it doubles each time. */
#define PAUSE     apr_time_from_sec(1)
#define PAUSE_MAX apr_time_from_sec(32)
/* How long a moderator that was told to end may take, ms. */
#define END_WAIT 200
/* The same for a moderator that has just shown that it does not hang. */
#define END_WAIT_ALIVE 2000
/* The moderator counts as hanging when LOOKS checks in a row, at least LOOK_WAIT apart, find no new heartbeat. A single
 * check would not be enough: all of httpd may have been suspended in between. */
#define LOOKS     2
#define LOOK_WAIT apr_time_from_sec(3)
/* How long httpd's stop waits for the announcement that this server leaves, and then for the others to read it, ms.
 * When the children are ending it waits once more: a busy machine may not let the moderator run earlier. */
#define LEAVE_WAIT   200
#define LEAVE_LINGER 100
#define LEAVE_LATEST 1000

/* The parent's side of the moderator. */
typedef struct moderator {
    server_rec *s;
    apr_pool_t *pconf;
    const ap_unixd_mpm_retained_data *mpm; /* lives as long as httpd */
    apr_proc_t proc;                       /* pid 0: there is no moderator */
    pid_t parent;
    int link; /* socket to the moderator; -1: none */
    apr_time_t started;
    apr_interval_time_t pause;      /* the pause before the present moderator began */
    int failed;                     /* 1: it could not be forked, and the log says so */
    int64_t beats;                  /* heartbeats at the last check */
    int idle_looks;                 /* checks in a row that found no new heartbeat */
    apr_time_t looked;              /* time of the last check */
    volatile sig_atomic_t answered; /* 1: it told the others that this server stops */
    volatile sig_atomic_t mute;     /* 1: it did not answer in time when this server stopped */
    int doomed;                     /* 1: it had its last chance to answer */
} moderator;

/* The moderator of this configuration. Static, because a signal handler gets no argument for it. */
static moderator *volatile current;

static void maintain(int reason, void *data, int status);

static void close_link(moderator *m)
{
    int fd = m->link;
    m->link = -1;
    if (fd >= 0) {
        /* Children inherited the descriptor, so close() alone would not end the connection. */
        shutdown(fd, SHUT_RDWR);
        close(fd);
    }
}

/* @return 1 when the process has ended, or is no longer a child of this one */
static int has_ended(pid_t pid, int wait)
{
    apr_time_t end = backhand_clock_now() + apr_time_from_msec(wait);
    pid_t got;
    while ((got = waitpid(pid, NULL, WNOHANG)) == 0 || (got < 0 && errno == EINTR)) {
        if (backhand_clock_now() >= end) {
            return 0;
        }
        poll(NULL, 0, 1);
    }
    return 1;
}

static int may_log(void)
{
    return ap_state_query(AP_SQ_MAIN_STATE) != AP_SQ_MS_EXITING;
}

/* Ends the moderator, and kills it if it hangs, so that httpd's parent never waits long. Never signals pid 0 or -1,
 * which stand for many processes. */
static void end_process(moderator *m)
{
    pid_t pid = m->proc.pid;
    int wait = m->answered ? END_WAIT_ALIVE : END_WAIT;
    m->proc.pid = 0;
    close_link(m);
    if (pid <= 0) {
        return;
    }
    kill(pid, m->mute ? SIGKILL : SIGTERM);
    if (has_ended(pid, wait)) {
        return;
    }
    kill(pid, SIGKILL);
    if (may_log()) {
        ap_log_error(APLOG_MARK, APLOG_NOTICE, 0, m->s,
                     "backhand: the moderator process %" APR_PID_T_FMT " did not end within %d ms and is killed", pid,
                     wait);
    }
    has_ended(pid, END_WAIT);
}

/* Announces a stop whose signal came before stop.h watched for it. */
static apr_status_t leave_late(void *data)
{
    moderator *m = data;
    if (getpid() == m->parent && m->mpm->shutdown_pending) {
        backhand_moderator_leave();
    }
    return APR_SUCCESS;
}

static apr_status_t forget(void *data)
{
    moderator *m = data;
    if (getpid() == m->parent) {
        const char *pid_file = backhand_config_get(m->s)->moderator_pid_file;
        current = NULL;
        end_process(m);
        if (pid_file) {
            backhand_pid_file_remove(pid_file);
        }
    }
    return APR_SUCCESS;
}

/* Only people read the file; the moderator runs without it, too. */
static void write_pid_file(const moderator *m)
{
    const char *path = backhand_config_get(m->s)->moderator_pid_file;
    apr_status_t rv = path ? backhand_pid_file_write(path, m->proc.pid) : APR_SUCCESS;
    if (rv != APR_SUCCESS) {
        ap_log_error(APLOG_MARK, APLOG_ERR, rv, m->s,
                     "backhand: cannot write BackhandModeratorPIDFile %s: make its folder writable for the user that "
                     "starts httpd, or name another file",
                     path);
    }
}

/* Runs in the new process, which keeps nothing of httpd's parent but its memory and its log. */
static void become_moderator(const moderator *m, int link, apr_interval_time_t pause, const sigset_t *mask)
{
    static const int ignored[] = {SIGINT, SIGHUP, SIGPIPE, AP_SIG_GRACEFUL, AP_SIG_GRACEFUL_STOP};
    static const int fatal[] = {SIGCHLD, SIGSEGV, SIGBUS, SIGABRT, SIGILL, SIGFPE};
    apr_pool_t *p;
    size_t i;
    for (i = 0; i < sizeof(ignored) / sizeof(ignored[0]); i++) {
        signal(ignored[i], SIG_IGN);
    }
    for (i = 0; i < sizeof(fatal) / sizeof(fatal[0]); i++) {
        signal(fatal[i], SIG_DFL);
    }
    backhand_announcer_signals();
    sigprocmask(SIG_SETMASK, mask, NULL);
    ap_close_listeners();
    apr_pool_create(&p, m->pconf);
    apr_pool_tag(p, "backhand_moderator");
    if (ap_run_drop_privileges(p, m->s) == OK) {
        backhand_announcer_run(m->s, m->parent, link, pause, p);
    }
    /* Not exit(): exit handlers and pool cleanups are for the parent alone. */
    _exit(0);
}

static apr_status_t fork_moderator(moderator *m, apr_interval_time_t pause)
{
    sigset_t all, before;
    apr_status_t rv;
    int ends[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends) != 0) {
        return errno;
    }
    /* Signals stay blocked until the new process has its own handlers: the parent's handlers would swallow them. */
    sigfillset(&all);
    sigprocmask(SIG_BLOCK, &all, &before);
    rv = apr_proc_fork(&m->proc, m->pconf);
    if (rv == APR_INCHILD) {
        close(ends[0]);
        become_moderator(m, ends[1], pause, &before);
    }
    sigprocmask(SIG_SETMASK, &before, NULL);
    close(ends[1]);
    if (rv != APR_INPARENT) {
        m->proc.pid = 0;
        close(ends[0]);
        return rv;
    }
    m->link = ends[0];
    m->started = backhand_clock_now() + pause;
    m->pause = pause;
    m->idle_looks = 0;
    m->looked = 0;
    apr_proc_other_child_register(&m->proc, maintain, m, NULL, m->pconf);
    write_pid_file(m);
    return APR_SUCCESS;
}

static int is_stopping(void)
{
    int state;
    return ap_mpm_query(AP_MPMQ_MPM_STATE, &state) != APR_SUCCESS || state == AP_MPMQ_STOPPING;
}

/* Forks the moderator. If that fails, httpd runs without it until backhand_moderator_monitor() tries again. */
static void start(moderator *m, apr_interval_time_t pause)
{
    apr_status_t rv = fork_moderator(m, pause);
    if (rv != APR_SUCCESS && !m->failed) {
        ap_log_error(APLOG_MARK, APLOG_CRIT, rv, m->s,
                     "backhand: cannot start the moderator process: this server announces nothing and hears nothing; "
                     "httpd tries again about every 10 s");
    }
    if (rv == APR_SUCCESS && m->failed) {
        ap_log_error(APLOG_MARK, APLOG_NOTICE, 0, m->s, "backhand: the moderator process has started");
    }
    m->failed = rv != APR_SUCCESS;
}

static void start_again(moderator *m, int status)
{
    apr_interval_time_t pause = 0;
    ap_log_error(APLOG_MARK, APLOG_WARNING, 0, m->s,
                 "backhand: the moderator process %" APR_PID_T_FMT
                 " ended unexpectedly (status %d); httpd starts another one",
                 m->proc.pid, status);
    if (backhand_clock_now() - m->started < PAUSE) {
        pause = m->pause == 0 ? PAUSE : m->pause < PAUSE_MAX ? 2 * m->pause : PAUSE_MAX;
    }
    m->proc.pid = 0;
    close_link(m);
    start(m, pause);
}

static void maintain(int reason, void *data, int status)
{
    if (reason == APR_OC_REASON_DEATH || reason == APR_OC_REASON_LOST) {
        moderator *m = data;
        apr_proc_other_child_unregister(m);
        if (is_stopping()) {
            m->proc.pid = 0;
        }
        else {
            start_again(m, status);
        }
    }
}

void backhand_moderator_start(server_rec *s, apr_pool_t *pconf)
{
    moderator *m = current;
    if (m) {
        return;
    }
    m = apr_pcalloc(pconf, sizeof(*m));
    m->s = s;
    m->pconf = pconf;
    m->parent = getpid();
    m->mpm = ap_unixd_mpm_get_retained_data();
    m->link = -1;
    backhand_table_set_stopping(backhand_config_get(s)->table, 0);
    start(m, 0);
    current = m;
    apr_pool_pre_cleanup_register(pconf, m, leave_late);
    apr_pool_cleanup_register(pconf, m, forget, apr_pool_cleanup_null);
}

/* @return 1 when the moderator hangs; see LOOKS */
static int stands_still(moderator *m)
{
    apr_time_t now = backhand_clock_now();
    int64_t beats = backhand_table_beats(backhand_config_get(m->s)->table);
    if (now - m->looked < LOOK_WAIT) {
        return 0;
    }
    m->idle_looks = m->looked && beats == m->beats ? m->idle_looks + 1 : 0;
    m->beats = beats;
    m->looked = now;
    return m->idle_looks >= LOOKS;
}

int backhand_moderator_monitor(apr_pool_t *p, server_rec *s)
{
    moderator *m = current;
    (void)p;
    (void)s;
    if (!m || getpid() != m->parent || is_stopping()) {
        return DECLINED;
    }
    if (m->proc.pid <= 0) {
        start(m, 0);
    }
    else if (stands_still(m)) {
        ap_log_error(APLOG_MARK, APLOG_WARNING, 0, m->s,
                     "backhand: the moderator process %" APR_PID_T_FMT
                     " does not respond and is killed; httpd starts another one",
                     m->proc.pid);
        m->idle_looks = 0;
        kill(m->proc.pid, SIGKILL);
    }
    return DECLINED;
}

/* Waits up to `wait` ms for the moderator's answer that the others were told. */
static int wait_for_answer(int fd, int wait)
{
    apr_time_t end = backhand_clock_now() + apr_time_from_msec(wait), left;
    char answer;
    while ((left = end - backhand_clock_now()) > 0) {
        struct pollfd polled = {.fd = fd, .events = POLLIN};
        if (poll(&polled, 1, (int)((left + 999) / 1000)) > 0) {
            return recv(fd, &answer, 1, MSG_DONTWAIT) == 1;
        }
    }
    return 0;
}

void backhand_moderator_leave(void)
{
    moderator *m = current;
    backhand_table *table;
    if (!m || m->link < 0) {
        return;
    }
    table = backhand_config_get(m->s)->table;
    if (backhand_table_stopping(table)) {
        return;
    }
    backhand_table_set_stopping(table, 1);
    if (send(m->link, "L", 1, MSG_NOSIGNAL | MSG_DONTWAIT) == 1 && wait_for_answer(m->link, LEAVE_WAIT)) {
        m->answered = 1;
        poll(NULL, 0, LEAVE_LINGER);
    }
    else {
        m->mute = 1;
    }
}

/* Gives a moderator that did not answer one more chance, then logs that. The signal handler cannot log. */
static void look_at_mute(moderator *m)
{
    m->doomed = 1;
    if (m->link >= 0 && wait_for_answer(m->link, LEAVE_LATEST)) {
        m->mute = 0;
        m->answered = 1;
        return;
    }
    ap_log_error(APLOG_MARK, APLOG_NOTICE, 0, m->s,
                 "backhand: the moderator process %" APR_PID_T_FMT
                 " does not respond and is killed; the other servers were not told that this server stops",
                 m->proc.pid);
}

void backhand_moderator_child_status(server_rec *s, pid_t pid, ap_generation_t gen, int slot, int status)
{
    const backhand_config *conf = backhand_config_get(s);
    moderator *m = current;
    (void)gen;
    (void)slot;
    if (m) {
        backhand_stop_watch(m->pconf, backhand_moderator_leave);
    }
    if (m && m->mute && !m->doomed && getpid() == m->parent) {
        look_at_mute(m);
    }
    /* Only when the child has ended: a child that lost its slot still finishes its requests. */
    if (status == MPM_CHILD_EXITED && conf->table) {
        backhand_process_release(conf->table, pid);
    }
}
