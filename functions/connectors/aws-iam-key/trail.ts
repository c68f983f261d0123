import { CloudTrailClient, LookupEventsCommand, type Event } from '@aws-sdk/client-cloudtrail';
import type { Context } from '../../core/connector.ts';
import type { Edges } from '../edges.ts';
import { isPassing } from '../provider-error.ts';

/** One recorded call that went well, as far as we ask. */
export interface TrailEvent {
  id: string;
  name: string;
  at: Date;
  /** ARN of who made the call. */
  by: string;
  /** Access key id with which it was made. */
  byKey: string;
  request: Record<string, unknown>;
  response: Record<string, unknown>;
}

/** What a look-up needs of a verb's context. */
export type Asked = Pick<Context, 'now' | 'sleep' | 'signal'> & {
  /** Only what happened from then on. */
  from?: Date;
};

/** Asks CloudTrail, never faster than its two look-ups a second. */
export interface Trail {
  /** Newest first. `complete` is false where there was more than we read. */
  lookUp(attribute: 'AccessKeyId' | 'ResourceName' | 'EventName', value: string, asked: Asked): Promise<{ events: TrailEvent[]; complete: boolean }>;
}

const mostPages = 40;
const tries = 5;
const pauseMilliseconds = 1_050;

/** Sessions live 36 hours at most: what is older than that can only have been renewed by what is younger. */
export const longestSessionMilliseconds = 36 * 3_600_000;

const recordOf = (value: unknown): Record<string, unknown> => (typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {});
/** A field of a record as text; empty where it is none. */
export const textOf = (value: unknown): string => (typeof value === 'string' ? value : '');

const parsed = (event: Event): TrailEvent | undefined => {
  let record: Record<string, unknown>;
  try {
    record = recordOf(JSON.parse(event.CloudTrailEvent ?? '{}'));
  } catch {
    record = {};
  }
  if (record.errorCode !== undefined) return undefined;
  const identity = recordOf(record.userIdentity);
  return {
    id: event.EventId ?? '',
    name: event.EventName ?? '',
    at: event.EventTime ?? new Date(0),
    by: textOf(identity.arn),
    byKey: textOf(identity.accessKeyId) || (event.AccessKeyId ?? ''),
    request: { ...resourcesOf(event), ...recordOf(record.requestParameters) },
    response: recordOf(record.responseElements),
  };
};

/** What the event's index says about resources, where its record is short. */
const resourcesOf = (event: Event): Record<string, string> => {
  const found = (type: string) => event.Resources?.find(({ ResourceType }) => ResourceType === type)?.ResourceName;
  const roleArn = found('AWS::IAM::Role');
  const assumed = found('AWS::STS::AssumedRole');
  return { ...(roleArn ? { roleArn } : {}), ...(assumed ? { roleSessionName: assumed.slice(assumed.lastIndexOf('/') + 1) } : {}) };
};

/** IAM and the global STS endpoint are recorded in one region of each partition. */
const globalRegionOf = (region: string): string => (region.startsWith('us-gov-') ? 'us-gov-west-1' : region.startsWith('cn-') ? 'cn-north-1' : 'us-east-1');

/** Makes the trail of one process: its pace is kept over all look-ups. */
export const trailOf = (edges: Edges): Trail => {
  const recent: number[] = [];
  const clients = new Map<string, CloudTrailClient>();

  /** The SDK's own retries would not keep our pace: each try is one of the two a second. */
  const clientIn = (region?: string): CloudTrailClient => {
    const known = clients.get(region ?? '');
    const client = known ?? edges.clientsWith({ ...(region ? { region } : {}), maxAttempts: 1 })(CloudTrailClient);
    clients.set(region ?? '', client);
    return client;
  };

  const gently = async (asked: Asked): Promise<void> => {
    const earlier = recent.length >= 2 ? recent.shift() : undefined;
    const wait = earlier === undefined ? 0 : earlier + pauseMilliseconds - asked.now().getTime();
    if (wait > 0) await asked.sleep(wait, asked.signal);
    recent.push(asked.now().getTime());
  };

  const page = async (client: CloudTrailClient, command: LookupEventsCommand, asked: Asked) => {
    for (let tried = 1; ; tried += 1) {
      await gently(asked);
      try {
        return await client.send(command, { abortSignal: asked.signal });
      } catch (error) {
        asked.signal.throwIfAborted();
        if (!isPassing(error) || tried === tries) throw error;
        await asked.sleep(1_000 * 2 ** (tried - 1) * (0.75 + Math.random() / 2), asked.signal);
      }
    }
  };

  const inRegion = async (client: CloudTrailClient, attribute: string, value: string, asked: Asked) => {
    const events: TrailEvent[] = [];
    let NextToken: string | undefined;
    for (let pages = 1; ; pages += 1) {
      const LookupAttributes = [{ AttributeKey: attribute as 'AccessKeyId', AttributeValue: value }];
      const answer = await page(client, new LookupEventsCommand({ LookupAttributes, StartTime: asked.from, NextToken, MaxResults: 50 }), asked);
      for (const event of answer.Events ?? []) {
        const one = parsed(event);
        if (one) events.push(one);
      }
      NextToken = answer.NextToken;
      if (!NextToken) return { events, complete: true };
      if (pages < mostPages) continue;
      const oldest = answer.Events?.at(-1)?.EventTime?.getTime() ?? Infinity;
      return { events, complete: oldest < asked.now().getTime() - longestSessionMilliseconds };
    }
  };

  return {
    lookUp: async (attribute, value, asked) => {
      const home = clientIn();
      const region = await home.config.region();
      const globalRegion = globalRegionOf(region);
      // what is known by a resource's name here is IAM's, and IAM writes to one region only
      const isGlobalOnly = attribute !== 'AccessKeyId';
      const found = isGlobalOnly && region !== globalRegion ? { events: [], complete: true } : await inRegion(home, attribute, value, asked);
      if (region === globalRegion) return found;
      const more = await inRegion(clientIn(globalRegion), attribute, value, asked);
      const known = new Set(found.events.map(({ id }) => id));
      const events = [...found.events, ...more.events.filter(({ id }) => !known.has(id))];
      return { events: events.sort((a, b) => b.at.getTime() - a.at.getTime()), complete: found.complete && more.complete };
    },
  };
};
