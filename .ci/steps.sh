# Where the time of .ci/run goes: a table of its steps, in seconds of the clock and of the processors. Source this file;
# it needs bash 4.
#
#   . .ci/steps.sh
#   trap steps_table EXIT       # the table comes also when a step fails
#   step "the tests"            # prints the title; ends the step before it
#   (step_beside tests; …) &    # first thing in a subshell that runs beside the steps: its time is kept when it ends
#   step_failed "the tests"     # the last line names it
#
# Times beside the others overlap, so the total is the whole script's, not the sum. A step's own processor time is not
# known before all have ended: it is what the total has beyond those beside.

_step_names=() _steps_failed=() _step_seconds=() _step_began=$SECONDS _steps_began=$SECONDS
rm -f .ci-*.seconds.log  # of an earlier run; git ignores the name

step() {  # TITLE: begin a step
  _step_end
  _step_names+=("$*")
  _step_began=$SECONDS
  printf '\n== %s\n' "$*"
}

step_beside() {  # NAME: keep the time of this subshell, however it ends
  _step_name=$1 _step_began=$SECONDS
  trap '_read_cpu; printf "%7d %7d\n" "$((SECONDS - _step_began))" "$_cpu" >".ci-$_step_name.seconds.log"' EXIT
}

step_failed() {  # TITLE: go on, and name it at the end
  _steps_failed+=("$*")
}

steps_table() {  # print what took how long, and how it ended
  local code=$? nth file name
  _step_end
  printf '\n== where the time went (seconds of the clock, of the processors)\n'
  for nth in "${!_step_names[@]}"; do
    printf '%7d %7s  %s\n' "${_step_seconds[nth]}" "" "${_step_names[nth]}"
  done
  for file in .ci-*.seconds.log; do
    [ -e "$file" ] || continue
    name=${file#.ci-}
    printf '%s  beside these: %s\n' "$(cat "$file")" "${name%.seconds.log}"
  done
  _read_cpu
  printf '%7d %7d  together\n' "$((SECONDS - _steps_began))" "$_cpu"
  if [ "$code" = 0 ]; then printf '\n== passed\n'; return; fi
  printf '\n== FAILED (exit %d)' "$code"
  [ "${#_steps_failed[@]}" = 0 ] || printf ': %s' "${_steps_failed[@]}"
  printf '\n'
}

_read_cpu() {  # what the ended children of this shell took, user and system, as $_cpu; `times` in a pipe would tell the pipe's
  local file=.ci-times.$BASHPID.log
  times >"$file"
  _cpu=$(awk 'NR == 2 { split($0, part, /[ms ]+/); print int(part[1] * 60 + part[2] + part[3] * 60 + part[4]) }' "$file")
  rm -f "$file"
}

_step_end() {  # keep the seconds of the step that runs, if one does
  if [ "${#_step_names[@]}" -gt "${#_step_seconds[@]}" ]; then
    _step_seconds+=("$((SECONDS - _step_began))")
  fi
}
