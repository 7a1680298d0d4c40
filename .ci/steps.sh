# Where the time of .ci/run goes: a table of its steps in seconds. Source this file; it needs bash 4.
#
#   . .ci/steps.sh
#   trap steps_table EXIT       # the table comes also when a step fails
#   step "the tests"            # prints the title; ends the step before it
#   (step_beside tests; …) &    # first thing in a subshell that runs beside the steps: its time is kept when it ends
#
# Times beside the others overlap, so the total is the whole script's, not the sum.

_step_names=() _step_seconds=() _step_began=$SECONDS _steps_began=$SECONDS
rm -f .ci-*.seconds.log  # of an earlier run; git ignores the name

step() {  # TITLE: begin a step
  _step_end
  _step_names+=("$*")
  _step_began=$SECONDS
  printf '\n== %s\n' "$*"
}

step_beside() {  # NAME: keep the time of this subshell, however it ends
  _step_name=$1 _step_began=$SECONDS
  trap 'printf "%s\n" "$((SECONDS - _step_began))" >".ci-$_step_name.seconds.log"' EXIT
}

steps_table() {  # print what took how long
  _step_end
  local nth file name
  printf '\n== where the time went (seconds)\n'
  for nth in "${!_step_names[@]}"; do
    printf '%7d  %s\n' "${_step_seconds[nth]}" "${_step_names[nth]}"
  done
  for file in .ci-*.seconds.log; do
    [ -e "$file" ] || continue
    name=${file#.ci-}
    printf '%7d  beside these: %s\n' "$(cat "$file")" "${name%.seconds.log}"
  done
  printf '%7d  together\n' "$((SECONDS - _steps_began))"
}

_step_end() {  # keep the seconds of the step that runs, if one does
  if [ "${#_step_names[@]}" -gt "${#_step_seconds[@]}" ]; then
    _step_seconds+=("$((SECONDS - _step_began))")
  fi
}
