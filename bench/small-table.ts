import type { Answers } from './at-once.ts';
import { holds, type Given, type WireItem } from './condition.ts';

interface Asked extends Given {
  Item?: WireItem;
  Key?: WireItem;
  ConditionExpression?: string;
  UpdateExpression?: string;
}

const clauses = /\b(SET|REMOVE|ADD|DELETE) (.+?)(?= (?:SET|REMOVE|ADD|DELETE) |$)/g;

/** An item after an update: values that are set, names that are removed, texts that are added to a set or taken off it. */
const updated = (item: WireItem, { UpdateExpression = '', ExpressionAttributeValues: values = {} }: Asked): WireItem => {
  const after = { ...item };
  const found = [...UpdateExpression.matchAll(clauses)];
  if (found.map(([whole]) => whole).join(' ') !== UpdateExpression) throw new Error(`this table does not know the update ${UpdateExpression}`);
  for (const [, kind, what = ''] of found) {
    for (const one of what.split(/, */)) {
      const [, name = '', value = ''] = /^(\w+)(?: (?:= )?(:\w+))?$/.exec(one) ?? [];
      if (name === '') throw new Error(`this table does not know the update ${UpdateExpression}`);
      const texts = values[value]?.SS ?? [];
      const before = after[name]?.SS ?? [];
      const set = kind === 'ADD' ? [...new Set([...before, ...texts])] : before.filter((text) => !texts.includes(text));
      if (kind === 'SET') after[name] = values[value] ?? {};
      else if (kind === 'REMOVE' || set.length === 0) delete after[name];
      else after[name] = { SS: set };
    }
  }
  return after;
};

/** A table in memory that decides conditions, as much of one as leases ask for; what it does not know, it throws. */
export const smallTable = (): Answers => {
  const partitions = new Map<string, Map<string, WireItem>>();
  const partition = (pk = ''): Map<string, WireItem> => {
    const known = partitions.get(pk) ?? new Map<string, WireItem>();
    partitions.set(pk, known);
    return known;
  };
  const change = (asked: Asked, key: WireItem, after: (before: WireItem | undefined) => WireItem | undefined): object => {
    const [items, sk] = [partition(key.pk?.S), key.sk?.S ?? ''];
    const before = items.get(sk);
    if (asked.ConditionExpression !== undefined && !holds(asked.ConditionExpression, before, asked)) throw Object.assign(new Error('the condition does not hold'), { name: 'ConditionalCheckFailedException' });
    const item = after(before);
    if (item) items.set(sk, item);
    else items.delete(sk);
    return {};
  };
  return {
    GetItem: ({ Key }: Asked) => ({ Item: partition(Key?.pk?.S).get(Key?.sk?.S ?? '') }),
    PutItem: (asked: Asked) => change(asked, asked.Item ?? {}, () => asked.Item),
    UpdateItem: (asked: Asked) => change(asked, asked.Key ?? {}, (before) => updated(before ?? { ...asked.Key }, asked)),
    DeleteItem: (asked: Asked) => change(asked, asked.Key ?? {}, () => undefined),
    Query: ({ ExpressionAttributeValues: { ':pk': pk, ':prefix': prefix } = {} }: Asked) => {
      const found = [...partition(pk?.S)].filter(([sk]) => sk.startsWith(prefix?.S ?? '')).sort(([a], [b]) => (a < b ? -1 : 1)).map(([, item]) => item);
      return { Items: found, Count: found.length };
    },
  };
};
