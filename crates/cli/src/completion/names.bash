
# Apps that run now, besides what is known of the words.
_rpm_and_names() {
    _rpm "$@"
    [[ "${COMP_WORDS[COMP_CWORD]}" == -* ]] && return
    case "${COMP_WORDS[1]}" in
        VERBS)
            local IFS=$'\n'
            COMPREPLY+=($(compgen -W "$(rpm completion names 2>/dev/null)" -- "${COMP_WORDS[COMP_CWORD]}"))
            ;;
    esac
}
complete -F _rpm_and_names -o bashdefault -o default rpm
