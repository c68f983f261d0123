import type { Answers } from './at-once.ts';

type Item = Record<string, unknown> & { pk: { S: string }; sk: { S: string } };

/** A table in memory, as much of one as the index asks for: it believes every condition and pages nothing. */
export const plainTable = (): Answers => {
  const items = new Map<string, Map<string, Item>>();
  const put = (item: Item): void => {
    const of = items.get(item.pk.S) ?? new Map<string, Item>();
    items.set(item.pk.S, of.set(item.sk.S, item));
  };
  return {
    GetItem: ({ Key }) => {
      const { pk, sk } = Key as Item;
      return { Item: items.get(pk.S)?.get(sk.S) };
    },
    PutItem: ({ Item }) => {
      put(Item as Item);
      return {};
    },
    BatchWriteItem: ({ RequestItems }) => {
      for (const { PutRequest } of Object.values(RequestItems as Record<string, { PutRequest: { Item: Item } }[]>).flat()) put(PutRequest.Item);
      return { UnprocessedItems: {} };
    },
    Query: ({ ExpressionAttributeValues }) => {
      const { ':pk': pk, ':prefix': prefix } = ExpressionAttributeValues as Record<string, { S: string }>;
      const found = [...(items.get(pk?.S ?? '')?.values() ?? [])].filter(({ sk }) => sk.S.startsWith(prefix?.S ?? ''));
      return { Items: found, Count: found.length };
    },
  };
};
