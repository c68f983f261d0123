import manifest from '../package.json' with { type: 'json' };
import { Argument, Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import { connectionTo } from './connection.ts';
import type { Conversation } from './conversation.ts';
import { Failure, exitCodes, wrongUsage } from './failure.ts';
import { about, aboutLeases, more } from './help.ts';
import { identityFor } from './identity.ts';
import { statuses } from './leases/answers.ts';
import { endLease, type Ending } from './leases/end.ts';
import { listLeases, type Wanted } from './leases/list.ts';
import { showLease } from './leases/show.ts';
import { screenOn } from './screen.ts';
import type { Surroundings } from './surroundings.ts';
import { localUrl, targetOf } from './target.ts';

interface Global {
  url?: string;
  region?: string;
  as?: string;
  sign?: boolean;
  json?: boolean;
}

const wholeNumber = (least: number, most: number) => (text: string): number => {
  const number = Number(text);
  if (!/^\d{1,9}$/.test(text) || number < least || number > most) throw new InvalidArgumentError(`It is a whole number from ${least} to ${most}.`);
  return number;
};

const cursor = (text: string): string => {
  if (!/^[\w-]{1,200}$/.test(text)) throw new InvalidArgumentError('It is the one that the page before ended with.');
  return text;
};

const waitSeconds = 60;
const mostWaitSeconds = 86_400;

/** The command line; `act` runs what was chosen with its connection. */
export const programFor = (around: Surroundings, act: (doing: (conversation: Conversation) => Promise<number>, global: Global) => Promise<void>): Command => {
  const program = new Command('rescind')
    .description(about)
    .usage('<command> [options]')
    .option('--url <url>', `the installation's address (RESCIND_URL; default: ${localUrl})`)
    .option('--region <region>', 'the AWS region to sign for, where the address does not tell')
    .option('--as <name>', 'who you are to the local service (RESCIND_CALLER)')
    .option('--sign', 'sign with AWS credentials although the address is on this machine')
    .option('--json', "print the API's answer, one JSON object, and nothing else on standard output")
    .version(manifest.version, '-V, --version', 'which version this is')
    .helpOption('-h, --help', 'this; "rescind <command> --help" tells more')
    .helpCommand(false)
    .addHelpText('after', more)
    .configureHelp({ helpWidth: 110 })
    .configureOutput({ writeOut: (text) => void around.out.write(text), writeErr: (text) => void around.err.write(text), getOutHasColors: () => false, getErrHasColors: () => false })
    .showHelpAfterError('("rescind --help" shows what there is)')
    .exitOverride();

  const leases = program
    .command('leases')
    .description('list, show and end leases: credentials that are lent to a job and die with it')
    .usage('[list] [--status <status>] [--limit <n>] [--all]\n       rescind leases show <id>\n       rescind leases end <id> --reason <text> [--wait [seconds]] [--yes]')
    .helpCommand(false)
    .configureHelp({ helpWidth: 110, subcommandTerm: (command) => `${command.name()} ${command.usage()}` })
    .addHelpText('after', aboutLeases);

  const global = (command: Command): Global => command.optsWithGlobals<Global>();

  leases
    .command('list', { isDefault: true })
    .description('list leases, newest first (what "rescind leases" does)')
    .usage('[options]')
    .addArgument(new Argument('[other]'))
    .addOption(new Option('--status <status>', 'only leases that stand so').choices(statuses))
    .option('--limit <n>', 'how many a page has, from 1 to 200 (default: 50)', wholeNumber(1, 200))
    .option('--cursor <cursor>', 'go on behind the page that ended with this', cursor)
    .option('--all', 'every page')
    .action((other: string | undefined, options: Wanted, command: Command) => {
      if (other !== undefined) throw wrongUsage(`"leases" knows list, show <id> and end <id>, and nothing else: "rescind leases --help" shows them`);
      return act((conversation) => listLeases(options, conversation), global(command));
    });

  leases
    .command('show')
    .description('everything about one lease, with its timeline')
    .usage('<id>')
    .argument('<id>', "the lease's id")
    .action((id: string, _: object, command: Command) => act((conversation) => showLease(id, conversation), global(command)));

  leases
    .command('end')
    .description('end a lease now: its credential is revoked, unless it is lent to others as well')
    .usage('<id> --reason <text> [options]')
    .argument('<id>', "the lease's id")
    .option('--reason <text>', 'why, for the ledger (required, at most 500 characters)')
    .option('--wait [seconds]', `wait until it is over (${waitSeconds} seconds unless told), and end with 0 only where it is released`, wholeNumber(1, mostWaitSeconds))
    .option('-y, --yes', 'do not ask first (asked only where a person sits at a terminal)')
    .action((id: string, { wait, ...options }: Omit<Ending, 'wait'> & { wait?: number | true }, command: Command) =>
      act((conversation) => endLease(id, { ...options, wait: wait === true ? waitSeconds : wait }, conversation), global(command)),
    );

  for (const command of leases.commands) command.configureHelp({ helpWidth: 110, showGlobalOptions: true });
  return program;
};

/** Runs one command line (without node and script) to its exit code. Throws nothing; says on `err` what went wrong. */
export const runCommand = async (args: readonly string[], around: Surroundings): Promise<number> => {
  let code: number = exitCodes.done;
  const converse = async (doing: (conversation: Conversation) => Promise<number>, { url, json, ...claim }: Global): Promise<void> => {
    const { environment } = around;
    const target = targetOf(url ?? (environment.RESCIND_URL || localUrl));
    const identity = await identityFor(target, claim, around);
    const [out, err] = [screenOn(around.out, environment), screenOn(around.err, environment)];
    code = await doing({ ask: connectionTo(target, identity, around), base: target.base, json: json ?? false, around, out, err });
  };
  try {
    await programFor(around, converse).parseAsync([...args], { from: 'user' });
    return code;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.done : exitCodes.usage;
    if (around.signal.aborted) {
      around.err.write('rescind: stopped\n');
      return exitCodes.interrupted;
    }
    around.err.write(`rescind: ${error instanceof Failure ? error.message : unexpected(error)}\n`);
    return error instanceof Failure ? error.code : exitCodes.failed;
  }
};

/** An error of our own making: its name and place, and not its message, which may quote anything. */
const unexpected = (error: unknown): string => {
  const place = error instanceof Error ? /\n\s+at .*/.exec(error.stack ?? '')?.[0].trim() : undefined;
  return `this should not happen (${error instanceof Error ? error.name : typeof error}${place ? ` ${place}` : ''}): please report it`;
};
