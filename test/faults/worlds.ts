import { expect } from 'vitest';
import type { World } from '../../local/world/world.ts';
import { gitleaksFinding, trufflehogFinding } from '../town.ts';
import type { Delivery, Town } from '../town.ts';
import { worldOf } from '../world-of.ts';
import type { Ending, Send } from './lives.ts';

/** One small world for the fault tests: who reports what, and what must not have happened twice. */
export interface FaultWorld {
  world: World;
  /** The first one opens the case; others name the same credential. */
  senders: Send[];
  /** Whether a person is asked, and answers. */
  asks?: boolean;
  /** Fails where something was done twice or left half done at a provider. */
  check(ending: Ending): void;
}

/** A report that is signed once a world, so that every further delivery is the very same message. */
const signedOnce = (source: 'gitleaks' | 'trufflehog', bodyOf: (town: Town) => string): Send => {
  const made = new WeakMap<object, { body: string; headers: Record<string, string> }>();
  return (town): Promise<Delivery> => {
    const world = town.providers;
    if (!made.has(world)) {
      const body = bodyOf(town);
      made.set(world, { body, headers: town.signed(source, body) });
    }
    const { body, headers } = made.get(world) ?? { body: '', headers: {} };
    return town.post(source, body, headers);
  };
};

/** A Gitleaks report of one value. */
const reported = (name: string): Send => signedOnce('gitleaks', (town) => JSON.stringify([gitleaksFinding(town.value(name))]));

/** A TruffleHog report of a real key id beside characters that somebody invented. */
const besideInvented = signedOnce('trufflehog', (town) => `${JSON.stringify(trufflehogFinding(town.value('key'), { DetectorName: 'AWS', DetectorType: 2, RawV2: `${town.value('key')}:${town.value('invented')}` }))}\n`);

/** No key was touched, and none was made. */
const checkUntouched = ({ outside }: Ending): void => {
  const { keys, policies } = outside.providers.aws.state();
  expect(Object.values(keys).map(({ status }) => status)).toEqual(['Active']);
  expect(policies).toEqual({});
};

const pairOf = (text: string | undefined): { accessKeyId: string; secretAccessKey: string } => JSON.parse(text ?? '{}') as never;

/** Each bound copy holds the one successor, which works; nothing else that is ours was left at the user. */
const checkPair = (copies: number, expected: { old: 'gone' | 'Inactive'; other: boolean }) => ({ outside }: Ending): void => {
  const { keys, secrets } = outside.providers.aws.state();
  const value = outside.world.reports?.[0]?.body as Record<string, string>;
  const mine = Object.values(keys).filter(({ userName }) => userName === 'uploader');
  const made = mine.filter(({ id }) => id !== value.key && id !== value.other);
  expect(made.map(({ status }) => status), 'exactly one successor').toEqual(['Active']);
  expect(mine.find(({ id }) => id === value.key)?.status ?? 'gone').toBe(expected.old);
  expect(mine.find(({ id }) => id === value.other)?.status).toBe(expected.other ? 'Active' : undefined);
  for (let i = 1; i <= copies; i += 1) {
    const { versions = {} } = secrets[`orders/s3-${i}`] ?? {};
    const current = Object.values(versions).find(({ stages }) => stages.includes('AWSCURRENT'));
    expect(pairOf(current?.value)).toEqual({ accessKeyId: made[0]?.id, secretAccessKey: made[0]?.secret });
    expect(Object.keys(versions), `orders/s3-${i} was written once`).toHaveLength(2);
  }
};

const rotations = (name: string, ending: Ending): number => Object.keys(ending.outside.providers.aws.state().secrets[name]?.versions ?? {}).length - 1;

