#!/bin/sh
# PROVIDE: @NAME@
# REQUIRE: LOGIN
# KEYWORD: shutdown
# rpm, the process manager of @USER@

. /etc/rc.subr

name=@NAME@
rcvar=@NAME@_enable
extra_commands="reload status"
start_cmd="as_user resurrect"
stop_cmd="as_user kill"
restart_cmd="as_user kill; as_user resurrect"
reload_cmd="as_user reload all"
status_cmd="as_user list"

as_user() {
    su -m @USER@ -c "env PATH=@PATH@ RPM_HOME=@HOME@ @PROGRAM@ $*"
}

load_rc_config $name
run_rc_command "$1"
