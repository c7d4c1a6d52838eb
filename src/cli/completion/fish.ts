/** The completion script for fish. */

import type { Cases } from './cases.js';
import type { Values, Word } from './words.js';

/** Text in single quotes, in which fish knows escaped quotes and backslashes. */
const quoted = (text: string) => `'${text.replaceAll(/['\\]/g, '\\$&')}'`;
const pattern = (keys: readonly string[]) => keys.map(quoted).join(' ');

const described = (words: readonly Word[]) =>
  words.map(({ word, description }) => quoted(`${word}\t${description}`)).join(' ');

function valuesCommand(name: string, values: Values): string {
  if (values.kind === 'words') return `printf '%s\\n' ${values.words.map(quoted).join(' ')}`;
  if (values.kind === 'files') return '__fish_complete_path $argv[2]';
  return values.kind === 'folders'
    ? '__fish_complete_directories $argv[2]'
    : `__${name}_names ${values.kind} $argv[3..]`;
}

/** Returns the script for a program. `name` is a word of letters, digits and underscores. */
export function fishScript(program: string, name: string, cases: Cases): string {
  const { paths, required, optional, subcommands, options, values } = cases;
  const listed = (all: Cases['options']) =>
    all
      .map(
        ({ keys, result }) =>
          `        case ${pattern(keys)}\n            printf '%s\\n' ${described(result)}\n`,
      )
      .join('');
  return `# Completion of ${program} in fish:
#   ${program} completion fish > ~/.config/fish/completions/${program}.fish

# Names that the program knows at this moment, with their descriptions.
function __${name}_names
    ${program} completion names $argv 2>/dev/null </dev/null
end

# The values at a place: of an option, or of the argument of that number. Then the word at the cursor, and --state FOLDER.
function __${name}_values
    switch $argv[1]
${values
  .map(({ keys, result }) => `        case ${pattern(keys)}\n            ${valuesCommand(name, result)}\n`)
  .join('')}        case '*'
            return 1
    end
end

function __${name}_complete
    set -l words (commandline -opc)
    set -l current (commandline -ct)
    set -l path ''
    set -l option ''
    set -l takes ''
    set -l only ''
    set -l place 0
    set -l state
    for word in $words[2..]
        if test "$takes" = required; or begin; test "$takes" = optional; and not string match -q -r -- '^-.' $word; end
            test "$option" = --state; and set state --state $word
            set takes ''
            continue
        end
        set takes ''
        if test -z "$only" -a "$word" = --
            set only arguments
            continue
        end
        if test -z "$only"; and string match -q -r -- '^-.' $word
            set option $word
            string match -q -- '--state=*' $word; and set state $word
            switch "$path $word"
${required.length === 0 ? '' : `                case ${pattern(required)}\n                    set takes required\n`}${optional.length === 0 ? '' : `                case ${pattern(optional)}\n                    set takes optional\n`}            end
            continue
        end
        switch "$path/$word"
            case ${pattern(paths)}
                set path $path/$word
                set place 0
            case '*'
                set place (math $place + 1)
        end
    end
    if test "$takes" = required; or begin; test "$takes" = optional; and not string match -q -- '-*' $current; end
        __${name}_values "$path $option" "$current" $state; and return
        test "$takes" = required; and return
    end
    if test -z "$only"; and string match -q -- '--*=*' $current
        set -l parts (string split -m 1 = -- $current)
        for value in (__${name}_values "$path $parts[1]" "$parts[2]" $state)
            echo $parts[1]=$value
        end
        return
    end
    if test -z "$only"; and string match -q -- '-*' $current
        switch "$path"
${listed(options).trimEnd()}
        end
        return
    end
    if test $place -eq 0
        switch "$path"
${listed(subcommands).trimEnd()}
        end
    end
    __${name}_values "$path $place" "$current" $state; or __${name}_values "$path repeated" "$current" $state
end

complete -c ${program} -f -a '(__${name}_complete)'
`;
}
