#!/bin/sh
### BEGIN INIT INFO
# Provides:          @NAME@
# Required-Start:    $local_fs $remote_fs $network
# Required-Stop:     $local_fs $remote_fs $network
# Default-Start:     2 3 4 5
# Default-Stop:      0 1 6
# Short-Description: rpm, the process manager of @USER@
### END INIT INFO
# chkconfig: 2345 98 02
# description: rpm, the process manager of @USER@

PATH=@PATH@
RPM_HOME=@HOME@
export PATH RPM_HOME

rpm() {
    if [ "$(id -un)" = @USER@ ]; then
        @PROGRAM@ "$@"
    else
        su -s /bin/sh @USER@ -c 'PATH="$1" RPM_HOME="$2" exec "$0" "$@"' -- @PROGRAM@ "$PATH" "$RPM_HOME" "$@"
    fi
}

case "$1" in
    start) rpm resurrect ;;
    stop) rpm kill ;;
    restart) rpm kill && rpm resurrect ;;
    reload | force-reload) rpm reload all ;;
    status) rpm list ;;
    *)
        echo "usage: $0 {start|stop|restart|reload|status}" >&2
        exit 2
        ;;
esac
