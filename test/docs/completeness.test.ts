import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { sources } from '../../events/index.ts';
import { connectors } from '../../functions/connectors/index.ts';
import { statuses } from '../../cli/leases/answers.ts';
import { metrics } from '../../functions/aws/metrics.ts';
import { leaseRoutes } from '../../functions/leases.ts';
import { leasesSchema, vaultSchema } from '../../infra/configuration-leases.ts';
import { parseConfiguration } from '../../infra/configuration.ts';
import { configurationSchema } from '../../infra/configuration-schema.ts';
import { synthesizedPlaybooks } from '../../infra/playbooks/print.ts';
import { anchorsOf, commandsOf, configurationsIn, linksOf, pages, root, textOf } from './pages.ts';

const { scripts } = JSON.parse(textOf('package.json')) as { scripts: Record<string, string> };

describe('every page', () => {
  it.each(pages)('%s leads to files and headings that exist', (path) => {
    const page = textOf(path);
    const broken = linksOf(path, page).filter(({ file, anchor }) => {
      if (!existsSync(join(root, file))) return true;
      return anchor !== undefined && !(file.endsWith('.md') && anchorsOf(textOf(file)).includes(anchor));
    });
    expect(broken).toEqual([]);
  });

  it.each(pages)('%s names only scripts and files that exist', (path) => {
    for (const command of commandsOf(textOf(path))) {
      const script = /^npm run ([\w:]+)/.exec(command)?.[1];
      if (script) expect(Object.keys(scripts), command).toContain(script);
      const file = /^npx node (\S+)/.exec(command)?.[1];
      if (file) expect(existsSync(join(root, file)), command).toBe(true);
    }
  });
});

describe('every command in a page', () => {
  /** TypeScript handed to whatever `node` the reader's machine has: it may be older than the one that comes with the repository. */
  const bareOf = (page: string): string[] => page.match(/(?<!npx )\bnode (?:-\S+ )*[\w./-]+\.ts\b/g) ?? [];

  it.each(pages)('in %s starts TypeScript by npx or npm, which bring Node 24', (path) => {
    expect(bareOf(textOf(path))).toEqual([]);
  });

  it('is found where it does not', () => {
    expect(bareOf('run `node infra/check.ts FILE`, npx node a.ts or\nnode --test b/c.ts')).toEqual(['node infra/check.ts', 'node --test b/c.ts']);
  });
});

describe('docs/connectors.md and docs/sources.md', () => {
  const testsOf = (name: string): string[] => readdirSync(join(root, 'test/connectors', name)).filter((file) => file.endsWith('.test.ts'));

  it('have a heading for each, and each connector has tests that end with its watch', () => {
    const [ofConnectors, ofSources] = [anchorsOf(textOf('docs/connectors.md')), anchorsOf(textOf('docs/sources.md'))];
    for (const { name } of connectors) {
      expect(ofConnectors).toContain(name);
      expect(testsOf(name).some((file) => textOf(join('test/connectors', name, file)).includes('describeWatched(')), name).toBe(true);
    }
    for (const { name } of sources) expect(ofSources).toContain(name);
  });
});

describe('docs/storage.md', () => {
  const page = textOf('docs/storage.md');
  const code = readdirSync(join(root, 'functions/aws')).map((file) => textOf(join('functions/aws', file))).join('\n');
  /** The first words of each row's keys; a sort key may begin with a time instead. */
  const documented = [...page.matchAll(/^\| `([a-z]+)(?:#[^`]*)?` \| `(?:([a-z]+)(?:#[^`]*)?|<[^`]*)` \|/gm)].map(([, pk = '', sk]) => ({ pk, sk })).filter(({ pk }) => pk !== 'pk');

  it('tells every partition key and sort key that the code writes', () => {
    const keysOf = (name: string): string[] => [...code.matchAll(new RegExp(`\\b${name}: [\`']([a-z]+)`, 'g'))].map(([, key = '']) => key);
    const [pks, sks] = [new Set(keysOf('pk')), new Set(keysOf('sk'))];
    expect(pks.size).toBeGreaterThan(8);
    expect([...new Set(documented.map(({ pk }) => pk))].sort()).toEqual([...pks].sort());
    for (const sk of sks) expect(documented.map((row) => row.sk)).toContain(sk);
  });

  it('tells of no sort key that the code does not have', () => {
    for (const { sk } of documented) if (sk) expect(code.includes(`\`${sk}#`) || code.includes(`'${sk}'`), sk).toBe(true);
  });
});

describe('docs/configuration.md', () => {
  const page = textOf('docs/configuration.md');

  interface Node { properties?: Record<string, Node>; items?: Node; additionalProperties?: unknown }
  const namesIn = (node: Node): string[] => [...Object.entries(node.properties ?? {}).flatMap(([name, inner]) => [name, ...namesIn(inner)]), ...(node.items ? namesIn(node.items) : [])];
  const fieldsOf = (schema: z.ZodType): string[] => [...new Set(namesIn(z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }) as Node))];
  const sectionOf = (heading: string): string => page.split('\n### ').find((section) => section.startsWith(heading)) ?? '';

  it('tells every field', () => {
    const fields = fieldsOf(configurationSchema);
    expect(fields.length).toBeGreaterThan(30);
    for (const field of fields) expect(page, field).toContain(`\`${field}\``);
  });

  it.each([['`leases`', leasesSchema], ['`vault`', vaultSchema]] as const)('tells every field of %s in its own section, and the defaults', (heading, schema) => {
    const section = sectionOf(heading);
    const { maximumMinutes, audience } = leasesSchema.parse({});
    for (const field of fieldsOf(schema)) expect(section, field).toContain(`\`${field}\``);
    if (heading === '`leases`') for (const [field, fallback] of [['maximumMinutes', String(maximumMinutes)], ['audience', `\`${audience}\``]] as const) expect(section).toMatch(new RegExp(`\\| \`${field}\` \\| .* \\| ${fallback} \\|`));
  });

  it('holds an example that may be deployed', () => {
    const [, example = ''] = /## An example\n\n```json\n([\s\S]*?)```/.exec(page) ?? [];
    expect(parseConfiguration(example, 'docs/configuration.md')).toMatchObject({ installation: 'acme', taskHours: 24 });
  });
});

