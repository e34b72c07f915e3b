# Sourced by scripts that have several things to do: `step` plans one, `run_steps` does them all, at the same time where one need not
# wait for another, and shows how far they are: on a terminal in one line, elsewhere in one line for each. What they print goes into
# files, and is shown when one fails.
step_names=() step_titles=() step_after=()
logs=$tools/logs

# step NAME "what it does" [NAME...]: plans the function do_NAME, to begin when those steps that are named after it have ended.
step() {
    step_names+=("$1")
    step_titles+=("$2")
    step_after+=(" ${*:3} ")
}

# Puts the step that was planned last before all others.
first_step() {
    local last=$((${#step_names[@]} - 1))
    step_names=("${step_names[last]}" "${step_names[@]:0:last}")
    step_titles=("${step_titles[last]}" "${step_titles[@]:0:last}")
    step_after=("${step_after[last]}" "${step_after[@]:0:last}")
}

if [ -t 2 ] && [ "${TERM:-dumb}" != dumb ]; then live=yes; else live=; fi
clear_line() { [ -z "$live" ] || printf '\r\033[K' >&2; }
show_line() {
    local width
    width=$(tput cols 2>/dev/null) || width=80
    clear_line
    printf '\033[1mbeckon:\033[0m %s' "${1:0:$((width - 9))}" >&2 # what is longer than the terminal is wide could not be written over
}

# Whether all that a step waits for has ended. What is not planned is there already.
may_begin() {
    local other
    for other in "${!step_names[@]}"; do
        [ "${state[other]}" = ended ] || [[ ${step_after[$1]} != *" ${step_names[other]} "* ]] || return 1
    done
}

end_steps() {
    local i
    for i in "${!step_names[@]}"; do [ "${state[i]}" != begun ] || kill -- "-${pids[i]}" 2>/dev/null || true; done
    clear_line
}

# Shows the end of what a step printed, its reason last.
fail_step() {
    local log=$logs/${step_names[$1]}.log
    state[$1]=ended
    end_steps
    say "step $(($1 + 1)) of ${#step_names[@]} failed: ${step_titles[$1]}. What it printed is in $log, and ends so:"
    tail -n 40 "$log" >&2
    exit 1
}

# run_steps "what has been done at the end"
run_steps() {
    local total=${#step_names[@]} left=${#step_names[@]} began=$SECONDS shown='' line i
    state=() pids=() since=()
    [ "$total" -gt 0 ] || return 0
    mkdir -p "$logs"
    for i in "${!step_names[@]}"; do state[i]=planned; done
    line=$(printf '; %s' "${step_titles[@]}")
    [ -n "$live" ] || say "steps to do: $total: ${line:2}"
    trap end_steps EXIT
    trap 'exit 130' INT
    trap 'exit 143' TERM HUP
    while [ "$left" -gt 0 ]; do
        line=''
        for i in "${!step_names[@]}"; do
            if [ "${state[i]}" = planned ] && may_begin "$i"; then
                set -m # a process group of its own, which can be ended as a whole
                ("do_${step_names[i]}") </dev/null >"$logs/${step_names[i]}.log" 2>&1 &
                set +m
                pids[i]=$! since[i]=$SECONDS state[i]=begun
            elif [ "${state[i]}" = begun ] && ! kill -0 "${pids[i]}" 2>/dev/null; then
                wait "${pids[i]}" || fail_step "$i"
                state[i]=ended left=$((left - 1))
                [ -n "$live" ] || say "step $((i + 1)) of $total: ${step_titles[i]}: $((SECONDS - since[i])) s"
            fi
            [ "${state[i]}" != begun ] || line="$line${line:+; }step $((i + 1)) of $total: ${step_titles[i]}, $((SECONDS - since[i])) s"
        done
        if [ "$left" -gt 0 ]; then
            [ -z "$live" ] || [ "$line" = "$shown" ] || show_line "$line"
            shown=$line
            sleep 0.2
        fi
    done
    trap - EXIT INT TERM HUP
    clear_line
    say "$1 in $((SECONDS - began)) s"
    step_names=() step_titles=() step_after=()
}
