/*
 * Static programs load nothing, also not what /etc/nsswitch.conf asks for (sss, systemd, resolve, myhostname ...): such a
 * module brings the C library of its distribution along, and two of them in one process end in a crash at the first name
 * that is looked up. This takes the place of glibc's own loading (--wrap of the linker) and says that there is none.
 * The files in /etc and the name servers of /etc/resolv.conf are asked without modules, from glibc 2.34 on.
 */
void *__wrap___libc_dlopen_mode(const char *name, int mode) {
    (void)name;
    (void)mode;
    return 0;
}
