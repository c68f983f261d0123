import { randomBytes } from 'node:crypto';
import type { Called } from '../../functions/aws/clients.ts';
import { edgesOf, type Edges } from '../../functions/connectors/edges.ts';
import type { Configuration, DeclaredProbe, SourceSettings } from '../../functions/core/configuration.ts';
import type { Binding, Context, Copy } from '../../functions/core/connector.ts';
import { clockOf, type Clock } from '../../local/clock.ts';
import { createAws, type Aws, type AwsWorld, type RotationEvent } from '../../local/fakes/aws/index.ts';
import { Behaviours } from '../../local/fakes/behaviour.ts';

/** Time passes so fast in these tests that eight seconds of polling are a sixth of one. */
export const speed = 50;

const letters = (length: number, alphabet: string): string => [...randomBytes(length)].map((byte) => alphabet[byte % alphabet.length]).join('');

/** An access key id and a secret half that look like AWS's, new each time: nothing that looks so stands in a file. */
export const newPair = (): { id: string; secret: string } => ({
  id: 'AK' + 'IA' + letters(16, 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'),
  secret: letters(40, 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789'),
});

/** A vendor's key, new each time. */
export const newKey = (): string => `apk_${letters(32, 'abcdefghijklmnopqrstuvwxyz0123456789')}`;

/** A configuration with nothing in it but these. */
export const configurationOf = (probes: DeclaredProbe[] = [], sources: SourceSettings[] = []): Configuration => ({
  installation: 'test', mode: 'enforce', owners: [], secrets: [], users: [], probes, canaries: [], own: [], exemptions: [], sources,
  limits: { perSource: 100, perOwner: 100, overall: 100, reserve: 10 }, fallbackOwner: 'security', taskHours: 24,
});

/** The account of all houses. */
export const account = '111122223333';
const region = 'us-east-1';
/** As whom the connectors call. */
export const functionCaller = { ...newPair(), roleName: 'Rescind-Act', sessionName: 'act' };

/** The AWS fakes of a test with the edges of a connector to them, and all calls that went out. */
export interface House {
  aws: Aws;
  behaviours: Behaviours;
  clock: Clock;
  edges: Edges;
  calls: Called[];
  /** The full ARN of a secret of this house. */
  arn(secret: string): string;
  /** The current text of a secret, as it is in truth. */
  text(secret: string): string | undefined;
  close(): Promise<void>;
}

/** What is different in one test's house. */
export interface HouseOptions {
  world?: Partial<AwsWorld>;
  configuration?: Configuration;
  invokeRotation?: (functionArn: string, event: RotationEvent, house: { url: string; clock: Clock }) => Promise<void>;
  ownRoles?: string[];
  local?: boolean;
  quotas?: boolean;
  region?: string;
  /** How often the clients try, where the test does not want to wait for them. */
  maxAttempts?: number;
  onCall?: (called: Called) => void;
}

/** Credentials with which tests reach the fakes as somebody else than the connector. */
export const administrator = { ...newPair(), roleName: 'Admin', sessionName: 'someone' };

/** Starts the AWS fakes with this world, and edges that reach them as one of our functions. */
export const startHouse = async (options: HouseOptions = {}): Promise<House> => {
  const clock = clockOf(speed);
  const behaviours = new Behaviours();
  const calls: Called[] = [];
  const callers = [functionCaller, administrator].map(({ id, secret, roleName, sessionName }) => ({ accessKeyId: id, secretAccessKey: secret, roleName, sessionName }));
  let url = '';
  const aws = await createAws({
    world: { account, region, callers, ...options.world },
    behaviours,
    clock,
    quotas: options.quotas,
    invokeRotation: options.invokeRotation && ((functionArn, event) => options.invokeRotation?.(functionArn, event, { url, clock }) ?? Promise.resolve()),
  });
  url = aws.url;
  const edges = edgesOf(
    {
      configuration: options.configuration ?? configurationOf(),
      local: options.local ?? true,
      ownRoles: options.ownRoles,
      aws: { region: options.region ?? region, endpoint: aws.url, credentials: { accessKeyId: functionCaller.id, secretAccessKey: functionCaller.secret }, ...(options.maxAttempts ? { maxAttempts: options.maxAttempts } : {}) },
    },
    {
      onCall: (called) => {
        calls.push(called);
        options.onCall?.(called);
      },
    },
  );
  const secretOf = (name: string) => aws.state().secrets[name];
  return {
    aws, behaviours, clock, edges, calls,
    arn: (secret) => secretOf(secret)?.arn ?? '',
    text: (secret) => Object.values(secretOf(secret)?.versions ?? {}).find(({ stages }) => stages.includes('AWSCURRENT'))?.value,
    close: () => aws.close(),
  };
};

/** What survives a crash, kept in a list: hand the same list to the repeated call. */
export type Notes = Record<string, unknown>[];

/** What is different in one call's context. */
export interface Asking {
  notes?: Notes;
  round?: number;
  case?: string;
  binding?: Binding;
  signal?: AbortSignal;
  /** Hears each fact that is noted. */
  heard?: (fact: Record<string, unknown>) => void;
}

/** A verb's context. Without `notes` it is a first try. */
export const contextOf = (clock: Clock, asking: Asking = {}): Context => {
  const notes = asking.notes ?? [];
  return {
    case: asking.case ?? 'case-1',
    round: asking.round ?? 0,
    now: clock.now,
    sleep: clock.sleep,
    signal: asking.signal ?? new AbortController().signal,
    binding: asking.binding ?? {},
    intent: {
      // what is written while the act runs belongs to the next try
      noted: structuredClone(notes),
      note: async (fact) => {
        asking.heard?.(fact);
        notes.push(structuredClone(fact));
      },
    },
  };
};

/** A copy of a credential in a secret, bound and current unless told. */
export const copyOf = (house: House, secret: string, path: string, differing: Partial<Copy> = {}): Copy => ({
  place: house.arn(secret), name: secret, path, version: 'seen', current: true, bound: true, ...differing,
});

/** Edges of another function in the same house: what goes out there is not counted. */
export const edgesElsewhere = (house: House): Edges =>
  edgesOf({
    configuration: house.edges.configuration,
    local: house.edges.local,
    aws: { region, endpoint: house.aws.url, credentials: { accessKeyId: administrator.id, secretAccessKey: administrator.secret } },
  });
