/** The completion script for zsh. */

import { shellQuoted } from '../../text/shell.js';
import { type Cases, pattern, takenCases, valueCases } from './cases.js';
import type { Values, Word } from './words.js';

/** Words with descriptions, as `_describe` takes them: a colon ends a word. */
const described = (words: readonly Word[]) =>
  words
    .map(({ word, description }) => shellQuoted(`${word.replaceAll(':', '\\:')}:${description}`))
    .join(' ');

function valuesCommand(name: string, values: Values): string {
  if (values.kind === 'words') return `compadd -- ${values.words.map(shellQuoted).join(' ')}`;
  if (values.kind === 'files') return '_files';
  return values.kind === 'folders' ? '_files -/' : `_${name}_names ${values.kind}`;
}

/** Returns the script for a program. `name` is a word of letters, digits and underscores. */
export function zshScript(program: string, name: string, cases: Cases): string {
  const { paths, subcommands, options, values } = cases;
  const listed = (what: string, all: Cases['options']) =>
    all
      .map(
        ({ keys, result }) =>
          `      ${pattern(keys)}) found=(${described(result)}); _describe -t ${what}s ${what} found ;;\n`,
      )
      .join('');
  return `#compdef ${program}
# Completion of ${program} in zsh. For each shell, in ~/.zshrc after compinit:
#   source <(${program} completion zsh)
# Or as a file _${program} in a folder of $fpath.

# Adds names that the program knows at this moment, with their descriptions.
_${name}_names() {
  local -a names found
  local line
  for line in "\${(@f)$(${program} completion names $1 $state_option 2> /dev/null < /dev/null)}"; do
    [[ -n $line ]] && names+=("\${\${line%%$'\\t'*}//:/\\\\:}:\${line#*$'\\t'}")
  done
  _describe -V -t $1 $1 names
}

# The values at a place: of an option, or of the argument of that number.
_${name}_values() {
  case $1 in
${valueCases(values, (result) => valuesCommand(name, result))}  esac
  return 0
}

_${name}() {
  local at='' option='' takes='' only='' word prefix
  local -i place=0 i
  local -a found state_option
  for ((i = 2; i < CURRENT; i++)); do
    word=\${(Q)words[i]}
    if [[ $takes == required || ($takes == optional && $word != -?*) ]]; then
      [[ $option == --state ]] && state_option=(--state "$word")
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
      [[ $word == --state=* ]] && state_option=("$word")
      case "$at $word" in
${takenCases(cases)}      esac
      continue
    fi
    case "$at/$word" in
      ${pattern(paths)})
        at=$at/$word
        place=0
        ;;
      *) ((place += 1)) ;;
    esac
  done
  if [[ $takes == required || ($takes == optional && $PREFIX != -*) ]]; then
    _${name}_values "$at $option" && return
    [[ $takes == required ]] && return 1
  fi
  if [[ -z $only && $PREFIX == --*=* ]]; then
    option=\${PREFIX%%=*}
    compset -P 1 '*='
    _${name}_values "$at $option"
    return
  fi
  if [[ -z $only && $PREFIX == -* ]]; then
    case $at in
${listed('option', options).trimEnd()}
    esac
    return
  fi
  if ((place == 0)); then
    case $at in
${listed('command', subcommands).trimEnd()}
    esac
  fi
  _${name}_values "$at $place" || _${name}_values "$at repeated"
}

if [[ \${funcstack[1]} == _${program} ]]; then
  _${name} "$@"
else
  compdef _${name} ${program}
fi
`;
}
