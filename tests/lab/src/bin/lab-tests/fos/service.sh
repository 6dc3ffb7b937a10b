# A failover service, start or stop: an nginx that listens on its floating address only. What it is run for stands in the
# system log. While /run/broken is there nothing starts.
logger -t service "$*"
case $1 in
start)
    [ ! -e /run/broken ] || exit 3
    exec nginx -c "/etc/nginx/$2.conf"
    ;;
stop)
    pid=$(cat "/run/$2.pid") || exit 0
    kill "$pid"
    while kill -0 "$pid"; do sleep 0.02; done
    ;;
esac 2>/dev/null
