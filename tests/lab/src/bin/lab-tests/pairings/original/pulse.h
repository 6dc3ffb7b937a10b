/* A stand-in for Piranha's pulse 0.8.6-7 with service = lvs, as its partner knows it: heartbeat, timers, states,
 * activation, log lines, and the faults of all these. Written from the specification; numbers in comments are sections
 * of pulse.md. Left out is what no partner can see: sync daemon, active_cmd and inactive_cmd, link monitoring. */
#ifndef PULSE_H
#define PULSE_H

#include <arpa/inet.h>
#include <stdint.h>
#include <sys/types.h>

enum role { PRIMARY, BACKUP };

/* A floating address; DEVICE is a label such as eth0:1. */
struct floating {
    char address[16], device[16], mask[16];
};

/* What pulse takes from lvs.cf (4), with the parser's defaults. */
struct configuration {
    const char *file;
    char primary[16], backup[16], primary_private[16], backup_private[16];
    int port, keepalive, deadtime, nat;
    struct floating nat_router;
    struct floating virtual_servers[32];
    int count;
};

/* configuration.c */
extern struct configuration configuration;
void read_configuration(const char *file);

/* heartbeat.c: sockets and datagrams (10). */
enum message { NOTHING, RUNNING, STOPPED, MEANINGLESS };
enum link { PRIVATE, PUBLIC, LINKS };
void open_links(enum role role);
int link_descriptor(enum link link);
void send_heartbeat(int active);
enum message receive_heartbeat(enum link link);

/* service.c: lvsd and the floating addresses (13 to 15). */
extern pid_t lvsd;
void start_service(void);
void stop_service(void);
void announce_addresses(void);

/* state.c: who is active (12). */
void begin(enum role role, int force_active);
int is_active(void);
void hear(enum message message);
void partner_is_dead(void);
void child_ended(void);
void terminate(int number);

/* main.c */
#define PID_FILE "/var/run/pulse.pid"
void log_line(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
