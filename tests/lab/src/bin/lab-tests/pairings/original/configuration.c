/* lvs.cf, as much of it as the stand-in needs: the keys of section 4 and the floating addresses of the service. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "pulse.h"

struct configuration configuration = { .port = 539, .keepalive = 2, .deadtime = 5, .nat = 1 };

static void copy(char *to, const char *from)
{
    snprintf(to, 16, "%s", from);
}

static void global_key(const char *key, const char *value)
{
    struct configuration *c = &configuration;
    if (!strcmp(key, "primary"))
        copy(c->primary, value);
    else if (!strcmp(key, "backup"))
        copy(c->backup, value);
    else if (!strcmp(key, "primary_private"))
        copy(c->primary_private, value);
    else if (!strcmp(key, "backup_private"))
        copy(c->backup_private, value);
    else if (!strcmp(key, "service"))
        c->fos = !strcmp(value, "fos");
    else if (!strcmp(key, "heartbeat_port"))
        c->port = atoi(value);
    else if (!strcmp(key, "keepalive"))
        c->keepalive = atoi(value);
    else if (!strcmp(key, "deadtime"))
        c->deadtime = atoi(value);
    else if (!strcmp(key, "network"))
        c->nat = !strcmp(value, "nat");
    else if (!strcmp(key, "nat_router"))
        sscanf(value, "%15s %15s", c->nat_router.address, c->nat_router.device);
    else if (!strcmp(key, "nat_nmask"))
        copy(c->nat_router.mask, value);
}

/* The section that is being read: `virtual`, with `server` inside, or `failover`. */
static struct {
    int depth, active, failover;
    struct floating floating;
} section;

static void section_key(const char *key, const char *value)
{
    if (!strcmp(key, "active"))
        section.active = atoi(value);
    else if (!strcmp(key, "address"))
        sscanf(value, "%15s %15s", section.floating.address, section.floating.device);
    else if (!strcmp(key, "vip_nmask"))
        copy(section.floating.mask, value);
}

/* Addresses are compared, devices and masks are not: the first active block counts (15). */
static int is_known(const struct floating *floating)
{
    for (int i = 0; i < configuration.count; i++)
        if (!strcmp(configuration.services[i].address, floating->address))
            return 1;
    return 0;
}

static void begin_section(const char *line)
{
    if (section.depth++ == 0)
        section.failover = strstr(line, "failover ") == line;
}

static void end_section(void)
{
    if (--section.depth > 0)
        return;
    if (section.active && section.failover == configuration.fos && !is_known(&section.floating) && configuration.count < 32)
        configuration.services[configuration.count++] = section.floating;
    memset(&section, 0, sizeof section);
}

static void read_line(const char *line)
{
    char key[64], value[256];
    if (line[0] == '#')
        return;
    if (strchr(line, '{'))
        begin_section(line);
    else if (strchr(line, '}'))
        end_section();
    else if (sscanf(line, " %63s = %255[^\n]", key, value) != 2)
        return;
    else if (section.depth == 0)
        global_key(key, value);
    else if (section.depth == 1)
        section_key(key, value);
}

/* Without a private link of its own the public one counts for both (4). */
static void default_private_link(void)
{
    if (configuration.primary_private[0])
        return;
    copy(configuration.primary_private, configuration.primary);
    copy(configuration.backup_private, configuration.backup);
}

void read_configuration(const char *file)
{
    FILE *lines = fopen(file, "r");
    if (!lines) {
        fprintf(stderr, "pulse: failed to open %s\n", file);
        exit(1);
    }
    configuration.file = file;
    char line[1024];
    while (fgets(line, sizeof line, lines))
        read_line(line);
    fclose(lines);
    default_private_link();
}
