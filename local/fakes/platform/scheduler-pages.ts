import { AwsFault } from './aws-service.ts';
import { nameOf } from './scheduler-fields.ts';

/** One page of what has a name, in the order of keys, with the token of the next; faults for a token that was never given out. */
export const pageOf = <Item extends { name: string }>(all: readonly Item[], query: URLSearchParams, keyOf: (item: Item) => string): { items: Item[]; NextToken?: string } => {
  const most = Number(query.get('MaxResults') ?? 100);
  if (!Number.isInteger(most) || most < 1 || most > 100) throw new AwsFault('ValidationException', "1 validation error detected: Value at 'maxResults' failed to satisfy constraint: Member must be between 1 and 100");
  const prefix = query.has('NamePrefix') ? nameOf(query.get('NamePrefix'), 'namePrefix') : '';
  const token = query.get('NextToken');
  const after = token === null ? '' : Buffer.from(token, 'base64url').toString();
  if (token !== null && !after.startsWith('after:')) throw new AwsFault('ValidationException', 'Invalid NextToken.');
  const rest = all
    .filter((item) => item.name.startsWith(prefix) && (token === null || keyOf(item) > after.slice('after:'.length)))
    .sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1));
  const items = rest.slice(0, most);
  const last = items.at(-1);
  return { items, NextToken: rest.length > most && last !== undefined ? Buffer.from(`after:${keyOf(last)}`).toString('base64url') : undefined };
};
