/** The completion script for bash. */

import { shellQuoted } from '../../text/shell.js';
import { type Cases, pattern, takenCases, valueCases } from './cases.js';
import type { Values, Word } from './words.js';

const wordsOnly = (words: readonly Word[]) => words.map(({ word }) => shellQuoted(word)).join(' ');

function valuesCommand(name: string, values: Values): string {
  if (values.kind === 'words') return `_${name}_words ${values.words.map(shellQuoted).join(' ')}`;
  return `_${name}_${values.kind}`;
}

/** Returns the script for a program. `name` is a word of letters, digits and underscores. */
export function bashScript(program: string, name: string, cases: Cases): string {
  const { paths, subcommands, options, values } = cases;
  const listed = (all: Cases['options']) =>
    all.map(({ keys, result }) => `    ${pattern(keys)}) _${name}_words ${wordsOnly(result)} ;;\n`).join('');
  return `# Completion of ${program} in bash. For each shell, in ~/.bashrc:
#   source <(${program} completion bash)

# Adds the words that begin with the word at the cursor.
_${name}_words() {
  local word
  for word in "$@"; do
    [[ $word == "$cur"* ]] && COMPREPLY+=("$word")
  done
  return 0
}

_${name}_files() {
  compopt -o filenames -o default 2> /dev/null
  mapfile -t COMPREPLY < <(compgen -f -- "$cur")
}

_${name}_folders() {
  compopt -o filenames -o dirnames 2> /dev/null
  mapfile -t COMPREPLY < <(compgen -d -- "$cur")
}

# Adds names that the program knows at this moment. They may have any characters, so each is quoted for the shell.
_${name}_names() {
  local word rest
  while IFS=$'\\t' read -r word rest; do
    [[ $word == "$cur"* ]] && COMPREPLY+=("$(printf %q "$word")")
  done < <(${program} completion names "$1" "\${state[@]}" 2> /dev/null < /dev/null)
  return 0
}

_${name}_runs() { _${name}_names runs; }

_${name}_ensembles() { _${name}_names ensembles; }

# The values at a place: of an option, or of the argument of that number.
_${name}_values() {
  case $1 in
${valueCases(values, (result) => valuesCommand(name, result))}  esac
}

_${name}() {
  local cur=\${COMP_WORDS[COMP_CWORD]} path='' option='' takes='' place=0 only='' i word
  local state=()
  COMPREPLY=()
  for ((i = 1; i < COMP_CWORD; i++)); do
    word=\${COMP_WORDS[i]}
    # bash makes three words of --option=value.
    [[ $word == = && -n $takes ]] && continue
    if [[ $takes == required || ($takes == optional && $word != -?*) ]]; then
      [[ $option == --state ]] && state=(--state "$word")
      takes=''
      continue
    fi
    takes=''
    if [[ -z $only && $word == -- ]]; then
      only=arguments
      continue
    fi
    if [[ -z $only && $word == -?* ]]; then
      option=$word
      case "$path $word" in
${takenCases(cases)}      esac
      continue
    fi
    case "$path/$word" in
      ${pattern(paths)})
        path=$path/$word
        place=0
        ;;
      *) ((place++)) ;;
    esac
  done
  if [[ -n $takes && $cur == = ]]; then cur=''; fi
  if [[ $takes == required || ($takes == optional && $cur != -*) ]]; then
    _${name}_values "$path $option"
    [[ $takes == required || \${#COMPREPLY[@]} -gt 0 ]] && return 0
  fi
  if [[ -z $only && $cur == -* ]]; then
    case $path in
${listed(options).replaceAll(/^/gm, '  ').trimEnd()}
    esac
    return 0
  fi
  if [[ $place == 0 ]]; then
    case $path in
${listed(subcommands).replaceAll(/^/gm, '  ').trimEnd()}
    esac
  fi
  _${name}_values "$path $place" || _${name}_values "$path repeated"
  return 0
}

complete -F _${name} ${program}
`;
}
