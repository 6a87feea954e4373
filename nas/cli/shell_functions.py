"""Functions of bash, zsh and fish that find studies, and that put words with `=` together.

Names of folders may come from a stranger, so none is ever evaluated: bash's `compgen -W` would expand them.
"""

from collections.abc import Sequence

STUDIES = {
    "bash": "_nas_compgen_studies_dir",  # shtab appends a slash to folders where the name says so
    "zsh": "_nas_studies",
    "fish": "(_nas_studies)",
    "preamble": {
        "bash": """\
_nas_study_names() {
  local path name
  for path in runs/*/config.yaml; do
    name=${path#runs/}
    name=${name%/config.yaml}
    [[ $name =~ ^[A-Za-z0-9][A-Za-z0-9._-]*$ && $name == "$1"* ]] && echo "$name$2"
  done
}
_nas_compgen_studies_dir() {
  _nas_study_names "$1" ""
  compgen -d -- "$1"
}""",
        "zsh": """\
_nas_studies() {
  local -a names
  names=(runs/*/config.yaml(N:h:t))
  compadd -a names
  _files -/
}""",
        "fish": """\
function _nas_studies
  for path in runs/*/config.yaml
    basename (dirname $path)
  end
  __fish_complete_directories
end""",
    },
}
"""Studies of runs/ by name, and folders."""


def pattern_functions(words: Sequence[str]) -> dict[str, str | dict[str, str]]:
    """What completes a pattern: these words, `STUDY#` for a trial of it, and files.

    Args:
        words: without anything that a shell would expand.
    """
    listed = " ".join(words)
    preamble = STUDIES["preamble"]
    assert isinstance(preamble, dict)
    return {
        "bash": "_nas_compgen_patterns_file",
        "zsh": "_nas_patterns",
        "fish": "(_nas_patterns)",
        "preamble": {
            "bash": f"""{preamble["bash"]}
_nas_compgen_patterns_file() {{
  compgen -W "{listed}" -- "$1"
  _nas_study_names "$1" "#"
  compgen -f -- "$1"
}}""",
            "zsh": f"""\
_nas_patterns() {{
  local -a names
  names=(runs/*/config.yaml(N:h:t))
  compadd {listed}
  compadd -S "#" -a names
  _files
}}""",
            "fish": f"""\
function _nas_patterns
  printf "%s\\n" {listed}
  for path in runs/*/config.yaml
    echo (basename (dirname $path))"#"
  end
  __fish_complete_path (commandline -ct)
end""",
        },
    }


AFTERWARDS = {
    "bash": """
# bash takes KEY=VALUE for three words: they are put together here, and what stands before = is left out of the replies.
_nas() {
  local -a joined=()
  local place word key="" at=0 glued=""
  for place in "${!COMP_WORDS[@]}"; do
    word=${COMP_WORDS[place]}
    if [[ $word == "=" && ${#joined[@]} -gt 0 ]]; then
      joined[${#joined[@]}-1]+="="
      glued=1
    elif [[ -n $glued ]]; then
      joined[${#joined[@]}-1]+=$word
      glued=""
    else
      joined+=("$word")
    fi
    (( place == COMP_CWORD )) && at=$(( ${#joined[@]} - 1 ))
  done
  local -a COMP_WORDS=("${joined[@]}")
  local COMP_CWORD=$at
  _shtab_nas
  word=${COMP_WORDS[at]}
  if [[ $word != -* && $word == *=* && $COMP_WORDBREAKS == *=* ]]; then
    key="${word%=*}="
    COMPREPLY=("${COMPREPLY[@]#"$key"}")
  fi
  [[ ${#COMPREPLY[@]} -eq 1 && ${COMPREPLY[0]} == *[=.#] ]] && compopt -o nospace 2>/dev/null
  return 0
}
complete -o bashdefault -F _nas nas
""",
}
"""What follows shtab's script."""