describe('docs/leases.md', () => {
  const page = textOf('docs/leases.md');

  it('tells every status of a lease, and no other', () => {
    const [, section = ''] = /### Statuses\n([\s\S]*?)\n### /.exec(page) ?? [];
    expect([...section.matchAll(/^\| `([a-z-]+)` \|/gm)].map(([, status = '']) => status).sort()).toEqual([...statuses].sort());
  });

  it('shows configurations that may be deployed', () => {
    const examples = configurationsIn(page);
    expect(examples.length).toBeGreaterThan(3);
    const house = { installation: 'acme', owners: [{ name: 'platform', contact: 'platform@acme.example' }], fallbackOwner: 'platform' };
    for (const example of examples) expect(parseConfiguration(JSON.stringify({ ...house, ...example }), 'docs/leases.md')).toMatchObject(example);
  });

  it('asks only for what the API has', () => {
    const asked = [...page.replaceAll('$(cat lease)', '$lease').matchAll(/\$RESCIND(\/(?:iam\/)?leases[^"\s]*)/g)].map(([, path = '']) => path.replace(/\/\$\w+/, '/{id}'));
    expect(new Set(asked).size).toBeGreaterThan(4);
    const known = leaseRoutes.filter(({ methods }) => 'POST' in methods).map(({ path }) => `/${path.join('/')}`);
    for (const path of asked) expect(known).toContain(path);
  });
});

describe('docs/operating.md', () => {
  const page = textOf('docs/operating.md');
  const sectionOf = (heading: string): string => page.split('\n## ').find((section) => section.startsWith(heading)) ?? '';

  it('tells every metric, and no other', () => {
    const [, table = ''] = /\| metric \| counts \|\n\|---\|---\|\n((?:\|.*\n)+)/.exec(sectionOf('The metrics')) ?? [];
    const told = table.split('\n').flatMap((row) => [...(row.split('|')[1] ?? '').matchAll(/`(\w+)`/g)].map(([, name = '']) => name));
    expect(told.sort()).toEqual(Object.keys(metrics).sort());
  });

  it('tells every kind of message that lies in a queue', () => {
    const kinds = (path: string, pattern: RegExp): string[] => [...textOf(path).matchAll(pattern)].map(([, kind = '']) => kind);
    const expected = {
      deliveries: kinds('functions/aws/queue.ts', /^ {2}\| \{ kind: '(\w+)'/gm),
      index: kinds('functions/index.ts', /message\.kind === '(\w+)'/g),
      ends: kinds('functions/release.ts', /^ {4}case '(\w+)':/gm),
    };
    for (const [queue, all] of Object.entries(expected)) {
      const row = sectionOf('The queues').split('\n').find((line) => line.startsWith(`| ${queue} |`)) ?? '';
      expect(all.length, queue).toBeGreaterThan(3);
      for (const kind of all) expect(row, queue).toContain(`\`${kind}\``);
    }
  });
});

describe('docs/playbooks.md', () => {
  it('has a section for every playbook with a heading for every state, and for no other', async () => {
    const sections = textOf('docs/playbooks.md').split('\n## ').map((section) => [/^`([a-z-]+)`\n/.exec(section)?.[1], section] as const);
    const definitions = await synthesizedPlaybooks();
    expect(sections.flatMap(([name]) => name ?? []).sort()).toEqual(Object.keys(definitions).sort());
    for (const [name, section] of sections) {
      const states = Object.keys((name === undefined ? {} : (definitions[name as keyof typeof definitions]?.States as object)) ?? {});
      expect([...section.matchAll(/^### (.+)$/gm)].map(([, heading]) => heading).sort(), name).toEqual(states.sort());
    }
  });
});

describe('docs/decisions', () => {
  const decisions = readdirSync(join(root, 'docs/decisions')).sort();

  it('are numbered without gaps, and each tells context, decision and consequences', () => {
    expect(decisions.map((file) => Number(file.slice(0, 4)))).toEqual(decisions.map((_, index) => index + 1));
    for (const file of decisions) {
      const page = textOf(join('docs/decisions', file));
      expect(page, file).toMatch(new RegExp(`^# ${file.slice(0, 4)} `));
      expect([...page.matchAll(/^## (.+)$/gm)].map(([, heading]) => heading), file).toEqual(['Context', 'Decision', 'Consequences']);
    }
  });
});
