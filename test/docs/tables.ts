/** The README's tables of connectors and sources, made from the code: `npx node test/docs/tables.ts` writes them into README.md. */
import { readFileSync, writeFileSync } from 'node:fs';
import { sources } from '../../events/index.ts';
import type { Source, Trigger, WebhookSource } from '../../events/trigger.ts';
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

const settle = ({ settleSeconds: { typical, max } }: ConnectorFacts): string => (max === declared.settleSeconds.max ? 'as declared' : max === 0 ? 'at once' : `${typical} to ${max} s`);

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

const plainSecret = 'a secret that signs nothing';
const proofHeader = /\b(?:x-[a-z0-9-]+|webhook-[a-z]+)\b/g;

/** The headers of which a source says that they are missing or wrong, when it is sent these and knows that secret. */
const missedBy = (source: WebhookSource, headers: Record<string, string>, secret: string): string[] => {
  const authenticity = source.authenticate(requestOf('', headers), [secret], new Date());
  return authenticity.ok ? [] : (authenticity.reason.match(proofHeader) ?? []);
};

/** How a source's messages prove themselves: whoever shows the secret itself in a header is believed whatever the body says, so that is no signature. */
const proofOf = (source: WebhookSource): string => {
  const secrets = [webhookSecret, plainSecret];
  const missed = secrets.flatMap((secret) => missedBy(source, {}, secret));
  // some look for a signature only where one is sent
  const more = missed.flatMap((header) => missedBy(source, { [header.replace(/-token$/, '-signature')]: 'none' }, plainSecret));
  const named = [...new Set([...missed, ...more])];
  const isShown = (header: string): boolean => secrets.some((secret) => source.authenticate(requestOf('anything', { [header]: secret }), [secret], new Date()).ok);
  const listed = (kind: string, headers: readonly string[]): string[] => (headers.length === 0 ? [] : [`${kind}: ${headers.map((header) => `\`${header}\``).join(', ')}`]);
  return [...listed('signature', named.filter((header) => !isShown(header))), ...listed('shared secret, nothing signed', named.filter(isShown))].join('; or ');
};

const triggersIn = (source: Source) =>
  sampleNames(source.name).flatMap((file) => {
    const parsed = parseSample(source, file);
    return parsed.kind === 'triggers' ? parsed.triggers : [];
  });

/** What a source tells: ended runs, or leaks with what they bring. */
const bringsOf = (triggers: readonly Trigger[]): string[] => {
  const leaks = triggers.filter((trigger) => trigger.trigger === 'SecretLeaked');
  const ends = triggers.filter((trigger) => trigger.trigger === 'JobEnded');
  return [
    leaks.some(({ values }) => values.length > 0) && 'values',
    leaks.some(({ names }) => names.length > 0) && 'names',
    leaks.some(({ lookup }) => lookup) && 'a place to fetch the value',
    ends.some(({ run }) => run.job === undefined) && 'ended runs',
    ends.some(({ run }) => run.job !== undefined) && 'ended jobs',
    ends.some(({ role }) => role !== undefined) && 'their role',
  ].filter((word) => word !== false);
};

const sourceRow = (source: Source): string[] => {
  const triggers = triggersIn(source);
  return [
    `[\`${source.name}\`](docs/sources.md#${source.name})`,
    source.transport === 'webhook' ? `\`POST /triggers/${source.name}\`` : `EventBridge, \`${source.pattern.source.join(', ')}\``,
    source.transport === 'webhook' ? proofOf(source) : 'EventBridge itself',
    bringsOf(triggers).join(', '),
    [...new Set(triggers.flatMap((trigger) => (trigger.trigger === 'SecretLeaked' ? [trigger.claim] : [])))].sort().join(', '),
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
