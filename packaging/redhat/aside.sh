# rpm takes away what the old package had and the new one has not, and at a removal what it knows. What belongs to the
# administrator (edited pages, access rules, logs, links of init scripts) is put aside before that, and put back after it.

aside=/var/lib/rpm-state/piranha
# Beside the original, so that these are the same files: who writes to a log meanwhile writes to both.
logs_aside=/var/log/.piranha-aside

put_aside() { # path...
    put_back # What a transaction that broke off has left.
    for path in /etc/sysconfig/ha /etc/sysconfig/pulse /etc/logrotate.d/piranha /etc/logrotate.d/piranha-httpd "$@"; do
        [ -e "$path" ] || [ -L "$path" ] || continue
        mkdir -p "$aside${path%/*}" && cp -a "$path" "$aside$path" && echo "$path" >>"$aside/paths"
    done
    [ ! -d /var/log/piranha ] || cp -al /var/log/piranha "$logs_aside"
}

# What is there stays; what is missing comes back, with owner, mode and label.
put_back() {
    [ ! -d "$logs_aside" ] || cp -aln "$logs_aside/." /var/log/piranha/ && rm -rf "$logs_aside"
    [ -e "$aside/paths" ] || return 0
    while read -r path; do
        mkdir -p "${path%/*}" && cp -an "$aside$path" "${path%/*}/"
    done <"$aside/paths"
    find "$aside" -type f | while read -r copy; do
        forget_saved "$copy"
    done
    rm -rf "$aside"
}

# An edited file was renamed rather than removed, and is back under its name.
forget_saved() { # copy
    path=${1#"$aside"}
    [ -e "$1.rpmsave" ] || ! cmp -s "$path" "$path.rpmsave" || rm -f "$path.rpmsave"
}
