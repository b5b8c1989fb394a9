import type { Command } from 'commander';
import { print } from './output.ts';

/** Shells that there is a script for (program.ts). */
type Shell = 'bash' | 'zsh' | 'fish';

/** `lengthwise completion <shell>`: a script that completes verbs, options and their choices, to be read by the shell. */
export async function completion(shell: Shell, _: object, { parent }: Command): Promise<void> {
  print(completionScript(shell, parent!.commands));
}

/** The script of a shell for some verbs. Where neither verb nor option fits, shells complete the names of files. */
export function completionScript(shell: Shell, verbs: readonly Command[]): string {
  return { bash, zsh, fish }[shell](verbs);
}

/** What can be completed of a verb: its options, and for each option or argument with choices, these. */
interface Completable {
  name: string;
  description: string;
  options: { long: string; description: string; choices: readonly string[] }[];
  /** Of its first argument. */
  choices: readonly string[];
}

function completables(verbs: readonly Command[]): Completable[] {
  return verbs.map(verb => ({
    name: verb.name(),
    description: verb.description(),
    options: verb.options.flatMap(({ long, description, argChoices = [], hidden }) =>
      long && !hidden ? [{ long, description, choices: argChoices }] : [],
    ),
    choices: verb.registeredArguments[0]?.argChoices ?? [],
  }));
}

const quoted = (text: string) => `'${text.replaceAll("'", String.raw`'\''`)}'`;

function bash(verbs: readonly Command[]): string {
  const known = completables(verbs);
  return [
    '# Completion of lengthwise in bash:  source <(lengthwise completion bash)',
    '_lengthwise() {',
    `  local word=\${COMP_WORDS[COMP_CWORD]} before=\${COMP_WORDS[COMP_CWORD-1]} words=`,
    '  if [ "$COMP_CWORD" -eq 1 ]; then',
    `    words=${quoted(known.map(({ name }) => name).join(' '))}`,
    '  else',
    `    case "\${COMP_WORDS[1]} $before" in`,
    ...known.flatMap(({ name, options }) =>
      options
        .filter(({ choices }) => choices.length > 0)
        .map(
          ({ long, choices }) => `      ${quoted(`${name} ${long}`)}) words=${quoted(choices.join(' '))} ;;`,
        ),
    ),
    `      *) case "\${COMP_WORDS[1]}" in`,
    ...known.map(
      ({ name, options, choices }) =>
        `        ${name}) words=${quoted([...choices, ...options.map(({ long }) => long)].join(' '))} ;;`,
    ),
    '      esac ;;',
    '    esac',
    '  fi',
    '  COMPREPLY=($(compgen -W "$words" -- "$word"))',
    '}',
    'complete -o default -F _lengthwise lengthwise',
  ].join('\n');
}

function zsh(verbs: readonly Command[]): string {
  // zsh runs completions of bash as they are.
  return [
    '# Completion of lengthwise in zsh:  source <(lengthwise completion zsh)',
    'autoload -Uz compinit bashcompinit && compinit && bashcompinit',
    ...bash(verbs).split('\n').slice(1),
  ].join('\n');
}

function fish(verbs: readonly Command[]): string {
  return [
    '# Completion of lengthwise in fish:  lengthwise completion fish | source',
    ...completables(verbs).flatMap(({ name, description, options, choices }) => {
      const seen = `-n ${quoted(`__fish_seen_subcommand_from ${name}`)}`;
      return [
        `complete -c lengthwise -n __fish_use_subcommand -a ${name} -d ${quoted(description)}`,
        ...(choices.length > 0 ? [`complete -c lengthwise ${seen} -a ${quoted(choices.join(' '))}`] : []),
        ...options.map(
          option =>
            `complete -c lengthwise ${seen} -l ${option.long.slice(2)} -d ${quoted(option.description)}${option.choices.length > 0 ? ` -x -a ${quoted(option.choices.join(' '))}` : ''}`,
        ),
      ];
    }),
  ].join('\n');
}
