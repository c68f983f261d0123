/** A value as DynamoDB sends it, as far as leases have them. */
export interface Value {
  S?: string;
  N?: string;
  SS?: string[];
  M?: Record<string, Value>;
}

export type WireItem = Record<string, Value>;

/** What a request says besides the condition. */
export interface Given {
  ExpressionAttributeNames?: Record<string, string>;
  ExpressionAttributeValues?: Record<string, Value>;
}

const words = /attribute_(?:not_)?exists\([^)]+\)|contains\([^)]+\)|size\([^)]+\)|[()]|[<>=]|[\w#:.]+/g;

const valueAt = (item: WireItem | undefined, path: string, names: Record<string, string>): Value | undefined =>
  path.split('.').reduce<Value | undefined>((found, part) => found?.M?.[names[part] ?? part], item && { M: item });

const plain = (value: Value | undefined): string | number | undefined => (value?.N === undefined ? value?.S : Number(value.N));

/** Whether a condition holds for an item (undefined: there is none). Knows AND, OR, NOT, brackets, comparisons and the functions about sets and existence; throws at anything else. */
export const holds = (condition: string, item: WireItem | undefined, { ExpressionAttributeNames: names = {}, ExpressionAttributeValues: values = {} }: Given): boolean => {
  const left = condition.match(words) ?? [];
  const isWhole = left.join('').replaceAll(/\s/g, '') === condition.replaceAll(/\s/g, '');
  const unknown = (): never => {
    throw new Error(`this table does not know the condition ${condition}`);
  };
  if (!isWhole) return unknown();
  const operand = (word = ''): string | number | undefined => {
    const sized = /^size\((.+)\)$/.exec(word)?.[1];
    if (sized !== undefined) return valueAt(item, sized, names)?.SS?.length;
    return word.startsWith(':') ? plain(values[word]) : plain(valueAt(item, word, names));
  };
  const term = (): boolean => {
    const word = left.shift() ?? unknown();
    if (word === 'NOT') return !term();
    if (word === '(') {
      const inside = any();
      return left.shift() === ')' ? inside : unknown();
    }
    const [, test, of = ''] = /^(attribute_not_exists|attribute_exists|contains)\((.+)\)$/.exec(word) ?? [];
    if (test === 'contains') {
      const [path = '', value = ''] = of.split(/, */);
      return valueAt(item, path, names)?.SS?.includes(values[value]?.S ?? '') ?? false;
    }
    if (test !== undefined) return (valueAt(item, of, names) !== undefined) === (test === 'attribute_exists');
    const operator = left.shift();
    const [one, other] = [operand(word), operand(left.shift())];
    if (operator !== '=' && operator !== '<' && operator !== '>') return unknown();
    if (one === undefined || other === undefined) return false;
    return operator === '=' ? one === other : operator === '<' ? one < other : one > other;
  };
  const all = (): boolean => {
    let met = term();
    while (left[0] === 'AND') {
      left.shift();
      met = term() && met;
    }
    return met;
  };
  const any = (): boolean => {
    let met = all();
    while (left[0] === 'OR') {
      left.shift();
      met = all() || met;
    }
    return met;
  };
  const met = any();
  return left.length === 0 ? met : unknown();
};
