
# Apps that run now, and files.
_rpm_targets() {
    local -a names
    names=(${(f)"$(_call_program names rpm completion names 2>/dev/null)"})
    _alternative "apps:app:compadd -a names" "files:file:_files"
}
