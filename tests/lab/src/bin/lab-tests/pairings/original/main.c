/* original-pulse [--forceactive] LVS.CF: start (5), detaching (8), signals (9), timers and loop (11). */
#include <fcntl.h>
#include <ifaddrs.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <syslog.h>
#include <unistd.h>

#include "pulse.h"

#define PID_FILE "/var/run/pulse.pid"

/* Microseconds of the wall clock, which an administrator may set (F15). */
typedef int64_t moment;

static moment send_due, dead_due;
static volatile sig_atomic_t ending, hangup, child;

enum role role;
static const struct machine *machine;

/* Every line is daemon.info (21). */
void log_line(const char *format, ...)
{
    va_list values;
    va_start(values, format);
    vsyslog(LOG_INFO, format, values);
    va_end(values);
}

static moment now(void)
{
    struct timeval time;
    gettimeofday(&time, NULL);
    return (moment)time.tv_sec * 1000000 + time.tv_usec;
}

static void note_signal(int number)
{
    if (number == SIGHUP)
        hangup = 1;
    else if (number == SIGCHLD)
        child = 1;
    else
        ending = number;
}

static void install_handlers(void)
{
    int numbers[] = { SIGTERM, SIGINT, SIGHUP, SIGCHLD };
    struct sigaction action = { .sa_handler = note_signal };
    for (int i = 0; i < 4; i++)
        sigaction(numbers[i], &action, NULL);
}

/* No heartbeat says goodbye (9, F11). */
static void terminate(int number)
{
    log_line("Terminating due to signal %d", number);
    machine->leave();
    unlink(PID_FILE);
    exit(0);
}

/* Without lvsd or fos the number is 0, so that pulse sends itself a SIGHUP for every one it gets and never leaves (F24). */
static void handle_signals(void)
{
    while (hangup) {
        hangup = 0;
        machine->hang_up();
    }
    if (child) {
        child = 0;
        machine->child_ended();
    }
    if (ending)
        terminate(ending);
}

static int fill(fd_set *readable)
{
    int highest = 0;
    FD_ZERO(readable);
    for (enum link link = 0; link < LINKS; link++) {
        int descriptor = link_descriptor(link);
        if (descriptor < 0)
            continue;
        FD_SET(descriptor, readable);
        highest = descriptor > highest ? descriptor : highest;
    }
    return highest + 1;
}

/* Waits until that time. A signal ends the wait, also one that came since signals were last handled. */
static int wait_until(moment due, fd_set *readable)
{
    sigset_t all, usual;
    sigfillset(&all);
    sigprocmask(SIG_SETMASK, &all, &usual);
    int ready = -1;
    if (!ending && !hangup && !child) {
        moment left = due > now() ? due - now() : 0;
        struct timespec limit = { left / 1000000, left % 1000000 * 1000 };
        int count = fill(readable);
        ready = pselect(count, readable, NULL, NULL, &limit, &usual);
    }
    sigprocmask(SIG_SETMASK, &usual, NULL);
    return ready;
}

/* One datagram a link, the private one first; the dead timer begins anew after what they caused (10.5, 11). */
static void read_links(const fd_set *readable)
{
    for (enum link link = 0; link < LINKS; link++) {
        int descriptor = link_descriptor(link);
        if (descriptor < 0 || !FD_ISSET(descriptor, readable))
            continue;
        enum message message = receive_heartbeat(link);
        if (message == NOTHING)
            continue;
        machine->hear(message, link);
        dead_due = now() + (moment)configuration.deadtime * 1000000;
    }
}

static void timer_ran_out(void)
{
    if (send_due <= dead_due) {
        send_heartbeat(machine->says());
        send_due = now() + (moment)configuration.keepalive * 1000000;
    } else {
        machine->partner_is_dead();
        dead_due = now() + (moment)configuration.deadtime * 1000000;
    }
}

/* A timer that is overdue already acts before signals and sockets are looked at (11, F15). */
static void turn(void)
{
    moment due = send_due <= dead_due ? send_due : dead_due;
    fd_set readable;
    int ready = 0;
    if (now() < due) {
        do
            handle_signals();
        while ((ready = wait_until(due, &readable)) < 0);
    }
    if (ready > 0)
        read_links(&readable);
    else
        timer_ran_out();
}

/* Primary is who has the primary's address (6). */
static enum role find_role(void)
{
    struct ifaddrs *list, *item;
    struct in_addr primary;
    enum role found = BACKUP;
    inet_pton(AF_INET, configuration.primary, &primary);
    if (getifaddrs(&list) < 0)
        return PRIMARY;
    for (item = list; item; item = item->ifa_next)
        if (item->ifa_addr && item->ifa_addr->sa_family == AF_INET &&
            ((struct sockaddr_in *)item->ifa_addr)->sin_addr.s_addr == primary.s_addr)
            found = PRIMARY;
    freeifaddrs(list);
    return found;
}

/* Forks twice; the caller gets its 0 at once (8.1). */
static void detach(void)
{
    pid_t middle = fork();
    if (middle > 0) {
        waitpid(middle, NULL, 0);
        exit(0);
    }
    if (fork() > 0)
        _exit(0);
    FILE *file = fopen(PID_FILE, "w");
    if (file) {
        fprintf(file, "%d\n", getpid());
        fclose(file);
    }
    int null = open("/dev/null", O_RDWR);
    for (int descriptor = 0; descriptor < 3; descriptor++)
        dup2(null, descriptor);
    close(null);
    setsid();
}

int main(int argc, char **argv)
{
    int force_active = argc > 2 && !strcmp(argv[1], "--forceactive");
    read_configuration(argv[argc - 1]);
    role = find_role();
    machine = configuration.fos ? &fos_machine : &lvs_machine;
    open_links(role);
    detach();
    openlog("pulse", LOG_PID, LOG_DAEMON);
    install_handlers();
    log_line(role == PRIMARY ? "STARTING PULSE AS MASTER" : "STARTING PULSE AS BACKUP");
    machine->begin(force_active);
    send_due = now() + (moment)configuration.keepalive * 1000000;
    dead_due = now() + (moment)configuration.deadtime * 1000000;
    for (;;)
        turn();
}