export const faultWorlds: Record<string, FaultWorld> = {
  'a key pair without a free slot': {
    world: worldOf({ pair: { copies: 2, deleteProvenDead: true } }),
    senders: [(town) => town.github(42), reported('secret')],
    check: checkPair(2, { old: 'gone', other: true }),
  },
  'a key pair with a free slot': {
    world: worldOf({ pair: { copies: 2, slot: 'free' } }),
    senders: [(town) => town.github(42), reported('secret')],
    check: checkPair(2, { old: 'Inactive', other: false }),
  },
  'a key pair whose owner wants the new key first': {
    world: worldOf({ pair: { copies: 2, slot: 'free', newKeyFirst: true } }),
    senders: [(town) => town.github(42), reported('secret')],
    check: checkPair(2, { old: 'Inactive', other: false }),
  },
  'a key pair whose owner is asked first': {
    world: worldOf({ pair: { copies: 2, slot: 'free', approval: true } }),
    senders: [(town) => town.github(42)],
    asks: true,
    check: checkPair(2, { old: 'Inactive', other: false }),
  },
  'a vendor key with alternating users': {
    world: worldOf({ vendor: {}, alerts: { 42: '${vendorA}' } }),
    senders: [(town) => town.github(42), reported('vendorA')],
    check: (ending) => {
      expect(rotations('orders/pay', ending), 'exactly two rotations').toBe(2);
      const vendor = ending.outside.providers.vendors.get('acmepay');
      const alive = vendor?.credentials().filter((key) => key.alive) ?? [];
      expect(alive.map(({ user }) => user).sort()).toEqual(['orders_a', 'orders_b']);
      const versions = Object.values(ending.outside.providers.aws.state().secrets['orders/pay']?.versions ?? {});
      const current = JSON.parse(versions.find(({ stages }) => stages.includes('AWSCURRENT'))?.value ?? '{}') as { key?: string };
      expect(alive.map(({ value }) => value)).toContain(current.key);
    },
  },
  'a secret whose issuer nobody knows': {
    world: worldOf({ unknownIssuer: true, alerts: { 42: '${ftp}' } }),
    senders: [(town) => town.github(42), reported('ftp')],
    check: (ending) => expect(rotations('orders/ftp', ending), 'exactly one rotation').toBe(1),
  },
  'a key that AWS Health names': {
    world: worldOf({ pair: { copies: 0, slot: 'free' } }),
    senders: [(town) => town.health([town.value('key')])],
    check: ({ outside }) => {
      const { keys } = outside.providers.aws.state();
      expect(Object.values(keys).map(({ status }) => status), 'deactivated, and no key made').toEqual(['Inactive']);
    },
  },
  'a key that its provider refuses to take back': {
    world: {
      ...worldOf({ pair: { copies: 1, slot: 'free' } }),
      behaviours: [{ service: 'iam', operation: 'UpdateAccessKey', effect: 'refuse', status: 403, code: 'AccessDenied', message: 'explicit deny in a service control policy' }],
    },
    senders: [(town) => town.github(42), reported('secret')],
    check: ({ outside }) => {
      const { keys } = outside.providers.aws.state();
      expect(Object.values(keys).map(({ status }) => status), 'as it was, and no key made').toEqual(['Active']);
    },
  },
  'a key id beside invented characters': {
    world: worldOf({ pair: { copies: 0, slot: 'free' } }),
    senders: [besideInvented],
    check: checkUntouched,
  },
};

/** What became of each credential, however many cases told of it. */
export const summaryOf = ({ views }: Ending): string[] =>
  // GitHub's report opens a case before its value is known; where another has the credential by then, it joins that one
  [...Map.groupBy(views.filter(({ closed, credential }) => credential !== undefined || !closed?.reason.startsWith('joined ')), ({ credential }) => credential ?? 'none')]
    .map(([credential, cases]) => {
      const all = (of: (view: (typeof cases)[number]) => string[]) => [...new Set(cases.flatMap(of))].sort().join('+');
      const kind = credential.split(':')[0];
      return `${kind}: ${all(({ status }) => [status])}, ${all(({ outcomes }) => outcomes.map(({ outcome }) => outcome))}, replaced ${all(({ copies }) => copies?.replaced.map(({ name }) => name) ?? [])}, remaining ${all(({ remaining }) => remaining.map(({ what }) => what.replaceAll(/AKIA\w+|[0-9a-f]{16}/g, '…')))}`;
    })
    .sort();

/** What must hold at the end of every life, whatever happened on the way. */
export const checkAlways = (ending: Ending): void => {
  expect(ending.wrongs).toEqual([]);
  for (const { id, status, closed } of ending.views) if (status === 'contained') expect(closed, `${id} is closed`).toMatchObject({ by: 'rescind', reason: 'contained' });
  const open = ending.views.filter(({ closed, status }) => !closed && status !== 'unmatched');
  expect(new Set(open.map(({ credential }) => credential)).size, 'one open case per credential').toBe(open.length);
  for (const { id, status } of ending.views) if (status === 'not-contained' || status === 'waiting') expect(ending.published.some((message) => message.includes(id)), `people were told of ${id}`).toBe(true);
  // values are held for open cases only
  const held = ending.items.filter(({ pk, sk }) => String(pk).startsWith('held#') && sk === 'held').map(({ pk }) => String(pk).slice('held#'.length));
  const wanted = open.flatMap(({ id, trigger }) => [id, ...trigger.reports.map(({ finding }) => finding)]);
  const known = ending.items.flatMap(({ line }) => {
    const told = line as { kind?: string; report?: { held?: string; finding: string } } | undefined;
    return told?.report?.held && wanted.includes(told.report.finding) ? [told.report.held] : [];
  });
  expect(held.filter((id) => !known.includes(id)), 'no value is held for a closed case').toEqual([]);
  expect(ending.outside.platform.deadLetters()).toEqual([]);
};
