/** The part of JSON Schema that docs/openapi.json uses. A keyword that is not here is a mistake in that file. */
export interface Schema {
  $ref?: string;
  type?: 'object' | 'array' | 'string' | 'integer' | 'number' | 'boolean';
  properties?: Record<string, Schema>;
  required?: string[];
  additionalProperties?: boolean;
  items?: Schema;
  enum?: string[];
  const?: string;
  pattern?: string;
  format?: string;
  minimum?: number;
  maximum?: number;
  minLength?: number;
  maxLength?: number;
  default?: unknown;
  description?: string;
}

const known = new Set(['$ref', 'type', 'properties', 'required', 'additionalProperties', 'items', 'enum', 'const', 'pattern', 'format', 'minimum', 'maximum', 'minLength', 'maxLength', 'default', 'description']);

const isOfType = (value: unknown, type: Schema['type']): boolean => {
  if (type === 'array') return Array.isArray(value);
  if (type === 'object') return typeof value === 'object' && value !== null && !Array.isArray(value);
  return type === 'integer' ? Number.isInteger(value) : typeof value === type;
};

/** What is wrong with a value by a schema, one line each with its place; nothing where it is right. `named` are the schemas behind `#/components/schemas/`. */
export const problemsOf = (value: unknown, schema: Schema, named: Record<string, Schema>, place = 'answer'): string[] => {
  const stranger = Object.keys(schema).find((key) => !known.has(key));
  if (stranger) return [`${place}: the schema uses ${stranger}, which this check does not know`];
  if (schema.$ref) {
    const target = named[schema.$ref.replace('#/components/schemas/', '')];
    return target ? problemsOf(value, target, named, place) : [`${place}: ${schema.$ref} leads nowhere`];
  }
  if (schema.type && !isOfType(value, schema.type)) return [`${place}: is ${JSON.stringify(value)}, not of type ${schema.type}`];
  const problems: string[] = [];
  const must = (holds: boolean, what: string): void => void (holds || problems.push(`${place}: ${JSON.stringify(value)} ${what}`));
  if (schema.enum) must(schema.enum.includes(value as string), `is none of ${schema.enum.join(', ')}`);
  if (schema.const) must(value === schema.const, `is not ${schema.const}`);
  if (schema.pattern) must(new RegExp(schema.pattern).test(String(value)), `does not match ${schema.pattern}`);
  if (schema.format) must(schema.format === 'date-time' && /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/.test(String(value)), `is no ${schema.format}`);
  if (schema.minimum !== undefined) must((value as number) >= schema.minimum, `is below ${schema.minimum}`);
  if (Array.isArray(value)) return [...problems, ...value.flatMap((item: unknown, i) => problemsOf(item, schema.items ?? {}, named, `${place}[${i}]`))];
  if (schema.type !== 'object') return problems;
  const fields = value as Record<string, unknown>;
  for (const name of schema.required ?? []) must(name in fields, `has no ${name}`);
  for (const [name, inner] of Object.entries(fields)) {
    const property = schema.properties?.[name];
    if (property) problems.push(...problemsOf(inner, property, named, `${place}.${name}`));
    else if (schema.additionalProperties === false) problems.push(`${place}.${name}: is not in the schema`);
  }
  return problems;
};
