import type { Edges } from '../edges.ts';
import { isOwnRole } from '../own-roles.ts';
import { ourselves } from './iam.ts';
import { textOf, type Asked, type Trail } from './trail.ts';

/** Who made a key, as far as CloudTrail tells yet: its events come up to a quarter of an hour late. */
export type Maker = { who: 'us' } | { who: 'other'; arn: string } | { who: 'unknown' };

/** `arn:aws:sts::1:assumed-role/R/S` as `R`; other principals as their whole ARN. Each of our containers has the same role. */
const principalOf = (arn: string): string => /:assumed-role\/([^/]+)\//.exec(arn)?.[1] ?? arn;

const accountOf = (arn: string): string => arn.split(':')[4] ?? '';

/** Asks CloudTrail who made that key: one of our functions, or somebody else. */
export const makerOf = async (edges: Edges, trail: Trail, keyId: string, asked: Asked): Promise<Maker> => {
  const { events } = await trail.lookUp('ResourceName', keyId, asked);
  const creation = events.find((event) => {
    const made = event.response.accessKey;
    return event.name === 'CreateAccessKey' && textOf((made as Record<string, unknown> | undefined)?.accessKeyId) === keyId;
  }) ?? events.find(({ name }) => name === 'CreateAccessKey');
  if (!creation || creation.by === '') return { who: 'unknown' };
  const us = await ourselves(edges, asked.signal);
  const maker = principalOf(creation.by);
  const isRoleOfOurs = creation.by.includes(':assumed-role/') && accountOf(creation.by) === us.account && isOwnRole(edges, maker);
  return maker === principalOf(us.arn) || isRoleOfOurs ? { who: 'us' } : { who: 'other', arn: creation.by };
};
