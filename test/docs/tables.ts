/** The README's tables of connectors and sources, made from the code: `npx node test/docs/tables.ts` writes them into README.md. */
import { readFileSync, writeFileSync } from 'node:fs';
import { sources } from '../../events/index.ts';
import type { Source, WebhookSource } from '../../events/trigger.ts';
import { edgesOf, type ConnectorModule } from '../../functions/connectors/edges.ts';
import { connectors } from '../../functions/connectors/index.ts';
import type { Configuration, DeclaredProbe } from '../../functions/core/configuration.ts';
import type { Connector, ConnectorFacts } from '../../functions/core/connector.ts';
import { parseSample, requestOf, sampleNames, webhookSecret } from '../events/samples.ts';

const readme = new URL('../../README.md', import.meta.url);

/** A declared probe with numbers of its own: where they come back, the facts are the configuration's. */
const declared: DeclaredProbe = { name: 'any', request: { method: 'GET', url: 'https://any.example', headers: {} }, alive: [200], dead: [401], settleSeconds: { typical: 77, max: 777 }, perHour: 7 };

const configuration: Configuration = {
  installation: 'tables', mode: 'observe', owners: [], secrets: [], users: [], probes: [declared], canaries: [], own: [], exemptions: [], sources: [],
  limits: { perSource: 1, perOwner: 1, overall: 1, reserve: 0 }, fallbackOwner: 'nobody', taskHours: 1,
};

const table = (head: readonly string[], rows: readonly (readonly string[])[]): string =>
  [head, head.map(() => '---'), ...rows].map((row) => `| ${row.join(' | ')} |`).join('\n');

const can = (connector: Connector, verb: string): string => (verb in connector && typeof connector[verb as keyof Connector] === 'function' ? 'yes' : '');

const settle = ({ settleSeconds: { typical, max } }: ConnectorFacts): string => (max === declared.settleSeconds.max ? 'as declared' : `${typical} to ${max} s`);

const connectorRow = (module: ConnectorModule): string[] => {
  const connector = module.create(edgesOf({ configuration, local: false }));
  const facts = connector.role === 'reporter' ? undefined : connector.facts({ probe: declared.name });
  const actions = new Set(module.permissions.flatMap(({ actions: list }) => list));
  return [
    `[\`${module.name}\`](docs/connectors.md#${module.name})`,
    module.role,
    ...['find', 'contain', 'revoke', 'rotate', 'probe'].map((verb) => can(connector, verb)),
    facts ? (facts.needsValue ? 'yes' : 'no') : '',
    facts?.reach ?? '',
    facts ? settle(facts) : '',
    String(actions.size),
  ];
};

/** One row per connector, from its verbs, facts and permissions. */
export const connectorsTable = (): string =>
  table(['connector', 'role', 'finds', 'contains', 'revokes', 'rotates', 'probes', 'needs the value', 'reach', 'settles in', 'permissions'], connectors.map(connectorRow));

/** The headers that a source misses when it is sent none. */
const proofOf = (source: WebhookSource): string => {
  const authenticity = source.authenticate(requestOf('', {}), [webhookSecret], new Date());
  const named = authenticity.ok ? [] : (authenticity.reason.match(/\b(?:x-[a-z0-9-]+|webhook-[a-z]+)\b/g) ?? []);
  return `signature: ${named.map((header) => `\`${header}\``).join(', ')}`;
};

const leaksIn = (source: Source) =>
  sampleNames(source.name).flatMap((file) => {
    const parsed = parseSample(source, file);
    return parsed.kind === 'triggers' ? parsed.triggers : [];
  });

const sourceRow = (source: Source): string[] => {
  const leaks = leaksIn(source);
  const brings = [leaks.some(({ values }) => values.length > 0) && 'values', leaks.some(({ names }) => names.length > 0) && 'names', leaks.some(({ lookup }) => lookup) && 'a place to fetch the value'];
  return [
    `[\`${source.name}\`](docs/sources.md#${source.name})`,
    source.transport === 'webhook' ? `\`POST /triggers/${source.name}\`` : `EventBridge, \`${source.pattern.source.join(', ')}\``,
    source.transport === 'webhook' ? proofOf(source) : 'EventBridge itself',
    brings.filter(Boolean).join(', '),
    [...new Set(leaks.map(({ claim }) => claim))].sort().join(', '),
    String(sampleNames(source.name).length),
  ];
};

/** One row per source, from its contract and from what it makes of its samples. */
export const sourcesTable = (): string => table(['source', 'comes as', 'proof', 'brings', 'claims', 'samples'], sources.map(sourceRow));

const made: Record<string, () => string> = { connectors: connectorsTable, sources: sourcesTable };

const between = (name: string): RegExp => new RegExp(`(<!-- ${name}: made by test/docs/tables.ts -->\\n)[\\s\\S]*?(<!-- /${name} -->)`);

/** The text with each table replaced by what the code says now. Throws where the text has no place for one. */
export const withTables = (text: string): string =>
  Object.entries(made).reduce((filled, [name, make]) => {
    if (!between(name).test(filled)) throw new Error(`README.md has no place for the table of ${name}: put <!-- ${name}: made by test/docs/tables.ts --> and <!-- /${name} -->`);
    return filled.replace(between(name), (_, open: string, close: string) => `${open}${make()}\n${close}`);
  }, text);

if (import.meta.main) writeFileSync(readme, withTables(readFileSync(readme, 'utf8')));
