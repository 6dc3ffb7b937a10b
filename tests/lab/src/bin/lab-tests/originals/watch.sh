#!/bin/sh
# A monitor as a site may have written it for Piranha: it takes nanny's arguments, writes its entry through the path of
# -I, says in nanny's words what it has done, and removes its entry on SIGTERM. The real server counts as up while there
# is a file /run/watch/ADDRESS/up, and the weight is what stands in it.
notes=/run/watch/unknown
note() { # everything that a start is made of
    tr '\0' '\n' <"/proc/$$/cmdline" >"$notes/arguments"
    env >"$notes/environment"
    # Not in this shell, whose descriptors would be redirected.
    (ls -l "/proc/$$/fd" >"$notes/descriptors")
    (grep flags "/proc/$$/fdinfo"/[012] >"$notes/flags")
    echo $$ >>"$notes/starts"
}
fail() { echo "nanny: $ipvsadm command failed!"; exit 255; }

all="$*"
while [ $# -gt 0 ]; do
    case $1 in
    -h) real=$2; shift ;;
    -r) port=$2; shift ;;
    -V) virtual=$2; shift ;;
    -p) virtual_port=$2; shift ;;
    -M) method=$2; shift ;;
    -I) ipvsadm=$2; shift ;;
    -s | -x | -e | -a | -t | -w | -U | -f) shift ;;
    esac
    shift
done
notes=/run/watch/$real
[ -d "$notes" ] || exit 3
note

entry="-t $virtual:$virtual_port -r $real:$port"
weight=
trap '[ -z "$weight" ] || $ipvsadm -d $entry; echo "$all" >"$notes/ended"; exit 0' TERM
while :; do
    wanted=$(cat "$notes/up" 2>/dev/null)
    before=$weight
    # Before the deed: a SIGTERM during it is heeded right after it.
    weight=$wanted
    if [ -n "$wanted" ] && [ -z "$before" ]; then
        $ipvsadm -a $entry "-$method" -w "$wanted" || fail
        echo "nanny: [ active ] making $real:$port available"
    elif [ -z "$wanted" ] && [ -n "$before" ]; then
        echo "nanny: [inactive] shutting down $real:$port due to connection failure"
        $ipvsadm -d $entry || fail
    elif [ "$wanted" != "$before" ]; then
        $ipvsadm -e $entry "-$method" -w "$wanted" || fail
    fi
    sleep 0.1 &
    wait $!
done
