#!/sbin/openrc-run
# rpm, the process manager of @USER@

name=@NAME@
description="rpm, the process manager of "@USER@
extra_started_commands="reload"

command=@PROGRAM@
command_args="keeper --home "@HOME@
command_user=@USER@
command_background=yes
pidfile="/run/${RC_SVCNAME}.pid"
retry="TERM/300"

export PATH=@PATH@
export RPM_HOME=@HOME@

depend() {
    need net
    use logger
    after firewall
}

start_post() {
    su -s /bin/sh @USER@ -c 'exec "$0" resurrect' -- @PROGRAM@
}

reload() {
    ebegin "Reloading the apps of @USER@"
    su -s /bin/sh @USER@ -c 'exec "$0" reload all' -- @PROGRAM@
    eend $?
}
