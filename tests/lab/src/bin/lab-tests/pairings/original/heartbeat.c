/* The heartbeat on the wire (10). */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "pulse.h"

/* In the sender's own byte order (10.2). */
static const uint32_t numbers[2][MEANINGLESS] = {
    { [RUNNING] = 0xbdaddbda, [STOPPED] = 0xadbddabd },
    { [RUNNING] = 0xbeefbabe, [STOPPED] = 0xdeadbeef, [STOPME] = 0xdeaddada },
};
#define HOLD 0xdeafbabeU
#define HELD 0xdeafdadaU

static int descriptors[LINKS] = { -1, -1 };
static struct sockaddr_in partner[LINKS];

static struct sockaddr_in socket_address(const char *address)
{
    struct sockaddr_in result = { .sin_family = AF_INET, .sin_port = htons(configuration.port) };
    inet_pton(AF_INET, address, &result.sin_addr);
    return result;
}

/* No address reuse option; closed on exec, but not in forked copies (10.4, F21). */
static int bind_link(const char *address)
{
    struct sockaddr_in own = socket_address(address);
    int descriptor = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (bind(descriptor, (struct sockaddr *)&own, sizeof own) < 0) {
        log_line("failed to bind to heartbeat address: %s", strerror(errno));
        fprintf(stderr, "pulse: cannot create heartbeat socket. running as root?\n");
        exit(1);
    }
    return descriptor;
}

void open_links(enum role role)
{
    const struct configuration *c = &configuration;
    int primary = role == PRIMARY;
    descriptors[PUBLIC] = bind_link(primary ? c->primary : c->backup);
    partner[PUBLIC] = socket_address(primary ? c->backup : c->primary);
    partner[PRIVATE] = socket_address(primary ? c->backup_private : c->primary_private);
    if (strcmp(c->primary_private, c->primary))
        descriptors[PRIVATE] = bind_link(primary ? c->primary_private : c->backup_private);
}

int link_descriptor(enum link link)
{
    return descriptors[link];
}

/* On both links, every time; a failure is not told (10.4). */
void send_heartbeat(enum message message)
{
    const uint32_t *number = &numbers[configuration.fos][message];
    for (enum link link = 0; link < LINKS; link++)
        if (descriptors[link] >= 0)
            sendto(descriptors[link], number, sizeof *number, 0, (struct sockaddr *)&partner[link],
                   sizeof partner[link]);
}

/* Either address is accepted on either link, from any port (10.5). */
static int is_partner(struct in_addr source)
{
    return source.s_addr == partner[PUBLIC].sin_addr.s_addr || source.s_addr == partner[PRIVATE].sin_addr.s_addr;
}

static enum message meaning(uint32_t number)
{
    for (enum message message = RUNNING; message < MEANINGLESS; message++)
        if (number && number == numbers[configuration.fos][message])
            return message;
    if (number == HOLD || number == HELD)
        return MEANINGLESS;
    log_line("Incompatible heartbeat received -- other system not using identical services");
    return NOTHING;
}

/* One datagram, of which no more than four bytes are read (10.5). */
enum message receive_heartbeat(enum link link)
{
    uint32_t number;
    struct sockaddr_in source;
    socklen_t size = sizeof source;
    ssize_t length =
        recvfrom(descriptors[link], &number, sizeof number, MSG_DONTWAIT, (struct sockaddr *)&source, &size);
    if (length < 0) {
        if (errno != ECONNREFUSED)
            log_line("recvfrom() failed: %s", strerror(errno));
        return NOTHING;
    }
    if (!is_partner(source.sin_addr))
        return NOTHING;
    if (length < (ssize_t)sizeof number) {
        log_line("bad heartbeat packet");
        return NOTHING;
    }
    return meaning(number);
}
