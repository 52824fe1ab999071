#!/bin/ksh
# rpm, the process manager of @USER@

daemon=@PROGRAM@
daemon_user=@USER@

. /etc/rc.d/rc.subr

pexp="rpm keeper.*"
rc_start() {
    su -m ${daemon_user} -c "env PATH=@PATH@ RPM_HOME=@HOME@ ${daemon} resurrect"
}
rc_stop() {
    su -m ${daemon_user} -c "env PATH=@PATH@ RPM_HOME=@HOME@ ${daemon} kill"
}
rc_reload() {
    su -m ${daemon_user} -c "env PATH=@PATH@ RPM_HOME=@HOME@ ${daemon} reload all"
}

rc_cmd $1
