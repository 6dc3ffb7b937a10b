/* service = fos: the state machine (20.2), fos and the gateway check (20.3). */
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>

#include "pulse.h"

/* 0 while none runs. */
static pid_t fos, ping;
static int serving, pings;
static char gateway[16];
/* WC and NF of the table. */
static int want_control, notified, network_fault;

static void start_fos(const char *mode)
{
    fos = start((const char *[]){ "/usr/sbin/fos", mode, "-c", configuration.file, "--nofork", NULL });
}

/* Without limit; its services end with it (20.1). */
static void end_fos(void)
{
    if (fos) {
        kill(fos, SIGTERM);
        wait_for(fos);
    }
    fos = 0;
}

/* Addresses and services start at the same time (F43). */
static void start_services(void)
{
    end_fos();
    announce_addresses();
    start_fos("--active");
    serving = 1;
    network_fault = 0;
}

static void start_monitors(void)
{
    end_fos();
    drop_addresses();
    start_fos("--monitor");
    serving = 0;
}

static void begin(int force_active)
{
    if (force_active) {
        log_line("Forced active on startup: activating fos");
        start_services();
    } else {
        log_line("Starting Failover Service Monitors");
        start_monitors();
    }
}

static void set_want_control(int wanted)
{
    want_control = wanted;
    notified = 0;
}

/* While control is wanted, also on a router that had to yield meanwhile. */
static enum message says(void)
{
    if (!want_control)
        return serving ? RUNNING : STOPPED;
    if (!notified)
        log_line("Notifying partner WE are taking control!");
    notified = 1;
    return STOPME;
}

static void hear_running(enum message message)
{
    if (role == PRIMARY && message == STOPME) {
        log_line("PARTNER HAS TOLD US TO GO INACTIVE!");
        start_monitors();
    } else if (role == PRIMARY) {
        log_line("partner active");
    } else if (want_control) {
        log_line("partner active: we want control!");
        send_heartbeat(says());
    } else {
        log_line("partner active: deactivating FOS");
        send_heartbeat(RUNNING);
        start_monitors();
    }
}

static void hear_stopped(void)
{
    set_want_control(0);
    if (serving)
        return;
    log_line(role == PRIMARY ? "backup inactive: activating fos" : "primary inactive: activating fos");
    start_services();
}

static void hear(enum message message, enum link link)
{
    if (network_fault && link == PUBLIC) {
        log_line("Network fault seems to be fixed");
        network_fault = 0;
        start_monitors();
    } else if (message == STOPPED) {
        hear_stopped();
    } else if (message != MEANINGLESS && serving) {
        hear_running(message);
    }
}

/* Also on a router that has found itself cut off (F41). */
static void partner_is_dead(void)
{
    set_want_control(0);
    if (serving)
        return;
    log_line("partner dead: activating failover services");
    start_services();
}

static void declare_network_fault(void)
{
    log_line("remote service unavailable; gateway unavailable");
    log_line("I SEEM TO HAVE A NETWORK FAULT!");
    network_fault = 1;
}

/* The gateway of the first default route. */
static int find_gateway(void)
{
    char line[256];
    int found = 0;
    FILE *routes = popen("/sbin/ip route show", "r");
    while (!found && fgets(line, sizeof line, routes))
        found = sscanf(line, "default via %15[0-9.]", gateway) == 1;
    pclose(routes);
    return found;
}

static void start_ping(void)
{
    ping = start((const char *[]){ "/bin/ping", "-n", "-c", "1", "-w", "1", gateway, NULL });
}

static void check_gateway(void)
{
    pings = 3;
    if (find_gateway())
        start_ping();
    else
        declare_network_fault();
}

static void ping_ended(int status)
{
    if (serving)
        return;
    if (status == 0) {
        log_line("remote service unavailable but we can see the gateway");
        log_line("seems like a remote network fault; performing service failover");
        set_want_control(1);
        start_services();
    } else if (--pings > 0) {
        start_ping();
    } else {
        declare_network_fault();
    }
}

/* Its end is all that fos says. */
static void fos_ended(void)
{
    fos = 0;
    if (serving) {
        log_line("fos process exited -- restarting it");
        start_services();
    } else {
        log_line("fos process exited -- checking network connectivity");
        check_gateway();
    }
}

/* One child is collected for a signal (F28). */
static void child_ended(void)
{
    int status;
    pid_t child = waitpid(-1, &status, WNOHANG);
    if (child > 0 && child == fos)
        fos_ended();
    else if (child > 0 && child == ping)
        ping_ended(status);
}

static void hang_up(void)
{
    kill(fos, SIGHUP);
}

/* fos first, then the addresses (20.5). */
static void leave(void)
{
    end_fos();
    drop_addresses();
}

const struct machine fos_machine = { begin, says, hear, partner_is_dead, child_ended, hang_up, leave };
