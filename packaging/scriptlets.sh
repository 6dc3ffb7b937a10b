#!/bin/sh
# What the scripts of both packages do. packaging/deb and packaging/rpm put this text before each of them, and after it the
# list `kept` of what is made only where it is missing: `kind mode owner:group path`, out of packaging/files.
#
# Each function may be called at any time and any number of times: it looks, and does what is still to do.

# Where the package has the first version of files that are the administrator's as soon as they are there.
first_versions=/usr/share/piranha/first
services='pulse piranha-gui'

say() {
    echo "piranha: $*"
}

# The user and group of the web page. Whoever has the name is right, with whatever number.
make_account() {
    ! { getent passwd piranha && getent group piranha; } >/dev/null || return 0
    number=60
    if getent passwd 60 | grep -qv '^piranha:' || getent group 60 | grep -qv '^piranha:'; then
        number=
    fi
    getent group piranha >/dev/null || groupadd -r ${number:+-g $number} piranha
    getent passwd piranha >/dev/null || useradd -r -M ${number:+-u $number} -g piranha \
        -d /etc/sysconfig/ha -s /sbin/nologin -c Piranha piranha || return
    say "user and group piranha are made, $(id -u piranha):$(id -g piranha)"
    # Packages of Piranha have deleted the user, and the new one may have another number.
    [ ! -e /etc/sysconfig/ha/conf/piranha.passwd ] || chown piranha:piranha /etc/sysconfig/ha/conf/piranha.passwd
}

# Makes what is missing of the configuration and the folders of logs and state. What is there stays as it is.
make_kept() {
    kept | while read -r kind mode owner path; do
        case $kind in
            dir) [ -d "$path" ] || make_directory "$mode" "$owner" "$path" ;;
            rotate) [ -e "$path-httpd" ] || make_file "$mode" "$owner" "$path" ;; # Under the name of 0.8.4 it would rotate twice.
            *) make_file "$mode" "$owner" "$path" ;;
        esac
    done
    # Old packages had these, too. Without them everybody may see the pages.
    for rules in /etc/sysconfig/ha/web/.htaccess /etc/sysconfig/ha/web/secure/.htaccess; do
        take_saved root:root "$rules"
    done
}

make_directory() { # mode owner path
    mkdir -p "$3" && chown "$2" "$3" && chmod "$1" "$3" && label "$3"
}

make_file() { # mode owner path
    take_saved "$2" "$3"
    if [ -e "$3" ] || [ -L "$3" ]; then return; fi
    mkdir -p "${3%/*}"
    cp "$first_versions$3" "$3.new" && chown "$2" "$3.new" && chmod "$1" "$3.new" && mv "$3.new" "$3" && label "$3"
}

# As SELinux wants it, where that is.
label() { # path
    ! command -v restorecon >/dev/null || restorecon "$1" || :
}

# Whoever erased Piranha has the configuration under another name: it comes back, unless there is a newer one.
take_saved() { # owner path
    [ ! -s "$2" ] && [ -s "$2.rpmsave" ] || return 0
    mv "$2.rpmsave" "$2" && chown "$1" "$2" && label "$2" && say "$2 was missing or empty: $2.rpmsave is $2 again"
}

# Makes both services known to the machine. None is switched on or off, and none is started.
add_services() {
    for service in $services; do
        if ls /etc/rc.d/rc?.d/[SK][0-9][0-9]"$service" >/dev/null 2>&1; then
            continue
        elif command -v chkconfig >/dev/null; then
            chkconfig --add "$service"
        elif command -v update-rc.d >/dev/null; then
            update-rc.d "$service" defaults-disabled
        fi
    done
    reload_systemd
    # The folder in /run; without systemd the programs make it.
    ! systemd_runs || systemd-tmpfiles --create piranha.conf
}

# Stops both services and switches them off.
end_services() {
    for service in $services; do
        call "$service" status >/dev/null 2>&1
        [ $? = 3 ] || call "$service" stop # 3: it is stopped, and left nothing behind.
        if command -v chkconfig >/dev/null; then
            chkconfig --del "$service"
        elif command -v update-rc.d >/dev/null; then
            update-rc.d "$service" disable
        elif command -v systemctl >/dev/null; then
            systemctl --no-reload --quiet disable "$service.service"
        fi
    done
    ! systemd_runs || systemctl --quiet stop piranha-helper.socket piranha-helper.service
}

systemd_runs() {
    [ -d /run/systemd/system ]
}

reload_systemd() {
    ! systemd_runs || systemctl daemon-reload
}

# Restarts what runs, but is not the program that is installed now. Piranha's own web page is an httpd; the init script knows it
# from the one of the machine.
restart_replaced() {
    case $(program_of /var/run/pulse.pid) in
        '/usr/sbin/pulse (deleted)') restart pulse ;;
    esac
    for pid_file in /var/run/piranha-httpd.pid /var/log/piranha/piranha-httpd.pid; do
        case $(program_of "$pid_file") in
            '/usr/sbin/piranha_gui (deleted)' | */httpd*) restart piranha-gui ;;
        esac
    done
}

# The package is in place even if that fails.
restart() { # service
    call "$1" condrestart || say "$1 was not restarted; when its reason is gone: service $1 start"
}

program_of() { # pid-file
    [ ! -s "$1" ] || readlink "/proc/$(head -n 1 "$1")/exe"
}

# Has the init script of a service do something. It hands over to systemd where that runs.
call() { # service verb
    if command -v service >/dev/null; then
        service "$1" "$2"
    else
        "/etc/init.d/$1" "$2"
    fi
}
