/* lvsd and the floating addresses of an active router (13 to 15). */
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <semaphore.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "pulse.h"

/* 0 while none runs, as the original keeps it (F24, F27). */
pid_t lvsd;

/* Waits are not interrupted by signals (9). */
static void wait_for(pid_t child)
{
    while (waitpid(child, NULL, 0) < 0 && errno == EINTR)
        ;
}

/* A signal that comes between fork and exec must find the default actions, as it will after exec. */
static pid_t start(const char *const *command)
{
    sigset_t all, usual;
    sigfillset(&all);
    sigprocmask(SIG_SETMASK, &all, &usual);
    pid_t child = fork();
    if (child == 0) {
        for (int number = 1; number < NSIG; number++)
            signal(number, SIG_DFL);
        sigprocmask(SIG_SETMASK, &usual, NULL);
        execvp(command[0], (char *const *)command);
        _exit(255);
    }
    sigprocmask(SIG_SETMASK, &usual, NULL);
    return child;
}

static void run(const char *const *command)
{
    wait_for(start(command));
}

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

void start_service(void)
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

/* `eth0:1` is a label of `eth0`. */
static const char *base_device(const struct floating *floating)
{
    static char base[16];
    snprintf(base, sizeof base, "%.*s", (int)strcspn(floating->device, ":"), floating->device);
    return base;
}

static const char *with_prefix(const struct floating *floating)
{
    static char text[24];
    struct in_addr mask = { 0 };
    inet_pton(AF_INET, floating->mask, &mask);
    int length = floating->mask[0] ? __builtin_popcount(mask.s_addr) : 24;
    snprintf(text, sizeof text, "%s/%d", floating->address, length);
    return text;
}

/* What `ifconfig DEVICE ADDRESS netmask MASK broadcast BCAST up` does. */
static void raise_address(const struct floating *floating)
{
    run((const char *[]){ "ip", "addr", "add", with_prefix(floating), "broadcast", "+", "dev",
                          base_device(floating), "label", floating->device, NULL });
}

static void drop_address(const struct floating *floating)
{
    run((const char *[]){ "ip", "addr", "del", with_prefix(floating), "dev", base_device(floating), NULL });
}

/* Asks the base device for its broadcast and hardware address, in the forms that send_arp wants. */
static void ask_device(const char *device, char *broadcast, char *hardware)
{
    struct ifreq request = { 0 };
    snprintf(request.ifr_name, sizeof request.ifr_name, "%s", device);
    int descriptor = socket(AF_INET, SOCK_DGRAM, 0);
    if (ioctl(descriptor, SIOCGIFBRDADDR, &request) < 0)
        log_line("SIOCGIFBRDADDR failed: %s", strerror(errno));
    inet_ntop(AF_INET, &((struct sockaddr_in *)&request.ifr_broadaddr)->sin_addr, broadcast, 16);
    if (ioctl(descriptor, SIOCGIFHWADDR, &request) < 0)
        log_line("SIOCGIFHWADDR failed: %s", strerror(errno));
    const unsigned char *bytes = (unsigned char *)request.ifr_hwaddr.sa_data;
    for (int i = 0; i < 6; i++)
        sprintf(hardware + 2 * i, "%02X", bytes[i]);
    close(descriptor);
}

/* Raises one address and announces it five times, a second apart (15). */
static void raise_and_announce(const struct floating *floating)
{
    char broadcast[16], hardware[13];
    raise_address(floating);
    ask_device(base_device(floating), broadcast, hardware);
    for (int i = 0; i < 5; i++) {
        run((const char *[]){ "/usr/sbin/send_arp", "-i", base_device(floating), floating->address, hardware,
                              broadcast, "ffffffffffff", NULL });
        sleep(1);
    }
}

static int for_nat_router(void)
{
    return configuration.nat && configuration.nat_router.address[0];
}

static void start_announcing(const struct floating *floating)
{
    if (fork() == 0) {
        raise_and_announce(floating);
        _exit(0);
    }
}

/* In a detached process that nobody can call back (F21): one child an address, all at the same time. */
void announce_addresses(void)
{
    pid_t between = fork();
    if (between > 0) {
        wait_for(between);
        return;
    }
    if (fork() > 0)
        _exit(0);
    if (for_nat_router())
        start_announcing(&configuration.nat_router);
    for (int i = 0; i < configuration.count; i++)
        start_announcing(&configuration.virtual_servers[i]);
    while (wait(NULL) > 0 || errno == EINTR)
        ;
    log_line("gratuitous lvs arps finished");
    _exit(0);
}

/* lvsd first, and without limit; then the addresses (14). */
void stop_service(void)
{
    kill(lvsd, SIGTERM);
    wait_for(lvsd);
    lvsd = 0;
    for (int i = 0; i < configuration.count; i++)
        drop_address(&configuration.virtual_servers[i]);
    if (for_nat_router())
        drop_address(&configuration.nat_router);
}
