
# Apps that run now.
for verb in VERBS
    complete -c rpm -n "__fish_rpm_using_subcommand $verb" -a "(rpm completion names 2>/dev/null)"
end
