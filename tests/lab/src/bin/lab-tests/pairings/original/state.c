/* The state machine of service = lvs (12). */
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "pulse.h"

static enum role role;
static int active;
/* Cleared by nothing but the partner's RUNNING (F12). */
static int child_failed;

int is_active(void)
{
    return active;
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

void begin(enum role own, int force_active)
{
    role = own;
    log_line(role == PRIMARY ? "STARTING PULSE AS MASTER" : "STARTING PULSE AS BACKUP");
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
        send_heartbeat(active);
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

void hear(enum message message)
{
    if (message == RUNNING)
        hear_running();
    else if (message == STOPPED)
        hear_stopped();
}

void partner_is_dead(void)
{
    if (active || child_failed)
        return;
    log_line("partner dead: activating lvs");
    go_active();
}

/* One child is collected for a signal (18). */
void child_ended(void)
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

/* No heartbeat says goodbye (9, F11). */
void terminate(int number)
{
    log_line("Terminating due to signal %d", number);
    go_inactive();
    unlink(PID_FILE);
    exit(0);
}
