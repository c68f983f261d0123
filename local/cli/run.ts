import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { clockOf, type Clock } from '../clock.ts';
import type { Service } from '../service.ts';
import { messagesUnderWay } from '../stories/messages.ts';
import { sentInFile, sentInMemory } from '../stories/sent.ts';
import { wrap } from '../terminal/wrap.ts';
import { loadWorld, WorldError } from '../world/load.ts';
import type { World } from '../world/world.ts';
import { makeDataFolder } from './data-folder.ts';
import { help } from './help.ts';
import { holdFolder } from './hold-folder.ts';
import { optionsOf, UsageError, type Options } from './options.ts';
import { playbooks } from './playbooks.ts';
import { screenOn, type Screen } from './screen.ts';
import { untilStopped } from './stopping.ts';
import { tellStories } from './tell.ts';

/** With `--once` the process ends within 60 seconds of its start; the rest is for the table and for stopping. */
const onceSeconds = 52;

const readable = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** With `--once` a verdict was asked for, and there is none. */
const interrupted = ({ once }: Options): number => (once ? 1 : 0);

const closePatience = 4_000;

/** Does what the command line says; resolves with the exit code. */
export const run = async (args: readonly string[]): Promise<number> => {
  let options: Options;
  let world: World;
  try {
    options = optionsOf(args);
    if (options.help) {
      process.stdout.write(help);
      return 0;
    }
    world = loadWorld(options.world);
    if (options.data) makeDataFolder(options.data);
  } catch (error) {
    if (error instanceof UsageError) process.stderr.write(`${error.message}\nSee: npm start -- --help\n`);
    else if (error instanceof WorldError) process.stderr.write(`${error.message}\n`);
    else throw error;
    return 2;
  }
  const stopping = untilStopped();
  let letGo: (() => void) | undefined;
  try {
    if (options.data) letGo = await holdFolder(options.data);
    return await live(options, world, stopping.signal);
  } catch (error) {
    if (stopping.signal.aborted) return interrupted(options);
    process.stderr.write(`it cannot go on: ${readable(error)}\n`);
    return 1;
  } finally {
    letGo?.();
    stopping.end();
  }
};

const live = async (options: Options, world: World, signal: AbortSignal): Promise<number> => {
  const clock = clockOf();
  const screen = screenOn(options.json ? process.stderr : process.stdout, clock, process.env);
  const { service, book, messages } = await begin(options, world, clock, screen, signal);
  try {
    const deadline = options.once ? AbortSignal.timeout(Math.max(1000, Math.floor(onceSeconds * 1000 - performance.now()))) : undefined;
    const verdict = await tellStories({ service, world, mode: options.mode, clock, book, messages, screen, signal, deadline, json: options.json ? process.stdout : undefined, folder: process.cwd(), staysUp: !options.once });
    if (options.once) return verdict.length === 0 ? 0 : 1;
    await new Promise<void>((resolve) => (signal.aborted ? resolve() : signal.addEventListener('abort', () => resolve(), { once: true })));
    return 0;
  } catch (error) {
    if (signal.aborted) return interrupted(options);
    throw error;
  } finally {
    if (signal.aborted) screen.print(screen.paint('faint', 'Stopping.'));
    await Promise.race([service.close(), sleep(closePatience, undefined, { ref: false })]);
  }
};

const begin = async (options: Options, world: World, clock: Clock, screen: Screen, signal: AbortSignal) => {
  const { paint, width, print } = screen;
  print(...wrap(`Rescind on one machine: ${world.about ?? world.name}`, width).map((text) => paint('strong', text)));
  const mode = options.mode ?? world.configuration.mode;
  const house = [`${world.aws.secrets?.length ?? 0} secrets`, `${world.aws.users?.length ?? 0} IAM users`, ...(world.github ? ['GitHub'] : []), ...Object.keys(world.vendors ?? {}).map((name) => `the vendor ${name}`), ...(world.vault ? ['a vault'] : []), ...(world.oidc ?? []).map((name) => `the OIDC issuer ${name}`)];
  print(...wrap(`${house.join(', ')}: all of it made up, all of it on loopback. Mode ${mode}.`, width).map((text) => paint('faint', text)));
  const book = options.data ? sentInFile(join(options.data, 'world', 'reports.json'), world.name) : sentInMemory();
  // the CDK synthesizes in its own process while ours loads what it runs
  const [definitions, { startService }, { queueNames }] = await Promise.all([playbooks(signal), import('../service.ts'), import('../platform.ts')]);
  signal.throwIfAborted();
  const service: Service = await startService({
    world,
    definitions,
    clock,
    data: options.data,
    port: options.port,
    mode: options.mode,
    log: screen.log,
    onLine: screen.line,
    onLease: screen.lease,
    onRepeat: screen.repeat,
  });
  print(paint('faint', `It listens at ${service.url}`), '');
  return { service, book, messages: () => messagesUnderWay(Object.values(queueNames).map((name) => service.platform.sqs.queues.queue(name)), clock.now()) };
};
