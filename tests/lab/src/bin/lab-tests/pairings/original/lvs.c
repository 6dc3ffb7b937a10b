/* service = lvs: the state machine (12), and lvsd (13, 14). */
#include <errno.h>
#include <fcntl.h>
#include <semaphore.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>

#include "pulse.h"

/* 0 while none runs, as the original keeps it (F24, F27). */
static pid_t lvsd;
static int active;
/* Cleared by nothing but the partner's RUNNING (F12). */
static int child_failed;

static void start_lvsd(void)
{
    lvsd = start((const char *[]){ "/usr/sbin/lvsd", "--nofork", "-c", configuration.file, NULL });
}

/* Any signal ends the wait as if lvsd had posted (8.3). */
static void wait_for_post(sem_t *semaphore)
{
    struct timespec limit;
    clock_gettime(CLOCK_REALTIME, &limit);
    limit.tv_sec += 10;
    if (sem_timedwait(semaphore, &limit) < 0 && errno != EINTR) {
        log_line("Error waiting for semaphore: %s", strerror(errno));
        kill(lvsd, SIGKILL);
        exit(255);
    }
}

static void start_service(void)
{
    sem_t *semaphore = sem_open("lvs", O_CREAT, 0644, 0);
    if (semaphore == SEM_FAILED) {
        log_line("Failed to open semaphore: %s", strerror(errno));
        exit(255);
    }
    start_lvsd();
    wait_for_post(semaphore);
    sem_close(semaphore);
    sem_unlink("lvs");
    announce_addresses();
}

/* lvsd first, and without limit; then the addresses (14). */
static void stop_service(void)
{
    kill(lvsd, SIGTERM);
    wait_for(lvsd);
    lvsd = 0;
    drop_addresses();
}

static enum message says(void)
{
    return active ? RUNNING : STOPPED;
}

/* Active, and saying RUNNING, only after all of it (13). */
static void go_active(void)
{
    start_service();
    active = 1;
}

/* Nothing is sent or read meanwhile (14). */
static void go_inactive(void)
{
    if (active)
        stop_service();
    active = 0;
}

static void begin(int force_active)
{
    if (force_active) {
        log_line("Forced active on startup: activating lvs");
        go_active();
    }
}

static void hear_running(void)
{
    child_failed = 0;
    if (!active)
        return;
    if (role == PRIMARY) {
        log_line("partner active: resending arps");
        announce_addresses();
    } else {
        log_line("partner active: deactivating LVS");
        send_heartbeat(RUNNING);
        go_inactive();
    }
}

static void hear_stopped(void)
{
    if (active || child_failed)
        return;
    log_line(role == PRIMARY ? "backup inactive: activating lvs" : "primary inactive: activating lvs");
    go_active();
}

static void hear(enum message message, enum link link)
{
    (void)link;
    if (message == RUNNING)
        hear_running();
    else if (message == STOPPED)
        hear_stopped();
}

static void partner_is_dead(void)
{
    if (active || child_failed)
        return;
    log_line("partner dead: activating lvs");
    go_active();
}

/* One child is collected for a signal (18). */
static void child_ended(void)
{
    int status;
    pid_t child = waitpid(-1, &status, WNOHANG);
    if (child <= 0)
        return;
    if (child != lvsd) {
        log_line("Skipping death of unknown child %d", child);
        return;
    }
    if (WIFEXITED(status))
        log_line("Child process %d exited with status %d", child, WEXITSTATUS(status));
    else
        log_line("Child process %d terminated with signal %d", child, WTERMSIG(status));
    go_inactive();
    child_failed = 1;
}

static void hang_up(void)
{
    kill(lvsd, SIGHUP);
}

const struct machine lvs_machine = { begin, says, hear, partner_is_dead, child_ended, hang_up, go_inactive };
