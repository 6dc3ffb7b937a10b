/* A stand-in for Piranha's pulse 0.8.6-7, as its partner knows it: heartbeat, timers, states, activation, log lines, and
 * the faults of all these. Written from the specification; numbers in comments are sections of pulse.md. Left out is
 * what no partner can see: sync daemon, active_cmd and inactive_cmd, link monitoring, shared SCSI. */
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
    int fos, port, keepalive, deadtime, nat;
    struct floating nat_router;
    struct floating services[32];
    int count;
};

/* configuration.c */
extern struct configuration configuration;
void read_configuration(const char *file);

/* heartbeat.c: sockets and datagrams (10). */
enum message { NOTHING, RUNNING, STOPPED, STOPME, MEANINGLESS };
enum link { PRIVATE, PUBLIC, LINKS };
void open_links(enum role role);
int link_descriptor(enum link link);
void send_heartbeat(enum message message);
enum message receive_heartbeat(enum link link);

/* process.c: programs that are started. */
pid_t start(const char *const *command);
void wait_for(pid_t child);
void run(const char *const *command);

/* address.c: the floating addresses (15). */
void announce_addresses(void);
void drop_addresses(void);

/* Who is active: lvs.c (12) and fos.c (20.2). */
struct machine {
    void (*begin)(int force_active);
    enum message (*says)(void);
    void (*hear)(enum message message, enum link link);
    void (*partner_is_dead)(void);
    void (*child_ended)(void);
    void (*hang_up)(void);
    void (*leave)(void);
};
extern const struct machine lvs_machine, fos_machine;

/* main.c */
extern enum role role;
void log_line(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
