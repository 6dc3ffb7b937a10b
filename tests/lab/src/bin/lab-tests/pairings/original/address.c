/* The floating addresses of an active router (15). */
#include <errno.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "pulse.h"

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
    return !configuration.fos && configuration.nat && configuration.nat_router.address[0];
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
        start_announcing(&configuration.services[i]);
    while (wait(NULL) > 0 || errno == EINTR)
        ;
    log_line("gratuitous %s arps finished", configuration.fos ? "fos" : "lvs");
    _exit(0);
}

void drop_addresses(void)
{
    for (int i = 0; i < configuration.count; i++)
        drop_address(&configuration.services[i]);
    if (for_nat_router())
        drop_address(&configuration.nat_router);
}
